//! Where the Pythons of the controller keep their packages: found by their folders, without starting one.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Names these folders in place of those that are found; an empty value means that there are none.
const INSTEAD: &str = "SUTLER_SITE_PACKAGES";
/// Programs beside which an installation's packages lie.
const PROGRAMS: [&str; 4] = ["ansible-playbook", "ansible", "python3", "python"];

/// The folders that hold ansible-core or collections, in the order in which they count: `PYTHONPATH`, the virtual
/// environment that is active, what `PATH` names, then the places where installers put Ansible.
pub fn find() -> Vec<PathBuf> {
    if let Some(paths) = env::var_os(INSTEAD) {
        return env::split_paths(&paths).filter(|path| holds_ansible(path)).collect();
    }
    let mut found: Vec<PathBuf> = Vec::new();
    let mut add = |site: PathBuf| {
        if holds_ansible(&site) && !found.contains(&site) {
            found.push(site);
        }
    };
    env::var_os("PYTHONPATH").iter().flat_map(env::split_paths).for_each(&mut add);
    prefixes().iter().flat_map(|prefix| packages(prefix)).for_each(&mut add);
    found
}

/// The Python of this machine that Ansible would run with: the first one of `PATH`. None is ever started here, but
/// playbooks name it, as `ansible_playbook_python`, and for `localhost` as `ansible_python_interpreter`.
pub fn controller_python() -> &'static Path {
    static FOUND: LazyLock<PathBuf> = LazyLock::new(first_python);
    &FOUND
}

fn first_python() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_program = |path: &PathBuf| {
        path.is_absolute()
            && path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let find = |name| env::split_paths(&path).map(|folder| folder.join(name)).find(is_program);
    // Where there is none, tasks that start it say which program is missing.
    find("python3").or_else(|| find("python")).unwrap_or_else(|| "/usr/bin/python3".into())
}

fn holds_ansible(site: &Path) -> bool {
    site.join("ansible/module_utils").is_dir() || site.join("ansible_collections").is_dir()
}

/// Folders that an installation of Python is below, as `/usr` is.
fn prefixes() -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = env::var_os("VIRTUAL_ENV").map(PathBuf::from).into_iter().collect();
    for folder in env::var_os("PATH").iter().flat_map(env::split_paths) {
        for program in PROGRAMS.iter().map(|name| folder.join(name)).filter(|program| program.is_file()) {
            prefixes.extend(folder.parent().map(Path::to_owned));
            let real = program.canonicalize().unwrap_or(program);
            prefixes.extend(interpreter(&real).into_iter().chain([real]).filter_map(|path| prefix(&path)));
        }
    }
    if let Some(home) = env::var_os("HOME").map(PathBuf::from) {
        prefixes.push(home.join(".local"));
        for tools in [".local/share/pipx/venvs", ".local/pipx/venvs", ".local/share/uv/tools", ".pyenv/versions"] {
            prefixes.extend(sorted(&home.join(tools)));
        }
    }
    prefixes.extend(sorted(Path::new("/opt/pipx/venvs")));
    prefixes.extend(["/usr/local", "/usr", "/opt/homebrew"].map(PathBuf::from));
    prefixes
}

/// The folder above the `bin` that a program is in.
fn prefix(program: &Path) -> Option<PathBuf> {
    Some(program.parent()?.parent()?.to_owned())
}

/// The Python that a script names in its first line; a virtual environment's is a link that must not be followed.
fn interpreter(script: &Path) -> Option<PathBuf> {
    use std::io::Read;
    let mut start = Vec::new();
    fs::File::open(script).ok()?.take(512).read_to_end(&mut start).ok()?;
    let start = String::from_utf8_lossy(&start);
    let path = start.strip_prefix("#!")?.lines().next()?.split_whitespace().next()?;
    path.contains("python").then(|| path.into())
}

/// The folders of packages below a prefix, those of the newest Python first.
fn packages(prefix: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for library in ["lib", "lib64"].map(|name| prefix.join(name)) {
        for folder in sorted(&library) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(version) = name.strip_prefix("python3") else { continue };
            let version = version.trim_start_matches('.').parse().unwrap_or(0);
            found.extend(["site-packages", "dist-packages"].map(|kind| (version, folder.join(kind))));
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_python_counts_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lib/python3.9/site-packages", "lib/python3.12/site-packages", "lib/python3/dist-packages"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let found = packages(folder.path());
        let found: Vec<_> = found.iter().filter(|path| path.is_dir()).collect();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        let expected = ["lib/python3.12/site-packages", "lib/python3.9/site-packages", "lib/python3/dist-packages"];
        assert_eq!(names, expected.map(Path::new));
    }
}

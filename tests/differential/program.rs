//! A program that runs cases: sutler under the name `ansible-playbook`, or the oracle.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};

use super::{case::Case, trace};

/// How long a command may take, for `timeout`.
const LIMIT: &str = "300";

/// The exit code of `timeout` for a command that took longer.
const LATE: i32 = 124;

/// A program that runs cases.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    is_sutler: bool,
    /// Sutler does one item and one task after the other, where it would send several at once.
    is_patient: bool,
}

/// What came of a case.
#[derive(Debug)]
pub struct Found {
    /// Its trace.
    pub text: String,
    /// Both streams of all commands.
    pub printed: String,
}

impl AsRef<[u8]> for Found {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Program {
    /// Sutler, at this path.
    pub fn sutler(path: PathBuf) -> Self {
        Self { path, is_sutler: true, is_patient: false }
    }

    /// The same, but one item and one task after the other.
    pub fn patient(&self) -> Self {
        Self { is_patient: true, ..self.clone() }
    }

    /// Ansible-core's `ansible-playbook`, at this path.
    pub fn oracle(path: PathBuf) -> Self {
        Self { path, is_sutler: false, is_patient: false }
    }

    /// Whether it is sutler.
    pub fn is_sutler(&self) -> bool {
        self.is_sutler
    }

    /// Runs a case in a copy of its folder; `defaults` holds the inventory of cases that have none.
    pub fn trace(&self, case: &Case, defaults: &Path) -> Result<Found, String> {
        let place = Place::new(case, defaults, &self.path).map_err(|error| format!("cannot copy the case: {error}"))?;
        let mut found = Found { text: String::new(), printed: String::new() };
        for command in &case.commands {
            let output = self.command(command, &place).output().map_err(|error| error.to_string())?;
            if output.status.code() == Some(LATE) {
                return Err(format!("`{command}` takes longer than {LIMIT} seconds"));
            }
            let code = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
            let text = |bytes: &[u8]| place.without_paths(&String::from_utf8_lossy(bytes));
            let stdout = text(&output.stdout);
            found.text.push_str(&format!("$ {command}\n"));
            if is_list(command) {
                found.text.push_str(&trace::list(&stdout));
            } else {
                found.text.push_str(&trace::trace(&stdout, case.is_by_host));
            }
            found.text.push_str(&format!("exit code {code}\n"));
            found.printed.push_str(&format!("{stdout}{}", text(&output.stderr)));
        }
        Ok(found)
    }

    /// The trace of a case, from an earlier run if nothing of it changed since.
    pub fn remembered(&self, case: &Case, defaults: &Path) -> Result<String, String> {
        let cache = env::var_os("ORACLE_CACHE").map_or_else(|| env::temp_dir().join("sutler-oracle"), PathBuf::from);
        let mut hash = Sha256::new();
        hash.update(format!("{} {}", self.path.display(), case.commands.join("\n")));
        for file in case.files().into_iter().chain([defaults.join("hosts")]) {
            let below = file.strip_prefix(case.folder()).unwrap_or(&file);
            hash.update(below.to_string_lossy().as_bytes());
            hash.update(fs::read(&file).unwrap_or_default());
        }
        let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let file = cache.join(hash);
        if let Ok(text) = fs::read_to_string(&file) {
            return Ok(text);
        }
        let found = self.trace(case, defaults)?;
        fs::create_dir_all(&cache).and_then(|()| fs::write(&file, &found)).map_err(|error| error.to_string())?;
        Ok(found.text)
    }

    fn command(&self, command: &str, place: &Place) -> Command {
        let mut shell = Command::new("timeout");
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
            shell.env_remove(name);
        }
        let path = env::var("PATH").unwrap_or_default();
        shell.args([LIMIT, "sh", "-c", command]).current_dir(&place.work).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", place.programs.display())).env("HOME", &place.home);
        shell.env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1").env("ANSIBLE_NOCOLOR", "1").env("USER", "root");
        if self.is_sutler {
            // No ansible-core that may be installed is seen.
            shell.env("SUTLER_SITE_PACKAGES", "");
            if self.is_patient {
                shell.env("SUTLER_JOIN_ITEMS", "0").env("SUTLER_SEND_AHEAD", "0");
            }
        } else {
            shell.env("ANSIBLE_PYTHON_INTERPRETER", self.path.with_file_name("python"));
            // Hosts that work at once answer in any order, on which the order of included files depends.
            shell.env("ANSIBLE_FORKS", "1");
            // It looks for results below the home of `/etc/passwd`, and writes them below `HOME`.
            shell.env("ANSIBLE_ASYNC_DIR", place.home.join(".ansible_async"));
        }
        shell
    }
}

/// Whether a command prints a list.
fn is_list(command: &str) -> bool {
    command.contains(" --list-")
}

/// Where a case is run, for as long as it is.
struct Place {
    work: PathBuf,
    home: PathBuf,
    programs: PathBuf,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(case: &Case, defaults: &Path, program: &Path) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?;
        let place =
            Self { work: root.join("work"), home: root.join("home"), programs: root.join("programs"), _folder: folder };
        fs::create_dir(&place.home)?;
        fs::create_dir(&place.programs)?;
        symlink(program, place.programs.join("ansible-playbook"))?;
        for file in case.files() {
            let target = place.work.join(file.strip_prefix(case.folder()).unwrap_or(&file));
            fs::create_dir_all(target.parent().unwrap_or(&place.work))?;
            fs::copy(&file, target)?;
        }
        let hosts = place.work.join("hosts");
        if !hosts.exists() {
            fs::copy(defaults.join("hosts"), hosts)?;
        }
        Ok(place)
    }

    /// A text in which the changing names of folders are fixed ones.
    fn without_paths(&self, text: &str) -> String {
        text.replace(&*self.work.to_string_lossy(), "/WORK").replace(&*self.home.to_string_lossy(), "/HOME")
    }
}

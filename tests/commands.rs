//! Commands as people type them: `tests/commands/NAME/transcript.txt` holds command lines (`$ …`) and beneath each
//! its exit code and standard output, for those that begin with `sutler` the standard error as well. The other
//! files of the folder are what the commands read; they run in it, with the names of Ansible's programs on the PATH.
//!
//! `BLESS=1 cargo test --test commands` writes the outputs anew; read them before you commit them. With
//! `ORACLE=FOLDER` too they come from the Ansible programs in that folder, except for those of `sutler` itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAMS: [&str; 5] = ["sutler", "ansible-playbook", "ansible-inventory", "ansible-config", "ansible-vault"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let programs = tempfile::tempdir().expect("temporary directories can be made");
    for program in PROGRAMS {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sutler"), programs.path().join(program)).expect("it is empty");
    }
    let programs: Arc<Path> = programs.path().into();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands");
    let entries = fs::read_dir(&folder).expect("the cases are there");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    let trial = |case: PathBuf| {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let programs = Arc::clone(&programs);
        Trial::test(name, move || run_case(&case, &programs).map_err(Failed::from))
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit_code()
}

/// Runs the commands of a case and compares.
fn run_case(case: &Path, programs: &Path) -> Result<(), String> {
    let file = case.join("transcript.txt");
    let expected = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let oracle = std::env::var_os("ORACLE").map(PathBuf::from);
    let mut found = String::new();
    for block in blocks(&expected) {
        let command = block.lines().next().and_then(|line| line.strip_prefix("$ "));
        let command = command.ok_or("a transcript begins with `$ COMMAND`")?;
        let is_ours = command.split_whitespace().any(|word| word == "sutler");
        found.push_str(&match &oracle {
            Some(oracle) if !is_ours => run(case, command, oracle, false)?,
            Some(_) => block.to_owned(),
            None => run(case, command, programs, is_ours)?,
        });
    }
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&file, found).map_err(|error| error.to_string());
    }
    if expected == found {
        return Ok(());
    }
    Err(format!("--- expected\n{expected}\n--- found\n{found}\nBLESS=1 takes what was found"))
}

/// The commands with what belongs to each.
fn blocks(transcript: &str) -> Vec<&str> {
    let mut begins: Vec<usize> = transcript.match_indices("\n$ ").map(|(at, _)| at + 1).collect();
    begins.insert(0, 0);
    let ends = begins.iter().skip(1).copied().chain([transcript.len()]);
    begins.iter().zip(ends).map(|(begin, end)| &transcript[*begin..end]).collect()
}

fn run(case: &Path, command: &str, programs: &Path, with_errors: bool) -> Result<String, String> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
        shell.env_remove(name);
    }
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display());
    shell.args(["-c", command]).current_dir(case).env("HOME", home.path()).env("PATH", path);
    shell.env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    let output = shell.output().map_err(|error| error.to_string())?;
    let code = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(&*case.to_string_lossy(), "/CASE");
        let text = text.replace(&*home.path().to_string_lossy(), "/HOME");
        let text = case.parent().map_or(text.clone(), |cases| text.replace(&*cases.to_string_lossy(), "/CASES"));
        if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
    };
    let errors = if with_errors { format!("--- stderr\n{}", text(&output.stderr)) } else { String::new() };
    Ok(format!("$ {command}\nexit code {code}\n{}{errors}", text(&output.stdout)))
}

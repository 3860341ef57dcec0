//! Called by Ansible's names, the output is Ansible's to the letter: each `tests/output/cases/NAME.yml` is a
//! playbook whose first line says how it is run, and `NAME.txt` beside it holds the exit code and both streams as
//! ansible-core printed them.
//!
//! `ORACLE=/path/to/venv/bin cargo test --test output` writes the texts anew with ansible-core from there. Times,
//! paths and temporary names are left out on both sides; so is what only ansible-core can say (its version, its
//! files).

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use fancy_regex::Regex;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output/cases");
    let programs = tempfile::tempdir().expect("there is a temporary folder");
    for name in ["ansible-playbook", "ansible"] {
        symlink(env!("CARGO_BIN_EXE_sutler"), programs.path().join(name)).expect("the folder is empty");
    }
    let entries = fs::read_dir(&folder).expect("the cases are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    let cases = files.iter().filter(|file| file.extension() == Some(OsStr::new("yml")));
    let trials = cases.map(|file| {
        let (file, programs) = (file.clone(), programs.path().to_owned());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name, move || case(&file, &programs).map_err(Failed::from))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Runs a case and compares, or asks the oracle.
fn case(file: &Path, programs: &Path) -> Result<(), String> {
    let playbook = fs::read_to_string(file).map_err(|e| e.to_string())?;
    let command = playbook.lines().next().and_then(|line| line.strip_prefix("# $ "));
    let command = command.ok_or("the first line has to be `# $ ansible-playbook …`")?;
    // An ad-hoc case has no playbook to name.
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let command = if command.contains("ansible-playbook ") { format!("{command} {name}") } else { command.to_owned() };
    let expected_file = file.with_extension("txt");
    if let Some(oracle) = env::var_os("ORACLE") {
        let said = run(file, &command, Path::new(&oracle))?;
        return fs::write(expected_file, said).map_err(|e| e.to_string());
    }
    let expected = fs::read_to_string(&expected_file).unwrap_or_default();
    let found = run(file, &command, programs)?;
    if expected == found {
        return Ok(());
    }
    Err(format!("$ {command}\n{}", difference(&expected, &found)))
}

/// The exit code and both streams.
fn run(file: &Path, command: &str, programs: &Path) -> Result<String, String> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut shell = Command::new("sh");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
        shell.env_remove(name);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&path)));
    shell.args(["-c", command]).env("PATH", path.map_err(|e| e.to_string())?).env("HOME", home.path());
    // One worker does the hosts in their order, as one fork does.
    shell.env("TOKIO_WORKER_THREADS", "1");
    shell.env_remove("NO_COLOR").env("ANSIBLE_PYTHON_INTERPRETER", programs.join("python3"));
    let output = shell.current_dir(folder).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    let code = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
    let text = |bytes: &[u8]| comparable(&String::from_utf8_lossy(bytes), folder, home.path());
    Ok(format!("exit code {code}\n--- stdout\n{}--- stderr\n{}", text(&output.stdout), text(&output.stderr)))
}

/// The text without what differs from run to run.
fn comparable(text: &str, folder: &Path, home: &Path) -> String {
    let rules = [
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-01T00:00:00.000000Z"),
        (r#""id": "[\da-f-]{36}""#, r#""id": "ID""#),
        (r"(?s)\Aansible(-playbook)? \[core .*?\n\n", "\n"),
        (r"(?m)^(No config file found; using defaults|Using .* as config file)\n", ""),
        (r"(?m)^<h\d> .*\n", ""),
        (r"(?m)^Using module file .*\n", ""),
        (r"(?m)^Notification for handler .* has been saved\.\n", ""),
        (r"\d:\d\d:\d\d\.\d{6}", "0:00:00.000000"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", "2026-01-01 00:00:00.000000"),
        (r"/[^\s\x22]*/ansible-tmp-[^/]*/[^\x22]*", "TEMPORARY"),
        (r"\bj\d+\.\d+", "JOB"),
    ];
    let mut text = text.replace(&*folder.to_string_lossy(), "CASES").replace(&*home.to_string_lossy(), "HOME");
    for (pattern, replacement) in rules {
        let rule = Regex::new(pattern).expect("the rules are regular expressions");
        text = rule.replace_all(&text, replacement).into_owned();
    }
    text
}

/// The lines that differ, with two around them.
fn difference(expected: &str, found: &str) -> String {
    let diff = similar::TextDiff::from_lines(expected, found);
    diff.unified_diff().context_radius(2).header("ansible-core", "sutler").to_string()
}

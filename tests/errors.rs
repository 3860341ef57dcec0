//! What people read when something is wrong: each `tests/errors/NAME.yml` is a playbook whose first
//! line says how it is run, and `NAME.txt` beside it holds the exit code and both streams, exactly.
//!
//! `BLESS=1 cargo test --test errors` writes the texts anew; read them before you commit them.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let entries = fs::read_dir(&folder).expect("the cases are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    let stems = |extension: &str| -> Vec<String> {
        let of_kind = files.iter().filter(|file| file.extension() == Some(OsStr::new(extension)));
        of_kind.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect()
    };
    let (cases, texts) = (stems("yml"), stems("txt"));
    let orphans = texts.into_iter().filter(|text| !cases.contains(text));
    let mut trials: Vec<Trial> = orphans
        .map(|name| Trial::test(name.clone(), move || Err(Failed::from(format!("there is no {name}.yml")))))
        .collect();
    for name in cases {
        let folder = folder.clone();
        trials.push(Trial::test(name.clone(), move || case(&folder, &name).map_err(Failed::from)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Runs a case and compares.
fn case(folder: &Path, name: &str) -> Result<(), String> {
    let playbook = fs::read_to_string(folder.join(name).with_extension("yml")).map_err(|e| e.to_string())?;
    let command = playbook.lines().next().and_then(|line| line.strip_prefix("# $ sutler "));
    let command = command.ok_or("the first line has to be `# $ sutler …`")?;
    let found = run(folder, command)?;
    let file = folder.join(name).with_extension("txt");
    if std::env::var_os("BLESS").is_some() {
        return fs::write(&file, found).map_err(|e| e.to_string());
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    Err(format!("--- expected\n{expected}\n--- found\n{found}\nBLESS=1 takes what was found"))
}

/// The exit code and both streams, as the text beside a case has them.
fn run(folder: &Path, command: &str) -> Result<String, String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANSIBLE_")) {
        shell.env_remove(name);
    }
    shell.args(["-c", &format!("exec \"$SUTLER\" {command}")]).env("SUTLER", env!("CARGO_BIN_EXE_sutler"));
    // No ansible-core that may be installed is seen.
    shell.env("SUTLER_SITE_PACKAGES", "");
    shell.current_dir(folder).env("HOME", home.path()).env("NO_COLOR", "1").stdin(Stdio::null());
    let output = shell.output().map_err(|e| e.to_string())?;
    let code = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(format!("exit code {code}\n--- stdout\n{}--- stderr\n{}", text(&output.stdout), text(&output.stderr)))
}

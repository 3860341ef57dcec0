//! The password of an identity from a file, a script, or a client script that is told which identity it is for.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use sutler_modules::kit::failure::{errno_text, os_text};
use zeroize::Zeroizing;

use super::{Ring, VaultError, is_vault};
use crate::{source::Diagnostic, value::Value};

/// With this code a client script says that it has no password for the identity.
const UNKNOWN_ID: i32 = 2;

/// Why there is no password.
#[derive(Debug)]
pub struct PasswordError {
    file: PathBuf,
    id: Option<String>,
    is_program: bool,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Missing,
    Directory,
    Unreadable(io::Error),
    Empty,
    Encrypted(VaultError),
    /// It is executable, and no program.
    NoProgram(io::Error),
    /// What it said is only known of a client script.
    Failed {
        code: String,
        said: Option<Vec<u8>>,
    },
    UnknownId {
        said: Option<Vec<u8>>,
    },
}

/// The password in a file, or what the file prints if it is executable; `id` is the label that it was named with. A file may itself
/// be encrypted with one of the passwords known so far. Blanks around a password in a file do not count, of what is
/// printed only the line endings do not.
pub fn from_file(file: &Path, id: Option<&str>, known: &Ring) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    let metadata = fs::metadata(file);
    let is_program =
        metadata.as_ref().is_ok_and(|metadata| !metadata.is_dir() && metadata.permissions().mode() & 0o111 != 0);
    let failed = |why| PasswordError { file: file.to_owned(), id: id.map(str::to_owned), is_program, why };
    let metadata = metadata.map_err(|error| {
        failed(if error.kind() == io::ErrorKind::NotFound { Why::Missing } else { Why::Unreadable(error) })
    })?;
    if metadata.is_dir() {
        return Err(failed(Why::Directory));
    }
    let password = if is_program {
        let said = run(file, id).map_err(failed)?;
        let start = said.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let end = said.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Zeroizing::new(said[start..said.len().saturating_sub(end).max(start)].to_vec())
    } else {
        let text = Zeroizing::new(fs::read(file).map_err(|error| failed(Why::Unreadable(error)))?);
        let text =
            if is_vault(&text) { known.open(&text).map_err(|error| failed(Why::Encrypted(error)))? } else { text };
        Zeroizing::new(text.trim_ascii().to_vec())
    };
    if password.is_empty() { Err(failed(Why::Empty)) } else { Ok(password) }
}

/// Whether a script takes `--vault-id`.
fn is_client(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"))
}

fn run(file: &Path, id: Option<&str>) -> Result<Zeroizing<Vec<u8>>, Why> {
    let mut command = Command::new(std::path::absolute(file).map_err(Why::Unreadable)?);
    if is_client(file) {
        command.args(id.iter().flat_map(|id| ["--vault-id", id])).stderr(std::process::Stdio::piped());
    } else {
        // Whoever wrote the script may have something to say to the person who waits for it.
        command.stderr(std::process::Stdio::inherit());
    }
    let output = command.stdin(std::process::Stdio::inherit()).output().map_err(Why::NoProgram)?;
    let printed = Zeroizing::new(output.stdout);
    if output.status.success() {
        return Ok(printed);
    }
    let said = is_client(file).then_some(output.stderr);
    let code = output.status.code();
    Err(match code {
        Some(UNKNOWN_ID) if is_client(file) => Why::UnknownId { said },
        _ => Why::Failed { code: code.map_or_else(|| output.status.to_string(), |code| code.to_string()), said },
    })
}

/// What a program said, as Python shows bytes that are there or not.
fn in_python(said: Option<&[u8]>) -> String {
    said.map_or_else(|| "None".to_owned(), |said| Value::Bytes(said.into()).repr())
}

impl From<PasswordError> for Diagnostic {
    fn from(error: PasswordError) -> Self {
        let PasswordError { file, id, is_program, why } = &error;
        let id = id.as_deref().unwrap_or("None");
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let file = file.display();
        let kind = if is_client(&error.file) { "Vault password client script" } else { "Vault password script" };
        let worded = match why {
            Why::Missing => format!("The vault password file {file} was not found"),
            Why::Directory => format!("The vault password file provided '{file}' can not be a directory"),
            Why::Unreadable(cause) => {
                format!("Could not read vault password file {file}: {}", errno_text(cause, &file.to_string()))
            }
            Why::NoProgram(cause) => format!(
                "Problem running vault password script {file} ({}). If this is not a script, remove the executable bit \
                 from the file.",
                errno_text(cause, &file.to_string())
            ),
            Why::Empty => {
                let source = if *is_program { "script" } else { "file" };
                format!("Invalid vault password was provided from {source} ({file})")
            }
            Why::Encrypted(error) => error.wording(),
            Why::Failed { code, said } if kind.contains("client") => {
                let said = in_python(said.as_deref());
                format!("{kind} {file} returned non-zero ({code}) when getting secret for vault-id={id}: {said}")
            }
            Why::Failed { code, said } => {
                format!("{kind} {file} returned non-zero ({code}): {}", in_python(said.as_deref()))
            }
            Why::UnknownId { said } => {
                let said = in_python(said.as_deref());
                format!("{kind} {file} did not find a secret for vault-id={id}: {said}")
            }
        };
        let diagnostic = Self::error(error.to_string()).worded(worded);
        match why {
            Why::Missing => diagnostic.help("a source is a file, a program, or `prompt`: `--vault-id LABEL@prompt`"),
            Why::Encrypted(error) => diagnostic.help(error.help()),
            Why::NoProgram(_) => {
                diagnostic.help("if it is no program, take the permission to execute it away: `chmod -x`")
            }
            Why::Failed { said: Some(said), .. } | Why::UnknownId { said: Some(said) } if !said.is_empty() => {
                diagnostic.note(String::from_utf8_lossy(said).trim())
            }
            _ => diagnostic,
        }
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, id, why, .. } = self;
        let file = file.display();
        match why {
            Why::Missing => write!(f, "there is no vault password file `{file}`"),
            Why::Directory => write!(f, "the vault password file `{file}` is a directory"),
            Why::Unreadable(cause) => write!(f, "cannot read the vault password file `{file}`: {cause}"),
            Why::NoProgram(cause) => write!(f, "cannot run the vault password program `{file}`: {}", os_text(cause)),
            Why::Empty => write!(f, "the vault password file `{file}` gives no password"),
            Why::Encrypted(error) => write!(f, "cannot decrypt the vault password file `{file}`: {error}"),
            Why::Failed { code, .. } => write!(f, "the vault password program `{file}` failed with code {code}"),
            Why::UnknownId { .. } => match id {
                Some(id) => write!(f, "the vault password program `{file}` knows no password of `{id}`"),
                None => write!(f, "the vault password program `{file}` wants a label: `--vault-id LABEL@{file}`"),
            },
        }
    }
}

impl std::error::Error for PasswordError {}

//! `script`: a script of the controller, run on the host.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sutler_protocol::Content;

use crate::kit::{
    Args, Changes, Failure, Fields, InCheck, Module, Program, Reader, Writer, file_args::Attributes, lines, shlex,
};

/// Copies a script to the host, runs it there through a shell, and removes it.
///
/// The path of the script on the controller stands first, in quotes if it has blanks, its arguments follow. A
/// relative path is looked for in the role's or playbook's `files`.
///
/// ```yaml
/// - script: setup.sh --port 80
///   args:
///     creates: /etc/app.conf
/// - script:
///     cmd: report.py
///     executable: python3
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params", exclusive("_raw_params", "cmd"), one_of("_raw_params", "cmd"))]
#[expect(dead_code, reason = "the controller decrypts")]
pub struct Script {
    /// The script and its arguments, as text without a name.
    #[arg(internal, name = "_raw_params")]
    raw_params: Option<String>,
    /// The script and its arguments, as an argument with a name.
    cmd: Option<String>,
    /// The directory to run it in: an absolute path.
    chdir: Option<String>,
    /// A path: when it is there, the script is not run.
    creates: Option<PathBuf>,
    /// A path: when it is not there, the script is not run.
    removes: Option<PathBuf>,
    /// What runs the script: a program and perhaps arguments.
    executable: Option<String>,
    /// Decrypts a script that is encrypted with a vault.
    #[arg(default = true)]
    decrypt: bool,
    /// The script.
    #[arg(internal, name = "_content")]
    body: Option<Content>,
    /// Its name.
    #[arg(internal, name = "_original_basename")]
    basename: Option<String>,
}

impl Module for Script {
    type Plan = Content;

    fn inspect(&self, host: &Reader) -> Result<Changes<Content>, Failure> {
        let skipped = |msg: String| Ok(Changes::none().with("skipped", true).with("msg", msg));
        if let Some(path) = self.creates.as_ref().filter(|path| host.exists(path)) {
            return skipped(format!("{} exists, matching creates option", path.display()));
        }
        if let Some(path) = self.removes.as_ref().filter(|path| !host.exists(path)) {
            return skipped(format!("{} does not exist, matching removes option", path.display()));
        }
        if let Some(chdir) = self.chdir.as_ref().filter(|chdir| !chdir.starts_with('/')) {
            let msg = format!("chdir {chdir} must be an absolute path for a Unix-aware remote node");
            return Err(Failure::new(msg));
        }
        let Some(content) = &self.body else { return Err(Failure::new("there is no script to run")) };
        let is_predictable = self.creates.is_some() || self.removes.is_some();
        let in_check = if is_predictable {
            InCheck::Predict
        } else {
            InCheck::Skip("Check mode is not supported for this task.".into())
        };
        Ok(Changes::of(content.clone()).in_check(in_check))
    }

    fn apply(&self, content: Content, host: &mut Writer) -> Result<Fields, Failure> {
        let directory = make_directory(host)?;
        let outcome = self.run(&content, &directory, host);
        host.remove(&directory)?;
        outcome
    }
}

impl Script {
    fn run(&self, content: &Content, directory: &Path, host: &mut Writer) -> Result<Fields, Failure> {
        let path = directory.join(self.basename.as_deref().unwrap_or("script"));
        let source = host.body(content)?;
        host.write(&path, source, &Attributes { mode: Some(0o700), ..Attributes::default() })?;
        let program = Program::new("/bin/sh").arg("-c").arg(self.line(&path)?);
        let finished = host.run(&program)?;
        let mut fields = Fields::new();
        for (name, text) in [("stdout", finished.out()), ("stderr", finished.err())] {
            fields.insert(format!("{name}_lines"), json!(lines::split(&text)));
            fields.insert(name.into(), json!(text));
        }
        fields.insert("rc".into(), json!(finished.rc));
        fields.insert("changed".into(), Value::Bool(true));
        if finished.success() {
            return Ok(fields);
        }
        Err(Failure { msg: "non-zero return code".into(), fields })
    }

    /// The shell's line: as the task has it, with the script's own place in it.
    fn line(&self, path: &Path) -> Result<String, Failure> {
        let given = self.raw_params.as_ref().or(self.cmd.as_ref()).map_or("", |line| line.trim());
        let words = shlex::split(given).map_err(Failure::new)?;
        let name = words.first().map_or("", String::as_str);
        let path = path.to_string_lossy();
        let call = if given.contains(name) {
            given.replacen(name, &path, 1)
        } else {
            let words: Vec<&str> = std::iter::once(&*path).chain(words.iter().skip(1).map(String::as_str)).collect();
            shlex::join(&words)
        };
        let executable = self.executable.as_ref().map(|program| format!("{program} ")).unwrap_or_default();
        let chdir = self.chdir.as_ref().map(|chdir| format!("cd {} && ", shlex::quote(chdir))).unwrap_or_default();
        Ok(format!("{chdir}{executable}{call}"))
    }
}

/// A directory for this user alone: where the helper lies, since programs can be started there.
pub fn make_directory(host: &mut Writer) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let made = own.and_then(|place| host.make_temporary(&place, "script-", "", true).ok());
    made.map_or_else(|| host.make_temporary(Path::new("/tmp"), "script-", "", true), Ok)
}

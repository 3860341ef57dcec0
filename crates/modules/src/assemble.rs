//! `assemble`: one file of many fragments.

use std::{
    io::Write as _,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sutler_protocol::Content;

use crate::{
    copy::one::{self, Origin, Wanted},
    kit::{
        Args, Changes, Failure, Fields, FileArgs, Finished, Meta, Module, Reader, Source, Writer, checksum::Algorithm,
        file_args::Attributes, fragments::Fragments, reader::hex,
    },
};

/// Puts the files of a directory together, in the order of their names, as one file.
///
/// ```yaml
/// - assemble:
///     src: /etc/someapp/fragments
///     dest: /etc/someapp/someapp.conf
///     delimiter: "### START FRAGMENT ###"
/// - assemble:
///     src: sshd_config.d/
///     remote_src: false
///     dest: /etc/ssh/sshd_config
///     validate: /usr/sbin/sshd -t -f %s
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller decrypts")]
pub struct Assemble {
    /// The directory: on the host, or with `remote_src: false` on the controller, where a relative path is
    /// looked for in the role's or playbook's `files`. Directories in it are left out.
    src: Option<PathBuf>,
    /// The file to write.
    dest: Option<PathBuf>,
    /// What goes between two fragments, on a line of its own; `\n` and its kin are Python's escapes.
    delimiter: Option<String>,
    /// Takes only files in whose names this pattern (Python's syntax) is found.
    regexp: Option<String>,
    /// Leaves out files whose names begin with a dot.
    #[arg(default = false)]
    ignore_hidden: bool,
    /// Whether `src` is on the host.
    #[arg(default = true)]
    remote_src: bool,
    /// Decrypts fragments of the controller that are encrypted with a vault.
    #[arg(default = true)]
    decrypt: bool,
    /// Keeps a copy of the file that is replaced, beside it, under a name with the time; that name is
    /// returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    #[arg(flatten)]
    attributes: FileArgs,
    /// What the controller has put together.
    #[arg(internal, name = "_content")]
    body: Option<Content>,
    /// The name of the directory on the controller.
    #[arg(internal, name = "_original_basename")]
    basename: Option<String>,
}

/// What has to be done.
pub enum Plan {
    /// The controller's content is written.
    Sent(Box<one::Plan>),
    /// What was put together on the host is written.
    Write(Vec<u8>, Attributes),
    /// Owner, group or mode.
    Attributes(Attributes),
}

impl Module for Assemble {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let (src, dest) = self.places()?;
        if let Some(content) = &self.body {
            return Ok(self.sent(content, src, dest).inspect(host)?.map(|plan| Plan::Sent(Box::new(plan))));
        }
        let content = self.assembled(src, host)?;
        let sha1 = hex(&Sha1::digest(&content));
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let current = host.stat(dest)?;
        if current.as_ref().is_some_and(Meta::is_dir) {
            return Err(Failure::new(format!("attempted to take checksum of directory: {}", shown(dest))));
        }
        let mut attributes = self.attributes.resolve(current.as_ref(), false)?;
        let is_same = current.is_some() && host.sha1(dest)? == sha1;
        let there = host.lstat(dest)?;
        let is_link = there.as_ref().is_some_and(Meta::is_link);
        let differs = there.is_some_and(|meta| attributes.differ_from(&meta));
        let md5 = Algorithm::Md5.of(content.as_slice()).map_err(|error| Failure::io("read", src, &error))?;
        let validation = match &self.validate {
            Some(command) if !is_same && host.mode().check => Some(foreseen(host, &content, command)?),
            _ => None,
        };
        let changes = match (is_same, differs) {
            (true, false) => Changes::none(),
            (true, true) => Changes::of(Plan::Attributes(attributes)),
            (false, _) => {
                // In the place of a link comes a file like the one that it led to.
                if let Some(meta) = current.as_ref().filter(|_| is_link) {
                    attributes.keep(meta);
                }
                Changes::of(Plan::Write(content, attributes))
            }
        };
        let changes = match validation {
            Some(validation) => changes.with("validation", validation),
            None => changes,
        };
        Ok(changes
            .with("msg", "OK")
            .with("src", shown(src))
            .with("dest", shown(dest))
            .with("checksum", sha1)
            .with("md5sum", md5))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        match plan {
            Plan::Sent(plan) => plan.apply(host),
            Plan::Attributes(attributes) => host.set_attributes(self.places()?.1, &attributes).map(|()| Fields::new()),
            Plan::Write(content, attributes) => self.write(content, &attributes, host),
        }
    }
}

impl Assemble {
    fn places(&self) -> Result<(&Path, &Path), Failure> {
        let places = self.src.as_deref().zip(self.dest.as_deref());
        places.ok_or_else(|| Failure::new("src and dest are required"))
    }

    fn sent(&self, content: &Content, src: &Path, dest: &Path) -> Wanted {
        Wanted {
            origin: Origin::Content(content.clone()),
            src: Some(src.to_string_lossy().into_owned()),
            dest: dest.to_owned(),
            basename: self.basename.clone(),
            attributes: self.attributes.clone(),
            directory_mode: None,
            backup: self.backup,
            force: true,
            follow: false,
            validate: self.validate.clone(),
            checksum: None,
        }
    }

    fn assembled(&self, directory: &Path, host: &Reader) -> Result<Vec<u8>, Failure> {
        let src = directory.display();
        match host.stat(directory)? {
            None => return Err(Failure::new(format!("Source ({src}) does not exist"))),
            Some(meta) if !meta.is_dir() => return Err(Failure::new(format!("Source ({src}) is not a directory"))),
            Some(_) => {}
        }
        let mut fragments = Fragments::new(self.regexp.as_deref(), self.ignore_hidden, self.delimiter.as_deref())?;
        if let Some(command) = self.validate.as_ref().filter(|command| !command.contains("%s")) {
            return Err(Failure::new(format!("validate must contain %s: {command}")));
        }
        for path in host.list(directory)? {
            if fragments.take(&path)? {
                fragments.push(&host.read(&path)?);
            }
        }
        Ok(fragments.into_content())
    }

    fn write(&self, content: Vec<u8>, attributes: &Attributes, host: &mut Writer) -> Result<Fields, Failure> {
        let (_, dest) = self.places()?;
        let mut fields = Fields::new();
        let staged = host.stage(dest, Source::Bytes(content))?;
        if let Some(command) = &self.validate {
            let finished = one::validate(host, staged.path(), command, attributes).map_err(refused)?;
            fields.insert("validation".into(), told(&finished));
        }
        if self.backup && host.exists(dest) {
            fields.insert("backup_file".into(), json!(host.backup(dest)?.to_string_lossy()));
        }
        host.commit(staged, attributes)?;
        Ok(fields)
    }
}

/// What the command says of the content in check mode, which it gets in a file without a name.
fn foreseen(host: &Reader, content: &[u8], command: &str) -> Result<Value, Failure> {
    let mut file = host.scratch()?;
    file.write_all(content).map_err(|error| Failure::io("write", "a temporary file", &error))?;
    let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
    one::is_accepted(host, &path, command).map(|finished| told(&finished)).map_err(refused)
}

fn told(finished: &Finished) -> Value {
    json!({ "rc": finished.rc, "stdout": finished.out(), "stderr": finished.err() })
}

/// A refusal of the command in this module's words.
fn refused(failure: Failure) -> Failure {
    let part = |name: &str| failure.fields.get(name).map(crate::kit::args::plain_text);
    match (part("exit_status"), part("stderr")) {
        (Some(status), Some(error)) => Failure::new(format!("failed to validate: rc:{status} error:{error}")),
        _ => failure,
    }
}

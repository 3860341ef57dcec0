//! `copy`: files and directories, from the controller or from the host itself.

mod diff;
pub mod one;
mod tree;

use std::path::PathBuf;

use serde_json::Value;
use sutler_protocol::{Content, TreeEntry};

use crate::kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer, failure::to_come};
use one::{Origin, Wanted};
use tree::Tree;

/// Copies a file or a directory to the host, or from one place to another on it.
///
/// Content that the host has already is not sent. The file appears whole or not at all.
///
/// ```yaml
/// - copy:
///     src: /srv/myfiles/foo.conf
///     dest: /etc/foo.conf
///     owner: root
///     group: root
///     mode: "0644"
///     backup: true
/// - copy:
///     content: "# moved to /etc/other.conf\n"
///     dest: /etc/mine.conf
/// - copy:
///     src: /mine/sudoers
///     dest: /etc/sudoers
///     validate: /usr/sbin/visudo -csf %s
/// - copy:
///     src: /etc/sudoers
///     dest: /etc/sudoers.edit
///     remote_src: true
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller makes a content of `content`, and decrypts")]
pub struct Copy {
    /// The file or directory to copy: on the controller, where a relative path is looked for in the
    /// role's or playbook's `files`, or on the host with `remote_src`. Of a directory that ends in
    /// `/` the content is copied, otherwise the directory itself.
    src: Option<PathBuf>,
    /// The text of the file, in the place of `src`; `dest` is a file then. Mappings and lists
    /// become JSON.
    content: Option<Value>,
    /// Where to, on the host. A directory when `src` is one. When it ends in `/`, or is a
    /// directory, a file goes into it by its own name; missing directories are made for a `dest`
    /// that ends in `/`, and otherwise it fails when the parent is not there.
    dest: PathBuf,
    /// Keeps a copy of the file that is replaced, beside it, under a name with the time; that name
    /// is returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// Replaces a file whose content differs. `false` leaves whatever is there alone.
    #[arg(default = true)]
    force: bool,
    /// The mode of directories that are made; see `mode` for how it is written.
    directory_mode: Option<Value>,
    /// Takes `src` from the host itself. Directories are copied with everything in them; files keep
    /// their modes unless `mode` is given.
    #[arg(default = false)]
    remote_src: bool,
    /// Follows symbolic links at `dest`: the file they lead to is written. `false` replaces the link.
    #[arg(default = false)]
    follow: bool,
    /// Follows symbolic links in `src` and copies what they lead to. Default: true, but for
    /// directories with `remote_src`.
    local_follow: Option<bool>,
    /// The SHA-1 that the source must have; the copy fails otherwise.
    checksum: Option<String>,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    /// Decrypts a source that is encrypted with a vault.
    #[arg(default = true)]
    decrypt: bool,
    /// Owner, group and mode; the mode may be `preserve`, which is that of the source.
    #[arg(flatten)]
    attributes: FileArgs,
    /// The content of a single file.
    #[arg(internal, name = "_content")]
    body: Option<Content>,
    /// The name of the source, for a `dest` that is a directory.
    #[arg(internal, name = "_original_basename")]
    basename: Option<String>,
    /// The mode of the source, for `mode: preserve`.
    #[arg(internal, name = "_mode")]
    source_mode: Option<i64>,
    /// A whole directory.
    #[arg(internal, name = "_tree")]
    tree: Option<Vec<TreeEntry>>,
}

/// What `copy` does: one file, or many.
pub enum Plan {
    /// One file.
    One(Box<one::Plan>),
    /// A tree.
    Tree(tree::Plan),
}

impl Module for Copy {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if let Some(entries) = &self.tree {
            return Ok(Tree::sent(self, entries).inspect(host)?.map(Plan::Tree));
        }
        let Some(content) = &self.body else {
            return self.inspect_on_host(host);
        };
        let wanted = self.wanted(
            Origin::Content(content.clone()),
            self.basename.clone(),
            self.source_mode.map(|mode| mode as u32),
        );
        Ok(wanted.inspect(host)?.map(|plan| Plan::One(Box::new(plan))))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        match plan {
            Plan::One(plan) => plan.apply(host),
            Plan::Tree(plan) => plan.apply(host),
        }
    }
}

impl Copy {
    fn inspect_on_host(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let Some(src) = self.src.as_ref().filter(|_| self.remote_src) else {
            return Err(Failure::new("src (or content) is required"));
        };
        let shown = src.display();
        let Some(meta) = host.stat(src)? else { return Err(Failure::new(format!("Source {shown} not found"))) };
        if !meta.is_dir() && !meta.is_file() {
            return Err(Failure::new(format!("Cannot copy invalid source '{shown}': not a file")));
        }
        if meta.is_dir() {
            return Ok(Tree::on_host(self, src, host)?.inspect(host)?.map(Plan::Tree));
        }
        if !host.may(src, rustix::fs::Access::READ_OK) {
            return Err(Failure::new(format!("Source {shown} not readable")));
        }
        let name = src.file_name().map(|name| name.to_string_lossy().into_owned());
        let wanted = self.wanted(Origin::Host(src.clone()), name, Some(meta.mode()));
        let mut changes = wanted.inspect(host)?;
        match changes.plan.as_ref().map_or(Ok(()), |plan| plan.check_place(host)) {
            Err(failure) if host.may_come() => {
                changes.warn(vec![to_come(&failure.msg)]);
            }
            checked => checked?,
        }
        Ok(changes.map(|plan| Plan::One(Box::new(plan))))
    }

    fn wanted(&self, origin: Origin, basename: Option<String>, mode: Option<u32>) -> Wanted {
        Wanted {
            origin,
            src: self.src.as_ref().map(|src| src.to_string_lossy().into_owned()),
            dest: self.dest.clone(),
            basename,
            attributes: self.file_attributes(mode),
            directory_mode: self.directory_mode.clone(),
            backup: self.backup,
            force: self.force,
            follow: self.follow,
            validate: self.validate.clone(),
            checksum: self.checksum.clone(),
        }
    }

    /// The attributes of a file whose source has `mode`.
    fn file_attributes(&self, mode: Option<u32>) -> FileArgs {
        self.attributes.clone().preserving(mode)
    }
}

//! `template`: a file whose content the controller rendered.

use std::path::PathBuf;

use serde_json::Value;
use sutler_protocol::Content;

use crate::{
    copy::one::{Origin, Plan, Wanted},
    kit::{Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer},
};

/// Renders a Jinja2 template on the controller and puts the result on the host.
///
/// Beside all variables a template has `ansible_managed`, `template_host`, `template_uid`,
/// `template_path`, `template_fullpath`, `template_destpath` and `template_run_date`. A first line
/// `#jinja2: trim_blocks: False, variable_start_string: '[%'` sets the options below for one file.
///
/// ```yaml
/// - template:
///     src: foo.j2
///     dest: /etc/foo.conf
///     owner: bin
///     group: root
///     mode: "0644"
/// - template:
///     src: etc/ssh/sshd_config.j2
///     dest: /etc/ssh/sshd_config
///     mode: "0600"
///     validate: /usr/sbin/sshd -t -f %s
///     backup: true
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller renders; what remains is a content")]
pub struct Template {
    /// The template on the controller, in UTF-8; a relative path is looked for in the role's or
    /// playbook's `templates`.
    src: PathBuf,
    /// Where to, on the host. When it ends in `/`, or is a directory, the file goes into it by the
    /// template's name.
    dest: PathBuf,
    /// Keeps a copy of the file that is replaced, beside it, under a name with the time; that name
    /// is returned as `backup_file`.
    #[arg(default = false)]
    backup: bool,
    /// How lines end in the result.
    #[arg(default = "\\n", choices("\\n", "\\r", "\\r\\n"))]
    newline_sequence: String,
    /// What opens a block.
    #[arg(default = "{%")]
    block_start_string: String,
    /// What closes a block.
    #[arg(default = "%}")]
    block_end_string: String,
    /// What opens the place of a value.
    #[arg(default = "{{")]
    variable_start_string: String,
    /// What closes the place of a value.
    #[arg(default = "}}")]
    variable_end_string: String,
    /// What opens a comment; `{#` when it is not set.
    comment_start_string: Option<String>,
    /// What closes a comment; `#}` when it is not set.
    comment_end_string: Option<String>,
    /// Removes the first newline after a block (not after a value).
    #[arg(default = true)]
    trim_blocks: bool,
    /// Strips blanks between the start of a line and a block.
    #[arg(default = false)]
    lstrip_blocks: bool,
    /// Replaces a file whose content differs. `false` leaves whatever is there alone.
    #[arg(default = true)]
    force: bool,
    /// Follows symbolic links at `dest`: the file they lead to is written. `false` replaces the link.
    #[arg(default = false)]
    follow: bool,
    /// The encoding of the result, by its Python name.
    #[arg(default = "utf-8")]
    output_encoding: String,
    /// A command that has to succeed before the file is put in its place; `%s` in it is the path of
    /// the new file. No shell reads it.
    validate: Option<String>,
    /// Owner, group and mode; the mode may be `preserve`, which is that of the template.
    #[arg(flatten)]
    attributes: FileArgs,
    /// The mode of directories made for the file, as in `copy`.
    #[arg(internal)]
    directory_mode: Option<Value>,
    /// The rendered text.
    #[arg(internal, name = "_content")]
    body: Content,
    /// The name of the result, for a `dest` that is a directory.
    #[arg(internal, name = "_original_basename")]
    basename: Option<String>,
    /// The mode of the template, for `mode: preserve`.
    #[arg(internal, name = "_mode")]
    source_mode: Option<i64>,
}

impl Module for Template {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let name = self.src.file_name().map(|name| name.to_string_lossy().into_owned());
        let wanted = Wanted {
            origin: Origin::Content(self.body.clone()),
            src: Some(self.src.to_string_lossy().into_owned()),
            dest: self.dest.clone(),
            basename: self.basename.clone().or(name),
            attributes: self.attributes.clone().preserving(self.source_mode.map(|mode| mode as u32)),
            directory_mode: self.directory_mode.clone(),
            backup: self.backup,
            force: self.force,
            follow: self.follow,
            validate: self.validate.clone(),
            checksum: None,
        };
        wanted.inspect(host)
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        plan.apply(host)
    }
}

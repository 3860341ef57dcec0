//! `authorized_key`: who may log in over SSH with a key.

mod line;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    edit::Text,
    http::{self, Request},
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Reader, Source, Writer, file_args::Attributes,
        state::AbsentPresent as State, users,
    },
};
use line::Key;

/// Adds keys to the file of a user's authorized keys, or removes them.
///
/// A key is known by itself, whatever its options and comment. Lines that are not changed stay as they are.
///
/// ```yaml
/// - authorized_key:
///     user: charlie
///     key: "{{ lookup('file', '/home/charlie/.ssh/id_ed25519.pub') }}"
/// - authorized_key:
///     user: charlie
///     key: https://github.com/charlie.keys
///     exclusive: true
/// - authorized_key:
///     user: charlie
///     key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA…
///     key_options: 'no-port-forwarding,from="10.0.1.1"'
///     path: /etc/ssh/authorized_keys/charlie
///     manage_dir: false
/// ```
#[derive(Args)]
pub struct AuthorizedKey {
    /// The user, who owns the file.
    user: String,
    /// The keys: one or several lines; or an address (`https://…`) or a file of the host (`file:///…`) that has them.
    /// Empty lines and those that begin with `#` are passed over.
    key: String,
    /// The file; `.ssh/authorized_keys` in the user's home without it.
    path: Option<PathBuf>,
    /// Makes the directory of the file, if only that is missing, and sees to it that it is the user's and
    /// that nobody else may look into it. Set it to false for directories that others share.
    #[arg(default = true)]
    manage_dir: bool,
    /// Whether the keys should be there.
    #[arg(default = "present")]
    state: State,
    /// Options for all of the keys, in the place of those before them (`man 8 sshd`, "`AUTHORIZED_KEYS`
    /// FILE FORMAT").
    key_options: Option<String>,
    /// Removes everything else from the file. In a loop every item is alone.
    #[arg(default = false)]
    exclusive: bool,
    /// Refuses servers whose certificate is not valid.
    #[arg(default = true)]
    validate_certs: bool,
    /// The comment for all of the keys, in the place of those after them.
    comment: Option<String>,
    /// Writes the file that a symbolic link at `path` leads to; otherwise the link is replaced.
    #[arg(default = false)]
    follow: bool,
}

/// The file's new content.
pub struct Plan {
    path: PathBuf,
    content: Vec<u8>,
}

impl Module for AuthorizedKey {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let source = self.source(host)?;
        let path = self.file(host)?;
        let bytes = match host.stat(&path)? {
            Some(meta) if meta.is_file() => host.read(&path)?,
            _ => Vec::new(),
        };
        let text = Text::decode(bytes);
        let mut wanted = Vec::new();
        for line in source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let key = Key::of(line).ok_or_else(|| Failure::new(format!("invalid key specified: {line}")))?;
            wanted.push(key.with(self.key_options.as_deref(), self.comment.as_deref()));
        }
        let (after, is_edited) = self.edited(&text, &wanted);
        let written = if self.follow { host.resolve(&path) } else { path.clone() };
        let shown = path.to_string_lossy().into_owned();
        let diff = Diff::new(text.text.clone(), after.clone()).headed(shown.clone(), written.to_string_lossy());
        let content = text.encode(&after);
        let changes = Changes::when(is_edited, Plan { path: written, content }).with_all(self.given(&shown));
        Ok(if is_edited { changes.with_diff(diff) } else { changes })
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let user = users::user(&self.user).ok_or_else(|| self.unknown())?;
        let owned = |mode| Attributes {
            owner: Some(user.uid),
            group: Some(user.gid),
            mode: Some(mode),
            ..Attributes::default()
        };
        // The directory of the name that the task has: a link may lead elsewhere.
        let named = self.path.clone().unwrap_or_else(|| Path::new(&user.home).join(".ssh/authorized_keys"));
        if let Some(directory) = named.parent().filter(|directory| self.manage_dir && !directory.as_os_str().is_empty())
        {
            host.make_directory(directory).map_err(|failure| {
                let why = failure.msg.find("[Errno").map_or("", |at| &failure.msg[at..]).replace(": b'", ": '");
                Failure::new(format!("Failed to create directory {} : {why}", directory.display()))
            })?;
            host.set_attributes(directory, &owned(0o700))?;
        }
        if let Some(parent) = plan.path.parent() {
            for directory in crate::file::missing_directories(host, parent)? {
                host.make_directory(&directory)?;
            }
        }
        host.write(&plan.path, Source::Bytes(plan.content), &owned(0o600))?;
        Ok(Fields::new())
    }
}

impl AuthorizedKey {
    fn unknown(&self) -> Failure {
        Failure::new(format!("Failed to lookup user {0}: \"getpwnam(): name not found: '{0}'\"", self.user))
    }

    /// The file. In check mode a user is only needed when there is no path.
    fn file(&self, host: &Reader) -> Result<PathBuf, Failure> {
        match (users::user(&self.user), &self.path) {
            (_, Some(path)) if host.mode().check => Ok(path.clone()),
            (None, None) if host.mode().check => {
                Err(Failure::new("Either user must exist or you must provide full path to key file in check mode"))
            }
            (None, _) => Err(self.unknown()),
            (Some(_), Some(path)) => Ok(path.clone()),
            (Some(user), None) => Ok(Path::new(&user.home).join(".ssh/authorized_keys")),
        }
    }

    /// The text of `key`, or what it is the address of.
    fn source(&self, host: &Reader) -> Result<String, Failure> {
        let text = &self.key;
        if text.starts_with("http") {
            return self.download(host, text).ok_or_else(|| Failure::new(format!("Error getting key from: {text}")));
        }
        if !text.starts_with("file") {
            return Ok(text.clone());
        }
        let path = text.strip_prefix("file:").unwrap_or(text);
        let path = path.strip_prefix("//").map_or(path, |rest| &rest[rest.find('/').unwrap_or(0)..]);
        match host.stat(path)? {
            None => Err(Failure::new(format!("Path to a key file not found: {path}"))),
            Some(meta) if !meta.is_file() => {
                Err(Failure::new(format!("Path to a key is a directory and must be a file: {path}")))
            }
            Some(_) => Ok(String::from_utf8_lossy(&host.read(path)?).into_owned()),
        }
    }

    fn download(&self, host: &Reader, url: &str) -> Option<String> {
        let options = http::simple_options(self.validate_certs);
        let response = http::send(host, &options, Request::new("GET", url)).ok()?;
        if response.status != 200 {
            return None;
        }
        let mut body = String::new();
        response.body.take(16 << 20).read_to_string(&mut body).ok()?;
        Some(body)
    }

    /// The file's text with the wanted keys, or without them, and whether lines were edited for that: they are for a
    /// key that is named twice, whose last line counts.
    fn edited(&self, text: &Text, wanted: &[Key]) -> (String, bool) {
        let mut lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let mut is_edited = false;
        let is_key = |line: &str, key: &str| Key::of(line).is_some_and(|known| known.key == key);
        for key in wanted {
            let name = text.form(&key.key);
            if self.state == State::Absent {
                is_edited |= lines.iter().any(|line| is_key(line, &name));
                lines.retain(|line| !is_key(line, &name));
                continue;
            }
            let line = text.form(&key.line());
            let present = lines.iter().rfind(|line| is_key(line, &name)).and_then(|line| Key::of(line));
            if present.as_ref() != Key::of(&line).as_ref() {
                is_edited = true;
                lines.retain(|line| !is_key(line, &name));
                if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
                    last.push('\n');
                }
                lines.push(line);
            }
        }
        if self.state == State::Present && self.exclusive {
            let before = lines.len();
            lines.retain(|line| wanted.iter().any(|key| is_key(line, &text.form(&key.key))));
            is_edited |= lines.len() != before;
        }
        (lines.concat(), is_edited)
    }

    /// The arguments, which the result repeats.
    fn given(&self, keyfile: &str) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in [
            ("user", json!(self.user)),
            ("key", json!(self.key)),
            ("path", json!(self.path)),
            ("manage_dir", json!(self.manage_dir)),
            ("state", json!(self.state.as_str())),
            ("key_options", json!(self.key_options)),
            ("exclusive", json!(self.exclusive)),
            ("validate_certs", json!(self.validate_certs)),
            ("comment", json!(self.comment)),
            ("follow", json!(self.follow)),
            ("keyfile", json!(keyfile)),
        ] {
            fields.insert(name.into(), value);
        }
        fields
    }
}

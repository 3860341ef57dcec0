//! `htpasswd`: users and passwords of web servers.

mod hash;

use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::{
    edit::{self, Edit, Text},
    kit::{
        Args, Changes, Failure, Fields, FileArgs, Module, Reader, Writer, failure::errno_text,
        state::PresentAbsent as State,
    },
};
use hash::Scheme;

/// Adds a user with a password to a file for basic authentication, changes the password, or removes the user.
///
/// A password that is right is hashed again only where `hash_scheme` is `bcrypt`, `md5_crypt`, `sha256_crypt` or
/// `sha512_crypt`, and its hash another one of these.
///
/// ```yaml
/// - htpasswd:
///     path: /etc/nginx/passwdfile
///     name: janedoe
///     password: "{{ password }}"
///     owner: root
///     group: www-data
///     mode: "0640"
/// - htpasswd:
///     path: /etc/apache2/passwdfile
///     name: foobar
///     state: absent
/// ```
#[derive(Args)]
pub struct Htpasswd {
    /// The file.
    #[arg(alias = "dest", alias = "destfile")]
    path: PathBuf,
    /// The user.
    #[arg(alias = "username")]
    name: String,
    /// The password; needed for `state: present`.
    #[arg(secret)]
    password: Option<String>,
    /// How new passwords are hashed: `apr_md5_crypt`, `bcrypt`, `des_crypt` (where eight letters count), `ldap_sha1`,
    /// `md5_crypt`, `plaintext`, `sha256_crypt` or `sha512_crypt`. Only the first is known to all servers. Or the best
    /// that a version of Apache knows: `portable_apache_22`, `portable_apache_24` (or `portable`), on the host's own
    /// system `host_apache_22`, `host_apache_24` (or `host`), and `linux_apache_22`, `linux_apache_24`.
    #[arg(default = "apr_md5_crypt", alias = "crypt_scheme")]
    hash_scheme: String,
    /// Whether the user should be there.
    #[arg(default = "present")]
    state: State,
    /// Makes the file, and the directories it is in, when it is missing.
    #[arg(default = true)]
    create: bool,
    #[arg(flatten)]
    attributes: FileArgs,
}

impl Module for Htpasswd {
    type Plan = Edit;

    fn inspect(&self, host: &Reader) -> Result<Changes<Edit>, Failure> {
        let (shown, name) = (self.path.display(), &self.name);
        if let Some(error) = obstacle(&self.path) {
            return Err(Failure::new(errno_text(&error.into(), &shown.to_string())));
        }
        let (path, current) = edit::find(host, &self.path)?;
        let wrong = |what: &str| Err(Failure::new(format!("user {what}: b'{}'", name.escape_default())));
        if name.len() > 255 {
            return wrong("must be at most 255 characters");
        }
        if name.contains([':', '\n', '\r']) {
            return wrong("contains invalid characters");
        }
        if current.is_none() && self.state == State::Absent {
            let msg = format!("{name} not present");
            return Ok(Changes::none().with("msg", msg).with("warnings", vec![format!("{shown} does not exist")]));
        }
        if current.is_none() && !self.create {
            return Err(Failure::new(format!("Destination {shown} does not exist")));
        }
        let text = Text::decode(if current.is_some() { host.read(&path)? } else { Vec::new() });
        let mut lines: Vec<String> = text.text.split_inclusive('\n').map(str::to_owned).collect();
        let mut entries = lines.iter().filter(|line| !line.trim().is_empty());
        let is_entry = |line: &String| line.trim_start().starts_with('#') || line.matches(':').count() == 1;
        if let Some(at) = entries.position(|line| !is_entry(line)) {
            return Err(Failure::new(format!("malformed htpasswd file (error reading line {})", at + 1)));
        }
        let form = text.form(name);
        let is_user = |line: &String| line.split_once(':').is_some_and(|(known, _)| known == form);
        let place = lines.iter().position(is_user);
        let mut msg = match self.state {
            State::Absent if place.is_some() => {
                lines.retain(|line| !is_user(line));
                format!("Remove {name}")
            }
            State::Absent => format!("{name} not present"),
            State::Present => {
                let is_right = self.set(&text, &mut lines, place)?;
                match () {
                    () if is_right => format!("{name} already present"),
                    () if current.is_some() => format!("Add/update {name}"),
                    () if host.mode().check => format!("Create {shown}"),
                    () => format!("Created {shown} and added {name}"),
                }
            }
        };
        let mut after = lines.concat();
        if after != text.text {
            lines.retain(|line| !line.trim().is_empty());
            after = lines.concat();
        }
        let attributes = self.attributes.resolve(current.as_ref(), false)?;
        let (owner, group, mode) = (attributes.owner, attributes.group, attributes.mode);
        let differ = match &current {
            Some(meta) => attributes.differ_from(meta),
            None => owner.is_some() || group.is_some() || mode.is_some(),
        };
        if differ {
            let and = if after == text.text { "" } else { " and " };
            msg = format!("{msg}{and}ownership, perms or SE linux context changed");
        }
        let mut changes = Edit::changes(&path, current.as_ref(), (&text.text, &after), &text, attributes);
        // Hashes are not for everybody's eyes.
        changes.diff.clear();
        Ok(changes.with("msg", msg))
    }

    fn apply(&self, plan: Edit, host: &mut Writer) -> Result<Fields, Failure> {
        plan.apply(host)?;
        Ok(Fields::new())
    }
}

/// Why the path is none of a file that could be there.
fn obstacle(path: &Path) -> Option<Errno> {
    match path.parent() {
        _ if path.is_dir() => Some(Errno::ISDIR),
        Some(parent) if parent.exists() && !parent.is_dir() => Some(Errno::NOTDIR),
        _ => None,
    }
}

impl Htpasswd {
    /// Sets the password, unless it is right already; tells whether it is.
    fn set(&self, text: &Text, lines: &mut Vec<String>, place: Option<usize>) -> Result<bool, Failure> {
        let password =
            self.password.as_deref().ok_or_else(|| Failure::new("secret must be unicode or bytes, not None"))?;
        let scheme = Scheme::named(&self.hash_scheme)
            .ok_or_else(|| Failure::new(format!("\"no crypt handler found for algorithm: '{}'\"", self.hash_scheme)))?;
        let known = place.and_then(|at| lines[at].trim_end_matches(['\r', '\n']).split_once(':'));
        if known.is_some_and(|(_, known)| scheme.verify(password, known)) {
            return Ok(true);
        }
        let hashed = scheme.hash(password).ok_or_else(|| Failure::new("there is no /dev/urandom"))?;
        let line = text.form(&format!("{}:{hashed}\n", self.name));
        match place {
            Some(at) => lines[at] = line,
            None => {
                if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
                    last.push('\n');
                }
                lines.push(line);
            }
        }
        Ok(false)
    }
}

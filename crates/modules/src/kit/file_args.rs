//! Owner, group and mode: the arguments that every module with a file has.

use std::{io, path::Path};

use serde_json::{Value, json};

use super::{
    Args, Diff, Failure, Fields, Meta,
    flags::{self, FlagChange},
    selinux::{self, Label},
    users, writer,
};

/// Arguments common to all modules that create a file.
#[derive(Args, Clone, Debug, Default)]
pub struct FileArgs {
    /// Permissions: an octal number (quote it, or write the leading `0`), or symbolic as
    /// `u=rw,g=r,o=`. What is there stays when this is missing; a new file gets what the umask leaves.
    mode: Option<Value>,
    /// The owner, by name or id.
    owner: Option<String>,
    /// The group, by name or id.
    group: Option<String>,
    /// The user part of the SELinux context; `_default` is what the policy has for the path. Without
    /// SELinux on the host nothing is done.
    seuser: Option<String>,
    /// The role part of the SELinux context; `_default` is what the policy has for the path. Without
    /// SELinux on the host nothing is done.
    serole: Option<String>,
    /// The type part of the SELinux context; `_default` is what the policy has for the path. Without
    /// SELinux on the host nothing is done.
    setype: Option<String>,
    /// The level part of the SELinux context; `_default` is what the policy has for the path. Without
    /// SELinux on the host nothing is done.
    selevel: Option<String>,
    /// Writes into the file in place where it cannot be replaced atomically, as a bind-mounted one.
    #[arg(default = false)]
    unsafe_writes: bool,
    /// File system attributes in the letters of `man 1 chattr`, with `+`, `-` or `=` before them; `=`
    /// is taken when there is no sign.
    #[arg(alias = "attr")]
    attributes: Option<String>,
    /// Whether this is check mode, where an earlier task may only have pretended to make a user.
    #[arg(internal, name = "_check", default = false)]
    is_prediction: bool,
}

/// Owner, group and mode as numbers, and labels; `None` leaves what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The owner's id.
    pub owner: Option<u32>,
    /// The group's id.
    pub group: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// Whether a file that cannot be replaced is written in place.
    pub unsafe_writes: bool,
    /// File system attributes.
    pub flags: Option<FlagChange>,
    /// Parts of the SELinux context.
    pub label: Option<Label>,
}

impl Attributes {
    /// What is open is as another file has it.
    pub fn keep(&mut self, other: &Meta) {
        self.mode.get_or_insert(other.mode());
        self.owner.get_or_insert(other.uid());
        self.group.get_or_insert(other.gid());
    }

    pub(super) fn apply_owner(&self, path: &Path) -> io::Result<()> {
        writer::set_owner(path, self.owner, self.group)
    }

    /// Gives `path` the label that is wanted for `destination`: they differ while a file is staged.
    pub(super) fn apply_label(&self, path: &Path, destination: &Path) -> io::Result<()> {
        let Some(label) = &self.label else { return Ok(()) };
        let current = selinux::context(path);
        match label.wanted(destination, current.as_deref()) {
            Some(wanted) if current.as_ref() != Some(&wanted) => selinux::set_context(path, &wanted),
            _ => Ok(()),
        }
    }

    /// The file system attributes; those that lock a path come last, those that unlock it first.
    pub(super) fn apply_flags(&self, path: &Path, unlocking: bool) -> Result<(), Failure> {
        let Some(flags) = self.flags.as_ref().filter(|flags| flags.unlocks() == unlocking) else { return Ok(()) };
        flags.apply(path).map_err(|e| {
            let details = format!("Error while setting attributes: {}", super::failure::os_text(&e));
            Failure::new("chattr failed").with("details", details).with("path", path.to_string_lossy().as_ref())
        })
    }

    /// The context that a path has and the one it should have, where they differ.
    fn other_context(&self, path: &Path) -> Option<(String, String)> {
        let current = selinux::context(path);
        let wanted = self.label.as_ref()?.wanted(path, current.as_deref())?;
        let current = current.unwrap_or_default();
        (current != wanted).then_some((current, wanted))
    }

    /// Whether a path that is there has other attributes than these.
    pub fn differ_from(&self, meta: &Meta) -> bool {
        self.owner.is_some_and(|uid| uid != meta.uid())
            || self.group.is_some_and(|gid| gid != meta.gid())
            || self.mode.is_some_and(|mode| !meta.is_link() && mode != meta.mode())
            || self.flags.as_ref().is_some_and(|flags| flags.differs(meta.path()))
            || self.other_context(meta.path()).is_some()
    }

    /// Before and after of what [`Attributes::differ_from`] finds, keyed as Ansible's diffs are.
    pub fn diff(&self, path: &Path, meta: &Meta) -> Diff {
        let (mut before, mut after) = (Fields::new(), Fields::new());
        let mut compare = |name: &str, old: Value, new: Option<Value>| {
            if let Some(new) = new.filter(|new| *new != old) {
                before.insert(name.into(), old);
                after.insert(name.into(), new);
            }
        };
        compare("owner", json!(meta.uid()), self.owner.map(|uid| json!(uid)));
        compare("group", json!(meta.gid()), self.group.map(|gid| json!(gid)));
        if !meta.is_link() {
            compare("mode", json!(octal(meta.mode())), self.mode.map(|mode| json!(octal(mode))));
        }
        if let Some(wanted) = self.flags.as_ref().filter(|wanted| wanted.differs(meta.path())) {
            let now = flags::letters(meta.path()).unwrap_or_default();
            compare("attributes", json!(now), Some(json!(wanted.text())));
        }
        if let Some((now, wanted)) = self.other_context(meta.path()) {
            compare("secontext", json!(now), Some(json!(wanted)));
        }
        before.insert("path".into(), json!(path.to_string_lossy()));
        after.insert("path".into(), json!(path.to_string_lossy()));
        Diff::new(before, after)
    }
}

impl Attributes {
    /// The same for a file that is about to be made, with what it would have without them.
    pub fn diff_of_new(&self) -> Option<Diff> {
        let (mut before, mut after) = (Fields::new(), Fields::new());
        let mode = 0o666 & !writer::umask();
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let pairs = [
            ("owner", json!(uid), self.owner.map(|uid| json!(uid))),
            ("group", json!(gid), self.group.map(|gid| json!(gid))),
            ("mode", json!(octal(mode)), self.mode.map(|mode| json!(octal(mode)))),
        ];
        for (name, old, new) in pairs {
            if let Some(new) = new.filter(|new| *new != old) {
                before.insert(name.into(), old);
                after.insert(name.into(), new);
            }
        }
        (!before.is_empty()).then(|| Diff::new(before, after))
    }
}

/// A mode as Ansible's results have it: a zero before three digits, or four.
pub fn octal(mode: u32) -> String {
    format!("0{mode:03o}")
}

impl FileArgs {
    /// The mode as given, for modules that treat some words themselves (`preserve`).
    pub fn mode(&self) -> Option<&Value> {
        self.mode.as_ref()
    }

    /// Whether the owner is given.
    pub fn sets_owner(&self) -> bool {
        self.owner.is_some()
    }

    /// Whether the group is given.
    pub fn sets_group(&self) -> bool {
        self.group.is_some()
    }

    /// Replaces the mode.
    #[must_use]
    pub fn with_mode(mut self, mode: Option<Value>) -> Self {
        self.mode = mode;
        self
    }

    /// Puts the mode of the source in the place of the word `preserve`.
    #[must_use]
    pub fn preserving(self, mode: Option<u32>) -> Self {
        match &self.mode {
            Some(Value::String(word)) if word == "preserve" => self.with_mode(mode.map(|mode| json!(octal(mode)))),
            _ => self,
        }
    }

    /// Looks names up and computes the mode; `current` is what symbolic modes start from.
    pub fn resolve(&self, current: Option<&Meta>, is_directory: bool) -> Result<Attributes, Failure> {
        self.numbers(current, is_directory).map_err(|failure| match current {
            Some(meta) => failure.with("path", meta.path().to_string_lossy().as_ref()),
            None => failure,
        })
    }

    fn numbers(&self, current: Option<&Meta>, is_directory: bool) -> Result<Attributes, Failure> {
        Ok(Attributes {
            owner: self.look_up(self.owner.as_deref(), user_id, current)?,
            group: self.look_up(self.group.as_deref(), group_id, current)?,
            mode: self.mode.as_ref().map(|mode| resolve_mode(mode, current, is_directory)).transpose()?,
            unsafe_writes: self.unsafe_writes,
            flags: self.attributes.as_deref().map(FlagChange::parse).transpose()?,
            label: self.label(),
        })
    }

    /// The id of a name. In check mode a name that is not known yet leaves the owner of a path open
    /// that is not there either.
    fn look_up(
        &self,
        name: Option<&str>,
        id: fn(&str) -> Result<u32, Failure>,
        current: Option<&Meta>,
    ) -> Result<Option<u32>, Failure> {
        match name.map(id).transpose() {
            Err(_) if self.is_prediction && current.is_none() => Ok(None),
            found => found,
        }
    }

    /// Fails where the owner or the group is not there.
    pub fn check_names(&self) -> Result<(), Failure> {
        self.owner.as_deref().map(user_id).transpose()?;
        self.group.as_deref().map(group_id).transpose()?;
        Ok(())
    }

    /// The owner and the group that are not there, in the words of what `file` warns of in check mode.
    pub fn missing_names(&self) -> Vec<String> {
        let user = |name: &str| match name.parse() {
            Ok(uid) => users::user_by_id(uid).is_some(),
            Err(_) => users::user(name).is_some(),
        };
        let group = |name: &str| match name.parse() {
            Ok(gid) => users::group_by_id(gid).is_some(),
            Err(_) => users::group(name).is_some(),
        };
        let owner = self.owner.as_deref().filter(|name| !user(name)).map(|name| ("user", "uid", name));
        let group = self.group.as_deref().filter(|name| !group(name)).map(|name| ("group", "gid", name));
        let sentence = |(kind, number, name): (&str, &str, &str)| {
            let by = if name.parse::<u32>().is_ok() { format!(" with {number}") } else { String::new() };
            format!("failed to look up {kind}{by} {name}. Create {kind} up to this point in real play")
        };
        owner.into_iter().chain(group).map(sentence).collect()
    }

    /// A host without SELinux has nothing to set: roles for all kinds of hosts name contexts.
    fn label(&self) -> Option<Label> {
        let parts = [&self.seuser, &self.serole, &self.setype, &self.selevel].map(Clone::clone);
        Label::new(parts).filter(|_| selinux::is_enabled())
    }
}

/// The id of a user given by name or number.
pub fn user_id(name: &str) -> Result<u32, Failure> {
    let found = users::user(name).map(|user| user.uid).or_else(|| name.parse().ok());
    found.ok_or_else(|| Failure::new(format!("chown failed: failed to look up user {name}")))
}

/// The id of a group given by name or number.
pub fn group_id(name: &str) -> Result<u32, Failure> {
    let found = users::group(name).map(|group| group.gid).or_else(|| name.parse().ok());
    found.ok_or_else(|| Failure::new(format!("chgrp failed: failed to look up group {name}")))
}

/// The bits that a `mode` argument means for a path.
pub fn resolve_mode(mode: &Value, current: Option<&Meta>, is_directory: bool) -> Result<u32, Failure> {
    let wrong = |what: &str| {
        let details = format!("bad symbolic permission for mode: {what}");
        Failure::new("mode must be in octal or symbolic form").with("details", details)
    };
    let invalid = || wrong(&super::args::plain_text(mode));
    let text = match mode {
        Value::Number(number) => {
            return number.as_u64().filter(|bits| *bits <= 0o7777).map(|bits| bits as u32).ok_or_else(invalid);
        }
        Value::String(text) => text.trim(),
        _ => return Err(invalid()),
    };
    // `0o644` is a text in YAML 1.1.
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777).ok_or_else(invalid);
    }
    let default = if is_directory { 0o777 } else { 0o666 } & !writer::umask();
    let start = current.map_or(default, Meta::mode);
    symbolic(text, start, is_directory || current.is_some_and(Meta::is_dir)).map_err(wrong)
}

/// A symbolic mode (`man 1 chmod`: `[ugo…|a][[-+=][perms…]…]`, comma-separated) applied to `start`. Fails with the
/// part that is wrong.
///
/// As in Ansible, `a` stands alone, and where nobody is named the umask counts for `r`, `w` and `x` alone: `=` clears
/// all bits.
pub fn symbolic(text: &str, start: u32, is_directory: bool) -> Result<u32, &str> {
    let mut mode = start;
    for clause in text.split(',') {
        let actions = clause.find(['+', '-', '=']).unwrap_or(clause.len());
        let (who, mut rest) = clause.split_at(actions);
        let is_masked = who.is_empty();
        let who = if is_masked || who == "a" { "ugo" } else { who };
        if !who.chars().all(|class| "ugo".contains(class)) {
            return Err(clause);
        }
        while !rest.is_empty() {
            let (operator, after) = rest.split_at(1);
            let end = after.find(['+', '-', '=']).unwrap_or(after.len());
            let (permissions, remaining) = after.split_at(end);
            rest = remaining;
            for class in who.chars() {
                let bits = class_bits(class, permissions, mode, is_directory, is_masked).ok_or(clause)?;
                mode = match operator {
                    "+" => mode | bits,
                    "-" => mode & !bits,
                    _ => (mode & !class_mask(class)) | bits,
                };
            }
        }
    }
    Ok(mode)
}

fn shift(class: char) -> u32 {
    match class {
        'u' => 6,
        'g' => 3,
        _ => 0,
    }
}

/// What `=` clears for a class: its three bits, and its set-id or sticky bit.
fn class_mask(class: char) -> u32 {
    let special = match class {
        'u' => 0o4000,
        'g' => 0o2000,
        _ => 0o1000,
    };
    (0o7 << shift(class)) | special
}

fn class_bits(class: char, permissions: &str, mode: u32, is_directory: bool, is_masked: bool) -> Option<u32> {
    let allowed = if is_masked { !writer::umask() } else { 0o777 };
    permissions.chars().try_fold(0, |bits, permission| {
        let bit = match permission {
            'r' => (0o4 << shift(class)) & allowed,
            'w' => (0o2 << shift(class)) & allowed,
            'x' => (0o1 << shift(class)) & allowed,
            'X' if is_directory || mode & 0o111 != 0 => 0o1 << shift(class),
            's' if class == 'u' => 0o4000,
            's' if class == 'g' => 0o2000,
            't' if class == 'o' => 0o1000,
            'X' | 's' | 't' => 0,
            'u' | 'g' | 'o' => ((mode >> shift(permission)) & 0o7) << shift(class),
            _ => return None,
        };
        Some(bits | bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_modes_are_those_of_ansible() {
        let cases = [
            ("u=rw,g=r,o=", 0o777, false, Ok(0o640)),
            ("u+x", 0o644, false, Ok(0o744)),
            ("a-w", 0o666, false, Ok(0o444)),
            ("go=u", 0o700, false, Ok(0o777)),
            ("u=rwX,g=rX", 0o600, false, Ok(0o640)),
            ("u=rwX,g=rX", 0o600, true, Ok(0o750)),
            ("g+s,o+t", 0o755, true, Ok(0o3755)),
            ("u=rws", 0o755, false, Ok(0o4655)),
            ("=", 0o777, false, Ok(0)),
            ("a", 0o640, false, Ok(0o640)),
            ("", 0o640, false, Ok(0o640)),
            ("u+x,oa=r", 0o644, false, Err("oa=r")),
            ("z+x", 0o644, false, Err("z+x")),
            ("u=z", 0o644, false, Err("u=z")),
            ("rwx", 0o644, false, Err("rwx")),
        ];
        for (text, start, is_directory, wanted) in cases {
            assert_eq!(symbolic(text, start, is_directory), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_are_the_bits_and_digits_are_octal() {
        assert_eq!(resolve_mode(&json!(420), None, false).unwrap(), 0o644);
        assert_eq!(resolve_mode(&json!("644"), None, false).unwrap(), 0o644);
        assert_eq!(resolve_mode(&json!("0644"), None, false).unwrap(), 0o644);
        assert_eq!(resolve_mode(&json!("0o644"), None, false).unwrap(), 0o644);
        assert!(resolve_mode(&json!("0888"), None, false).is_err());
        assert!(resolve_mode(&json!(70000), None, false).is_err());
    }
}

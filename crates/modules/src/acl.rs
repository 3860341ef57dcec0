//! `acl`: access control lists of files, through `setfacl` and `getfacl`.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer},
};

choice! {
    /// Whether an entry is in the list.
    pub enum State {
        /// Not in the list.
        Absent = "absent",
        /// In the list.
        Present = "present",
        /// The list is only returned.
        Query = "query",
    }
}

choice! {
    /// Whether the mask is computed from the entries.
    pub enum Recalculate {
        /// As `setfacl` does it.
        Default = "default",
        /// Always, even when a mask is given.
        Computed = "mask",
        /// Never.
        Kept = "no_mask",
    }
}

/// Sets, removes and returns entries of a path's access control list.
///
/// ```yaml
/// - acl:
///     path: /etc/foo.conf
///     entity: joe
///     etype: user
///     permissions: r
///     state: present
/// ```
#[derive(Args)]
pub struct Acl {
    /// The path.
    #[arg(alias = "name")]
    path: PathBuf,
    /// Whether the entry is in the list.
    #[arg(default = "query")]
    state: State,
    /// Whom the entry is for.
    #[arg(choices("group", "mask", "other", "user"))]
    etype: Option<String>,
    /// The user or group; the owner or the owning group when it is empty.
    #[arg(default = "")]
    entity: String,
    /// Any of `r`, `w`, `x` and `X`.
    permissions: Option<String>,
    /// The whole entry, as `default:user:joe:rw-`; not with the three above.
    entry: Option<String>,
    /// The entry is for what will be made in the directory.
    #[arg(default = false)]
    default: bool,
    /// Follows a symbolic link.
    #[arg(default = true)]
    follow: bool,
    /// Everything below the path as well.
    #[arg(alias = "recurse", default = false)]
    recursive: bool,
    /// Whether the mask is computed from the entries.
    #[arg(default = "default")]
    recalculate_mask: Recalculate,
    /// The list is one of `NFSv4`, through `nfs4_setfacl` and `nfs4_getfacl`.
    #[arg(default = false)]
    use_nfsv4_acls: bool,
}

/// An entry in its parts.
struct Entry {
    is_default: bool,
    etype: String,
    entity: String,
    permissions: Option<String>,
}

impl Module for Acl {
    type Plan = (Program, bool);

    fn inspect(&self, host: &Reader) -> Result<Changes<(Program, bool)>, Failure> {
        if host.stat(&self.path)?.is_none() {
            return Err(Failure::new("Path not found or not accessible."));
        }
        let entry = self.entry()?;
        let is_default = entry.as_ref().map_or(self.default, |entry| entry.is_default);
        let list = |changes: Changes<_>| Ok(changes.with("acl", self.list(is_default, host)?));
        let Some(entry) = entry.filter(|_| self.state != State::Query) else {
            return list(Changes::none().with("msg", "current acl"));
        };
        let is_present = self.state == State::Present;
        let text = entry.text(self.use_nfsv4_acls, is_present);
        let is_needed = self.differs(&entry, &text, host)?;
        let msg = format!("{text} is {}", self.state.as_str());
        let program = self.change(host, &entry, &text, false)?;
        list(Changes::when(is_needed, (program, is_default)).with("msg", msg))
    }

    fn apply(&self, (program, is_default): (Program, bool), host: &mut Writer) -> Result<Fields, Failure> {
        host.run(&program)?.checked(&program)?;
        Ok(Fields::from_iter([("acl".to_owned(), json!(self.list(is_default, host)?))]))
    }
}

impl Acl {
    /// The entry that is set or removed; `None` for a query without one.
    fn entry(&self) -> Result<Option<Entry>, Failure> {
        let fail = |msg: &str| Err(Failure::new(msg));
        let is_given = !self.entity.is_empty() || self.etype.is_some() || self.permissions.is_some();
        if self.state == State::Query {
            if self.recursive {
                return fail("'recursive' MUST NOT be set when 'state=query'.");
            }
            if self.recalculate_mask != Recalculate::Default {
                return fail("'recalculate_mask' MUST NOT be set to 'mask' or 'no_mask' when 'state=query'.");
            }
        }
        let Some(text) = self.entry.as_deref().filter(|text| !text.is_empty()) else {
            let has_permissions = self.permissions.as_ref().is_some_and(|permissions| !permissions.is_empty());
            if self.state == State::Absent && has_permissions && !self.use_nfsv4_acls {
                return fail("'permissions' MUST NOT be set when 'state=absent'.");
            }
            if self.state == State::Absent && self.entity.is_empty() {
                return fail("'entity' MUST be set when 'state=absent'.");
            }
            if self.state != State::Query && self.etype.is_none() {
                return Err(Failure::new(format!("'etype' MUST be set when 'state={}'.", self.state.as_str())));
            }
            return Ok(self.etype.clone().map(|etype| Entry {
                is_default: self.default,
                etype,
                entity: self.entity.clone(),
                permissions: self.permissions.clone(),
            }));
        };
        if is_given {
            return fail("'entry' MUST NOT be set when 'entity', 'etype' or 'permissions' are set.");
        }
        if self.state == State::Query {
            return fail("'entry' MUST NOT be set when 'state=query'.");
        }
        let sections = text.split(':').count();
        match self.state {
            State::Present if ![3, 4].contains(&sections) => {
                fail("'entry' MUST have 3 or 4 sections divided by ':' when 'state=present'.")
            }
            State::Absent if ![2, 3].contains(&sections) => {
                fail("'entry' MUST have 2 or 3 sections divided by ':' when 'state=absent'.")
            }
            _ => Entry::parse(text, self.default).map(Some),
        }
    }

    fn program(&self, host: &Reader, name: &str) -> Result<Program, Failure> {
        let prefix = if self.use_nfsv4_acls { "nfs4_" } else { "" };
        Ok(Program::new(host.required(&format!("{prefix}{name}"))?).plain_locale())
    }

    fn change(&self, host: &Reader, entry: &Entry, text: &str, is_test: bool) -> Result<Program, Failure> {
        let mut words = Vec::new();
        words.extend(is_test.then_some("--test"));
        words.extend(entry.is_default.then_some("-d"));
        match (self.state, self.use_nfsv4_acls) {
            (State::Present, false) => words.extend(["-m", text]),
            (State::Present, true) => words.extend(["-a", text]),
            (_, _) => words.extend(["-x", text]),
        }
        words.extend(self.recursive.then_some(if self.use_nfsv4_acls { "-R" } else { "--recursive" }));
        words.extend(match self.recalculate_mask {
            Recalculate::Default => None,
            Recalculate::Computed => Some("--mask"),
            Recalculate::Kept => Some("--no-mask"),
        });
        words.extend((!self.follow).then_some("--physical"));
        Ok(self.program(host, "setfacl")?.args(words).arg(&self.path))
    }

    /// Whether the entry would change anything, as `setfacl --test` says: `PATH: *,*` where it would not.
    fn differs(&self, entry: &Entry, text: &str, host: &Reader) -> Result<bool, Failure> {
        if self.use_nfsv4_acls {
            let has = self.list(false, host)?.iter().any(|line| line == text);
            return Ok(has != (self.state == State::Present));
        }
        let test = self.change(host, entry, text, true)?;
        let said = host.query(&test)?.checked(&test)?.out();
        Ok(said.lines().any(|line| !line.ends_with("*,*")))
    }

    fn list(&self, is_default: bool, host: &Reader) -> Result<Vec<String>, Failure> {
        let mut program = self.program(host, "getfacl")?;
        if !self.use_nfsv4_acls {
            let words = [
                is_default.then_some("-d"),
                Some("--absolute-names"),
                Some("--omit-header"),
                self.recursive.then_some("--recursive"),
                (!self.follow).then_some("--physical"),
            ];
            program = program.args(words.into_iter().flatten());
        }
        let program = program.arg(&self.path);
        let said = host.query(&program)?.checked(&program)?.out();
        let mut lines: Vec<String> =
            said.lines().filter(|line| !line.starts_with('#')).map(|line| line.trim().to_owned()).collect();
        if lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        Ok(lines)
    }
}

impl Entry {
    /// `[d[efault]:]TYPE:[WHO][:PERMISSIONS]`
    fn parse(text: &str, is_default: bool) -> Result<Self, Failure> {
        let parts: Vec<&str> = text.split(':').collect();
        let (is_default, parts) = match parts.as_slice() {
            [first, rest @ ..] if first.to_lowercase().starts_with('d') => (true, rest),
            all => (is_default, all),
        };
        let letter = parts.first().and_then(|part| part.chars().next()).map(|letter| letter.to_ascii_lowercase());
        let etype = match letter {
            Some('u') => "user",
            Some('g') => "group",
            Some('m') => "mask",
            Some('o') => "other",
            _ => return Err(Failure::new(format!("`{text}` is no entry: it begins with user, group, mask or other"))),
        };
        let entity = parts.get(1).copied().unwrap_or_default().to_owned();
        let permissions = parts.get(2).map(|part| (*part).to_owned());
        Ok(Self { is_default, etype: etype.to_owned(), entity, permissions })
    }

    /// As `setfacl` takes it; without permissions where it is removed.
    fn text(&self, is_nfsv4: bool, with_permissions: bool) -> String {
        let permissions = self.permissions.as_deref().filter(|text| with_permissions && !text.is_empty());
        if is_nfsv4 {
            let owner = match (self.etype.as_str(), self.entity.as_str()) {
                ("user", "") => "OWNER@",
                ("group", "") => "GROUP@",
                ("other", _) => "EVERYONE@",
                (_, entity) => entity,
            };
            let flags = if self.etype == "group" { "g" } else { "" };
            // What everyone may: read and keep in step attributes and the list itself.
            return format!("A:{flags}:{owner}:{}tcy", self.permissions.as_deref().unwrap_or_default());
        }
        let text = format!("{}:{}", self.etype, self.entity);
        permissions.map_or_else(|| text.clone(), |permissions| format!("{text}:{permissions}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;

    #[test]
    fn entries_are_read_however_short_they_are() {
        let cases =
            [("default:user:joe:rw-", "user:joe:rw-", true), ("g::rx", "group::rx", false), ("d:u:x", "user:x", true)];
        for (text, written, is_default) in cases {
            let entry = Entry::parse(text, false).expect("an entry");
            assert_eq!((entry.text(false, true).as_str(), entry.is_default), (written, is_default));
        }
        assert!(Entry::parse("x:y:z", false).is_err());
    }
}

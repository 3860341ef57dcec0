//! Users and groups without libc: `/etc/passwd` and `/etc/group` first, then `getent`.
//!
//! A static glibc program that calls `getpwnam` and its kin is killed when nsswitch names a service
//! it cannot load; so none of them may be called, not even through a crate.

use std::process::{Command, Stdio};

/// An entry of the user database (`man 5 passwd`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The user's id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: u32,
    /// The comment field (GECOS).
    pub gecos: String,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

/// An entry of the group database (`man 5 group`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group's name.
    pub name: String,
    /// The group's id.
    pub gid: u32,
    /// The names of its members, but for those whose primary group it is.
    pub members: Vec<String>,
}

impl User {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let mut fields = fields.skip(1);
        Some(Self {
            name,
            uid: fields.next()?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
            gecos: fields.next()?.to_owned(),
            home: fields.next()?.to_owned(),
            shell: fields.next()?.trim_end().to_owned(),
        })
    }
}

impl Group {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.trim_end().split(':');
        let name = fields.next()?.to_owned();
        let gid = fields.nth(1)?.parse().ok()?;
        let members = fields.next()?.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
        Some(Self { name, gid, members })
    }
}

/// The user of that name.
pub fn user(name: &str) -> Option<User> {
    find("/etc/passwd", "passwd", name, User::parse, |user| user.name == name)
}

/// The user with that id.
pub fn user_by_id(uid: u32) -> Option<User> {
    find("/etc/passwd", "passwd", &uid.to_string(), User::parse, |user| user.uid == uid)
}

/// The group of that name.
pub fn group(name: &str) -> Option<Group> {
    find("/etc/group", "group", name, Group::parse, |group| group.name == name)
}

/// The group with that id.
pub fn group_by_id(gid: u32) -> Option<Group> {
    find("/etc/group", "group", &gid.to_string(), Group::parse, |group| group.gid == gid)
}

/// All groups of the file, for the groups a user is a member of.
pub fn local_groups() -> Vec<Group> {
    let text = std::fs::read_to_string("/etc/group").unwrap_or_default();
    text.lines().filter_map(Group::parse).collect()
}

/// The group of that name in the file, whatever other services know.
pub fn local_group(name: &str) -> Option<Group> {
    local_groups().into_iter().find(|group| group.name == name)
}

/// The group with that id in the file.
pub fn local_group_by_id(gid: u32) -> Option<Group> {
    local_groups().into_iter().find(|group| group.gid == gid)
}

/// The user of that name in the file.
pub fn local_user(name: &str) -> Option<User> {
    let text = String::from_utf8_lossy(&std::fs::read("/etc/passwd").unwrap_or_default()).into_owned();
    text.lines().filter_map(User::parse).find(|user| user.name == name)
}

fn find<T>(
    file: &str,
    database: &str,
    key: &str,
    parse: fn(&str) -> Option<T>,
    wanted: impl Fn(&T) -> bool,
) -> Option<T> {
    let text = String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
    let local = text.lines().filter_map(parse).find(&wanted);
    local.or_else(|| parse(&getent(database, key)?).filter(|entry| wanted(entry)))
}

fn getent(database: &str, key: &str) -> Option<String> {
    // A host whose databases are files alone need not start a program for every unknown name.
    if !names_other_service(&std::fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default(), database) {
        return None;
    }
    let output = Command::new("getent").args(["--", database, key]).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned))?
}

fn names_other_service(nsswitch: &str, database: &str) -> bool {
    let line = nsswitch.lines().find_map(|line| line.trim().strip_prefix(database)?.strip_prefix(':'));
    line.is_some_and(|services| {
        services.split_whitespace().any(|s| !s.starts_with('[') && !s.contains('=') && !matches!(s, "files" | "compat"))
    })
}

/// Expands `~`, `~user`, `$NAME` and `${NAME}` as Python's `expanduser` and `expandvars` do: what is
/// unknown stays as it is.
pub fn expand_path(path: &str, environment: &[(String, String)]) -> String {
    let variable = |name: &str| {
        let given = environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        given.or_else(|| std::env::var(name).ok())
    };
    expand_variables(&expand_user(path, &variable), &variable)
}

fn expand_user(path: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if name.is_empty() {
        variable("HOME").or_else(|| Some(user_by_id(rustix::process::getuid().as_raw())?.home))
    } else {
        user(name).map(|user| user.home)
    };
    home.map_or_else(|| path.to_owned(), |home| format!("{}{rest}", home.trim_end_matches('/')))
}

/// Expands `~` and `~user` alone.
pub fn expand_tilde(path: &str, environment: &[(String, String)]) -> String {
    let (home, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    if home.starts_with('~') && !home.contains('$') {
        return expand_path(home, environment) + rest;
    }
    path.to_owned()
}

fn expand_variables(path: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = path;
    while let Some(dollar) = rest.find('$') {
        expanded.push_str(&rest[..dollar]);
        let after = &rest[dollar + 1..];
        let (name, length) = match after.strip_prefix('{').and_then(|inner| inner.find('}').map(|end| &inner[..end])) {
            Some(name) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match variable(name).filter(|_| !name.is_empty()) {
            Some(value) => expanded.push_str(&value),
            None => expanded.push_str(&rest[dollar..=dollar + length]),
        }
        rest = &after[length..];
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_expand_as_in_python() {
        let environment = [("HOME".into(), "/h/".into()), ("NAME".into(), "x".into())];
        let cases = [
            ("~/a", "/h/a"),
            ("~", "/h"),
            ("a~", "a~"),
            ("~no-such-user/a", "~no-such-user/a"),
            ("/$NAME/${NAME}y", "/x/xy"),
            ("/$UNSET_HERE/${UNSET_HERE}/$", "/$UNSET_HERE/${UNSET_HERE}/$"),
            ("~root/x", "/root/x"),
        ];
        for (path, expanded) in cases {
            assert_eq!(expand_path(path, &environment), expanded, "{path}");
        }
    }

    #[test]
    fn getent_is_asked_only_where_nsswitch_has_more_than_files() {
        assert!(!names_other_service("passwd: files\n", "passwd"));
        assert!(names_other_service("passwd: files systemd [NOTFOUND=return]\n", "passwd"));
        assert!(!names_other_service("", "passwd"));
    }
}

//! One entry of an archive, in whatever format it was.

use std::{
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::kit::Failure;

/// An entry.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name as the archive has it, after `--strip-components` and `--transform`; directories end in `/`.
    pub name: String,
    /// The same below the destination, without `.` and leading `/`; empty for the destination itself.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Permission bits; `None` when the archive has none.
    pub mode: Option<u32>,
    /// The owner, by name and id; `None` when the archive has none.
    pub owner: Option<(String, u32)>,
    /// The group, by name and id.
    pub group: Option<(String, u32)>,
    /// Seconds since 1970.
    pub modified: i64,
    /// Bytes of content.
    pub size: u64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this.
    Link(PathBuf),
    /// Another name for this entry, a path below the destination.
    Hard(PathBuf),
    /// A named pipe.
    Fifo,
    /// A device: whether it is a block device, and its numbers.
    Device(bool, u32, u32),
}

impl Member {
    /// When it was last changed.
    pub fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::try_from(self.modified).unwrap_or_default())
    }
}

/// A name as a path below the destination. A leading `/` is dropped, as tar and unzip do; `..` is refused.
pub fn inside(name: &Path) -> Result<PathBuf, Failure> {
    let mut path = PathBuf::new();
    for component in name.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            Component::ParentDir => {
                return Err(Failure::new(format!(
                    "refused to unpack `{}`: its name has `..` and could lead out of the destination",
                    name.display()
                )));
            }
        }
    }
    Ok(path)
}

/// Refuses entries that would be written through a link of the same archive that leads out of the destination.
pub fn refuse_escapes(members: &[Member]) -> Result<(), Failure> {
    let links: std::collections::HashMap<&Path, &Path> = members
        .iter()
        .filter_map(|member| match &member.kind {
            Kind::Link(target) => Some((member.path.as_path(), target.as_path())),
            _ => None,
        })
        .collect();
    if links.is_empty() {
        return Ok(());
    }
    for member in members {
        let mut paths = vec![member.path.as_path()];
        if let Kind::Hard(target) = &member.kind {
            paths.push(target);
        }
        for place in paths.into_iter().flat_map(|path| path.ancestors().skip(1)) {
            if let Some(target) = links.get(place).filter(|target| escapes(place, target)) {
                return Err(Failure::new(format!(
                    "refused to unpack `{}`: `{}` is a link to `{}`, which leads out of the destination",
                    member.name,
                    place.display(),
                    target.display()
                )));
            }
        }
    }
    Ok(())
}

/// Whether a link at this place, with this target, could lead out of the destination.
fn escapes(place: &Path, target: &Path) -> bool {
    if target.is_absolute() {
        return true;
    }
    let mut depth = place.components().count().saturating_sub(1);
    for component in target.components() {
        match component {
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, kind: Kind) -> Member {
        let path = inside(Path::new(name)).unwrap();
        Member { name: name.into(), path, kind, mode: None, owner: None, group: None, modified: 0, size: 0 }
    }

    #[test]
    fn names_stay_inside() {
        assert_eq!(inside(Path::new("/a/./b/")).unwrap(), Path::new("a/b"));
        assert_eq!(inside(Path::new("./")).unwrap(), Path::new(""));
        assert!(inside(Path::new("a/../../b")).is_err() && inside(Path::new("..")).is_err());
    }

    #[test]
    fn links_that_lead_out_carry_nothing() {
        let link = |name, target: &str| member(name, Kind::Link(target.into()));
        let file = |name| member(name, Kind::File);
        assert!(refuse_escapes(&[link("l", "/etc"), file("l/passwd")]).is_err());
        assert!(refuse_escapes(&[link("d/l", "../.."), file("d/l/x")]).is_err());
        assert!(refuse_escapes(&[file("l/x"), link("l", "..")]).is_err());
        assert!(refuse_escapes(&[link("l", "/etc"), member("h", Kind::Hard("l/passwd".into()))]).is_err());
        assert!(refuse_escapes(&[link("d/l", "../e"), file("d/l/x")]).is_ok());
        assert!(refuse_escapes(&[link("l", "/etc"), file("m/x")]).is_ok());
    }
}

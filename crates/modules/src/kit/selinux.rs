//! SELinux contexts, read and written as the extended attribute that they are.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
};

const ATTRIBUTE: &str = "security.selinux";

/// Whether the kernel enforces, or would enforce, a policy.
pub fn is_enabled() -> bool {
    Path::new("/sys/fs/selinux/enforce").exists()
}

/// The context of a path, symbolic links not followed; `None` where the file system keeps none.
pub fn context(path: &Path) -> Option<String> {
    let bytes = xattr::get(path, ATTRIBUTE).ok()??;
    Some(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}

pub(super) fn set_context(path: &Path, context: &str) -> io::Result<()> {
    let mut bytes = context.as_bytes().to_vec();
    bytes.push(0);
    xattr::set(path, ATTRIBUTE, &bytes)
}

/// What the policy has for a path, as `matchpathcon` (`man 8 matchpathcon`) says.
pub(super) fn default_context(path: &Path) -> Option<String> {
    let output = Command::new("matchpathcon").args(["-n", "--"]).arg(path).stdin(Stdio::null()).output().ok()?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && found.contains(':')).then_some(found)
}

/// The parts of a context that a task names, `_default` among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label([Option<String>; 4]);

impl Label {
    /// User, role, type, level; `None` when no part is named.
    pub(super) fn new(parts: [Option<String>; 4]) -> Option<Self> {
        parts.iter().any(Option::is_some).then_some(Self(parts))
    }

    /// The context that `path` should have; `current` is what it has.
    pub(super) fn wanted(&self, path: &Path, current: Option<&str>) -> Option<String> {
        let policy =
            self.0.iter().any(|part| part.as_deref() == Some("_default")).then(|| default_context(path)).flatten();
        let base = current.or(policy.as_deref())?;
        Some(merge(&self.0, base, policy.as_deref()))
    }
}

/// A level may itself have colons: it is the rest.
fn merge(parts: &[Option<String>; 4], current: &str, policy: Option<&str>) -> String {
    let current: Vec<&str> = current.splitn(4, ':').collect();
    let policy: Vec<&str> = policy.unwrap_or_default().splitn(4, ':').collect();
    let part = |at: usize| match parts[at].as_deref() {
        Some("_default") => policy.get(at).or_else(|| current.get(at)).copied(),
        Some(given) => Some(given),
        None => current.get(at).copied(),
    };
    (0..4).filter_map(part).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn a_label_changes_only_its_parts() {
        let parts = [None, Some("_default".into()), Some("etc_t".into()), None];
        let merged = merge(&parts, "u:r:t:s0-s0:c0.c1", Some("system_u:object_r:bin_t:s0"));
        assert_eq!(merged, "u:object_r:etc_t:s0-s0:c0.c1");
    }
}

//! A home directory for a user who has none.

use std::path::Path;

use super::{User, shadow};
use crate::kit::{Failure, Source, Writer, file_args::Attributes, users};

impl User {
    /// Copies the skeleton to the home directory of a user who is there already.
    pub(super) fn make_home(&self, user: &users::User, host: &mut Writer) -> Result<(), Failure> {
        let home = Path::new(&user.home);
        if host.exists(home) {
            return Ok(());
        }
        if host.lstat(home)?.is_some() {
            return Err(Failure::new(format!("[Errno 17] File exists: '{}'", user.home)));
        }
        make_parents(home, host)?;
        let owner = Attributes { owner: Some(user.uid), group: Some(user.gid), ..Attributes::default() };
        let skeleton = self.skeleton.as_deref().unwrap_or("/etc/skel");
        if host.exists(skeleton) && skeleton != "/dev/null" {
            if !Path::new(skeleton).is_dir() {
                return Err(Failure::new(format!("[Errno 20] Not a directory: '{skeleton}'")));
            }
            copy(Path::new(skeleton), home, &owner, host)?;
        } else {
            host.make_directory(home)?;
        }
        let mode = Some(shadow::home_mode(self.umask.as_deref(), host)?);
        host.set_attributes(home, &Attributes { mode, ..owner })
    }
}

/// Makes the directories above a path.
pub fn make_parents(path: &Path, host: &mut Writer) -> Result<(), Failure> {
    let Some(parent) = path.parent().filter(|parent| !host.exists(parent)) else { return Ok(()) };
    make_parents(parent, host)?;
    host.make_directory(parent)
}

fn copy(from: &Path, to: &Path, owner: &Attributes, host: &mut Writer) -> Result<(), Failure> {
    let Some(meta) = host.lstat(from)? else { return Ok(()) };
    let mode = Some(meta.mode());
    if meta.is_dir() {
        host.make_directory(to)?;
        for entry in host.list(from)? {
            copy(&entry, &to.join(entry.file_name().unwrap_or_default()), owner, host)?;
        }
    } else if meta.is_file() {
        let source = Source::Stream(Box::new(host.open(from)?));
        host.write(to, source, &Attributes { mode, owner: owner.owner, group: owner.group, ..Attributes::default() })?;
        return host.set_times(to, None, meta.raw().modified().ok());
    } else if let Ok(target) = host.link(from) {
        host.symlink(&target, to)?;
    } else {
        return Ok(()); // Sockets and pipes are no part of a skeleton.
    }
    host.set_attributes(to, &Attributes { mode, owner: owner.owner, group: owner.group, ..Attributes::default() })
}

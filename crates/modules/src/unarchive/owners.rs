//! Whom the entries belong to: names first, then numbers, as tar does it.

use std::{cell::RefCell, collections::HashMap};

use super::{member::Member, options::Options};
use crate::kit::users;

/// Looks every name up once.
#[derive(Default)]
pub struct Owners {
    users: RefCell<HashMap<String, Option<u32>>>,
    groups: RefCell<HashMap<String, Option<u32>>>,
}

impl Owners {
    /// The ids that an entry gets; `None` for those of whoever unpacks.
    pub fn of(&self, member: &Member, options: &Options) -> (Option<u32>, Option<u32>) {
        let is_root = rustix::process::geteuid().is_root();
        if !options.same_owner.unwrap_or(is_root) || !is_root {
            return (None, None);
        }
        let id = |given: &Option<(String, u32)>,
                  known: &RefCell<HashMap<String, Option<u32>>>,
                  find: fn(&str) -> Option<u32>| {
            let (name, id) = given.as_ref()?;
            if options.numeric_owner || name.is_empty() {
                return Some(*id);
            }
            let found = *known.borrow_mut().entry(name.clone()).or_insert_with(|| find(name));
            Some(found.unwrap_or(*id))
        };
        let user = id(&member.owner, &self.users, |name| users::user(name).map(|user| user.uid));
        let group = id(&member.group, &self.groups, |name| users::group(name).map(|group| group.gid));
        (user, group)
    }
}

/// The mode that an entry gets; `None` when the archive has none and the umask decides.
pub fn mode(member: &Member, options: &Options, umask: u32) -> Option<u32> {
    let is_root = rustix::process::geteuid().is_root();
    let mode = member.mode?;
    Some(if options.same_mode.unwrap_or(is_root) { mode } else { mode & 0o777 & !umask })
}

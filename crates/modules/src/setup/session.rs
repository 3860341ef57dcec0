//! The user that the helper runs as, and its environment.

use rustix::process::{getegid, geteuid, getgid, getuid};
use serde_json::json;

use super::host::Host;
use crate::kit::{Fields, users};

/// `env`: what a program of this task would find in its environment.
pub fn environment(host: &Host) -> Fields {
    Fields::from_iter([("env".to_owned(), json!(host.reader.whole_environment()))])
}

/// The user by name and number; where the number has no name, what `LOGNAME` and its kin say.
pub fn user(host: &Host) -> Fields {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    let mut facts = Fields::new();
    facts.insert("real_user_id".into(), json!(uid));
    facts.insert("effective_user_id".into(), json!(geteuid().as_raw()));
    facts.insert("real_group_id".into(), json!(gid));
    facts.insert("effective_group_id".into(), json!(getegid().as_raw()));
    if let Some(user) = users::user_by_id(uid) {
        facts.insert("user_id".into(), json!(user.name));
        facts.insert("user_uid".into(), json!(user.uid));
        facts.insert("user_gid".into(), json!(user.gid));
        facts.insert("user_gecos".into(), json!(user.gecos));
        facts.insert("user_dir".into(), json!(user.home));
        facts.insert("user_shell".into(), json!(user.shell));
    } else {
        let name = ["LOGNAME", "USER", "LNAME", "USERNAME"].iter().find_map(|name| host.reader.env(name));
        facts.insert("user_id".into(), json!(name.unwrap_or_else(|| uid.to_string())));
        facts.insert("user_uid".into(), json!(uid));
        facts.insert("user_gid".into(), json!(gid));
    }
    facts
}

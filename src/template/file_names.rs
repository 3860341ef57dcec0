//! The names that a template file has beside the variables: `ansible_managed`, `template_path` and their kin.

use std::{os::unix::fs::MetadataExt, path::Path};

use jiff::{Timestamp, Zoned, fmt::strtime, tz::TimeZone};
use sutler_modules::kit::users;

use super::filter::time::Date;
use crate::{
    config::{Config, settings::running},
    value::{Dict, Value},
};

/// The names of the file at `path`, which was asked for as `name` and goes to `dest`.
pub fn template_file_names(config: &Config, name: &str, path: &Path, dest: Option<Value>) -> Dict {
    let names = Dict::new();
    let metadata = path.metadata();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let owner = metadata.as_ref().map_or(0, MetadataExt::uid);
    let changed = metadata.and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
    let changed = changed.to_zoned(TimeZone::system());
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let owner = owner_name(owner);
    let managed = config.get(&running::DEFAULT_MANAGED_STR);
    let parts = [("{host}", host.clone()), ("{uid}", owner.to_str()), ("{file}", name.to_owned())];
    let managed = parts.iter().fold(managed, |text, (part, value)| text.replace(part, value));
    names.insert("ansible_managed", strtime::format(&managed, &changed).unwrap_or(managed));
    names.insert("template_host", host);
    names.insert("template_uid", owner);
    names.insert("template_path", name);
    names.insert("template_fullpath", absolute.to_string_lossy().as_ref());
    names.insert("template_mtime", Value::object(Date(changed.datetime())));
    names.insert("template_run_date", Value::object(Date(Zoned::now().datetime())));
    names.insert("template_destpath", dest.unwrap_or(Value::None));
    names
}

/// The name of a user of this machine, or the number where it has none.
fn owner_name(uid: u32) -> Value {
    users::user_by_id(uid).map_or_else(|| Value::Int(i64::from(uid)), |user| Value::from(user.name))
}

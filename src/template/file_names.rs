//! The names that a template file has beside the variables: `ansible_managed`, `template_path` and their kin.

use std::{os::unix::fs::MetadataExt, path::Path};

use jiff::{Timestamp, Zoned, fmt::strtime, tz::TimeZone};
use sutler_modules::kit::users;

use super::{Syntax, Template, date::Date};
use crate::{
    config::{Config, settings::running},
    source::Span,
    value::{Dict, Value},
};

/// The names of the file at `path`, which was asked for as `name` and goes to `dest`. `ansible_managed` is among them
/// unless a variable of that name `is_managed` already.
pub fn template_file_names(config: &Config, name: &str, path: &Path, dest: Option<Value>, is_managed: bool) -> Dict {
    let names = Dict::new();
    let metadata = path.metadata();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let owner = metadata.as_ref().map_or(0, MetadataExt::uid);
    let changed = metadata.and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
    let changed = changed.to_zoned(TimeZone::system());
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let owner = owner_name(owner);
    if !is_managed {
        let managed = filled(&config.get(&running::DEFAULT_MANAGED_STR));
        names.insert("ansible_managed", as_template(&strtime::format(&managed, &changed).unwrap_or(managed)));
    }
    names.insert("template_host", host);
    names.insert("template_uid", owner);
    names.insert("template_path", name);
    names.insert("template_fullpath", absolute.to_string_lossy().as_ref());
    names.insert("template_mtime", Value::object(Date::new(changed.datetime())));
    names.insert("template_run_date", Value::object(Date::new(Zoned::now().datetime())));
    names.insert("template_destpath", dest.unwrap_or(Value::None));
    names
}

/// The setting `ansible_managed` as the template that it is: `{host}` and its kin stand for names, and braces are
/// doubled, as for Python's `format`. Values come in when it is evaluated, so that no file name is a template.
fn filled(text: &str) -> String {
    const PARTS: [(&str, &str); 5] = [
        ("{{", "{"),
        ("}}", "}"),
        ("{host}", "{{ template_host }}"),
        ("{uid}", "{{ template_uid }}"),
        ("{file}", "{{ template_path }}"),
    ];
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, put) = match PARTS.iter().find(|(part, _)| rest.starts_with(part)) {
            Some((part, value)) => (part.len(), *value),
            None => (first.len_utf8(), &rest[..first.len_utf8()]),
        };
        out.push_str(put);
        rest = &rest[taken..];
    }
    out
}

fn as_template(text: &str) -> Value {
    let span = Span::outside("ansible_managed", text);
    let template = Template::compile(text, &span, &Syntax::default());
    template.unwrap_or_else(|error| Template::broken(text, &span, error)).into()
}

/// The name of a user of this machine, or the number where it has none.
fn owner_name(uid: u32) -> Value {
    users::user_by_id(uid).map_or_else(|| Value::Int(i64::from(uid)), |user| Value::from(user.name))
}

//! What every result with a `path` or `dest` says about it: owner, group, mode, size, state.

use std::path::Path;

use serde_json::{Value, json};

use super::{Fields, Meta, file_args::octal, selinux, users};

/// Adds to a result what lies at its `path`, or else its `dest`, now. Ansible does so for every
/// module; where nothing is, nothing is added.
pub(super) fn add(fields: &mut Fields) {
    let path = fields.get("path").filter(|path| !path.is_null()).or_else(|| fields.get("dest"));
    let Some(path) = path.and_then(Value::as_str).map(str::to_owned) else { return };
    if let Some(meta) = look(Path::new(&path)) {
        fields.extend(describe(Path::new(&path), &meta));
    }
}

/// The path itself, if it leads to something.
fn look(path: &Path) -> Option<Meta> {
    path.exists().then(|| path.symlink_metadata().ok().map(|meta| Meta::new(path, meta)))?
}

fn describe(path: &Path, meta: &Meta) -> Fields {
    let user = users::user_by_id(meta.uid()).map_or_else(|| meta.uid().to_string(), |user| user.name);
    let group = users::group_by_id(meta.gid()).map_or_else(|| meta.gid().to_string(), |group| group.name);
    let mut fields = Fields::new();
    fields.insert("uid".into(), json!(meta.uid()));
    fields.insert("gid".into(), json!(meta.gid()));
    fields.insert("owner".into(), json!(user));
    fields.insert("group".into(), json!(group));
    fields.insert("mode".into(), json!(octal(meta.mode())));
    fields.insert("state".into(), json!(meta.file_state()));
    fields.insert("size".into(), json!(meta.size()));
    if selinux::is_enabled()
        && let Some(context) = selinux::context(path)
    {
        fields.insert("secontext".into(), json!(context));
    }
    fields
}

//! Before and after of a file's content, within Ansible's limits.

use std::{io::Read, path::Path};

use serde_json::json;

use super::one::Wanted;
use crate::kit::{Diff, Failure, Meta, Reader};

/// Longer contents are not shown.
const LONGEST: u64 = 104_448;

/// The diff of a content that differs from what is at `path`.
pub fn of(host: &Reader, wanted: &Wanted, path: &Path, current: Option<&Meta>) -> Result<Diff, Failure> {
    let mut diff = Diff::new(json!(null), json!(null));
    match current.filter(|meta| meta.is_file()) {
        None => diff.before = json!(""),
        Some(meta) if meta.size() > LONGEST => {
            diff.notes.insert("dst_larger".into(), json!(LONGEST));
        }
        Some(_) => {
            diff.before_header = Some(path.to_string_lossy().into_owned());
            match text(&host.read(path)?) {
                Some(text) => diff.before = json!(text),
                None => drop(diff.notes.insert("dst_binary".into(), json!(1))),
            }
        }
    }
    if wanted.origin.size(host)? > LONGEST {
        diff.notes.insert("src_larger".into(), json!(LONGEST));
        return Ok(diff);
    }
    let mut bytes = Vec::new();
    let source = wanted.origin.open(host)?.into_bytes()?;
    source.as_slice().take(LONGEST).read_to_end(&mut bytes).map_err(|e| Failure::io("read", path, &e))?;
    match text(&bytes) {
        Some(text) => {
            let shown = wanted.src.clone().unwrap_or_else(|| path.to_string_lossy().into_owned());
            diff.after_header = Some(shown);
            diff.after = json!(text);
        }
        None => drop(diff.notes.insert("src_binary".into(), json!(1))),
    }
    Ok(diff)
}

/// A content as text; `None` when it has zero bytes.
fn text(bytes: &[u8]) -> Option<String> {
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(bytes).into_owned())
}

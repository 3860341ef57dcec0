//! Modules of packages, as dnf 4 has them: `NAME[:STREAM][/PROFILE]`.

use serde_json::json;

use super::failure;
use crate::kit::{Failure, Finished, Reader};

/// The module's name in a spec.
pub fn module(spec: &str) -> &str {
    spec.split([':', '/']).next().unwrap_or(spec)
}

/// Whether the stream that a spec names is the one in use; any stream will do where it names none.
pub fn is_enabled(host: &Reader, root: &str, spec: &str) -> bool {
    let name = module(spec);
    let file = format!("{}/etc/dnf/modules.d/{name}.module", root.trim_end_matches('/'));
    let text = host.read_text(file).ok().flatten().unwrap_or_default();
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let stream = spec[name.len()..].strip_prefix(':').and_then(|rest| rest.split([':', '/']).next());
    value("state") == Some("enabled") && stream.is_none_or(|stream| value("stream") == Some(stream))
}

/// The failure for a group or module that is nowhere.
pub fn unknown(name: &str) -> Failure {
    failure(format!("No group {name} available."))
}

/// The failure for what dnf says of a spec that it does not know.
pub fn missing(finished: &Finished) -> Option<Failure> {
    let said = finished.out() + &finished.err();
    let mut names =
        said.lines().filter_map(|line| line.strip_prefix("Module or Group '")?.strip_suffix("' is not available."));
    let name = names.next()?;
    if !said.contains("Unable to match profile for argument") {
        return Some(unknown(name));
    }
    let problem = format!("{name} Problems in request:\nmissing groups or modules: {name}");
    let msg = "Failed to install some of the specified packages";
    Some(failure(msg).with("rc", 1).with("failures", json!([problem])))
}

//! `package`: packages, by whatever manages them on the host.

use std::sync::Arc;

use serde_json::json;
use sutler_protocol::Arguments;

use crate::{
    kit::{Args, Context, Failure, Fields, Reader, engine},
    registry,
    setup::package_manager,
};

/// Installs, upgrades and removes packages by the module for the host's package manager: `apt`, `dnf` …
///
/// All further arguments are those of that module, and so is what is returned.
///
/// ```yaml
/// - package:
///     name: ntpdate
///     state: present
/// - package:
///     name: [httpd, mod_ssl]
///     state: latest
///     use: dnf
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "they are for the module that is found")]
pub struct Package {
    /// The packages, in the words of the package manager.
    name: Option<serde_json::Value>,
    /// What should be with them: `present`, `absent`, or what else the module knows.
    state: Option<String>,
    /// The module to use; found out when it is `auto`.
    #[arg(default = "auto", name = "use")]
    r#use: String,
}

/// Runs the module for the host's package manager.
pub fn run(mut arguments: Arguments, context: &Arc<Context>) -> Fields {
    let named = arguments.shift_remove("use").map(|value| value.as_str().unwrap_or_default().to_owned());
    let name = match named.filter(|name| name != "auto") {
        Some(name) => name,
        None => package_manager(&Reader::new(Arc::clone(context))),
    };
    if name.is_empty() || name == "unknown" {
        let msg = "Could not detect which package manager to use. Try gathering facts or setting the \"use\" option.";
        return failed(msg.into());
    }
    match registry::find(&name).filter(|entry| !entry.is_action && entry.short_name() != "package") {
        Some(entry) => (entry.run)(arguments, context),
        None => failed(format!("Could not find a matching action for the \"{name}\" package manager.")),
    }
}

fn failed(msg: String) -> Fields {
    engine::result(Err(Failure::new(msg).with("changed", json!(false))))
}

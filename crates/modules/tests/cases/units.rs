//! The properties of systemd's units, as far as two boots of a host agree in them.

use serde_json::{Map, Value};

/// What roles look at, and what tasks change. The other two hundred are as `systemctl show` prints them.
const KEPT: [&str; 24] = [
    "ActiveState",
    "After",
    "CanReload",
    "CanStart",
    "CanStop",
    "Conflicts",
    "Description",
    "DropInPaths",
    "FragmentPath",
    "Id",
    "LoadError",
    "LoadState",
    "Names",
    "NeedDaemonReload",
    "Requires",
    "Restart",
    "Result",
    "SubState",
    "Transient",
    "TriggeredBy",
    "Triggers",
    "Type",
    "UnitFilePreset",
    "UnitFileState",
];

/// Leaves what is kept of a unit's properties. Names of other units come in order, since systemd has none.
pub fn settle(properties: &mut Map<String, Value>) {
    if !properties.contains_key("ActiveState") {
        return;
    }
    properties.retain(|name, _| KEPT.contains(&name.as_str()));
    for name in ["After", "Conflicts", "Requires", "TriggeredBy", "Triggers"] {
        if let Some(Value::String(units)) = properties.get_mut(name) {
            let mut names: Vec<&str> = units.split(' ').collect();
            names.sort_unstable();
            *units = names.join(" ");
        }
    }
}

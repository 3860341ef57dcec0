//! The host's Python, where it has one: other people's modules are run by it, and playbooks ask for its version.

use serde_json::{Value, json};

use super::host::Host;
use crate::kit::Fields;

/// Prints what there is to know, a line each; neither the host's settings nor its packages are looked at.
const PROGRAM: &str = "import sys\nfor v in (*sys.version_info, sys.executable, sys.implementation.name, \
                       sys.version.split()[0].rstrip('+')): print(v)";

/// `python` and `python_version`.
pub fn collect(host: &Host) -> Fields {
    let ask = |program: &str| host.output(program, &["-ISc", PROGRAM]);
    let found = match &host.python {
        Some(program) => ask(program),
        None => {
            (8..14).rev().map(|minor| format!("python3.{minor}")).chain(["python3".into()]).find_map(|name| ask(&name))
        }
    };
    let lines: Vec<&str> = found.as_deref().unwrap_or_default().lines().collect();
    let [major, minor, micro, level, serial, executable, kind, version] = lines.as_slice() else {
        return Fields::new();
    };
    let number = |text: &str| text.parse::<i64>().map_or(Value::Null, Value::from);
    let numbers = [major, minor, micro, serial].map(|text| number(text));
    let [major, minor, micro, serial] = &numbers;
    let python = json!({
        "version": {"major": major, "minor": minor, "micro": micro, "releaselevel": level, "serial": serial},
        "version_info": [major, minor, micro, level, serial],
        "executable": executable,
        "has_sslcontext": true,
        "type": kind,
    });
    Fields::from_iter([("python".to_owned(), python), ("python_version".to_owned(), json!(version))])
}

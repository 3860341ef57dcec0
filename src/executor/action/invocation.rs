//! `invocation`: the arguments that a module was given, in its result.

use serde_json::json;
use sutler_modules::kit::args::told;

use super::{Fields, TaskContext};
use crate::playbook::Task;

/// The arguments, where somebody may ask for them: of a loop's items in the variable that it registers, and with `-vvv`.
pub fn of(context: &TaskContext, task: &Task, arguments: &Fields) -> Option<Fields> {
    let module = task.action.module.0;
    let is_kept = task.repeat.is_some() && task.register.is_some();
    if !is_kept && context.run.options.verbosity < 3 {
        return None;
    }
    let mut told = told(&(module.spec)(), arguments);
    match module.short_name() {
        // A script is sent and run, which is no module in Ansible.
        "script" => return None,
        "command" => drop(told.insert("_uses_shell".into(), json!(false))),
        "shell" => drop(told.insert("_uses_shell".into(), json!(true))),
        "copy" | "template" => tell_of_file(&mut told),
        _ => {}
    }
    Some(told)
}

/// What the controller reads is not told; `file`, which Ansible calls where nothing is to be copied, has a `path`.
fn tell_of_file(told: &mut Fields) {
    let copy = sutler_modules::find("copy").expect("there is `copy`");
    let spec = (copy.spec)();
    told.retain(|name, _| name != "decrypt" && spec.option(name).is_some());
    if let Some(dest) = told.get("dest").cloned() {
        told.insert("path".into(), dest);
    }
}

//! Output of commands on the controller: `pipe`, `lines`.

use std::{collections::HashMap, process::Command};

use super::{
    super::{Arguments, Lookup, TemplateError, environment::short_name},
    failed, waiting,
};
use crate::value::{Value, split_lines};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        (
            "pipe",
            (|arguments| {
                let run = |command: &Value| Ok(Value::from(run(&arguments, &command.to_str())?.trim_end()));
                arguments.positional.iter().map(run).collect()
            }) as Lookup,
        ),
        ("lines", |arguments| {
            let mut lines = Vec::new();
            for command in &arguments.positional {
                let Value::Str(command) = command else {
                    let text = format!("'{}' object is not iterable", command.type_name());
                    return Err(TemplateError::type_error(text));
                };
                let output = run(&arguments, command)?;
                lines.extend(split_lines(&output, false).into_iter().map(Value::from));
            }
            Ok(lines)
        }),
    ]);
}

fn run(arguments: &Arguments<'_>, command: &str) -> Result<String, TemplateError> {
    let directory = &arguments.context.environment.playbook_dir;
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    if directory.is_dir() {
        shell.current_dir(directory);
    }
    let output = waiting(|| shell.output()).map_err(|error| failed(format!("cannot run `{command}`: {error}")))?;
    if !output.status.success() {
        let code = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stderr = stderr.trim();
        let why = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
        let lookup = short_name(arguments.name);
        return Err(failed(format!("lookup_plugin.{lookup}({command}) returned {code}{why}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

//! Modules that are no part of this program: their code is carried over once, and run as Ansible runs it.

mod result;
mod store;

use std::{fs, path::Path, sync::Arc};

use serde_json::{Value, json};
use sutler_protocol::{Arguments, Foreign, ForeignForm, TASK_FOLDER};

use crate::kit::{
    Context, Failure, Fields, Finished, Program, Reader,
    engine::{Engine, failed},
};

/// Marks in the text of a module that arguments take the place of ("Ansible module architecture" in the manual).
const ARGUMENTS: &str = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>";
/// The same as a literal of Python.
const QUOTED_ARGUMENTS: &str = "\"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>\"";

/// The [`Engine`] of all of them: the arguments are a [`Foreign`].
pub fn run(arguments: Arguments, context: &Arc<Context>) -> Fields {
    const _: Engine = run;
    read(arguments).and_then(|module| run_module(&module, context)).unwrap_or_else(failed)
}

/// Has the code here, for a module that will run when nobody can be asked for it.
pub fn fetch(arguments: &Arguments, context: &Context) -> Result<(), Fields> {
    read(arguments.clone()).and_then(|module| store::code(&module, context)).map(drop).map_err(failed)
}

fn read(arguments: Arguments) -> Result<Foreign, Failure> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| Failure::new(format!("no module: {error}")))
}

fn run_module(module: &Foreign, context: &Arc<Context>) -> Result<Fields, Failure> {
    let code = store::code(module, context)?;
    let folder = store::task_folder()?;
    let input = module.input.replacen(TASK_FOLDER, &format!("{}/", folder.path().display()), 1);
    let host = Reader::new(Arc::clone(context));
    let start = |interpreter: &[String]| {
        let program = program(module, interpreter, &code, folder.path(), &input)?;
        host.query(&program).map_err(|failure| not_started(failure, interpreter))
    };
    if module.pythons.is_empty() {
        return Ok(told(module, &start(&module.interpreter)?));
    }
    let mut finished = None;
    for path in module.pythons.iter().filter_map(|name| host.which(name)) {
        let path = path.to_string_lossy().into_owned();
        let ended = start(std::slice::from_ref(&path))?;
        // Some names are of a program that would start a Python, and has none of that version.
        let is_none = ended.rc == 127 && ended.stdout.is_empty();
        finished.get_or_insert((path.clone(), ended.clone()));
        if !is_none {
            finished = Some((path, ended));
            break;
        }
    }
    let (python, finished) = finished.ok_or_else(|| no_python(module))?;
    let mut fields = told(module, &finished);
    let facts = fields.entry("ansible_facts").or_insert(json!({}));
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("discovered_interpreter_python".into(), json!(python));
    }
    Ok(fields)
}

/// What a module returned, and what it printed as errors where that is told.
fn told(module: &Foreign, finished: &Finished) -> Fields {
    let mut fields = result::of(finished);
    if module.tells_errors && !finished.stderr.is_empty() {
        fields.insert("stderr".into(), finished.err().into());
    }
    fields
}

fn no_python(module: &Foreign) -> Failure {
    let (name, names) = (&module.name, module.pythons.join(", "));
    let msg = format!("`{name}` is a module in Python, and no Python was found on the host: there is none of {names}");
    output(Failure::new(msg).with("rc", 127), &Finished::default())
}

fn program(
    module: &Foreign,
    interpreter: &[String],
    code: &Path,
    folder: &Path,
    input: &str,
) -> Result<Program, Failure> {
    let of = |path: &Path| match interpreter {
        [program, words @ ..] => Program::new(program).args(words).arg(path),
        [] => Program::new(path),
    };
    let written = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error)).map(|()| path)
    };
    Ok(match module.form {
        ForeignForm::Package => of(code).stdin(input),
        ForeignForm::File => of(&code.join(&module.name)).arg(written("args", input)?),
        ForeignForm::Filled => {
            let file = code.join(&module.name);
            let text = fs::read_to_string(&file).map_err(|error| Failure::io("read", &file, &error))?;
            let quoted = Value::from(input).to_string();
            of(&written(&module.name, &text.replace(QUOTED_ARGUMENTS, &quoted).replace(ARGUMENTS, input))?)
        }
    })
}

/// A module whose interpreter is not there fails as in Ansible, where a shell looks for it.
fn not_started(failure: Failure, interpreter: &[String]) -> Failure {
    let is_missing = failure.fields.get("rc").and_then(Value::as_i64) == Some(2);
    let Some(program) = interpreter.first().filter(|_| is_missing) else {
        return output(failure, &Finished::default());
    };
    let failure = Failure::new(format!("The module interpreter '{program}' was not found."));
    let stderr = format!("/bin/sh: 1: {program}: not found\n").into_bytes();
    output(failure.with("rc", 127), &Finished { stderr, ..Finished::default() })
}

/// What a module printed that gave no result.
fn output(failure: Failure, finished: &Finished) -> Failure {
    failure.with("module_stdout", finished.out()).with("module_stderr", finished.err())
}

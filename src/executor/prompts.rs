//! `vars_prompt`: asks the person at the keyboard for variables.

use std::io::IsTerminal;

use super::{Run, settings::evaluate};
use crate::{
    output::Event,
    playbook::VarsPrompt,
    source::{Diagnostic, Span},
    template::{Syntax, Template},
    value::{Dict, Value},
    vars::Scope,
};

/// The answer to a prompt. Where nobody can answer, the default counts, with a warning.
pub fn ask(prompt: &VarsPrompt, scope: &Scope, run: &Run) -> Result<Value, Diagnostic> {
    let text = |value: &Option<crate::source::Spanned<Value>>| -> Result<Option<String>, Diagnostic> {
        Ok(value.as_ref().map(|value| evaluate(value, scope)).transpose()?.map(|value| value.to_str()))
    };
    let default = text(&prompt.default)?;
    if !std::io::stdin().is_terminal() {
        let warning = Diagnostic::warning("Not prompting as we are not in interactive mode").at(&prompt.span);
        run.events.emit(Event::Warning(warning));
        return Ok(default.map_or_else(Value::empty_text, Value::from));
    }
    let question = text(&prompt.prompt)?.unwrap_or_else(|| prompt.name.clone());
    let question = match default.as_deref() {
        Some(default) => format!("{question} [{default}]: "),
        None => format!("{question}: "),
    };
    let read = |question: &str| -> Result<String, Diagnostic> {
        let answer = match prompt.is_private {
            true => rpassword::prompt_password(question).ok(),
            false => crate::cli::ask_line(question),
        };
        answer.ok_or_else(|| Diagnostic::error("the input ended before all variables were given").at(&prompt.span))
    };
    let answer = loop {
        let answer = read(&question)?;
        if !prompt.confirm || read(&format!("confirm {question}"))? == answer {
            break answer;
        }
        run.events.emit(Event::Note("***** VALUES ENTERED DO NOT MATCH ****".into()));
    };
    let answer = match default {
        Some(default) if answer.is_empty() => default,
        _ => answer,
    };
    if prompt.is_private {
        run.events.secrets().add(&answer);
    }
    match &prompt.encrypt {
        Some(scheme) => hashed(&answer, scheme, prompt, scope),
        None if prompt.is_unsafe || Template::is_plain(&answer) => Ok(Value::from(answer)),
        None => {
            let span = Span::outside(&prompt.name, &answer);
            Ok(Template::compile(&answer, &span, &Syntax::default()).map_err(Diagnostic::from)?.into())
        }
    }
}

/// The answer as `password_hash` makes it.
fn hashed(answer: &str, scheme: &str, prompt: &VarsPrompt, scope: &Scope) -> Result<Value, Diagnostic> {
    let mut scope = scope.clone();
    scope.bind("sutler_answer", Value::from(answer));
    scope.bind("sutler_scheme", Value::from(scheme));
    let options = Dict::new();
    if let Some(salt) = &prompt.salt {
        options.insert("salt", salt.as_str());
    }
    if let Some(size) = prompt.salt_size {
        options.insert("salt_size", Value::Int(size));
    }
    scope.bind("sutler_options", Value::Dict(options));
    let expression = "sutler_answer | password_hash(sutler_scheme, **sutler_options)";
    let template = Template::expression(expression, &prompt.span).map_err(Diagnostic::from)?;
    Ok(scope.context().render(&template)?)
}

//! `vars_prompt`: asks the person at the keyboard for variables.

use std::io::IsTerminal;

use super::{Run, settings::evaluate};
use crate::{
    output::Event,
    playbook::VarsPrompt,
    source::{Diagnostic, Span, nearest},
    template::{Syntax, Template, password_hash},
    value::Value,
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
        return match (&prompt.encrypt, default) {
            (Some(scheme), Some(default)) => hashed(&default, scheme, prompt),
            (Some(_), None) => {
                let error = format!("there is nobody to ask for `{}`, and no default to encrypt", prompt.name);
                let help = format!("give it a `default`, or the variable with `-e {}=…`", prompt.name);
                Err(Diagnostic::error(error).at(&prompt.span).help(help))
            }
            (None, default) => Ok(default.map_or_else(Value::empty_text, Value::from)),
        };
    }
    let question = text(&prompt.prompt)?.unwrap_or_else(|| prompt.name.clone());
    let question = match default.as_deref() {
        Some(default) => format!("{question} [{default}]: "),
        None => format!("{question}: "),
    };
    let answer = match (answer(&question, prompt, run)?, default) {
        (answer, Some(default)) if answer.is_empty() => default,
        (answer, _) => answer,
    };
    if prompt.is_private {
        run.events.secrets().add(&answer);
    }
    match &prompt.encrypt {
        Some(scheme) => hashed(&answer, scheme, prompt),
        None if prompt.is_unsafe || Template::is_plain(&answer) => Ok(Value::from(answer)),
        None => {
            let span = Span::outside(&prompt.name, &answer);
            Ok(Template::compile(&answer, &span, &Syntax::default()).map_err(Diagnostic::from)?.into())
        }
    }
}

/// What is typed in, twice the same if it has to be confirmed.
fn answer(question: &str, prompt: &VarsPrompt, run: &Run) -> Result<String, Diagnostic> {
    let read = |question: &str| -> Result<String, Diagnostic> {
        let answer = if prompt.is_private {
            run.events.ask(|| crate::cli::ask_password(question)).map(|answer| answer.expose().to_owned())
        } else {
            run.events.ask(|| crate::cli::ask_line(question))
        };
        answer.ok_or_else(|| Diagnostic::error("the input ended before all variables were given").at(&prompt.span))
    };
    loop {
        let answer = read(question)?;
        if !prompt.confirm || read(&format!("confirm {question}"))? == answer {
            return Ok(answer);
        }
        run.events.emit(Event::Note("***** VALUES ENTERED DO NOT MATCH ****".into()));
    }
}

/// The names that `encrypt` takes, which are those of `passlib`.
const SCHEMES: [&str; 5] = ["md5_crypt", "bcrypt", "sha256_crypt", "sha512_crypt", "yescrypt"];

/// The answer as `password_hash` makes it.
fn hashed(answer: &str, scheme: &str, prompt: &VarsPrompt) -> Result<Value, Diagnostic> {
    if !SCHEMES.contains(&scheme) {
        let error = Diagnostic::error(format!("`encrypt` has no scheme `{scheme}`")).at(&prompt.span);
        return Err(error.help(match nearest(scheme, SCHEMES) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it has {}", SCHEMES.join(", ")),
        }));
    }
    let hash = password_hash(answer, scheme, prompt.salt.as_deref(), prompt.salt_size);
    hash.map(Value::from).map_err(|why| {
        Diagnostic::error(format!("cannot encrypt the answer for `{}`: {why}", prompt.name)).at(&prompt.span)
    })
}

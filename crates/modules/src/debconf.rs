//! `debconf`: answers to the questions that packages ask.

mod answers;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Program, Reader, Writer,
        args::{plain_text, python_type},
    },
};
use answers::Answers;

choice! {
    /// The type of a question.
    pub enum Type {
        /// `true` or `false`.
        Boolean = "boolean",
        /// A message of a failure.
        Error = "error",
        /// Some of several.
        Multiselect = "multiselect",
        /// A message.
        Note = "note",
        /// A password.
        Password = "password",
        /// Whether the question was asked already.
        Seen = "seen",
        /// One of several.
        Select = "select",
        /// A line.
        String = "string",
        /// A message.
        Text = "text",
        /// A title.
        Title = "title",
    }
}

/// Answers a question that a package asks when it is configured, before it is asked; or tells the package's answers.
///
/// The package is not configured again by that.
///
/// ```yaml
/// - debconf:
///     name: tzdata
///     question: tzdata/Areas
///     value: Europe
///     vtype: select
/// ```
#[derive(Args)]
#[args(together("question", "vtype", "value"))]
pub struct Debconf {
    /// The package.
    #[arg(alias = "pkg")]
    name: String,
    /// The question; without it, all answers are told.
    #[arg(alias = "selection", alias = "setting")]
    question: Option<String>,
    /// The question's type.
    vtype: Option<Type>,
    /// The answer; for `multiselect` a list or text with commas.
    #[arg(alias = "answer")]
    value: Option<Value>,
    /// The question is still to be asked.
    #[arg(default = false)]
    unseen: bool,
}

impl Module for Debconf {
    type Plan = String;

    fn inspect(&self, host: &Reader) -> Result<Changes<String>, Failure> {
        if self.name.trim().is_empty() {
            // It says how it is used.
            let program = Program::new(host.required("debconf-show")?).plain_locale();
            return Err(Failure::new(host.query(&program)?.err()));
        }
        let answers = Answers::of(host, &self.name)?;
        let Some(question) = &self.question else {
            return Ok(Changes::none().with("msg", "").with("current", answers.shown()));
        };
        let (Some(vtype), Some(value)) = (self.vtype, &self.value) else {
            return Err(Failure::new("when supplying a question you must supply a valid vtype and value"));
        };
        if let (Type::Multiselect, Value::Array(items)) = (vtype, value)
            && let Some(why) = no_texts(items)
        {
            return Err(Failure::new(format!("Invalid value provided for 'multiselect': {why}")));
        }
        let known = answers.get(question);
        let items = items(value, known.is_some());
        let wanted = items.as_ref().map_or_else(|| text(vtype, value), |items| items.join(", "));
        let existing = known.unwrap_or_default();
        let same = match vtype {
            _ if known.is_none() => false,
            Type::Boolean => existing.to_lowercase() == wanted,
            Type::Multiselect if value.is_array() => members(existing) == members(&wanted),
            Type::Password => answers.password(question) == Some(wanted.as_str()),
            _ => existing == wanted,
        };
        if same {
            return Ok(Changes::none().with("msg", "").with("current", answers.shown()));
        }
        let before = json!({ question.as_str(): existing });
        // In check mode the list stays one.
        let after = items.filter(|_| host.mode().check).map_or_else(|| json!(wanted), |items| json!(items));
        let after = json!({ question.as_str(): after });
        let line = format!("{} {question} {} {wanted}\n", self.name, vtype.as_str());
        Ok(Changes::of(line)
            .with("msg", "")
            .with("current", after.clone())
            .with("previous", before.clone())
            .with_diff(Diff::new(before, after)))
    }

    fn apply(&self, line: String, host: &mut Writer) -> Result<Fields, Failure> {
        let mut program = Program::new(host.required("debconf-set-selections")?);
        if self.unseen {
            program = program.arg("-u");
        }
        let finished = host.run(&program.stdin(line).plain_locale())?;
        if finished.success() { Ok(Fields::new()) } else { Err(Failure::new(finished.err())) }
    }
}

/// What Python says when items that are not all texts are sorted and joined; `None` of texts.
fn no_texts(items: &[Value]) -> Option<String> {
    let is_number = |value: &Value| value.is_number() || value.is_boolean();
    let compares =
        |one: &Value, other: &Value| one.is_string() && other.is_string() || is_number(one) && is_number(other);
    if let Some((before, item)) = items.iter().zip(items.iter().skip(1)).find(|(before, item)| !compares(before, item))
    {
        let (item, before) = (python_type(item), python_type(before));
        return Some(format!("'<' not supported between instances of '{item}' and '{before}'"));
    }
    let item = items.first().filter(|item| !item.is_string())?;
    Some(format!("sequence item 0: expected str instance, {} found", python_type(item)))
}

/// The items of an answer that is a list.
fn items(value: &Value, are_sorted: bool) -> Option<Vec<String>> {
    let mut items: Vec<String> = value.as_array()?.iter().map(plain_text).collect();
    if are_sorted {
        items.sort_unstable();
    }
    Some(items)
}

/// The answer as debconf keeps it.
fn text(vtype: Type, value: &Value) -> String {
    let text = plain_text(value);
    if vtype == Type::Boolean { text.to_lowercase() } else { text }
}

fn members(text: &str) -> Vec<&str> {
    let mut members: Vec<&str> = text.split(',').map(str::trim).filter(|member| !member.is_empty()).collect();
    members.sort_unstable();
    members
}

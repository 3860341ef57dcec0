//! Arguments: what a module takes, how it is documented, and how what came over the wire becomes it.
//!
//! `#[derive(Args)]` on a struct writes [`Args::spec`] and [`Args::take`] from its fields, their
//! types and doc comments. Checks, conversions and messages are those of Ansible's argument spec.

mod convert;
mod told;

use serde_json::Value;
use sutler_protocol::Arguments;

use super::{Failure, engine::Context};

pub use told::told;

/// The type of an argument, as documentation names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A boolean in any of YAML's and Ansible's spellings.
    Bool,
    /// A path on the host; `~` and `$VARIABLES` are expanded.
    Path,
    /// A list; text is split at commas, and blanks around them stay.
    List,
    /// A mapping; text may be JSON or `k=v` pairs.
    Dict,
    /// Whatever it is.
    Raw,
}

impl Kind {
    /// As documentation writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Path => "path",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Raw => "raw",
        }
    }
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// Its name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// Its type.
    pub kind: Kind,
    /// The module fails without it.
    pub required: bool,
    /// What stands for it when it is missing, as JSON or plain text.
    pub default: Option<&'static str>,
    /// The values it may have; empty when any will do.
    pub choices: &'static [&'static str],
    /// Its documentation; empty without the feature `docs`.
    pub doc: &'static str,
    /// Never shown: a password or a key.
    pub secret: bool,
    /// Set by the controller, not by people.
    pub internal: bool,
}

/// How arguments depend on each other.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most one of them.
    Exclusive(&'static [&'static str]),
    /// All or none of them.
    Together(&'static [&'static str]),
    /// At least one of them.
    OneOf(&'static [&'static str]),
    /// When the first has the value, all of the others.
    If(&'static str, &'static str, &'static [&'static str]),
    /// When the first is there, all of the others.
    By(&'static str, &'static [&'static str]),
}

/// A module's arguments and its documentation.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The module's short name.
    pub name: &'static str,
    /// Its documentation: what it does, then an example; empty without the feature `docs`.
    pub doc: &'static str,
    /// Its arguments, in the order of documentation.
    pub options: Vec<Opt>,
    /// How they depend on each other.
    pub rules: Vec<Rule>,
    /// The argument that text without `key=` goes to, as `command`'s; `None` for most modules.
    pub free_form: Option<&'static str>,
    /// Any other name is taken as well (`set_fact`, `debug` never complain).
    pub open: bool,
}

/// Some arguments of a module: derived code lists them in the order of the fields.
pub enum Part {
    /// Fields of the struct itself.
    Own(&'static [Opt]),
    /// A flattened field.
    Inner(fn() -> Spec),
}

impl Spec {
    /// Puts a spec together; called by derived code.
    pub fn of(
        name: &'static str,
        doc: &'static str,
        parts: &'static [Part],
        rules: &'static [Rule],
        free_form: Option<&'static str>,
        open: bool,
    ) -> Self {
        let mut spec = Self { name, doc, options: Vec::new(), rules: rules.to_vec(), free_form, open };
        for part in parts {
            match part {
                Part::Own(options) => spec.options.extend(*options),
                Part::Inner(inner) => {
                    let inner = inner();
                    spec.options.extend(inner.options);
                    spec.rules.extend(inner.rules);
                }
            }
        }
        spec
    }

    /// The argument that `name` means, aliases included.
    pub fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|opt| opt.name == name || opt.aliases.contains(&name))
    }
}

/// What is wrong with a module's arguments.
#[derive(Debug)]
pub enum ArgError {
    /// Names the module does not have.
    Unknown {
        /// The module.
        module: &'static str,
        /// The names.
        names: Vec<String>,
        /// What it has, as Ansible lists it.
        supported: String,
    },
    /// Arguments that have to be there.
    Missing(Vec<&'static str>),
    /// A value of the wrong type.
    Type {
        /// The argument.
        name: String,
        /// The type it has in Python's words.
        given: &'static str,
        /// The type it should have.
        wanted: &'static str,
        /// Why it cannot be converted.
        why: String,
        /// Whether it is an element of the argument's list.
        is_element: bool,
    },
    /// A value that is none of the choices.
    Choice {
        /// The argument.
        name: String,
        /// The choices.
        choices: Vec<&'static str>,
        /// The value.
        given: String,
    },
    /// A broken [`Rule`], worded.
    Rule(String),
}

impl std::fmt::Display for ArgError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown { module, names, supported } => {
                let names = names.join(", ");
                write!(
                    f,
                    "Unsupported parameters for ({module}) module: {names}. Supported parameters include: {supported}."
                )
            }
            Self::Missing(names) => write!(f, "missing required arguments: {}", names.join(", ")),
            Self::Type { name, given, wanted, why, is_element } => {
                let what = if *is_element { "Elements value for option" } else { "argument" };
                write!(f, "{what} '{name}' is of type {given} and we were unable to convert to {wanted}: {why}")
            }
            Self::Choice { name, choices, given } => {
                write!(f, "value of {name} must be one of: {}, got: {given}", choices.join(", "))
            }
            Self::Rule(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ArgError {}

impl ArgError {
    /// The same error of an element of a list.
    fn of_element(self) -> Self {
        match self {
            Self::Type { name, given, wanted, why, .. } => Self::Type { name, given, wanted, why, is_element: true },
            other => other,
        }
    }

    /// The task's failure.
    pub fn into_failure(self) -> Failure {
        Failure::new(self.to_string())
    }
}

/// What converting one value needs to know.
pub struct Conversion<'a> {
    /// The argument's name, for messages.
    pub name: &'a str,
    /// The environment that paths are expanded in.
    pub environment: &'a [(String, String)],
}

impl Conversion<'_> {
    /// The error of a value that cannot be converted to `wanted`.
    pub fn fail<T>(&self, value: &Value, wanted: &'static str, why: impl Into<String>) -> Result<T, ArgError> {
        let name = self.name.to_owned();
        Err(ArgError::Type { name, given: python_type(value), wanted, why: why.into(), is_element: false })
    }
}

/// Arguments as a struct; derived.
pub trait Args: Sized {
    /// The arguments and their documentation.
    fn spec() -> Spec;

    /// Builds the struct from arguments that were checked against the spec; `None` when the taker met an error.
    fn take(taker: &mut Taker) -> Option<Self>;

    /// Checks and converts what came over the wire.
    fn parse(arguments: &mut Arguments, context: &Context) -> Result<Self, ArgError> {
        prepare(&Self::spec(), arguments, context)?;
        let mut taker = Taker { arguments, environment: &context.environment, error: None };
        Self::take(&mut taker).ok_or_else(|| taker.error.expect("nothing is missing without an error"))
    }

    /// Checks and converts the arguments of a task that the controller does itself.
    fn of_action(mut arguments: Arguments) -> Result<Self, ArgError> {
        check(&Self::spec(), &mut arguments)?;
        let mut taker = Taker { arguments: &mut arguments, environment: &[], error: None };
        Self::take(&mut taker).ok_or_else(|| taker.error.expect("nothing is missing without an error"))
    }
}

fn prepare(spec: &Spec, arguments: &mut Arguments, context: &Context) -> Result<(), ArgError> {
    check(spec, arguments)?;
    if spec.option("_check").is_some() {
        arguments.insert("_check".into(), context.mode.check.into());
    }
    Ok(())
}

/// Brings arguments into the shape of a spec: aliases renamed, names and rules checked, defaults filled in.
///
/// Values that are still templates (`is_open`) are taken for any value; the controller uses this
/// while loading.
pub fn check(spec: &Spec, arguments: &mut Arguments) -> Result<(), ArgError> {
    rename_aliases(spec, arguments);
    let unknown: Vec<String> =
        arguments.keys().filter(|name| !spec.open && spec.option(name).is_none()).cloned().collect();
    if !unknown.is_empty() {
        return Err(ArgError::Unknown { module: full_name(spec.name), names: unknown, supported: supported(spec) });
    }
    arguments.retain(|_, value| !value.is_null());
    for rule in &spec.rules {
        check_exclusive(rule, arguments)?;
    }
    let missing: Vec<_> =
        spec.options.iter().filter(|opt| opt.required && !arguments.contains_key(opt.name)).map(|o| o.name).collect();
    if !missing.is_empty() {
        return Err(ArgError::Missing(missing));
    }
    for opt in &spec.options {
        if let Some(default) = opt.default
            && !arguments.contains_key(opt.name)
        {
            arguments.insert(opt.name.to_owned(), default_value(default));
        }
        if let Some(value) = arguments.get(opt.name) {
            check_choice(opt, value)?;
        }
    }
    spec.rules.iter().try_for_each(|rule| check_rule(rule, arguments))
}

/// What a default stands for: JSON, or plain text.
fn default_value(default: &str) -> Value {
    serde_json::from_str(default).unwrap_or_else(|_| Value::from(default))
}

/// The name by which Ansible calls a module: in full when it is one of a collection.
fn full_name(short: &'static str) -> &'static str {
    let known = crate::find(short).filter(|entry| !entry.name.starts_with("ansible.builtin."));
    known.map_or(short, |entry| entry.name)
}

fn rename_aliases(spec: &Spec, arguments: &mut Arguments) {
    for opt in &spec.options {
        for alias in opt.aliases {
            if let Some(value) = arguments.shift_remove(*alias) {
                arguments.entry(opt.name).or_insert(value);
            }
        }
    }
}

/// Names, then all other names in parentheses.
fn supported(spec: &Spec) -> String {
    let listed = |names: &mut dyn Iterator<Item = &'static str>| {
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.join(", ")
    };
    let options = || spec.options.iter().filter(|opt| !opt.internal);
    // Ansible does not hide how `command` gets its text.
    let raw: &[&str] = if spec.name == "command" { &["_raw_params", "_uses_shell"] } else { &[] };
    let names = listed(&mut options().map(|opt| opt.name).chain(raw.iter().copied()));
    let others = listed(&mut options().flat_map(|opt| opt.aliases.iter().copied()));
    if others.is_empty() { names } else { format!("{names} ({others})") }
}

fn check_choice(opt: &Opt, value: &Value) -> Result<(), ArgError> {
    if opt.choices.is_empty() {
        return Ok(());
    }
    let split: Vec<Value>;
    let values = match value {
        Value::Array(items) if opt.kind == Kind::List => items.iter().collect(),
        Value::String(text) if opt.kind == Kind::List => {
            split = text.split(',').map(Value::from).collect();
            split.iter().collect()
        }
        other => vec![other],
    };
    for value in values {
        let text = plain_text(value);
        // YAML 1.1 turns an unquoted `yes` or `no` into a boolean; Ansible turns it back.
        let boolean = value.as_bool().and_then(|yes| {
            let spellings: &[&str] =
                if yes { &["yes", "on", "true", "True"] } else { &["no", "off", "false", "False"] };
            opt.choices.iter().find(|choice| spellings.contains(choice))
        });
        if boolean.is_none() && !opt.choices.contains(&text.as_str()) {
            if opt.kind == Kind::List {
                let (name, choices) = (opt.name, opt.choices.join(", "));
                return Err(ArgError::Rule(format!(
                    "value of {name} must be one or more of: {choices}. Got no match for: {text}"
                )));
            }
            return Err(ArgError::Choice { name: opt.name.into(), choices: opt.choices.to_vec(), given: text });
        }
    }
    Ok(())
}

fn check_exclusive(rule: &Rule, arguments: &Arguments) -> Result<(), ArgError> {
    let Rule::Exclusive(names) = rule else { return Ok(()) };
    if names.iter().filter(|name| arguments.contains_key(**name)).count() > 1 {
        return Err(ArgError::Rule(format!("parameters are mutually exclusive: {}", names.join("|"))));
    }
    Ok(())
}

fn check_rule(rule: &Rule, arguments: &Arguments) -> Result<(), ArgError> {
    let has = |name: &&str| arguments.contains_key(*name);
    let missing = |names: &'static [&'static str]| -> Vec<&str> {
        names.iter().filter(|n| !arguments.contains_key(**n)).copied().collect()
    };
    let text = match rule {
        Rule::Together(names) if names.iter().any(&has) && !names.iter().all(&has) => {
            format!("parameters are required together: {}", names.join(", "))
        }
        Rule::OneOf(names) if !names.iter().any(&has) => {
            format!("one of the following is required: {}", names.join(", "))
        }
        Rule::If(name, value, needed)
            if arguments.get(*name).is_some_and(|v| plain_text(v) == *value) && !missing(needed).is_empty() =>
        {
            format!("{name} is {value} but all of the following are missing: {}", missing(needed).join(", "))
        }
        Rule::By(name, needed) if has(name) && !missing(needed).is_empty() => {
            format!("missing parameter(s) required by '{name}': {}", missing(needed).join(", "))
        }
        _ => return Ok(()),
    };
    Err(ArgError::Rule(text))
}

/// The type of a value in Python's words.
pub fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// A value as Python's `str()` would print it.
pub fn plain_text(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as Python's `repr()` would print it.
pub fn python_repr(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("'{key}': {}", python_repr(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => plain_text(other),
    }
}

/// A type that an argument can have.
pub trait FromArg: Sized {
    /// Its type in documentation.
    const KIND: Kind;
    /// The values it may have; empty when any will do.
    const CHOICES: &'static [&'static str] = &[];
    /// Whether it may be missing.
    const OPTIONAL: bool = false;

    /// Converts a value that is there.
    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError>;

    /// What a missing argument is; `None` when it has to be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// Takes arguments out of the checked ones; used by derived code.
///
/// It keeps the first error and goes on: to leave at each of some three hundred fields, with all
/// before it undone, is more code than to take the rest.
pub struct Taker<'a> {
    arguments: &'a mut Arguments,
    environment: &'a [(String, String)],
    error: Option<ArgError>,
}

impl Taker<'_> {
    /// Takes one; `None` after an error.
    pub fn take<T: FromArg>(&mut self, name: &'static str) -> Option<T> {
        let taken = match take_value(self.arguments, name) {
            Some(value) => T::from_arg(value, &Conversion { name, environment: self.environment }),
            None => T::absent().ok_or_else(|| ArgError::Missing(vec![name])),
        };
        taken.map_err(|error| self.error.get_or_insert(error)).ok()
    }

    /// Whether there was an error.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }
}

/// One copy for all types: there are some three hundred arguments.
#[inline(never)]
fn take_value(arguments: &mut Arguments, name: &str) -> Option<Value> {
    arguments.shift_remove(name).filter(|value| !value.is_null())
}

/// An argument with a fixed set of values: an enum, and how each value is spelt.
#[macro_export]
macro_rules! choice {
    ($(#[$outer:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $($(#[$inner])* $variant),* }

        impl $name {
            /// As it is spelt in a playbook.
            #[allow(dead_code, reason = "not every choice is printed")]
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl $crate::kit::FromArg for $name {
            const KIND: $crate::kit::Kind = $crate::kit::Kind::Str;
            const CHOICES: &'static [&'static str] = &[$($text),*];

            fn from_arg(
                value: serde_json::Value,
                conversion: &$crate::kit::args::Conversion,
            ) -> Result<Self, $crate::kit::ArgError> {
                let text = $crate::kit::args::plain_text(&value);
                let boolean = value.as_bool();
                match text.as_str() {
                    $($text => Ok(Self::$variant),)*
                    $(_ if boolean.is_some() && boolean == $crate::kit::args::boolean_spelling($text) => Ok(Self::$variant),)*
                    _ => Err($crate::kit::ArgError::Choice {
                        name: conversion.name.to_owned(),
                        choices: Self::CHOICES.to_vec(),
                        given: text,
                    }),
                }
            }
        }
    };
}

/// The boolean that YAML 1.1 makes of an unquoted choice such as `no`.
pub fn boolean_spelling(text: &str) -> Option<bool> {
    match text {
        "yes" | "on" | "true" | "True" => Some(true),
        "no" | "off" | "false" | "False" => Some(false),
        _ => None,
    }
}

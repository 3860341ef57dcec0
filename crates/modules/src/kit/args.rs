//! Arguments: what a module takes, how it is documented, and how what came over the wire becomes it.
//!
//! `#[derive(Args)]` on a struct writes [`Args::spec`] and [`Args::take`] from its fields, their
//! types and doc comments. Checks, conversions and messages are those of Ansible's argument spec.

mod check;
mod convert;
mod spec;
mod told;

use serde_json::Value;
use sutler_protocol::Arguments;

use self::check::prepare;
use super::{Failure, engine::Context};

pub use check::check;
pub use spec::{Kind, Opt, Part, Rule, Spec};
pub use told::told;

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
    /// A value that should have arguments of its own and has not, worded.
    Nested(String),
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
            Self::Nested(text) | Self::Rule(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ArgError {}

impl ArgError {
    /// Whether a value has the wrong type.
    fn is_of_type(&self) -> bool {
        matches!(self, Self::Type { .. } | Self::Nested(_))
    }

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

/// Arguments within an argument.
#[derive(Clone, Debug)]
pub struct Suboptions(pub Arguments);

/// Arguments as a struct; derived.
pub trait Args: Sized {
    /// The arguments and their documentation.
    fn spec() -> Spec;

    /// Builds the struct from arguments that were checked against the spec; `None` when the taker met an error.
    fn take(taker: &mut Taker) -> Option<Self>;

    /// Checks and converts what came over the wire.
    fn parse(arguments: &mut Arguments, context: &Context) -> Result<Self, ArgError> {
        let spec = Self::spec();
        let values = prepare(&spec, arguments)?;
        if spec.option("_check").is_some() {
            arguments.insert("_check".into(), context.mode.check.into());
        }
        taken(arguments, &context.environment, values)
    }

    /// Checks and converts the arguments of a task that the controller does itself.
    fn of_action(mut arguments: Arguments) -> Result<Self, ArgError> {
        let values = prepare(&Self::spec(), &mut arguments)?;
        taken(&mut arguments, &[], values)
    }
}

/// Takes all arguments. Values of a wrong type are told before what else is wrong with `values`, as Ansible does.
fn taken<T: Args>(
    arguments: &mut Arguments,
    environment: &[(String, String)],
    values: Result<(), ArgError>,
) -> Result<T, ArgError> {
    let mut taker = Taker { arguments, environment, error: None };
    let taken = T::take(&mut taker);
    match (taker.error, values) {
        (Some(error), values) if error.is_of_type() || values.is_ok() => Err(error),
        (_, Err(error)) => Err(error),
        _ => Ok(taken.expect("nothing is missing without an error")),
    }
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
        Value::Number(number) => number.to_string(),
        Value::Array(_) | Value::Object(_) => python_repr(value),
    }
}

/// A value as Python's `repr()` would print it.
pub fn python_repr(value: &Value) -> String {
    match value {
        Value::String(text) => text_repr(text),
        Value::Array(items) => format!("[{}]", items.iter().map(python_repr).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", text_repr(key), python_repr(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => plain_text(other),
    }
}

/// A text as Python's `repr()` would print it.
fn text_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut repr = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => repr.push_str("\\n"),
            '\r' => repr.push_str("\\r"),
            '\t' => repr.push_str("\\t"),
            letter if letter == quote || letter == '\\' => repr.extend(['\\', letter]),
            letter if letter.is_control() => repr.push_str(&format!("\\x{:02x}", u32::from(letter))),
            letter => repr.push(letter),
        }
    }
    repr.push(quote);
    repr
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
        taken.map_err(|error| self.note(error)).ok()
    }

    /// Keeps an error: the first one, and of a wrong type before others.
    fn note(&mut self, error: ArgError) {
        if self.error.as_ref().is_none_or(|known| error.is_of_type() && !known.is_of_type()) {
            self.error = Some(error);
        }
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

//! What a setting is, and the notation in which the table of all settings is written.

use std::{marker::PhantomData, path::PathBuf};

use crate::value::Value;

/// One row of the table.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the table, and Ansible's for settings that belong to no plugin.
    pub name: &'static str,
    /// For the option of a plugin its kind, name and option: `connection.ssh.timeout`.
    pub option: Option<&'static str>,
    /// How its text is read.
    pub kind: Kind,
    /// Which values it may have; any if empty.
    pub choices: &'static [&'static str],
    /// Its value where nothing else says so, written as in `ansible.cfg`; `$ANSIBLE_HOME` stands for that setting.
    pub default: Option<&'static str>,
    /// Where it stands in `ansible.cfg`, as `section.key`; of several the last one wins.
    pub ini: &'static [&'static str],
    /// Its environment variables; of several the last one wins.
    pub env: &'static [&'static str],
    /// The variables of a play that say the same, and win.
    pub vars: &'static [&'static str],
    /// What it does.
    pub doc: &'static str,
    /// Whether it does that.
    pub status: Status,
}

impl Setting {
    /// The kind of plugin, the plugin and its option, if it belongs to one.
    pub fn plugin(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let (kind, rest) = self.option?.split_once('.')?;
        let (plugin, option) = rest.split_once('.')?;
        Some((kind, plugin, option))
    }

    /// Its default as data; paths stay as they are written.
    pub fn default_value(&self) -> Value {
        let Some(text) = self.default else { return Value::None };
        match self.kind {
            Kind::Bool => Value::Bool(Kind::is_true(text)),
            Kind::Int => text.parse().map_or_else(|_| Value::from(text), Value::Int),
            Kind::Float => text.parse().map_or_else(|_| Value::from(text), Value::Float),
            Kind::List if text.is_empty() => Value::List([].into_iter().collect()),
            Kind::List => Value::List(text.split(',').map(Value::from).collect()),
            Kind::Text | Kind::Path | Kind::PathList | Kind::PathSpec => Value::from(text),
        }
    }

    /// Its name among the settings of its plugin, or of Ansible.
    pub fn option_name(&self) -> &'static str {
        self.plugin().map_or(self.name, |(_, _, option)| option)
    }
}

/// Whether a setting has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has.
    Honoured,
    /// It will have.
    Later,
    /// It will not: it is about Python, or about how Ansible is built.
    Ignored,
}

/// How the text of a setting is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes`, `true`, `on`, `1` and the like are true, all else is false.
    Bool,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// Text; quotes around it are dropped.
    Text,
    /// Texts with commas between them.
    List,
    /// A path, relative to the folder of the file that it stands in.
    Path,
    /// Such paths with commas between them.
    PathList,
    /// Such paths with colons between them.
    PathSpec,
}

impl Kind {
    /// Whether a text is true as a boolean.
    pub fn is_true(text: &str) -> bool {
        matches!(text.trim().to_lowercase().as_str(), "y" | "yes" | "on" | "1" | "true" | "t" | "1.0")
    }

    /// Ansible's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Float => "float",
            Self::Text => "string",
            Self::List => "list",
            Self::Path => "path",
            Self::PathList => "pathlist",
            Self::PathSpec => "pathspec",
        }
    }
}

/// The name of a setting together with the type of its value: what code reads it by.
#[derive(Debug)]
pub struct Key<T> {
    pub(super) name: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key of the setting `name`; its kind has to give a `T`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }
}

/// What a setting's value can be read as.
pub trait Read {
    /// The value of a setting whose kind fits.
    fn read(value: &Value) -> Self;
}

impl Read for bool {
    fn read(value: &Value) -> Self {
        value.is_truthy()
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Self {
        if let Value::Int(number) = value { *number } else { 0 }
    }
}

impl Read for f64 {
    fn read(value: &Value) -> Self {
        if let Value::Float(number) = value { *number } else { 0.0 }
    }
}

impl Read for String {
    fn read(value: &Value) -> Self {
        value.to_str()
    }
}

impl Read for PathBuf {
    fn read(value: &Value) -> Self {
        value.to_str().into()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Self {
        (!value.is_none()).then(|| T::read(value))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Self {
        if let Value::List(items) = value { items.to_vec().iter().map(T::read).collect() } else { Vec::new() }
    }
}

/// Writes rows: `STATUS NAME [as "plugin.option"]: KIND [of CHOICES] = DEFAULT, ini […], env […];`.
///
/// The status is `setting` for what code reads, `through` for what another setting with the same spellings
/// stands for, `later` for what nothing reads yet, and `ignored` for what nothing ever will. The compiler
/// holds the first and the third to it: a key that is not read is dead code, and one that is read is not.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $status:ident $name:ident $(as $option:literal)?: $kind:ident
        $(of [$($choice:literal),*])? = $default:tt, ini [$($ini:literal),*], env [$($env:literal),*]
        $(, vars [$($var:literal),*])?;)*) => {
        $(settings!(@key $status $name $kind [$($doc)+]);)*

        /// The rows.
        pub const TABLE: &[crate::config::Setting] = &[$(crate::config::Setting {
            name: stringify!($name),
            option: settings!(@option $($option)?),
            kind: settings!(@kind $kind),
            choices: &[$($($choice),*)?],
            default: settings!(@default $default),
            ini: &[$($ini),*],
            env: &[$($env),*],
            vars: &[$($($var),*)?],
            doc: concat!($($doc),+),
            status: settings!(@status $status),
        }),*];
    };
    (@key setting $name:ident $kind:ident [$($doc:literal)+]) => {
        $(#[doc = $doc])+
        pub const $name: crate::config::Key<settings!(@type $kind)> = crate::config::Key::new(stringify!($name));
    };
    (@key later $name:ident $kind:ident [$($doc:literal)+]) => {
        $(#[doc = $doc])+
        #[expect(dead_code, reason = "nothing reads it yet: a row that is read is a `setting`")]
        pub const $name: crate::config::Key<settings!(@type $kind)> = crate::config::Key::new(stringify!($name));
    };
    (@key through $($rest:tt)*) => {};
    (@key ignored $($rest:tt)*) => {};
    (@status setting) => { crate::config::Status::Honoured };
    (@status through) => { crate::config::Status::Honoured };
    (@status later) => { crate::config::Status::Later };
    (@status ignored) => { crate::config::Status::Ignored };
    (@option) => { None };
    (@option $option:literal) => { Some($option) };
    (@default none) => { None };
    (@default empty) => { Some("") };
    (@default $default:literal) => { Some($default) };
    (@kind bool) => { crate::config::Kind::Bool };
    (@kind maybe_bool) => { crate::config::Kind::Bool };
    (@kind int) => { crate::config::Kind::Int };
    (@kind maybe_int) => { crate::config::Kind::Int };
    (@kind float) => { crate::config::Kind::Float };
    (@kind text) => { crate::config::Kind::Text };
    (@kind maybe_text) => { crate::config::Kind::Text };
    (@kind list) => { crate::config::Kind::List };
    (@kind path) => { crate::config::Kind::Path };
    (@kind maybe_path) => { crate::config::Kind::Path };
    (@kind pathlist) => { crate::config::Kind::PathList };
    (@kind pathspec) => { crate::config::Kind::PathSpec };
    (@type bool) => { bool };
    (@type maybe_bool) => { Option<bool> };
    (@type int) => { i64 };
    (@type maybe_int) => { Option<i64> };
    (@type float) => { f64 };
    (@type text) => { String };
    (@type maybe_text) => { Option<String> };
    (@type list) => { Vec<String> };
    (@type path) => { std::path::PathBuf };
    (@type maybe_path) => { Option<std::path::PathBuf> };
    (@type pathlist) => { Vec<std::path::PathBuf> };
    (@type pathspec) => { Vec<std::path::PathBuf> };
}

pub(super) use settings;

//! Values of variables and expressions: Python's data model, with strings that a file holds as templates kept lazy.

mod arithmetic;
mod compare;
mod convert;
mod dict;
mod difference;
mod json;
mod list;
mod number;
mod object;
mod percent;
mod pretty;
mod print;
mod text;
mod undefined;

use std::sync::Arc;

use num_bigint::BigInt;

use crate::{
    source::{Place, Span},
    template::{Template, TemplateError},
};

pub use dict::{Dict, Key};
pub use difference::unified_diff;
pub use list::List;
pub use number::{float_text, parse_int, yaml_float_text};
pub use object::{Object, Shape, with_plain};
pub use print::quote_text;
pub use text::{Str, split_lines};
pub use undefined::{Missing, Undefined};
pub(crate) use {json::json_key, number::float_format, percent::ascii_repr};

/// A string of a file that holds template markers, compiled: the only text that is ever evaluated.
pub type Lazy = Arc<Template>;

/// One value, as Python would hold it. Clones are cheap, and clones of lists and dicts share their content.
#[derive(Clone)]
pub enum Value {
    /// A name, attribute or item that does not exist; any use but a few tests and filters is an error.
    Undefined(Arc<Undefined>),
    /// `None`.
    None,
    /// `True` or `False`; in arithmetic, 1 or 0.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// An integer that does not fit into 64 bits, never one that does.
    BigInt(Arc<BigInt>),
    /// A float.
    Float(f64),
    /// Plain text: markers in it mean nothing.
    Str(Str),
    /// Bytes, as `encode` makes them.
    Bytes(Arc<[u8]>),
    /// A list, shared by all who hold it.
    List(List),
    /// A tuple.
    Tuple(Arc<[Self]>),
    /// A dict in insertion order, shared by all who hold it.
    Dict(Dict),
    /// A template from a file, evaluated by whoever uses it, in their scope.
    Lazy(Lazy),
    /// Anything else: `hostvars`, `loop`, macros, functions, ranges, dates.
    Object(Arc<dyn Object>),
}

impl Value {
    /// An empty text.
    pub fn empty_text() -> Self {
        Self::Str(Str::from(""))
    }

    /// Wraps an object.
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// A name that does not exist; the value of an unknown variable.
    pub fn undefined(name: &str) -> Self {
        Self::Undefined(Arc::new(Undefined::name(name)))
    }

    /// The placeholder `omit`: an argument with this value counts as not given.
    pub fn omit() -> Self {
        Self::Object(object::omit())
    }

    /// Whether this is the `omit` placeholder.
    pub fn is_omit(&self) -> bool {
        matches!(self, Self::Object(object) if Arc::ptr_eq(object, &object::omit()))
    }

    /// Whether this is undefined.
    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_))
    }

    /// What was missing, if using this value is an error.
    pub fn missing(&self) -> Option<&Arc<Undefined>> {
        match self {
            Self::Undefined(undefined) if !undefined.is_silent() => Some(undefined),
            _ => None,
        }
    }

    /// What is missing in it or anywhere inside of it, if using all of it is an error.
    pub fn missing_inside(&self) -> Option<Arc<Undefined>> {
        match self {
            Self::List(list) => list.with(|items| items.iter().find_map(Self::missing_inside)),
            Self::Tuple(items) => items.iter().find_map(Self::missing_inside),
            Self::Dict(dict) => dict.values().iter().find_map(Self::missing_inside),
            other => other.missing().cloned(),
        }
    }

    /// Whether this is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether this is, or may hold somewhere inside, a template that is not evaluated yet.
    pub fn may_be_lazy(&self) -> bool {
        match self {
            Self::Lazy(_) => true,
            Self::List(list) => list.may_be_lazy(),
            Self::Dict(dict) => dict.may_be_lazy(),
            Self::Tuple(items) => items.iter().any(Self::may_be_lazy),
            _ => false,
        }
    }

    /// How deep lists, tuples and dicts stand in each other here; 0 for what holds nothing.
    pub fn height(&self) -> u16 {
        match self {
            Self::List(list) => list.height(),
            Self::Dict(dict) => dict.height(),
            Self::Tuple(items) => list::height_over(items.iter()),
            _ => 0,
        }
    }

    /// Where it stands, or the template that made it; known of text, lists and dicts.
    pub fn place(&self) -> Option<Span> {
        match self {
            Self::Str(text) => text.place().span(),
            Self::List(list) => list.place().span(),
            Self::Dict(dict) => dict.place().span(),
            _ => None,
        }
    }

    /// The same, made by what stands at `place`, unless it has a place, or is a list or dict that others have as well.
    #[must_use]
    pub fn made_at(self, place: impl FnOnce() -> Place) -> Self {
        match self {
            Self::Str(text) => return Self::Str(text.made_at(place)),
            Self::List(ref list) => list.made_at(place),
            Self::Dict(ref dict) => dict.made_at(place),
            _ => {}
        }
        self
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Its integer, if it is one of at most 64 bits or a boolean.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        }
    }

    /// Its number as a float, if it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        use num_traits::ToPrimitive as _;
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Self::Float(number) => Some(*number),
            Self::BigInt(number) => number.to_f64(),
            _ => None,
        }
    }

    /// Its truth value, if it is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// Its content, if it is a dict.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// Its content, if it is a list.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Whether Python's `bool()` is true of it; undefined is false, a template that is not evaluated is true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined(_) | Self::None => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
            Self::BigInt(_) | Self::Lazy(_) => true,
            Self::Object(object) => object.is_true(),
        }
    }

    /// The boolean that it is in any of the spellings people use; `None` for what is none.
    pub fn as_flag(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            Self::Int(0) => Some(false),
            Self::Int(1) => Some(true),
            Self::Float(number) if *number == 0.0 || *number == 1.0 => Some(*number == 1.0),
            Self::Str(text) => match text.trim().to_lowercase().as_str() {
                "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
                "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its truth where a keyword or an argument takes a boolean in any of the spellings people use.
    pub fn to_flag(&self) -> bool {
        self.as_flag().unwrap_or_else(|| self.as_str().is_none() && self.is_truthy())
    }

    /// The name of its type in Python.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Undefined(_) => "Undefined",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) | Self::Lazy(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Object(object) => object.type_name(),
        }
    }

    /// That name behind its module, where Python says it so.
    pub fn full_type_name(&self) -> &str {
        match self {
            Self::Object(object) => object.full_name(),
            other => other.type_name(),
        }
    }

    /// The value of a text key, if it is a dict or an object with items; `None` where there is no such key.
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Dict(dict) => dict.get(key),
            Self::Object(object) => object.item(&Self::from(key)).ok().flatten(),
            _ => None,
        }
    }

    /// The number of its items, or of a text's characters; `None` if it has no length.
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Str(text) => Some(if text.is_ascii() { text.len() } else { text.chars().count() }),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.len()),
            Self::Tuple(items) => Some(items.len()),
            Self::Dict(dict) => Some(dict.len()),
            Self::Object(object) => object.length(),
            Self::Undefined(undefined) if undefined.is_silent() => Some(0),
            _ => None,
        }
    }

    /// What a `for` over it walks: items, a text's characters, a dict's keys. Nested templates stay lazy.
    pub fn iter(&self) -> Result<Vec<Self>, TemplateError> {
        match self {
            Self::Str(text) => {
                let mut buffer = [0; 4];
                Ok(text.chars().map(|c| Self::from(&*c.encode_utf8(&mut buffer))).collect())
            }
            Self::Bytes(bytes) => Ok(bytes.iter().map(|byte| Self::Int(i64::from(*byte))).collect()),
            Self::List(list) => Ok(list.to_vec()),
            Self::Tuple(items) => Ok(items.to_vec()),
            Self::Dict(dict) => Ok(dict.keys()),
            Self::Object(object) => match object.iterate()? {
                Some(items) => Ok(items),
                None => Err(self.not_iterable()),
            },
            Self::Undefined(undefined) if undefined.is_silent() => Ok(Vec::new()),
            Self::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            _ => Err(self.not_iterable()),
        }
    }

    fn not_iterable(&self) -> TemplateError {
        TemplateError::type_error(format!("'{}' object is not iterable", self.type_name()))
    }

    /// A copy that shares no list or dict with this one.
    #[must_use]
    pub fn deep_copy(&self) -> Self {
        match self {
            Self::List(list) => Self::List(list.with(|items| items.iter().map(Self::deep_copy).collect())),
            Self::Tuple(items) => Self::Tuple(items.iter().map(Self::deep_copy).collect()),
            Self::Dict(dict) => Self::Dict(
                dict.with(|entries| entries.iter().map(|(key, value)| (key.clone(), value.deep_copy())).collect()),
            ),
            other => other.clone(),
        }
    }
}

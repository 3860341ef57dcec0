//! Which methods Python's types have, and how many arguments they take by position.

use crate::value::Value;

/// How many arguments by position a method takes.
#[derive(Clone, Copy)]
enum Arity {
    None,
    One,
    Between(usize, usize),
    /// The method says itself what is missing.
    Own,
}

use Arity::{Between, None as Nothing, One, Own};

const TEXT: [(&str, Arity); 47] = [
    ("capitalize", Nothing),
    ("casefold", Nothing),
    ("center", Between(1, 2)),
    ("count", Own),
    ("encode", Own),
    ("endswith", Own),
    ("expandtabs", Own),
    ("find", Own),
    ("format", Own),
    ("format_map", One),
    ("index", Own),
    ("isalnum", Nothing),
    ("isalpha", Nothing),
    ("isascii", Nothing),
    ("isdecimal", Nothing),
    ("isdigit", Nothing),
    ("isidentifier", Nothing),
    ("islower", Nothing),
    ("isnumeric", Nothing),
    ("isprintable", Nothing),
    ("isspace", Nothing),
    ("istitle", Nothing),
    ("isupper", Nothing),
    ("join", One),
    ("ljust", Between(1, 2)),
    ("lower", Nothing),
    ("lstrip", Between(0, 1)),
    ("maketrans", Own),
    ("partition", One),
    ("removeprefix", One),
    ("removesuffix", One),
    ("replace", Between(2, 3)),
    ("rfind", Own),
    ("rindex", Own),
    ("rjust", Between(1, 2)),
    ("rpartition", One),
    ("rsplit", Own),
    ("rstrip", Between(0, 1)),
    ("split", Own),
    ("splitlines", Own),
    ("startswith", Own),
    ("strip", Between(0, 1)),
    ("swapcase", Nothing),
    ("title", Nothing),
    ("translate", One),
    ("upper", Nothing),
    ("zfill", One),
];

const LIST: [(&str, Arity); 11] = [
    ("append", One),
    ("extend", One),
    ("insert", Between(2, 2)),
    ("remove", One),
    ("pop", Between(0, 1)),
    ("clear", Nothing),
    ("index", Between(1, 3)),
    ("count", One),
    ("sort", Own),
    ("reverse", Nothing),
    ("copy", Nothing),
];

const TUPLE: [(&str, Arity); 2] = [("index", Own), ("count", One)];

const DICT: [(&str, Arity); 11] = [
    ("keys", Nothing),
    ("values", Nothing),
    ("items", Nothing),
    ("get", Own),
    ("update", Between(0, 1)),
    ("pop", Between(1, 2)),
    ("popitem", Nothing),
    ("setdefault", Between(1, 2)),
    ("clear", Nothing),
    ("copy", Nothing),
    ("fromkeys", Own),
];

const INTEGER: [(&str, Arity); 5] = [
    ("bit_length", Nothing),
    ("bit_count", Nothing),
    ("conjugate", Nothing),
    ("to_bytes", Own),
    ("as_integer_ratio", Own),
];

const FLOAT: [(&str, Arity); 4] =
    [("is_integer", Own), ("conjugate", Nothing), ("hex", Own), ("as_integer_ratio", Own)];

/// The methods of a value's type, as far as it is no object.
fn methods(value: &Value) -> &'static [(&'static str, Arity)] {
    match value {
        Value::Str(_) | Value::Bytes(_) => &TEXT,
        Value::List(_) => &LIST,
        Value::Tuple(_) => &TUPLE,
        Value::Dict(_) => &DICT,
        Value::Int(_) | Value::Bool(_) | Value::BigInt(_) => &INTEGER,
        Value::Float(_) => &FLOAT,
        _ => &[],
    }
}

/// Whether a value's type has a method of this name; bytes are taken for text.
pub(super) fn has(value: &Value, name: &str) -> bool {
    methods(value).iter().any(|(known, _)| *known == name)
}

/// What Python says of a call with too few or too many arguments by position.
pub(super) fn miscounted(value: &Value, name: &str, given: usize) -> Option<String> {
    let class = value.type_name();
    let plural = |count: usize| if count == 1 { "argument" } else { "arguments" };
    let (_, arity) = methods(value).iter().find(|(known, _)| *known == name)?;
    let (least, most) = match arity {
        Own => return None,
        Nothing if given == 0 => return None,
        Nothing => return Some(format!("{class}.{name}() takes no arguments ({given} given)")),
        One if given == 1 => return None,
        One => return Some(format!("{class}.{name}() takes exactly one argument ({given} given)")),
        Between(least, most) => (*least, *most),
    };
    let (how, count) = match given {
        given if (least..=most).contains(&given) => return None,
        _ if least == most => ("", least),
        given if given < least => ("at least ", least),
        _ => ("at most ", most),
    };
    Some(format!("{name} expected {how}{count} {}, got {given}", plural(count)))
}

//! `debug`: prints a message or a variable.

use serde_json::Value;

use crate::kit::{
    Args,
    args::{ArgError, Conversion, FromArg, Kind, python_repr},
};

/// Prints a message or the value of a variable.
///
/// ```yaml
/// - debug:
///     msg: "{{ inventory_hostname }} has {{ ansible_processor_vcpus }} processors"
/// - debug:
///     var: result.stdout_lines
///     verbosity: 1
/// ```
#[derive(Args)]
#[args(exclusive("msg", "var"))]
pub struct Debug {
    /// The message; any value. `Hello world!` when neither this nor `var` is given.
    pub msg: Option<Value>,
    /// An expression whose value is printed: a variable's name, without `{{ }}`.
    pub var: Option<Name>,
    /// Prints only when `-v` was given this often.
    #[arg(default = 0)]
    pub verbosity: i64,
}

/// Text that was text before: nothing is converted to it.
pub struct Name(pub String);

impl FromArg for Name {
    const KIND: Kind = Kind::Str;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => {
                let why = format!("'{}' is not a string and conversion is not allowed", python_repr(&other));
                conversion.fail(&other, "_check_type_str_no_conversion", why)
            }
        }
    }
}

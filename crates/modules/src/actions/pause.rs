//! `pause`: waits for some time, or for a person.

use serde_json::Value;

use crate::kit::{
    Args,
    args::{ArgError, Conversion, FromArg, Kind, python_repr},
};

/// Waits before the play goes on: for some time, or until a person at the terminal presses enter. It
/// runs once for all hosts.
///
/// Ctrl-C and then `c` ends the wait early, `a` aborts. Where nobody sits at a terminal, a pause without a
/// time does not wait.
///
/// ```yaml
/// - pause:
///     minutes: 5
/// - pause:
///     prompt: Enter the code from your phone
///     echo: false
///   register: code
/// ```
#[derive(Args)]
#[args(exclusive("minutes", "seconds"))]
pub struct Pause {
    /// Minutes to wait; 0 and less is a second.
    pub minutes: Option<Cut>,
    /// Seconds to wait; 0 and less is one.
    pub seconds: Option<Cut>,
    /// What is asked. What is typed is returned as `user_input` where there is no time to wait.
    pub prompt: Option<String>,
    /// Shows what is typed.
    #[arg(default = true)]
    pub echo: bool,
}

/// A whole number; parts of one are cut off.
pub struct Cut(pub i64);

impl FromArg for Cut {
    const KIND: Kind = Kind::Int;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(flag) => Some(i64::from(*flag)),
            _ => None,
        };
        let why = || format!("invalid literal for int() with base 10: {}", python_repr(&value));
        number.map_or_else(|| conversion.fail(&value, "int", why()), |number| Ok(Self(number)))
    }
}

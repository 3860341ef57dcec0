//! `assert`: fails when a condition does not hold.

use serde_json::Value;

use crate::kit::{
    Args,
    args::{ArgError, Conversion, FromArg, Kind},
};

/// Fails unless all conditions hold.
///
/// ```yaml
/// - assert:
///     that:
///       - es_version is version('7.0', '>=')
///       - groups['es_masters'] | length is odd
///     fail_msg: the cluster needs an odd number of masters
/// ```
#[derive(Args)]
pub struct Assert {
    /// The conditions, as in `when`.
    #[arg(required)]
    pub that: Vec<Value>,
    /// What a failure says.
    #[arg(alias = "msg")]
    pub fail_msg: Option<Message>,
    /// What a success says.
    pub success_msg: Option<Message>,
    /// Says only the failure.
    #[arg(default = false)]
    pub quiet: bool,
}

/// Text, or a list of texts.
pub struct Message(pub Value);

impl FromArg for Message {
    const KIND: Kind = Kind::Raw;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let is_text = match &value {
            Value::String(_) => true,
            Value::Array(items) => items.iter().all(Value::is_string),
            _ => false,
        };
        let why = "a string or list of strings is required";
        if is_text { Ok(Self(value)) } else { conversion.fail(&value, "str_or_list_of_str", why) }
    }
}

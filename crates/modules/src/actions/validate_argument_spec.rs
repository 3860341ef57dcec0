//! `validate_argument_spec`: whether variables are as a specification wants them.

use crate::kit::Args;

/// Fails when variables do not fit a specification of arguments, as roles have it in `meta/argument_specs.yml`.
///
/// ```yaml
/// - validate_argument_spec:
///     argument_spec:
///       port: {type: int, required: true}
///       mode: {choices: [active, passive], default: active}
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct ValidateArgumentSpec {
    /// What each variable has to be: `type`, `elements`, `required`, `choices`, `default`, `aliases`, and
    /// `options` for a mapping, with `mutually_exclusive`, `required_together`, `required_one_of`,
    /// `required_if` and `required_by` among them.
    #[arg(required)]
    argument_spec: serde_json::Value,
    /// Values that are checked instead of the variables of these names.
    provided_arguments: Option<serde_json::Value>,
    /// What the result says about where this is from.
    validate_args_context: Option<serde_json::Value>,
}

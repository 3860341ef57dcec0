//! Specifications and values with what ansible-core 2.19 says about them.

use serde_json::json;

use super::*;

#[track_caller]
fn says(spec: &Json, given: &Json, expected: &[&str]) {
    assert_eq!(validate(spec.as_object().unwrap(), given.as_object().unwrap()), expected);
}

#[test]
fn values_that_can_be_converted_fit() {
    let spec = json!({
        "i": { "type": "int", "required": true }, "s": { "type": "str" }, "l": { "type": "list", "elements": "str" },
        "b": { "type": "bool" }, "p": { "type": "path" }, "x": { "type": "dict" }, "n": {}, "z": { "type": "bytes" },
        "d": { "type": "dict", "options": { "sub": { "choices": ["x", "y"] }, "n": { "type": "int" } } },
        "default": { "type": "int", "default": 4 },
    });
    let given = json!({
        "i": "12", "s": 5, "l": "a,b", "b": "yes", "p": "~/x", "x": "k=v, z=1", "n": [1, 2], "z": "1.5K",
        "d": { "sub": "x", "n": 1 },
    });
    says(&spec, &given, &[]);
    says(&json!({ "a": { "type": "int" } }), &json!({ "a": null }), &[]);
}

#[test]
fn every_error_is_said_in_the_order_of_the_checks() {
    let spec = json!({
        "i": { "type": "list", "elements": "dict" }, "b": { "type": "int" }, "missing": { "required": true },
        "missing2": { "required": "yes" }, "ch": { "choices": [1, 2], "type": "int", "default": 3 },
        "d": { "type": "dict", "options": {
            "sub": { "choices": ["q"] }, "n": { "type": "bool" }, "req": { "required": true },
            "deep": { "type": "dict", "required": true },
        } },
    });
    let given = json!({ "i": "12", "b": "yes", "d": { "sub": "x", "n": 1 } });
    says(
        &spec,
        &given,
        &[
            "missing required arguments: missing, missing2",
            "Elements value for option 'i' is of type str and we were unable to convert to dict: dictionary requested, could not parse JSON or key=value",
            "argument 'b' is of type str and we were unable to convert to int: \"'yes'\" cannot be converted to an int",
            "value of ch must be one of: 1, 2, got: 3",
            "missing required arguments: deep, req found in d",
            "value of sub must be one of: q, got: x found in d",
        ],
    );
}

#[test]
fn wrong_types_are_named() {
    says(
        &json!({ "c": { "type": "int" }, "d": { "type": "bool" }, "e": { "type": "dict" }, "f": { "type": "float" } }),
        &json!({ "c": 1.5, "d": 2, "e": "[1]", "f": "x" }),
        &[
            "argument 'c' is of type float and we were unable to convert to int: \"1.5\" cannot be converted to an int",
            "argument 'd' is of type int and we were unable to convert to bool: The value '2' is not a valid boolean. Valid booleans include: 0, 1, 'n', 'y', 'f', 'no', 'on', 't', 'yes', 'off', 'true', 'false'",
            "argument 'e' is of type str and we were unable to convert to dict: dictionary requested, could not parse JSON or key=value",
            "argument 'f' is of type str and we were unable to convert to float: <class 'str'> cannot be converted to a float",
        ],
    );
}

#[test]
fn items_of_a_list_are_checked_each() {
    says(
        &json!({ "a": { "type": "list", "elements": "dict", "options": { "k": { "required": true }, "z": { "type": "int" } } } }),
        &json!({ "a": [{ "k": 1 }, { "z": "q" }] }),
        &[
            "missing required arguments: k found in a",
            "argument 'z' is of type str found in 'a'. and we were unable to convert to int: \"'q'\" cannot be converted to an int",
        ],
    );
    says(
        &json!({ "a": { "type": "list", "elements": "str", "choices": ["x", "y"] } }),
        &json!({ "a": ["x", "q", "w"] }),
        &["value of a must be one or more of: x, y. Got no match for: q, w"],
    );
}

#[test]
fn options_that_depend_on_each_other() {
    let spec = json!({ "a": { "type": "dict", "options": { "x": {}, "y": {}, "z": {}, "w": {} },
        "required_together": [["x", "y"]], "required_one_of": [["z", "w"]],
        "required_if": [["x", "1", ["y", "w"]], ["x", "1", ["y", "w"], true], ["x", "1", ["x", "w"], true]],
        "required_by": { "x": "y" } } });
    says(
        &spec,
        &json!({ "a": { "x": "1" } }),
        &[
            "parameters are required together: x, y found in a",
            "one of the following is required: z, w found in a",
            "x is 1 but all of the following are missing: y, w found in a",
            "x is 1 but any of the following are missing: y, w found in a",
            "missing parameter(s) required by 'x': y found in a",
        ],
    );
    says(
        &json!({ "a": { "type": "dict", "options": { "x": {}, "y": {} }, "mutually_exclusive": [["x", "y"]] } }),
        &json!({ "a": { "x": 1, "y": 2 } }),
        &["parameters are mutually exclusive: x|y found in a"],
    );
}

#[test]
fn unknown_names_are_said_last_with_their_path() {
    let spec = json!({ "a": { "type": "dict", "options": { "x": { "type": "dict", "options": { "y": { "required": true } } } } } });
    says(
        &spec,
        &json!({ "a": { "x": { "z": 1 }, "bogus": 1 } }),
        &["missing required arguments: y found in a -> x", "a.bogus, a.x.z. Supported parameters include: x."],
    );
    says(
        &json!({ "i": { "type": "int", "aliases": ["number"] } }),
        &json!({ "number": "x", "other": 1 }),
        &[
            "argument 'i' is of type str and we were unable to convert to int: \"'x'\" cannot be converted to an int",
            "other. Supported parameters include: i (number).",
        ],
    );
}

#[test]
fn defaults_are_applied_below_a_missing_option_when_asked_for() {
    let spec = json!({ "a": { "type": "dict", "apply_defaults": true, "options": { "x": { "required": true } } } });
    says(&spec, &json!({}), &["missing required arguments: x found in a"]);
}

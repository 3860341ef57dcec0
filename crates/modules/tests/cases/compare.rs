//! Compares results with what a case expects of them.

use serde_json::Value;

/// What differs, one line each; nothing when `given` has all that is `wanted`.
pub fn compare(at: &str, wanted: &Value, given: Option<&Value>) -> Vec<String> {
    match (wanted, given) {
        (Value::String(word), None) if word == "(absent)" => Vec::new(),
        (Value::String(word), Some(_)) if word == "(any)" => Vec::new(),
        (_, None) => vec![format!("{at}: is missing, wanted {wanted}")],
        (Value::Object(wanted), Some(Value::Object(given))) => {
            wanted.iter().flat_map(|(key, value)| compare(&format!("{at}.{key}"), value, given.get(key))).collect()
        }
        (Value::Array(wanted), Some(Value::Array(given))) if wanted.len() == given.len() => {
            let pairs = wanted.iter().zip(given).enumerate();
            pairs.flat_map(|(index, (wanted, given))| compare(&format!("{at}[{index}]"), wanted, Some(given))).collect()
        }
        (Value::String(wanted), Some(Value::String(given))) if wanted.starts_with("re:") => {
            let pattern = format!("(?s)^(?:{})$", &wanted[3..]);
            let regex = fancy_regex::Regex::new(&pattern).expect("a regular expression");
            if regex.is_match(given).expect("a harmless regular expression") {
                return Vec::new();
            }
            vec![format!("{at}: {given:?} does not match {wanted:?}")]
        }
        (wanted, Some(given)) if wanted == given => Vec::new(),
        (wanted, Some(given)) => vec![format!("{at}: is {given}, wanted {wanted}")],
    }
}

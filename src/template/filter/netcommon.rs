//! `ansible.netcommon` filters: passwords and VLANs of network devices.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed, option, password,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    for (full, short, filter) in [
        ("ansible.netcommon.comp_type5", "comp_type5", comp_type5 as Filter),
        ("ansible.netcommon.hash_salt", "hash_salt", hash_salt),
        ("ansible.netcommon.type5_pw", "type5_pw", type5_pw),
        ("ansible.netcommon.vlan_parser", "vlan_parser", vlan_parser),
    ] {
        table.extend([(full, filter), (short, filter)]);
    }
    table.insert("ansible.netcommon.vlan_expander", vlan_expander);
}

/// The salt of a hash of the form `$SCHEME$SALT$DIGEST`. The hash is in no error.
fn salt_of(hash: &str) -> Result<&str, TemplateError> {
    match hash.split('$').collect::<Vec<_>>()[..] {
        [_, _, salt, _] => Ok(salt),
        _ => Err(failed("Could not parse salt out password correctly")),
    }
}

fn hash_salt(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [password] = arguments.bind_first(["password"])?;
    let hash = required(password, "hash_salt", "password")?.to_str();
    salt_of(&hash).map(Value::from)
}

fn type5(password: &str, salt: Option<&str>) -> Result<String, TemplateError> {
    let size = salt.is_none().then_some(4);
    password::hash(password, "md5", salt, size).map_err(|why| failed(format!("type5_pw: {why}")))
}

fn type5_pw(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [password, salt] = arguments.bind_first(["password", "salt"])?;
    let password = option::text(Some(required(password, "type5_pw", "password")?)).unwrap_or_default();
    let salt = option::text(salt).filter(|salt| !salt.is_empty());
    type5(&password, salt.as_deref()).map(Value::from)
}

/// Whether a hash is that of a password; the hash itself if that is asked for.
fn comp_type5(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [plain, hash, original] =
        arguments.bind_first(["unencrypted_password", "encrypted_password", "return_original"])?;
    let plain = required(plain, "comp_type5", "unencrypted_password")?.to_str();
    let hash = option::needed(option::text(hash), "encrypted_password")?;
    let original = option::boolean(original, "return_original")?.unwrap_or(false);
    let same = type5(&plain, Some(salt_of(&hash)?))? == hash;
    Ok(if same && original { hash.into() } else { Value::Bool(same) })
}

/// `1,3-5` as a sorted list of numbers.
fn vlan_expander(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data] = arguments.bind_first(["data"])?;
    let text = required(data, "vlan_expander", "data")?.to_str();
    let number = |text: &str| {
        let wrong = || format!("invalid literal for int() with base 10: {}", Value::from(text).repr());
        text.trim().parse::<u16>().map_err(|_| TemplateError::value_error(wrong()))
    };
    let mut vlans = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((first, last)) => vlans.extend(number(first)?..=number(last)?),
            None => vlans.push(number(part)?),
        }
    }
    vlans.sort_unstable();
    Ok(vlans.into_iter().map(|vlan| Value::Int(vlan.into())).collect())
}

/// Numbers as lines of ranges, none longer than allowed.
fn vlan_parser(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, first, other] = arguments.bind_first(["data", "first_line_len", "other_line_len"])?;
    let items = option::needed(option::list(data, "data")?, "data")?;
    let length = |value, name, default| {
        let value = option::not_none(value, name, "int")?;
        Ok::<_, TemplateError>(option::integer(value, name)?.unwrap_or(default).max(0))
    };
    let (first, other) = (length(first, "first_line_len", 48)?, length(other, "other_line_len", 44)?);
    let mut vlans = Vec::new();
    for item in &items {
        let Value::Int(vlan) = item else {
            let kind = item.type_name();
            let text = format!("'<' not supported between instances of '{kind}' and 'int'");
            return Err(TemplateError::type_error(text));
        };
        vlans.push(*vlan);
    }
    vlans.sort_unstable();
    vlans.dedup();
    if vlans.is_empty() {
        return Err(TemplateError::raised("IndexError", "vlan_parser needs at least one VLAN"));
    }
    if vlans.iter().any(|vlan| !(1..=4094).contains(vlan)) {
        return Err(failed("Valid VLAN range is 1-4094"));
    }
    let mut lines: Vec<String> = Vec::new();
    for part in ranges(&vlans) {
        let limit = if lines.len() <= 1 { first } else { other } as usize;
        match lines.last_mut() {
            Some(line) if line.len() + 1 + part.len() <= limit => line.push_str(&format!(",{part}")),
            _ => lines.push(part),
        }
    }
    Ok(lines.into_iter().map(Value::from).collect())
}

/// Runs of at least three as ranges, the rest one by one.
fn ranges(vlans: &[i64]) -> Vec<String> {
    let mut parts = Vec::new();
    for run in vlans.chunk_by(|a, b| a + 1 == *b) {
        match run {
            [first, _, .., last] => parts.push(format!("{first}-{last}")),
            few => parts.extend(few.iter().map(i64::to_string)),
        }
    }
    parts
}

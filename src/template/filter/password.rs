//! `password_hash`: passwords as `/etc/shadow` holds them (`man 5 crypt`).

mod scheme;

use std::collections::HashMap;

use self::scheme::{Options, Scheme};
use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("password_hash", password_hash);
}

fn password_hash(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [password, scheme, salt, salt_size, rounds, ident] =
        arguments.bind(["password", "hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let password = required(password, "password_hash", "password")?;
    let given = |value: Option<Value>| value.filter(|value| !value.is_none());
    let name = scheme.map_or_else(|| "sha512".to_owned(), |scheme| scheme.to_str());
    let Some(scheme) = Scheme::find(&name) else {
        return Err(failed(format!(
            "{name} is not in the list of supported passlib algorithms: {}",
            Scheme::NAMES.join(", ")
        )));
    };
    // The password itself is in no message.
    let Some(secret) = password.as_str() else {
        let kind = if password.is_none() { "None" } else { password.type_name() };
        return Err(TemplateError::type_error(format!("secret must be unicode or bytes, not {kind}")));
    };
    let options = Options {
        salt: given(salt).map(|salt| salt.to_str()).filter(|salt| !salt.is_empty()),
        salt_size: given(salt_size)
            .as_ref()
            .map(whole)
            .transpose()
            .map_err(|_| TemplateError::type_error("salt_size must be an integer"))?,
        rounds: given(rounds)
            .filter(|rounds| rounds.as_str() != Some(""))
            .as_ref()
            .map(whole)
            .transpose()
            .map_err(|error| TemplateError::value_error(format!("Could not hash the secret: {error}")))?,
        ident: given(ident).map(|ident| ident.to_str()),
    };
    scheme
        .hash(secret.as_bytes(), &options)
        .map(Value::from)
        .map_err(|why| TemplateError::value_error(format!("Could not hash the secret: {why}")))
}

/// A password's hash, with a salt that is given or made. Fails for an unknown scheme, and for a salt that the scheme
/// does not take; the password itself is in no error.
pub fn hash(password: &str, scheme: &str, salt: Option<&str>, salt_size: Option<i64>) -> Result<String, String> {
    let found = Scheme::find(scheme).ok_or_else(|| format!("there is no scheme {scheme}"))?;
    let salt = salt.filter(|salt| !salt.is_empty()).map(str::to_owned);
    found.hash(password.as_bytes(), &Options { salt, salt_size, rounds: None, ident: None })
}

/// An integer, or text that holds one.
fn whole(value: &Value) -> Result<i64, TemplateError> {
    let number = value.as_str().map_or_else(|| value.as_i64(), |text| text.trim().parse().ok());
    number
        .ok_or_else(|| TemplateError::value_error(format!("invalid literal for int() with base 10: {}", value.repr())))
}

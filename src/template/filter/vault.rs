//! Encryption in templates: `vault` and `unvault`.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required, evaluate::sealed},
    failed, flag,
};
use crate::{
    value::{Str, Value},
    vault::{self, Identity, Ring, Salt},
};

/// The label of what the filter encrypts.
const ID: &str = "filter_default";

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([("vault", encrypt as Filter), ("unvault", decrypt)]);
}

fn encrypt(mut arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    // The name that the argument had.
    let old_id = arguments.take("vaultid");
    let [data, secret, salt, id, wraps] = arguments.bind(["data", "secret", "salt", "vault_id", "wrap_object"])?;
    let data = text(&required(data, "vault", "data")?, "Can only vault strings, instead we got")?;
    let identity = identity(secret, id.or(old_id), "vault")?;
    let salt = match salt.filter(|salt| !salt.is_none()) {
        None => Salt::Random,
        Some(salt) if salt.is_truthy() => Salt::Fixed(salt.to_str()),
        Some(_) => return Err(failed("Unable to encrypt: Empty or invalid salt passed to encrypt()")),
    };
    let sealed = vault::encrypt(data.as_bytes(), &identity, salt)
        .map_err(|cause| failed(format!("Unable to encrypt: {cause}")))?;
    if flag(wraps.as_ref()) {
        return Ok(Value::Str(vault::current().adopt(&Str::from(sealed), &data)));
    }
    Ok(sealed.into())
}

fn decrypt(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [given, secret, id] = arguments.bind_any(["vault", "secret", "vault_id"])?;
    if let Some(missing) = [&secret, &id].into_iter().flatten().find_map(Value::missing) {
        return Err(TemplateError::undefined(missing));
    }
    let given = required(given, "unvault", "vault")?;
    let sealed = match (sealed(&given), &given) {
        // The run's own passwords do not open it: this one may.
        (Some(ciphertext), _) => ciphertext.clone(),
        (None, Value::Undefined(undefined)) => return Err(TemplateError::undefined(undefined)),
        // The run's own passwords have opened it, and do not count here.
        (None, Value::Str(opened)) if let Some(ciphertext) = vault::current().ciphertext_of(opened) => ciphertext,
        (None, given) => text(given, "Vault should be in the form of a string, instead we got")?,
    };
    let identity = identity(secret, id, "unvault")?;
    // What is no vault, or was decrypted already, stays what it is.
    if !vault::is_vault(sealed.as_bytes()) {
        return Ok(Value::Str(sealed));
    }
    let secrets = vault::current().secrets().clone();
    let ring = Ring::new(vec![identity], false, secrets);
    let opened = ring.open_value(&sealed).map_err(|error| failed(format!("Unable to decrypt: {}", error.wording())))?;
    Ok(Value::Str(opened))
}

fn text(value: &Value, otherwise: &str) -> Result<Str, TemplateError> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        other => Err(failed(format!("{otherwise} <class '{}'>.", other.type_name()))),
    }
}

fn identity(secret: Option<Value>, id: Option<Value>, name: &str) -> Result<Identity, TemplateError> {
    let secret = required(secret, name, "secret")?;
    let wanted = if name == "vault" { "a" } else { "as" };
    let secret = text(&secret, &format!("Secret passed is required to be {wanted} string, instead we got"))?;
    let id = id.map_or_else(|| ID.to_owned(), |id| id.to_str());
    Ok(Identity::new(id, Zeroizing::new(secret.as_bytes().to_vec())))
}

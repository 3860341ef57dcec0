//! Secrets of HashiCorp Vault: the lookups of the collection `community.hashi_vault`.
//!
//! <https://developer.hashicorp.com/vault/api-docs> says what is asked and answered.

mod client;
mod login;

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::{
    super::{Arguments, Lookup, TemplateError, arguments::text},
    failed,
    inline::Inline,
    options::Options,
};
use crate::value::{Str, Value};
use client::{Client, Refusal};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("hashi_vault", hashi_vault as Lookup),
        ("community.general.hashi_vault", hashi_vault),
        ("community.hashi_vault.hashi_vault", hashi_vault),
        ("community.hashi_vault.vault_kv1_get", |arguments| each(arguments, kv1_get)),
        ("community.hashi_vault.vault_kv2_get", |arguments| each(arguments, kv2_get)),
        ("community.hashi_vault.vault_read", |arguments| each(arguments, read)),
        ("community.hashi_vault.vault_list", |arguments| each(arguments, list)),
        ("community.hashi_vault.vault_write", |arguments| each(arguments, write)),
        ("community.hashi_vault.vault_login", vault_login),
    ]);
}

/// What one path gives.
type One = fn(&Client, &Options<'_>, &str) -> Result<Json, TemplateError>;

fn each(arguments: Arguments<'_>, one: One) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("hashi_vault", arguments.context, arguments.named);
    let client = login::client(&options)?;
    arguments.positional.iter().map(|term| Ok(Value::from_json(one(&client, &options, &text(term)?)?))).collect()
}

/// `path[:field]`, with options behind it as old playbooks have them.
fn hashi_vault(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("hashi_vault", arguments.context, arguments.named);
    let mut values = Vec::new();
    for term in &arguments.positional {
        let inline = Inline::parse(&text(term)?);
        let mut pairs = inline.pairs;
        match &inline.words[..] {
            [] => {}
            [secret] => pairs.insert(0, ("secret".into(), secret.clone())),
            _ => {
                return Err(failed("hashi_vault lookup plugin needs key=value pairs, but received none or more words"));
            }
        }
        let options = options.over(pairs);
        let secret = options.required("secret")?;
        values.extend(secrets(&login::client(&options)?, &options, &secret)?);
    }
    Ok(values)
}

fn secrets(client: &Client, options: &Options<'_>, secret: &str) -> Result<Vec<Value>, TemplateError> {
    let format = if options.value("as")?.is_some() { "as" } else { "return_format" };
    let format = options.choice(format, &["dict", "values", "raw"])?;
    // Of several colons the last one begins the field.
    let (path, field) = secret.rsplit_once(':').map_or((secret, None), |(path, field)| (path, Some(field)));
    let missing = || failed(format!("The secret {path} doesn't seem to exist for hashi_vault lookup"));
    let raw = match client.get(path) {
        Ok(raw) => raw,
        Err(Refusal::Missing) => return Err(missing()),
        Err(Refusal::Forbidden) => return Err(failed(format!("Forbidden: Permission Denied to secret '{path}'."))),
        Err(other) => return Err(other.into()),
    };
    if format == "raw" {
        return Ok(vec![Value::from_json(raw)]);
    }
    let Some(Json::Object(data)) = raw.get("data") else { return Err(missing()) };
    // Version 2 of the engine has the secret one level deeper, beside its metadata.
    let data = match (data.get("data"), data.get("metadata")) {
        (Some(Json::Object(inner)), Some(Json::Object(_))) => inner,
        _ => data,
    };
    match field {
        Some(field) => match data.get(field) {
            Some(value) => Ok(vec![Value::from_json(value.clone())]),
            None => {
                Err(failed(format!("The secret {path} does not contain the field '{field}'. for hashi_vault lookup")))
            }
        },
        None if format == "values" => Ok(data.values().cloned().map(Value::from_json).collect()),
        None => Ok(vec![Value::from_json(Json::Object(data.clone()))]),
    }
}

fn mount(options: &Options<'_>, default: &str) -> Result<String, TemplateError> {
    let mount = options.text("engine_mount_point")?.unwrap_or_else(|| default.into());
    Ok(mount.trim_matches('/').to_owned())
}

fn kv1_get(client: &Client, options: &Options<'_>, term: &str) -> Result<Json, TemplateError> {
    let path = format!("{}/{}", mount(options, "kv")?, term.trim_matches('/'));
    let raw = client.get(&path).map_err(|refusal| match refusal {
        Refusal::Missing => {
            failed(format!("Invalid or missing path ['{path}']. Check the path, and that the engine is version 1."))
        }
        Refusal::Forbidden => forbidden(&path),
        other @ Refusal::Other(_) => other.into(),
    })?;
    let data = raw.get("data").cloned().unwrap_or_default();
    let mut metadata = raw.clone();
    if let Json::Object(metadata) = &mut metadata {
        metadata.shift_remove("data");
    }
    Ok(json!({"raw": raw, "data": data, "secret": data, "metadata": metadata}))
}

fn kv2_get(client: &Client, options: &Options<'_>, term: &str) -> Result<Json, TemplateError> {
    let version = options.integer("version")?;
    let path = format!("{}/data/{}", mount(options, "secret")?, term.trim_matches('/'));
    let asked = version.map_or_else(|| path.clone(), |version| format!("{path}?version={version}"));
    let raw = client.get(&asked).map_err(|refusal| match refusal {
        Refusal::Missing => {
            let version = version.map_or_else(|| "latest".to_owned(), |version| version.to_string());
            failed(format!(
                "Invalid or missing path ['{path}'] with secret version '{version}'. Check the path or secret version."
            ))
        }
        Refusal::Forbidden => forbidden(&path),
        other @ Refusal::Other(_) => other.into(),
    })?;
    let data = raw.get("data").cloned().unwrap_or_default();
    let part = |name: &str| data.get(name).cloned().unwrap_or_default();
    Ok(json!({"raw": raw, "data": data, "secret": part("data"), "metadata": part("metadata")}))
}

fn forbidden(path: &str) -> TemplateError {
    failed(format!("Forbidden: Permission Denied to path ['{path}']."))
}

fn refused(path: &str, refusal: Refusal) -> TemplateError {
    match refusal {
        Refusal::Missing => failed(format!("The path '{path}' doesn't seem to exist.")),
        Refusal::Forbidden => failed(format!("Forbidden: Permission Denied to path '{path}'.")),
        other @ Refusal::Other(_) => other.into(),
    }
}

fn read(client: &Client, _: &Options<'_>, term: &str) -> Result<Json, TemplateError> {
    client.get(term).map_err(|refusal| refused(term, refusal))
}

fn list(client: &Client, _: &Options<'_>, term: &str) -> Result<Json, TemplateError> {
    client.ask("LIST", term, None, &[]).map_err(|refusal| refused(term, refusal))
}

fn write(client: &Client, options: &Options<'_>, term: &str) -> Result<Json, TemplateError> {
    let data = match options.value("data")? {
        Some(value @ Value::Dict(_)) => value.to_json()?,
        Some(other) => return Err(failed(format!("`data` is a dictionary, not {}", other.type_name()))),
        None => Json::Object(Map::new()),
    };
    let wrap: Vec<(String, String)> =
        options.text("wrap_ttl")?.map(|ttl| ("X-Vault-Wrap-TTL".to_owned(), ttl)).into_iter().collect();
    client.ask("POST", term, Some(data), &wrap).map_err(|refusal| match refusal {
        Refusal::Missing => failed(format!("The path '{term}' doesn't seem to exist.")),
        other => refused(term, other),
    })
}

fn vault_login(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut named = arguments.named;
    if !named.iter().any(|(name, _)| **name == *"token_validate") {
        named.push((Str::from("token_validate"), Value::Bool(true)));
    }
    let options = Options::new("hashi_vault", arguments.context, named);
    Ok(vec![Value::from_json(login::response(&options)?)])
}

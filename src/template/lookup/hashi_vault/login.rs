//! Logging in to HashiCorp Vault.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::{
    super::{
        super::{TemplateError, filter::path::expand_user},
        failed,
        options::Options,
    },
    client::{Client, Refusal, variable},
};

/// Ways to log in, the usual one first.
const METHODS: [&str; 10] = ["token", "userpass", "ldap", "approle", "jwt", "cert", "none", "aws_iam", "azure", "gcp"];

/// A client that is logged in.
pub(super) fn client(options: &Options<'_>) -> Result<Client, TemplateError> {
    let client = Client::new(options)?;
    if options.choice("auth_method", &METHODS)? == "none" {
        return Ok(client);
    }
    let response = log_in(&client, options)?;
    let token = response["auth"]["client_token"].as_str().map(str::to_owned);
    let token = token.ok_or_else(|| failed("HashiCorp Vault answered the login without a token"))?;
    Ok(client.with_token(token))
}

/// What HashiCorp Vault answers to a login; with a token, something that looks the same.
pub(super) fn response(options: &Options<'_>) -> Result<Json, TemplateError> {
    if options.choice("auth_method", &METHODS)? == "none" {
        return Err(failed("The 'none' auth method is not valid for this lookup."));
    }
    log_in(&Client::new(options)?, options)
}

fn log_in(client: &Client, options: &Options<'_>) -> Result<Json, TemplateError> {
    let method = options.choice("auth_method", &METHODS)?;
    let need = |name: &str| {
        options.text(name)?.ok_or_else(|| {
            failed(format!(
                "Authentication method {method} requires options ['{name}'] to be set, but these are missing"
            ))
        })
    };
    let (path, body) = match method {
        "token" => return token(options),
        "approle" => {
            let mut body = json!({"role_id": need("role_id")?});
            if let Some(secret) = options.text("secret_id")? {
                body["secret_id"] = secret.into();
            }
            ("login".to_owned(), body)
        }
        "userpass" | "ldap" => (format!("login/{}", need("username")?), json!({"password": need("password")?})),
        "jwt" => ("login".to_owned(), json!({"role": need("role_id")?, "jwt": need("jwt")?})),
        "cert" => {
            need("cert_auth_public_key")?;
            need("cert_auth_private_key")?;
            let role = options.text("role_id")?;
            ("login".to_owned(), role.map_or_else(|| json!({}), |role| json!({"name": role})))
        }
        other => {
            return Err(failed(format!("the auth method {other} is not supported: it needs a cloud's own library")));
        }
    };
    let mount = options.text("mount_point")?.unwrap_or_else(|| method.to_owned());
    let path = format!("auth/{}/{path}", mount.trim_matches('/'));
    client.ask("POST", &path, Some(body), &[]).map_err(|refusal| match refusal {
        Refusal::Missing => failed(format!("there is no auth method at {path}")),
        other => other.into(),
    })
}

fn token(options: &Options<'_>) -> Result<Json, TemplateError> {
    let token = match options.text("token")?.or_else(|| variable("VAULT_TOKEN")) {
        Some(token) => token,
        None => kept_token(options)?.ok_or_else(|| failed("No Vault Token specified or discovered."))?,
    };
    if !options.flag("token_validate", false)? {
        return Ok(json!({"auth": {"client_token": token}}));
    }
    let client = Client::new(options)?.with_token(token.clone());
    let found = client.get("auth/token/lookup-self").map_err(|refusal| match refusal {
        Refusal::Forbidden | Refusal::Missing => failed("Invalid Vault Token Specified."),
        other @ Refusal::Other(_) => other.into(),
    })?;
    let mut data = found["data"].clone();
    // The words that the answer to a login has.
    if let Json::Object(fields) = &mut data {
        fields.shift_remove("id");
        for (theirs, ours) in [("ttl", "lease_duration"), ("meta", "metadata"), ("policies", "token_policies")] {
            if let Some(value) = fields.shift_remove(theirs) {
                fields.insert(ours.to_owned(), value);
            }
        }
        fields.insert("client_token".to_owned(), token.into());
    }
    let mut response = found;
    response["auth"] = data;
    response["data"] = Json::Null;
    Ok(response)
}

/// The token that the `vault` program left in the home.
fn kept_token(options: &Options<'_>) -> Result<Option<String>, TemplateError> {
    let folder = options.text("token_path")?.unwrap_or_else(|| "~".into());
    let file = options.text("token_file")?.unwrap_or_else(|| ".vault-token".into());
    let path: PathBuf = Path::new(&expand_user(&folder)).join(file);
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| failed(format!("cannot read {}: {error}", path.display())))?;
    Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty()))
}

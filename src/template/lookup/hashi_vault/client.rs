//! Requests to HashiCorp Vault: its headers, its errors, and trying again.

use std::{thread::sleep, time::Duration};

use serde_json::{Map, Value as Json};
use sutler_modules::http::{Body, Follow, Options as HttpOptions, Request, TlsOptions};

use super::super::{super::TemplateError, failed, options::Options, waiting, web};
use crate::value::Value;

/// Answers after which a request is tried again, if at all: the collection's own list.
const PASSING: [u16; 4] = [412, 500, 502, 503];

/// Seconds before a request is tried again, doubled every time.
const PAUSE: f64 = 0.3;

/// Where and as whom requests are made.
pub(super) struct Client {
    url: String,
    namespace: Option<String>,
    token: Option<String>,
    http: HttpOptions,
    proxies: Vec<(String, String)>,
    retries: u32,
}

/// Why there is no answer.
pub(super) enum Refusal {
    /// 404.
    Missing,
    /// 403.
    Forbidden,
    /// Anything else.
    Other(String),
}

impl From<Refusal> for TemplateError {
    fn from(refusal: Refusal) -> Self {
        failed(match refusal {
            Refusal::Missing => "Invalid path: HashiCorp Vault has nothing there".to_owned(),
            Refusal::Forbidden => "Forbidden: permission denied".to_owned(),
            Refusal::Other(why) => why,
        })
    }
}

impl Client {
    /// Requests without a token. Fails when nothing says where HashiCorp Vault is.
    pub fn new(options: &Options<'_>) -> Result<Self, TemplateError> {
        let url = options.text("url")?.or_else(|| variable("VAULT_ADDR")).ok_or_else(|| {
            failed("Required option url was not set: it may come from the environment variable VAULT_ADDR, too")
        })?;
        let skips = variable("VAULT_SKIP_VERIFY").map(|text| Value::from(text).to_flag());
        let checks = match options.value("validate_certs")? {
            Some(flag) => flag.to_flag(),
            None => !skips.unwrap_or(false),
        };
        let ca = if options.value("cacert")?.is_some() { "cacert" } else { "ca_cert" };
        let by_certificate = options.text("auth_method")?.as_deref() == Some("cert");
        let file = |name: &str| Ok::<_, TemplateError>(options.text(name)?.filter(|_| by_certificate).map(Into::into));
        let timeout = options.integer("timeout")?.unwrap_or(30);
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            namespace: options.text("namespace")?.or_else(|| variable("VAULT_NAMESPACE")),
            token: None,
            http: HttpOptions {
                timeout: Duration::from_secs(u64::try_from(timeout).unwrap_or(0).max(1)),
                tls: TlsOptions {
                    insecure: !checks,
                    ca_path: options.text(ca)?.or_else(|| variable("VAULT_CACERT")).map(Into::into),
                    client_cert: file("cert_auth_public_key")?,
                    client_key: file("cert_auth_private_key")?,
                },
                credentials: None,
                force_basic_auth: false,
                use_proxy: true,
                use_netrc: false,
                unix_socket: None,
                follow: Follow::All,
                unredirected_headers: vec!["x-vault-token".into()],
                agent: "sutler".into(),
                decompress: true,
            },
            proxies: proxies(options)?,
            retries: retries(options)?,
        })
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(self, token: String) -> Self {
        Self { token: Some(token), ..self }
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Result<Json, Refusal> {
        self.ask("GET", path, None, &[])
    }

    /// Sends a request; an answer without a body is an empty object.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Json>,
        headers: &[(String, String)],
    ) -> Result<Json, Refusal> {
        let mut tried = 0;
        loop {
            let answer = web::ask(self.proxies.clone(), &self.http, self.request(method, path, body.as_ref(), headers));
            let again = tried < self.retries && answer.as_ref().map_or(true, |answer| PASSING.contains(&answer.status));
            if !again {
                return answer.map_err(Refusal::Other).and_then(|answer| self.read(path, &answer));
            }
            waiting(|| sleep(Duration::from_secs_f64(PAUSE * f64::from(1 << tried.min(8)))));
            tried += 1;
        }
    }

    fn request(&self, method: &str, path: &str, body: Option<&Json>, headers: &[(String, String)]) -> Request {
        let mut request = Request::new(method, &format!("{}/v1/{}", self.url, path.trim_matches('/')))
            .header("X-Vault-Request", "true");
        if let Some(token) = &self.token {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        request.headers.extend(headers.iter().cloned());
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json");
            request.body = Some(Body::Bytes(body.to_string().into_bytes()));
        }
        request
    }

    fn read(&self, path: &str, answer: &web::Answer) -> Result<Json, Refusal> {
        let body: Option<Json> = serde_json::from_slice(&answer.body).ok();
        if answer.is_success() {
            return match body {
                Some(body) => Ok(body),
                None if answer.body.is_empty() => Ok(Json::Object(Map::new())),
                None => Err(Refusal::Other(format!("{}/v1/{path} answered something that is no JSON", self.url))),
            };
        }
        let errors: Vec<&str> = body
            .as_ref()
            .and_then(|body| body.get("errors")?.as_array())
            .map(|errors| errors.iter().filter_map(Json::as_str).collect())
            .unwrap_or_default();
        match answer.status {
            404 => Err(Refusal::Missing),
            403 => Err(Refusal::Forbidden),
            _ if errors.is_empty() => Err(Refusal::Other(format!("{}/v1/{path}: {}", self.url, answer.message))),
            _ => Err(Refusal::Other(format!("{}, on get {}/v1/{path}", errors.join(", "), self.url))),
        }
    }
}

/// A variable of the process that says something.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// One address for all, or one for each scheme; a text may be a dictionary in JSON.
fn proxies(options: &Options<'_>) -> Result<Vec<(String, String)>, TemplateError> {
    let given = options.value("proxies")?;
    let given = match given.as_ref().and_then(Value::as_str).map(serde_json::from_str::<Json>) {
        Some(Ok(json @ Json::Object(_))) => Some(Value::from_json(json)),
        _ => given,
    };
    Ok(match given {
        None => Vec::new(),
        Some(Value::Dict(dict)) => {
            let entries = dict.entries().into_iter();
            entries.map(|(scheme, url)| (format!("{}_proxy", scheme.value().to_str()), url.to_str())).collect()
        }
        Some(url) => ["http_proxy", "https_proxy"].map(|name| (name.to_owned(), url.to_str())).to_vec(),
    })
}

/// A number, or a dictionary whose `total` is one.
fn retries(options: &Options<'_>) -> Result<u32, TemplateError> {
    let wrong =
        |value: &Value| failed(format!("`retries` is a number or a dictionary with `total`, not {}", value.repr()));
    let number = |value: &Value| match value {
        Value::Str(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    match options.value("retries")? {
        None => Ok(0),
        Some(Value::Dict(dict)) => {
            let total = dict.get("total").unwrap_or(Value::Int(0));
            number(&total).and_then(|total| u32::try_from(total).ok()).ok_or_else(|| wrong(&total))
        }
        Some(value) => number(&value).and_then(|total| u32::try_from(total).ok()).ok_or_else(|| wrong(&value)),
    }
}

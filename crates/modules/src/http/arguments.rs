//! The arguments that modules with a `url` share, but for those whose aliases differ.

use std::path::PathBuf;

use super::{Follow, HttpError, Options, TlsOptions};
use crate::kit::{Args, Failure, Fields, clock};

/// Arguments common to all modules that make requests.
#[derive(Args, Clone, Debug)]
pub struct UrlArgs {
    /// A certificate to show to the server, PEM; its key may be in the same file.
    client_cert: Option<PathBuf>,
    /// The key of `client_cert`, PEM.
    client_key: Option<PathBuf>,
    /// Ciphers in OpenSSL's words. The helper's TLS has only strong ones, which no list widens or
    /// narrows: the argument is accepted and has no effect.
    ciphers: Option<Vec<String>>,
    /// Unpacks a body that the server compressed for transport (`Content-Encoding: gzip`).
    #[arg(default = true)]
    decompress: bool,
    /// Sends name and password without being asked, for servers that do not ask (401) properly.
    #[arg(default = false)]
    force_basic_auth: bool,
    /// The `User-Agent` that is sent.
    #[arg(default = "ansible-httpget")]
    http_agent: String,
    /// Kerberos; not supported.
    #[arg(default = false)]
    use_gssapi: bool,
    /// Takes name and password from `~/.netrc` when the task has none.
    #[arg(default = true)]
    use_netrc: bool,
    /// Goes through the proxy that the task's environment names: `http_proxy`, `https_proxy`, `no_proxy`.
    #[arg(default = true)]
    use_proxy: bool,
    /// Refuses servers whose certificate is not valid. Without it, anyone on the way can answer.
    #[arg(default = true)]
    validate_certs: bool,
    /// Headers that only the first server gets, not those that it redirects to.
    #[arg(default = "[]")]
    unredirected_headers: Vec<String>,
}

impl UrlArgs {
    /// How requests are made; `timeout` in seconds.
    pub fn options(
        &self,
        timeout: i64,
        username: Option<&String>,
        password: Option<&String>,
    ) -> Result<Options, Failure> {
        if self.use_gssapi {
            return Err(Failure::new("`use_gssapi` is not supported: the helper has no Kerberos"));
        }
        Ok(Options {
            timeout: clock::seconds(timeout.max(1)),
            tls: TlsOptions {
                insecure: !self.validate_certs,
                ca_path: None,
                client_cert: self.client_cert.clone(),
                client_key: self.client_key.clone(),
            },
            credentials: username.map(|name| (name.clone(), password.cloned().unwrap_or_default())),
            force_basic_auth: self.force_basic_auth,
            use_proxy: self.use_proxy,
            use_netrc: self.use_netrc,
            unix_socket: None,
            follow: Follow::Usual,
            unredirected_headers: self.unredirected_headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            agent: self.http_agent.clone(),
            decompress: self.decompress,
        })
    }

    /// What the result warns of.
    pub fn warn(&self, fields: &mut Fields) {
        if self.ciphers.is_some() {
            let text = "`ciphers` has no effect: TLS here has only strong ciphers";
            fields.insert("warnings".into(), serde_json::json!([text]));
        }
    }
}

impl HttpError {
    /// The task's failure.
    pub fn into_failure(self, url: &str) -> Failure {
        let failure = Failure::new(self.to_string()).with("url", super::masked(url));
        match self {
            Self::Scheme(_) => failure.with("status", -1),
            _ => failure,
        }
    }
}

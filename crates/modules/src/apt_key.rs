//! `apt_key`: the keys that apt trusts.

mod keyring;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    get_url::download::Download,
    http::{self, Request},
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer, state::AbsentPresent as State},
    openpgp,
};
use keyring::Keyrings;

/// Adds and removes keys that apt trusts, in `/etc/apt/trusted.gpg` or a keyring.
///
/// Keys and keyrings are read and written without `apt-key` and `gpg`, so that it works where they are gone too. Newer
/// than this way is `deb822_repository` with `signed_by`.
///
/// ```yaml
/// - apt_key:
///     id: 9FED2BCBDCD29CDF762678CBAED4B06F473041FA
///     url: https://ftp-master.debian.org/keys/archive-key-6.0.asc
///     keyring: /etc/apt/trusted.gpg.d/debian.gpg
/// ```
#[derive(Args)]
#[args(exclusive("data", "file", "keyserver", "url"))]
pub struct AptKey {
    /// The key's id: 8, 16 or more digits in hexadecimal, best the whole fingerprint. Without it, it is that of the key
    /// that is given.
    id: Option<String>,
    /// Where to fetch the key.
    url: Option<String>,
    /// The key itself.
    data: Option<String>,
    /// A file of the host with the key.
    file: Option<PathBuf>,
    /// The keyring to use, by its path.
    keyring: Option<PathBuf>,
    /// Refuses servers whose certificate is not valid.
    #[arg(default = true)]
    validate_certs: bool,
    /// The keyserver to fetch the key from.
    keyserver: Option<String>,
    /// Whether the key is trusted.
    #[arg(default = "present")]
    state: State,
}

/// A key's id as the task has it, in its forms.
struct Id {
    short: String,
    /// The last 16 digits of a longer one.
    fingerprint: String,
    whole: String,
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_uppercase();
        let text = text.strip_prefix("0X").unwrap_or(&text);
        let is_hex = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || text.len() <= 16 && text.len() != 8 && text.len() != 16 {
            return None;
        }
        let last = |digits: usize| text[text.len().saturating_sub(digits)..].to_owned();
        Some(Self { short: last(8), fingerprint: last(16), whole: text.to_owned() })
    }

    /// The form in which it is looked for among others.
    fn of(&self, id: &str) -> String {
        if self.fingerprint == self.short { id[8..].to_owned() } else { id.to_owned() }
    }
}

/// What is done.
pub enum Plan {
    /// The key with these bytes, or one that has to be fetched still, is added.
    Add(Option<Vec<u8>>),
    /// It is removed.
    Remove,
}

impl Module for AptKey {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let (id, bytes) = self.id(host)?;
        let before = Self::ids(&Keyrings::read(host, self.keyring.as_ref())?, &id);
        let is_there = before.contains(&id.fingerprint);
        let changes = match self.state {
            State::Present => Changes::when(!is_there, Plan::Add(bytes)),
            State::Absent => Changes::when(is_there, Plan::Remove),
        };
        Ok(changes.with_all(self.fields(&id, &before)))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let (id, _) = self.id_of(host, None)?;
        let mut keyrings = Keyrings::read(host, self.keyring.as_ref())?;
        let before = Self::ids(&keyrings, &id);
        let is_addition = matches!(plan, Plan::Add(_));
        match plan {
            Plan::Add(bytes) => {
                let bytes = bytes.map_or_else(|| self.bytes(host, Some(&id)), Ok);
                let is_given = self.url.is_some() || self.keyserver.is_some();
                let bytes =
                    bytes.map_err(|failure| if is_given { failure } else { self.with(failure, &id, &before) })?;
                let certificates = openpgp::certificates(&bytes);
                // What is not the key that was asked for is not trusted.
                if certificates.iter().flat_map(|all| &all.keys).any(|key| id.of(&key.id) == id.fingerprint) {
                    keyrings.add(&certificates);
                }
            }
            Plan::Remove => keyrings.remove(|key| id.of(&key.id) == id.fingerprint),
        }
        keyrings.write(host)?;
        let after = Self::ids(&Keyrings::read(host, self.keyring.as_ref())?, &id);
        if after.contains(&id.fingerprint) != is_addition {
            let what = if is_addition { "failed to add the key" } else { "the key was not removed" };
            let msg = format!(
                "apt-key did not return an error, but {what} (check that the id is correct and *not* a subkey)"
            );
            return Err(self.with(Failure::new(msg), &id, &before).with("after", after));
        }
        Ok(Fields::from_iter([("after".to_owned(), json!(after))]))
    }
}

impl AptKey {
    /// The key's id, and the bytes of the key where they had to be got for it.
    fn id(&self, host: &Reader) -> Result<(Id, Option<Vec<u8>>), Failure> {
        if self.id.is_some() {
            return self.id_of(host, None);
        }
        let bytes = self.bytes(host, None)?;
        self.id_of(host, Some(bytes))
    }

    fn id_of(&self, host: &Reader, bytes: Option<Vec<u8>>) -> Result<(Id, Option<Vec<u8>>), Failure> {
        let invalid = || {
            Failure::new("Invalid key_id")
                .with("changed", false)
                .with("id", self.id.clone().map_or(Value::Null, Value::from))
        };
        if let Some(id) = &self.id {
            return Ok((Id::parse(id).ok_or_else(invalid)?, bytes));
        }
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => self.bytes(host, None)?,
        };
        let keys = openpgp::certificates(&bytes);
        let Some(key) = keys.first().and_then(|certificate| certificate.keys.first()) else {
            let place = match (&self.file, &self.data) {
                (Some(file), _) => file.to_string_lossy().into_owned(),
                (None, Some(_)) => "inline data".to_owned(),
                _ => return Err(invalid()),
            };
            return Err(Failure::new(format!("Unable to extract key from '{place}'")));
        };
        Ok((Id::parse(&key.id).ok_or_else(invalid)?, Some(bytes)))
    }

    /// The bytes of the key that the task gives.
    fn bytes(&self, host: &Reader, id: Option<&Id>) -> Result<Vec<u8>, Failure> {
        if let Some(data) = &self.data {
            return Ok(data.clone().into_bytes());
        }
        if let Some(file) = &self.file {
            let missing = || Failure::new(format!("Unable to extract key from '{}'", file.display()));
            return if host.exists(file) { host.read(file) } else { Err(missing()) };
        }
        if let Some(url) = &self.url {
            let failed = |why: &str| Failure::new(format!("Failed to download key at {url}: {why}"));
            return fetch(host, url, self.validate_certs).map_err(|why| failed(&why));
        }
        match (&self.keyserver, id) {
            (Some(server), Some(id)) => {
                let failed = |_| Failure::new(format!("Error fetching key {} from keyserver: {server}", id.whole));
                fetch(host, &lookup(server, &id.whole), self.validate_certs).map_err(failed)
            }
            (_, Some(_)) => Err(Failure::new("No key to add ... how did i get here?!?!")),
            (_, None) => Ok(Vec::new()),
        }
    }

    fn ids(keyrings: &Keyrings, id: &Id) -> Vec<String> {
        keyrings.keys().map(|key| id.of(&key.id)).collect()
    }

    fn fields(&self, id: &Id, before: &[String]) -> Fields {
        Fields::from_iter([
            ("id".to_owned(), json!(self.id.as_ref().unwrap_or(&id.whole))),
            ("short_id".to_owned(), json!(id.short)),
            ("fp".to_owned(), json!(id.fingerprint)),
            ("key_id".to_owned(), json!(id.whole)),
            ("before".to_owned(), json!(before)),
        ])
    }

    fn with(&self, mut failure: Failure, id: &Id, before: &[String]) -> Failure {
        failure.fields.extend(self.fields(id, before));
        failure.with("changed", true)
    }
}

/// The address of a key on a keyserver (HKP).
fn lookup(server: &str, id: &str) -> String {
    let (scheme, host) = server.split_once("://").unwrap_or(("hkp", server));
    let host = host.trim_end_matches('/');
    let port = if host.contains(':') { "" } else { ":11371" };
    let base = match scheme {
        "hkps" | "https" => format!("https://{host}"),
        "http" => format!("http://{host}"),
        _ => format!("http://{host}{port}"),
    };
    format!("{base}/pks/lookup?op=get&options=mr&search=0x{id}")
}

fn fetch(host: &Reader, url: &str, validate_certs: bool) -> Result<Vec<u8>, String> {
    let options = http::simple_options(validate_certs);
    let answer = Download::start(host, &options, Request::new("GET", url)).map_err(|failure| failure.msg)?;
    if answer.status != 200 {
        return Err(answer.msg);
    }
    let mut bytes = Vec::new();
    let mut body = answer.body;
    std::io::Read::read_to_end(&mut body, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_three_forms() {
        let id = Id::parse("0x9FED2BCBDCD29CDF762678CBAED4B06F473041fa").unwrap();
        assert_eq!((id.short.as_str(), id.fingerprint.as_str()), ("473041FA", "AED4B06F473041FA"));
        assert_eq!(Id::parse("473041FA").unwrap().of("AED4B06F473041FA"), "473041FA");
        assert!(Id::parse("473041F").is_none() && Id::parse("rubbish!").is_none());
    }

    #[test]
    fn keyservers_have_addresses() {
        assert_eq!(
            lookup("keyserver.ubuntu.com", "A"),
            "http://keyserver.ubuntu.com:11371/pks/lookup?op=get&options=mr&search=0xA"
        );
        assert_eq!(lookup("hkp://k:80", "A"), "http://k:80/pks/lookup?op=get&options=mr&search=0xA");
        assert_eq!(lookup("hkps://k", "A"), "https://k/pks/lookup?op=get&options=mr&search=0xA");
    }
}

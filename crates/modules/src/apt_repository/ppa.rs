//! Personal package archives of Launchpad: `ppa:OWNER/NAME`.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    http::{self, Options, Request},
    kit::{Failure, Reader},
};

/// An archive.
pub struct Ppa {
    owner: String,
    name: String,
    /// The release that its packages are for.
    pub codename: String,
}

impl Ppa {
    /// From `ppa:OWNER/NAME`; the name is `ppa` where it is missing.
    pub fn parse(repo: &str, codename: Option<&String>, host: &Reader) -> Option<Self> {
        let path = repo.strip_prefix("ppa:")?;
        let (owner, name) = path.split_once('/').unwrap_or((path, "ppa"));
        let codename = codename.cloned().unwrap_or_else(|| own_codename(host));
        Some(Self { owner: owner.into(), name: name.into(), codename })
    }

    /// The line of the list.
    pub fn source(&self) -> String {
        format!("deb https://ppa.launchpadcontent.net/{}/{}/ubuntu {} main", self.owner, self.name, self.codename)
    }

    /// The archive's key, and the file for it.
    pub fn key(&self, host: &Reader, validate_certs: bool) -> Result<(PathBuf, Vec<u8>), Failure> {
        let failed = |why: String| Failure::new(format!("failed to fetch PPA information, error was: {why}"));
        let options = http::simple_options(validate_certs);
        let address = format!("https://api.launchpad.net/1.0/~{}/+archive/{}", self.owner, self.name);
        let described = fetch(host, &options, &address).map_err(failed)?;
        let described: Value = serde_json::from_slice(&described).map_err(|error| failed(error.to_string()))?;
        let fingerprint = described["signing_key_fingerprint"].as_str().unwrap_or_default();
        let address = format!("https://keyserver.ubuntu.com/pks/lookup?op=get&search=0x{fingerprint}");
        let key = fetch(host, &options, &address).map_err(failed)?;
        let name = format!("{}-ubuntu-{}.asc", self.owner, self.name);
        Ok((Path::new("/etc/apt/trusted.gpg.d").join(name), key))
    }
}

fn fetch(host: &Reader, options: &Options, address: &str) -> Result<Vec<u8>, String> {
    let request = Request::new("GET", address).header("Accept", "application/json");
    let mut response = http::send(host, options, request).map_err(|error| error.to_string())?;
    if response.is_error() {
        return Err(response.message());
    }
    let mut bytes = Vec::new();
    response.body.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn own_codename(host: &Reader) -> String {
    let release = host.read_text("/etc/os-release").ok().flatten().unwrap_or_default();
    let line = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    line.unwrap_or_default().trim_matches('"').to_owned()
}

//! Addresses: taken apart, and joined with what a redirect names (RFC 3986, as far as HTTP goes).

use super::HttpError;

/// An `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http` or `https`.
    pub scheme: String,
    /// Name and password that were part of the address, decoded.
    pub credentials: Option<(String, String)>,
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port, the scheme's own when none is named.
    pub port: u16,
    /// Path and query, as they are sent.
    pub target: String,
}

impl Url {
    /// Reads an address; a fragment is dropped.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let (scheme, rest) = text
            .split_once(':')
            .filter(|(scheme, _)| !scheme.is_empty() && !scheme.contains('/'))
            .ok_or_else(|| HttpError::Scheme(text.to_owned()))?;
        let scheme = scheme.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            other => return Err(HttpError::Address(format!("unknown url type: {other}"))),
        };
        let rest = rest.strip_prefix("//").and_then(|rest| rest.split('#').next()).unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((user, place)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                (Some((decode(name), decode(password))), place)
            }
            None => (None, authority),
        };
        let (host, port) = split_port(place)?;
        if host.is_empty() {
            return Err(HttpError::Address("no host given".into()));
        }
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { scheme, credentials, host, port: port.unwrap_or(default), target: encode_target(&target) })
    }

    /// Where a `Location` leads from here.
    pub fn join(&self, location: &str) -> Result<Self, HttpError> {
        Self::parse(&self.absolute(location))
    }

    /// A `Location` as an absolute address.
    pub fn absolute(&self, location: &str) -> String {
        if location.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return location.to_owned();
        }
        if location.starts_with("//") {
            return format!("{}:{location}", self.scheme);
        }
        let path = self.target.split('?').next().unwrap_or("/");
        let joined = match location.chars().next() {
            None => self.target.clone(),
            Some('/') => without_dots(location),
            Some('?') => format!("{path}{location}"),
            Some(_) => without_dots(&format!("{}{location}", &path[..=path.rfind('/').unwrap_or(0)])),
        };
        format!("{}://{}{joined}", self.scheme, self.authority())
    }

    /// Host and port as the `Host` header has them.
    pub fn authority(&self) -> String {
        let host = self.bracketed();
        match (self.scheme.as_str(), self.port) {
            ("http", 80) | ("https", 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// The host, an IPv6 address in brackets.
    pub fn bracketed(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// Whether both name the same server.
    pub fn is_same_server(&self, other: &Self) -> bool {
        (&self.scheme, &self.host, self.port) == (&other.scheme, &other.host, other.port)
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority(), self.target)
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub fn split_port(place: &str) -> Result<(String, Option<u16>), HttpError> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().map_err(|_| HttpError::Invalid(format!("nonnumeric port: '{port}'")))?),
    };
    Ok((host.to_ascii_lowercase(), port))
}

/// Percent-encoding undone; what is not UTF-8 afterwards is replaced.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Bytes that cannot be in a request line are encoded; all others are the user's own choice.
fn encode_target(target: &str) -> String {
    use std::fmt::Write;
    target.bytes().fold(String::with_capacity(target.len()), |mut text, byte| {
        if byte.is_ascii_graphic() {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        parts.push("");
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_joined_as_rfc_3986_says() {
        let base = Url::parse("http://h:8080/a/b/c?q=1").unwrap();
        let cases = [
            ("/x", "http://h:8080/x"),
            ("x?y", "http://h:8080/a/b/x?y"),
            ("../x", "http://h:8080/a/x"),
            ("../../../x", "http://h:8080/x"),
            ("?z", "http://h:8080/a/b/c?z"),
            ("//other/x", "http://other/x"),
            ("https://o/", "https://o/"),
        ];
        for (location, wanted) in cases {
            assert_eq!(base.join(location).unwrap().to_string(), wanted, "{location}");
        }
    }

    #[test]
    fn addresses_are_taken_apart() {
        let url = Url::parse("https://us%40er:p:w@[::1]:8443/a b?q#frag").unwrap();
        assert_eq!(url.credentials, Some(("us@er".into(), "p:w".into())));
        assert_eq!((url.host.as_str(), url.port), ("::1", 8443));
        assert_eq!(url.to_string(), "https://[::1]:8443/a%20b?q");
        assert!(Url::parse("foo").is_err() && Url::parse("gopher://x").is_err() && Url::parse("http://").is_err());
    }
}

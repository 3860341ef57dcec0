//! Which proxy a request goes through: `http_proxy`, `https_proxy` and `no_proxy`, as Python's urllib reads them.

use super::{
    HttpError, Url, auth,
    url::{decode, split_port},
};
use crate::kit::Reader;

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The `Proxy-Authorization` it gets.
    pub authorization: Option<String>,
}

/// The proxy for an address, from the task's environment; lower-case names win.
pub fn find(host: &Reader, url: &Url) -> Result<Option<Proxy>, HttpError> {
    let variable = |name: &str| host.env(name).or_else(|| host.env(&name.to_ascii_uppercase()));
    if bypassed(&variable("no_proxy").unwrap_or_default(), url) {
        return Ok(None);
    }
    match variable(&format!("{}_proxy", url.scheme)).filter(|text| !text.is_empty()) {
        Some(text) => parse(&text).map(Some),
        None => Ok(None),
    }
}

fn parse(text: &str) -> Result<Proxy, HttpError> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    if !matches!(scheme, "http" | "https") {
        return Err(HttpError::Address(format!("a proxy of the type {scheme} is not supported: {text}")));
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    let (host, port) = split_port(place)?;
    let authorization = user.map(|user| {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        auth::basic(&decode(name), &decode(password))
    });
    Ok(Proxy { host, port: port.unwrap_or(80), authorization })
}

fn bypassed(list: &str, url: &Url) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let with_port = format!("{}:{}", url.host, url.port);
    list.split(',').map(|name| name.trim().trim_start_matches('.').to_ascii_lowercase()).any(|name| {
        !name.is_empty()
            && [&url.host, &with_port]
                .into_iter()
                .any(|host| *host == name || host.strip_suffix(&name).is_some_and(|front| front.ends_with('.')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_names_suffixes() {
        let url = Url::parse("http://www.example.com:8080/").unwrap();
        for (list, wanted) in [
            ("*", true),
            ("example.com", true),
            (".example.com", true),
            ("other, www.example.com:8080", true),
            ("ample.com", false),
            ("", false),
            ("example.com:80", false),
        ] {
            assert_eq!(bypassed(list, &url), wanted, "{list}");
        }
    }

    #[test]
    fn proxies_are_addresses_with_or_without_a_scheme() {
        let proxy = parse("http://u:p%40@px:3128/").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("px", 3128));
        assert_eq!(proxy.authorization, Some(auth::basic("u", "p@")));
        assert_eq!(parse("px:1").unwrap(), Proxy { host: "px".into(), port: 1, authorization: None });
        assert!(parse("socks5://px").is_err());
    }
}

//! Cookies, for as long as one task's redirects last (RFC 6265, what matters of it here).

use super::Url;

/// Cookies by server and name.
#[derive(Clone, Debug, Default)]
pub struct Cookies(Vec<Cookie>);

#[derive(Clone, Debug)]
struct Cookie {
    domain: String,
    with_subdomains: bool,
    path: String,
    secure: bool,
    name: String,
    value: String,
}

impl Cookies {
    /// Keeps what a response sets.
    pub fn take(&mut self, url: &Url, headers: &[(String, String)]) {
        for (_, line) in headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            if let Some((cookie, expired)) = Cookie::parse(url, line) {
                let same =
                    |old: &Cookie| (&old.domain, &old.path, &old.name) == (&cookie.domain, &cookie.path, &cookie.name);
                match self.0.iter_mut().find(|old| same(old)).filter(|_| !expired) {
                    Some(old) => *old = cookie,
                    None if expired => self.0.retain(|old| !same(old)),
                    None => self.0.push(cookie),
                }
            }
        }
    }

    /// What a request to this place carries.
    pub fn header(&self, url: &Url) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().filter(|cookie| cookie.fits(url)).map(Cookie::pair).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// All of them, as a `Cookie` header would have them.
    pub fn text(&self) -> String {
        self.0.iter().map(Cookie::pair).collect::<Vec<_>>().join("; ")
    }

    /// Names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str()))
    }
}

impl Cookie {
    fn parse(url: &Url, line: &str) -> Option<(Self, bool)> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let path = url.target.split('?').next().unwrap_or("/");
        let default_path = path[..path.rfind('/').unwrap_or(0)].to_owned();
        let mut cookie = Self {
            domain: url.host.clone(),
            with_subdomains: false,
            path: if default_path.is_empty() { "/".into() } else { default_path },
            secure: false,
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
        };
        let mut expired = false;
        for part in parts {
            let (key, value) = part.trim().split_once('=').unwrap_or((part.trim(), ""));
            match key.to_ascii_lowercase().as_str() {
                "domain" => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    if domain != url.host && !url.host.ends_with(&format!(".{domain}")) {
                        return None;
                    }
                    (cookie.domain, cookie.with_subdomains) = (domain, true);
                }
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "secure" => cookie.secure = true,
                "max-age" => expired = value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
                _ => {}
            }
        }
        (!cookie.name.is_empty()).then_some((cookie, expired))
    }

    fn fits(&self, url: &Url) -> bool {
        let domain =
            url.host == self.domain || (self.with_subdomains && url.host.ends_with(&format!(".{}", self.domain)));
        let path = url.target.starts_with(&self.path);
        domain && path && (!self.secure || url.scheme == "https")
    }

    fn pair(&self) -> String {
        format!("{}={}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_back_to_where_they_came_from() {
        let url = Url::parse("http://a.example/login").unwrap();
        let set = |line: &str| ("Set-Cookie".to_owned(), line.to_owned());
        let mut cookies = Cookies::default();
        cookies.take(&url, &[set("s=1; Path=/; HttpOnly"), set("d=2; Domain=example"), set("x=3; Domain=other")]);
        cookies.take(&url, &[set("t=4; Secure")]);
        assert_eq!(cookies.header(&url).as_deref(), Some("s=1; d=2"));
        assert_eq!(cookies.header(&Url::parse("http://b.example/").unwrap()).as_deref(), Some("d=2"));
        assert_eq!(cookies.text(), "s=1; d=2; t=4");
        cookies.take(&url, &[set("s=; Path=/; Max-Age=0")]);
        assert_eq!(cookies.text(), "d=2; t=4");
    }
}

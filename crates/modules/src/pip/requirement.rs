//! What `name` asks for: a package with versions (PEP 508), or something else that pip understands.

use std::{cmp::Ordering, fmt};

const OPERATORS: [&str; 8] = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];

/// One package.
#[derive(Debug, PartialEq)]
pub struct Requirement {
    text: String,
    parts: Option<Parts>,
}

#[derive(Debug, PartialEq)]
struct Parts {
    name: String,
    extras: String,
    versions: Vec<(String, String)>,
    /// An address, or what has to hold for the package to be wanted.
    rest: String,
}

/// Puts together what was split at a comma within versions or extras, and reads it.
pub fn parse(names: &[String]) -> Vec<Requirement> {
    let mut joined: Vec<String> = Vec::new();
    let mut is_within = false;
    for name in names.iter().flat_map(|name| name.split(',')).map(str::trim) {
        match joined.last_mut() {
            Some(last) if is_within || operator(name).is_some() => {
                last.push(',');
                last.push_str(name);
            }
            _ => joined.push(name.to_owned()),
        }
        is_within = (is_within || name.contains('[')) && !name.contains(']');
    }
    joined.into_iter().map(Requirement::new).collect()
}

fn operator(text: &str) -> Option<&'static str> {
    OPERATORS.into_iter().find(|operator| text.starts_with(operator))
}

impl Requirement {
    fn new(text: String) -> Self {
        let parts = Parts::parse(&text);
        Self { text, parts }
    }

    /// Whether it names a version.
    pub fn has_version(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| !parts.versions.is_empty())
    }

    /// Gives it a version; a word such as `latest` is none.
    pub fn set_version(&mut self, version: &str) {
        let version = version.trim_start();
        let is_number = version.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit());
        let sign = if is_number { "==" } else { "" };
        if is_number || operator(version).is_some() {
            *self = Self::new(format!("{}{sign}{version}", self.text));
        }
    }

    /// Whether a line `name==version` of pip's list is what it asks for.
    pub fn is_met_by(&self, line: &str) -> bool {
        let (Some(parts), Some((name, version))) = (&self.parts, line.trim().split_once("==")) else { return false };
        normal(name) == normal(&parts.name) && parts.versions.iter().all(|(sign, wanted)| holds(version, sign, wanted))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parts) = &self.parts else { return f.write_str(&self.text) };
        let mut versions: Vec<String> =
            parts.versions.iter().map(|(sign, version)| format!("{sign}{version}")).collect();
        versions.sort();
        write!(f, "{}{}{}{}", parts.name, parts.extras, versions.join(","), parts.rest)
    }
}

impl Parts {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        rest = rest.trim();
        if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let mut extras = String::new();
        if let Some((inner, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let mut names: Vec<&str> = inner.split(',').map(str::trim).collect();
            names.sort_unstable();
            extras = format!("[{}]", names.join(","));
            rest = after.trim();
        }
        if let Some(address) = rest.strip_prefix('@') {
            let rest = format!("@ {}", address.trim());
            return Some(Self { name: name.to_owned(), extras, versions: Vec::new(), rest });
        }
        let (rest, marker) = rest.split_once(';').map_or((rest, None), |(rest, marker)| (rest.trim(), Some(marker)));
        let marker = marker.map_or_else(String::new, |marker| format!("; {}", marker.trim().replace('\'', "\"")));
        let mut versions = Vec::new();
        for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let sign = operator(part)?;
            let version = part[sign.len()..].trim();
            if version.contains(' ') {
                return None;
            }
            versions.push((sign.to_owned(), version.to_owned()));
        }
        Some(Self { name: name.to_owned(), extras, versions, rest: marker })
    }
}

/// A name as PEP 503 compares it.
fn normal(name: &str) -> String {
    let mut normal = String::new();
    for letter in name.to_lowercase().chars() {
        let letter = if "._".contains(letter) { '-' } else { letter };
        if !(letter == '-' && normal.ends_with('-')) {
            normal.push(letter);
        }
    }
    normal
}

/// PEP 440, as far as it needs no local versions.
fn holds(version: &str, sign: &str, wanted: &str) -> bool {
    if let Some(prefix) = wanted.strip_suffix(".*") {
        let is_within = starts_with(version, prefix);
        return if sign == "!=" { !is_within } else { is_within };
    }
    let order = compare(version, wanted);
    match sign {
        "===" => version == wanted,
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<=" => order.is_le(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        _ => order.is_ge() && wanted.rsplit_once('.').is_some_and(|(prefix, _)| starts_with(version, prefix)),
    }
}

fn starts_with(version: &str, prefix: &str) -> bool {
    let (version, prefix) = (release(version).0, release(prefix).0);
    prefix.iter().enumerate().all(|(at, part)| version.get(at).unwrap_or(&0) == part)
}

fn compare(one: &str, other: &str) -> Ordering {
    let ((one, stage), (other, other_stage)) = (release(one), release(other));
    let length = one.len().max(other.len());
    let padded = |parts: &[u64]| (0..length).map(|at| parts.get(at).copied().unwrap_or(0)).collect::<Vec<_>>();
    padded(&one).cmp(&padded(&other)).then_with(|| stage.cmp(&other_stage))
}

/// The numbers of a release, and what orders versions with the same ones: dev, a, b, rc, the release, post.
fn release(version: &str) -> (Vec<u64>, (u8, u64)) {
    let version = version.trim().trim_start_matches('v').to_lowercase();
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let numbers = version[..end].split('.').filter_map(|part| part.parse().ok()).collect();
    let suffix = version[end..].trim_start_matches(['.', '-', '_']);
    let number = suffix.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let stages = [("dev", 0), ("a", 1), ("b", 2), ("rc", 3), ("c", 3), ("post", 5), ("r", 5)];
    let stage = stages.iter().find(|(name, _)| suffix.starts_with(name)).map_or(4, |(_, stage)| *stage);
    (numbers, (stage, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_and_written() {
        let cases = [
            (&["a>1,<2", "b"][..], &["a<2,>1", "b"][..]),
            (&["a>1", "<2", "b [y,x] == 1"], &["a<2,>1", "b[x,y]==1"]),
            (&["a,b", "c[x", "y]>1", "d ; python_version < '3'"], &["a", "b", "c[x,y]>1", "d; python_version < \"3\""]),
            (&["git+https://x/y#egg=z", "/a/b.whl"], &["git+https://x/y#egg=z", "/a/b.whl"]),
        ];
        for (names, wanted) in cases {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let parsed: Vec<String> = parse(&names).iter().map(ToString::to_string).collect();
            assert_eq!(parsed, wanted);
        }
    }

    #[test]
    fn versions_are_met() {
        let cases = [
            ("a", true),
            ("A==1.0", false),
            ("a>1.0,<2", true),
            ("a==1.0.5", true),
            ("a~=1.0.2", true),
            ("a==1.0.*", true),
            ("a!=1.0.5", false),
            ("a>=1.1", false),
            ("a>1.0.5rc1", true),
            ("b", false),
        ];
        for (text, wanted) in cases {
            assert_eq!(Requirement::new(text.into()).is_met_by("a==1.0.5"), wanted, "{text}");
        }
    }
}

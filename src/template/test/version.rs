//! Comparisons of version numbers: loose, strict, semantic and PEP 440.

use std::{cmp::Ordering, collections::HashMap};

use num_bigint::BigInt;

use super::{
    super::{Arguments, TemplateError, Test, arguments::required},
    failed,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([("version", version as Test), ("version_compare", version)]);
}

fn version(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [value, version, operator, strict, kind] =
        arguments.bind(["value", "version", "operator", "strict", "version_type"])?;
    let value = required(value, "version", "value")?.to_str();
    let other = required(version, "version", "version")?.to_str();
    let operator = operator.map_or_else(|| "eq".to_owned(), |operator| operator.to_str());
    let kind = kind.filter(|kind| !kind.is_none()).map(|kind| kind.to_str());
    if strict.as_ref().is_some_and(|strict| !strict.is_none()) && kind.is_some() {
        return Err(failed("Cannot specify both 'strict' and 'version_type'"));
    }
    let kind = match (&kind, strict.is_some_and(|strict| strict.is_truthy())) {
        (_, true) => "strict",
        (Some(kind), _) => kind.as_str(),
        (None, _) => "loose",
    };
    if value.is_empty() {
        return Err(failed("Input version value cannot be empty"));
    }
    if other.is_empty() {
        return Err(failed("Version parameter to compare against cannot be empty"));
    }
    let order = match kind {
        "loose" => loose(&value, &other).map_err(|text| failed(format!("Version comparison failed: {text}")))?,
        "strict" => compare(&value, &other, strict_key, "invalid version number")?,
        "semver" | "semantic" => compare(&value, &other, semantic_key, "invalid semantic version")?,
        "pep440" => compare(&value, &other, pep440_key, "Invalid version:")?,
        other => {
            let known = "loose, strict, semver, semantic, pep440";
            return Err(failed(format!("Invalid version type ({other}). Must be one of {known}")));
        }
    };
    Ok(match operator.as_str() {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        "!=" | "<>" | "ne" => order != Ordering::Equal,
        other => {
            let known = "'==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', '>=', 'ge', '!=', '<>', 'ne'";
            return Err(failed(format!("Invalid operator type ({other}). Must be one of {known}")));
        }
    })
}

/// A part of a version.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Part {
    Number(u128),
    Text(String),
}

/// Digits and letters of a version, apart; dots separate and vanish.
fn parts(version: &str) -> Vec<Part> {
    let class = |c: char| {
        if c.is_ascii_digit() {
            0
        } else if c.is_ascii_lowercase() {
            1
        } else {
            2
        }
    };
    let mut runs: Vec<String> = Vec::new();
    let mut last = None;
    for c in version.chars() {
        if c == '.' {
            last = None;
            continue;
        }
        match runs.last_mut() {
            Some(run) if last == Some(class(c)) => run.push(c),
            _ => runs.push(c.to_string()),
        }
        last = Some(class(c));
    }
    runs.into_iter().map(|run| run.parse().map_or_else(|_| Part::Text(run), Part::Number)).collect()
}

/// What versions of any shape are sorted by.
pub(in crate::template) fn loose_key(version: &str) -> Value {
    let part = |part: Part| match part {
        Part::Number(number) => Value::from(BigInt::from(number)),
        Part::Text(text) => text.into(),
    };
    parts(version).into_iter().map(part).collect()
}

/// The order of two versions of any shape; fails where a number meets text, as Python does.
pub(in crate::template) fn loose(a: &str, b: &str) -> Result<Ordering, String> {
    let (a, b) = (parts(a), parts(b));
    for (a, b) in a.iter().zip(&b) {
        match (a, b) {
            (Part::Number(a), Part::Number(b)) if a != b => return Ok(a.cmp(b)),
            (Part::Text(a), Part::Text(b)) if a != b => return Ok(a.cmp(b)),
            (Part::Number(_), Part::Text(_)) => {
                return Err("'<' not supported between instances of 'int' and 'str'".to_owned());
            }
            (Part::Text(_), Part::Number(_)) => {
                return Err("'<' not supported between instances of 'str' and 'int'".to_owned());
            }
            _ => {}
        }
    }
    Ok(a.len().cmp(&b.len()))
}

fn compare<K: Ord>(a: &str, b: &str, key: fn(&str) -> Option<K>, wrong: &str) -> Result<Ordering, TemplateError> {
    let read = |text: &str| key(text).ok_or_else(|| failed(format!("Version comparison failed: {wrong} '{text}'")));
    Ok(read(a)?.cmp(&read(b)?))
}

/// `1.2`, `1.2.3`, each with `a1` or `b2`.
fn strict_key(version: &str) -> Option<(Vec<u64>, (u8, u64))> {
    let at = version.find(['a', 'b']).unwrap_or(version.len());
    let (numbers, suffix) = version.split_at(at);
    let mut numbers = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    if !(2..=3).contains(&numbers.len()) {
        return None;
    }
    numbers.resize(3, 0);
    let suffix = match suffix.chars().next() {
        None => (2, 0),
        Some(letter) => (u8::from(letter == 'b'), suffix[1..].parse().ok()?),
    };
    Some((numbers, suffix))
}

/// Semantic Versioning 2.0.0 §11.
fn semantic_key(version: &str) -> Option<(Vec<u64>, bool, Vec<Part>)> {
    let version = version.split('+').next()?;
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let numbers = core.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    if numbers.len() != 3 {
        return None;
    }
    let identifiers = pre.map_or_else(Vec::new, |pre| {
        pre.split('.').map(|part| part.parse().map_or_else(|_| Part::Text(part.to_owned()), Part::Number)).collect()
    });
    Some((numbers, pre.is_none(), identifiers))
}

/// Epoch, release without trailing zeros, pre-release, post-release, development release, local version.
type Pep440 = (u64, Vec<u64>, (i8, u64), i128, (bool, u64), Option<Vec<Local>>);

/// A segment of a local version: a number comes after text.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Text(String),
    Number(u64),
}

/// PEP 440.
fn pep440_key(version: &str) -> Option<Pep440> {
    let version = version.trim().to_lowercase();
    let version = version.strip_prefix('v').unwrap_or(&version);
    let (version, local) = version.split_once('+').map_or((version, None), |(public, local)| (public, Some(local)));
    let segment = |text: &str| text.parse().map_or_else(|_| Local::Text(text.to_owned()), Local::Number);
    let local = local.map(|local| local.split(['.', '-', '_']).map(segment).collect());
    let (epoch, rest) = match version.split_once('!') {
        Some((epoch, rest)) => (epoch.parse().ok()?, rest),
        None => (0, version),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (release, mut rest) = rest.split_at(end);
    let mut release =
        release.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let (mut pre, mut post, mut dev) = ((3_i8, 0_u64), -1_i128, (true, 0_u64));
    while !rest.is_empty() {
        rest = rest.trim_start_matches(['.', '-', '_']);
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start_matches(['.', '-', '_']);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let number = if end == 0 { 0 } else { after[..end].parse().ok()? };
        match word {
            "a" | "alpha" => pre = (0, number),
            "b" | "beta" => pre = (1, number),
            "c" | "rc" | "pre" | "preview" => pre = (2, number),
            "" if end == 0 => return None,
            "post" | "rev" | "r" | "" => post = i128::from(number),
            "dev" => dev = (false, number),
            _ => return None,
        }
        rest = &after[end..];
    }
    // A development release of a final version comes before its pre-releases.
    if !dev.0 && pre.0 == 3 && post < 0 {
        pre = (-1, 0);
    }
    Some((epoch, release, pre, post, dev, local))
}

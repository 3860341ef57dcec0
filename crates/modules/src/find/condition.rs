//! The conditions of `find`, each a question about one path.

use std::{
    io::{BufRead, BufReader, Cursor, Read},
    os::unix::fs::MetadataExt,
    path::Path,
    time::SystemTime,
};

use fancy_regex::Regex;
use serde_json::Value;

use super::{FileType, Find, Stamp};
use crate::kit::{Failure, Meta, Program, Reader, args::python_type, file_args, glob, regex};

/// The conditions, read.
pub struct Conditions {
    /// Seconds.
    age: Option<i64>,
    /// Bytes.
    size: Option<i64>,
    mode: Option<String>,
    /// The present, in seconds since 1970.
    now: f64,
    /// How many may be found.
    pub limit: Option<usize>,
    patterns: Vec<String>,
    excludes: Vec<String>,
    /// Compiled when the first name is looked at: what is wrong with them is said of the path.
    compiled: Option<(Vec<Regex>, Vec<Regex>)>,
    content: Option<Regex>,
}

/// Why a search ends before its time.
pub type Stop = String;

impl Conditions {
    /// The conditions that the task names.
    pub fn new(find: &Find) -> Result<Self, Failure> {
        const AGES: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86400), ('w', 604_800)];
        const SIZES: [(char, i64); 5] = [('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)];
        let mode = match &find.mode {
            Some(Value::String(mode)) if mode.is_empty() => None,
            Some(Value::String(mode)) => Some(mode.clone()),
            Some(other) => {
                let kind = python_type(other);
                return Err(Failure::new(format!(
                    "argument 'mode' is not a string and conversion is not allowed, value is of type {kind}"
                )));
            }
            None => None,
        };
        let age = find.age.as_ref().map(|text| {
            scaled(text, &AGES).ok_or_else(|| Failure::new("failed to process age").with("age", text.as_str()))
        });
        let size = find.size.as_ref().map(|text| {
            scaled(text, &SIZES).ok_or_else(|| Failure::new("failed to process size").with("size", text.as_str()))
        });
        if let Some(limit) = find.limit.filter(|limit| *limit <= 0) {
            return Err(Failure::new(format!("limit cannot be {limit} (use None for unlimited)")));
        }
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            age: age.transpose()?,
            size: size.transpose()?,
            mode,
            now: since.as_secs_f64(),
            limit: find.limit.and_then(|limit| usize::try_from(limit).ok()),
            patterns: find.patterns.clone(),
            excludes: find.excludes.clone().unwrap_or_default(),
            compiled: None,
            content: None,
        })
    }

    /// Whether a path meets all of them.
    pub fn hold(&mut self, find: &Find, host: &Reader, name: &str, path: &Path, meta: &Meta) -> Result<bool, Stop> {
        let is_wanted = match find.file_type {
            FileType::Any => true,
            FileType::Directory => meta.is_dir(),
            FileType::File => meta.is_file(),
            FileType::Link => meta.is_link(),
        };
        Ok(is_wanted
            && self.name_holds(find.use_regex, name)?
            && self.age_holds(find.age_stamp, meta)
            && (!meta.is_file() || self.size_holds(meta.size()))
            && (find.file_type != FileType::File || self.content_holds(find, host, path)?)
            && self.mode_holds(find.exact_mode, meta.mode())?)
    }

    fn name_holds(&mut self, use_regex: bool, name: &str) -> Result<bool, Stop> {
        if !use_regex {
            let any = |patterns: &[String]| patterns.iter().any(|pattern| glob::matches(pattern, name));
            return Ok((self.patterns.is_empty() || any(&self.patterns)) && !any(&self.excludes));
        }
        if self.compiled.is_none() {
            self.compiled = Some((compile_all(&self.patterns)?, compile_all(&self.excludes)?));
        }
        let Some((patterns, excludes)) = &self.compiled else { return Ok(false) };
        Ok((patterns.is_empty() || any_begins(patterns, name)?) && !any_begins(excludes, name)?)
    }

    fn age_holds(&self, stamp: Stamp, meta: &Meta) -> bool {
        let raw = meta.raw();
        let at = match stamp {
            Stamp::Accessed => raw.atime() as f64 + raw.atime_nsec() as f64 / 1e9,
            Stamp::Changed => raw.ctime() as f64 + raw.ctime_nsec() as f64 / 1e9,
            Stamp::Modified => raw.mtime() as f64 + raw.mtime_nsec() as f64 / 1e9,
        };
        let is_old = |limit: i64| (self.now - at, limit.unsigned_abs() as f64);
        self.age.is_none_or(|age| {
            let (old, limit) = is_old(age);
            if age >= 0 { old >= limit } else { old <= limit }
        })
    }

    fn size_holds(&self, size: u64) -> bool {
        self.size.is_none_or(|wanted| {
            let limit = wanted.unsigned_abs();
            if wanted >= 0 { size >= limit } else { size <= limit }
        })
    }

    fn mode_holds(&self, exactly: bool, mode: u32) -> Result<bool, Stop> {
        let Some(text) = &self.mode else { return Ok(true) };
        let wanted = u32::from_str_radix(text.trim().trim_start_matches("0o"), 8)
            .or_else(|_| file_args::symbolic(text, 0, false));
        let wanted = wanted.map_err(|clause| format!("bad symbolic permission for mode: {clause}"))? & 0o7777;
        Ok(if exactly { mode == wanted } else { mode & wanted != 0 })
    }

    fn content_holds(&mut self, find: &Find, host: &Reader, path: &Path) -> Result<bool, Stop> {
        let Some(pattern) = &find.contains else { return Ok(true) };
        if self.content.is_none() {
            self.content = Some(regex::compile(pattern, false).map_err(|failure| failure.msg)?);
        }
        let Some(pattern) = &self.content else { return Ok(false) };
        // A file that cannot be opened or read holds nothing.
        let Ok(file) = host.open(path) else { return Ok(false) };
        let (mut file, encoding): (Box<dyn Read>, Encoding) = match Encoding::named(find.encoding.as_deref()) {
            Ok(encoding) => (Box::new(file), encoding),
            Err(name) => (Box::new(Cursor::new(converted(host, name, path)?)), Encoding::Utf8),
        };
        let decode = |bytes: Vec<u8>| {
            encoding.decode(bytes).ok_or_else(|| {
                let named = find.encoding.as_deref();
                let named = named.unwrap_or("None (default determined by the Python built-in function \"open\")");
                undecodable(path, named)
            })
        };
        let failed = |failure: fancy_regex::Error| Failure::from(failure).msg;
        if find.read_whole_file {
            let mut bytes = Vec::new();
            return match file.read_to_end(&mut bytes) {
                Ok(_) => {
                    pattern.is_match(decode(bytes)?.replace("\r\n", "\n").replace('\r', "\n").as_str()).map_err(failed)
                }
                Err(_) => Ok(false),
            };
        }
        let mut file = BufReader::new(file);
        loop {
            let mut bytes = Vec::new();
            if !file.read_until(b'\n', &mut bytes).is_ok_and(|length| length > 0) {
                return Ok(false);
            }
            let lines = decode(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
            for line in lines.split_inclusive('\n') {
                if begins(pattern, line)? {
                    return Ok(true);
                }
            }
        }
    }
}

/// How bytes become text.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
}

impl Encoding {
    /// The one of a name; its name, where the host's `iconv` is to know it.
    fn named(name: Option<&str>) -> Result<Self, &str> {
        let Some(name) = name else { return Ok(Self::Utf8) };
        match name.to_lowercase().replace(['_', ' '], "-").as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "ascii" | "us-ascii" => Ok(Self::Ascii),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Ok(Self::Latin1),
            _ => Err(name),
        }
    }

    fn decode(self, bytes: Vec<u8>) -> Option<String> {
        match self {
            Self::Ascii if !bytes.is_ascii() => None,
            Self::Utf8 | Self::Ascii => String::from_utf8(bytes).ok(),
            Self::Latin1 => Some(bytes.into_iter().map(char::from).collect()),
        }
    }
}

/// What a file holds, in UTF-8.
fn converted(host: &Reader, encoding: &str, path: &Path) -> Result<Vec<u8>, Stop> {
    if encoding.eq_ignore_ascii_case("utf-8-sig") {
        let bytes = host.read(path).map_err(|failure| failure.msg)?;
        return Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_vec());
    }
    let unknown = || format!("unknown encoding: {encoding}");
    let program = Program::new(host.which("iconv").ok_or_else(unknown)?);
    let program = program.args(["-f", &encoding.replace('_', "-"), "-t", "UTF-8", "--"]).arg(path).plain_locale();
    let finished = host.query(&program).map_err(|failure| failure.msg)?;
    if finished.success() {
        return Ok(finished.stdout);
    }
    let is_no_text = ["illegal input", "incomplete"].iter().any(|what| finished.err().contains(what));
    Err(if is_no_text { undecodable(path, encoding) } else { unknown() })
}

fn undecodable(path: &Path, encoding: &str) -> Stop {
    let path = path.display();
    format!("Failed to read the file {path} due to an encoding error. current encoding: {encoding}")
}

fn compile_all(patterns: &[String]) -> Result<Vec<Regex>, Stop> {
    patterns.iter().map(|pattern| regex::compile(pattern, false).map_err(|failure| failure.msg)).collect()
}

fn any_begins(patterns: &[Regex], text: &str) -> Result<bool, Stop> {
    for pattern in patterns {
        if begins(pattern, text)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Python's `re.match`: the leftmost match is the one at the beginning, if there is one.
fn begins(pattern: &Regex, text: &str) -> Result<bool, Stop> {
    let found = pattern.find(text).map_err(|error| Failure::from(error).msg)?;
    Ok(found.is_some_and(|found| found.start() == 0))
}

/// A number with a unit, as `-2d` or `10m`.
fn scaled(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let text = text.to_lowercase();
    let last = text.chars().last()?;
    let unit = units.iter().find(|(name, _)| *name == last);
    let digits = if unit.is_some() { &text[..text.len() - 1] } else { &text };
    if digits.starts_with('+') {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(unit.map_or(1, |(_, factor)| *factor))
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_may_have_units() {
        let units = [('m', 60), ('h', 3600)];
        let cases = [("90", Some(90)), ("2H", Some(7200)), ("-1m", Some(-60)), ("m", None), ("1d", None), ("+1", None)];
        for (text, wanted) in cases {
            assert_eq!(super::scaled(text, &units), wanted, "{text}");
        }
    }
}

//! `ini`: values of INI and Java properties files, as Python's configparser reads them.

mod parser;

use std::{collections::HashMap, fmt};

use super::{
    super::{
        Arguments, Lookup, TemplateError,
        arguments::text_with,
        python_regex::{self, Anchor, Flags},
    },
    decoded, failed, file,
    options::Options,
};
use crate::value::{Str, Value};
use parser::{Ini, Reading};

/// The section that a properties file is read as.
const PROPERTIES: &str = "java_properties";

/// Options that may stand in a term.
const NAMES: [&str; 10] = [
    "type",
    "file",
    "section",
    "re",
    "encoding",
    "default",
    "case_sensitive",
    "allow_no_value",
    "allow_none",
    "interpolation",
];

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("ini", ini);
}

fn ini(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut options = Options::new("ini", arguments.context, arguments.named);
    let mut values = Vec::new();
    for term in &arguments.positional {
        let term = match term {
            Value::Dict(_) | Value::List(_) => text_with(term, "strip")?,
            Value::Str(term) => term.clone(),
            other => {
                let text = format!("argument of type '{}' is not iterable", other.type_name());
                return Err(TemplateError::type_error(text));
            }
        };
        let (key, inline) = split(&term)?;
        // What one term says holds for the next ones too.
        options = options.over(inline);
        let is_properties = options.choice("type", &["ini", "properties"])? == "properties";
        let name = options.text("file")?.unwrap_or_else(|| "ansible.ini".into());
        let encoding = options.text("encoding")?.unwrap_or_else(|| "utf-8".into());
        let missing = format!("No such file or directory: '{name}'");
        let path = file::locate_told(options.context(), "files", &name, &missing)?;
        let file = file::content(&path)?;
        let mut content = match encoding.as_str() {
            "utf-8" => String::from_utf8_lossy(&file.bytes).into_owned(),
            other => decoded(&file.bytes, other)?,
        };
        let section = if is_properties {
            content.insert_str(0, &format!("[{PROPERTIES}]\n"));
            PROPERTIES.to_owned()
        } else {
            options.text("section")?.unwrap_or_else(|| "global".into())
        };
        let reading = Reading {
            case_sensitive: options.flag("case_sensitive", false)?,
            allow_no_value: options.flag("allow_no_value", false)? || options.flag("allow_none", false)?,
            first_line: usize::from(!is_properties),
        };
        let ini = Ini::parse(&content, &reading).map_err(|error| failed(error.told(&name, &path)))?;
        if !ini.has(&section) {
            return Err(failed(format!("No section '{section}' in '{name}'.")));
        }
        let found =
            Found { file: &file, ini: &ini, section: &section, interpolates: options.flag("interpolation", true)? };
        if options.value("re")?.is_some_and(|re| re.is_truthy()) {
            found.matching(&key, &mut values)?;
        } else if let Some(value) = found.one(&reading.name(&key), &options)? {
            values.push(value);
        }
    }
    Ok(values)
}

/// A term's key, and the options behind it. Keys and values may hold blanks.
fn split(term: &Str) -> Result<(String, Vec<(String, String)>), TemplateError> {
    if !term.contains('=') {
        return Ok((term.trim().to_owned(), Vec::new()));
    }
    let mut parts: Vec<String> = Vec::new();
    for word in term.split_whitespace() {
        let begins = word.split_once('=').is_some_and(|(name, _)| NAMES.contains(&name));
        match parts.last_mut() {
            Some(part) if !begins => *part = format!("{part} {word}"),
            _ => parts.push(word.to_owned()),
        }
    }
    let mut parts = parts.into_iter();
    let key = parts.next().unwrap_or_default();
    if let Some((name, _)) = key.split_once('=') {
        return Err(failed(if NAMES.contains(&name) {
            format!("No key to look up was provided as first term within string inline options: {term}")
        } else {
            format!("'{name}' is not a valid option.")
        }));
    }
    let pairs = parts.filter_map(|part| part.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok((key, pairs.collect()))
}

/// A section of a file.
struct Found<'a> {
    file: &'a file::Content,
    ini: &'a Ini,
    section: &'a str,
    interpolates: bool,
}

impl Found<'_> {
    fn value(&self, key: &str, raw: &str) -> Result<Value, TemplateError> {
        if !self.interpolates {
            return Ok(self.file.value(raw));
        }
        let wrong = |problem: Interpolation| {
            if let Interpolation::Syntax(found) = &problem {
                // It is a part of a value, and as secret.
                self.file.value(found);
            }
            failed(format!("cannot replace names in `{key}` of the section `{}`: {problem}", self.section))
        };
        self.interpolate(raw, 1).map(|text| self.file.value(&text)).map_err(wrong)
    }

    /// The values of all keys that begin like the pattern.
    fn matching(&self, pattern: &str, values: &mut Vec<Value>) -> Result<(), TemplateError> {
        let regex = python_regex::compile(pattern, Flags { anchor: Anchor::Start, ..Flags::default() })?;
        // Python evaluates every value of the section, before it looks at the keys.
        let all: Vec<(&str, Value)> = self
            .ini
            .entries(self.section)
            .map(|(key, raw)| Ok((key, raw.map_or(Ok(Value::empty_text()), |raw| self.value(key, raw))?)))
            .collect::<Result<_, TemplateError>>()?;
        for (key, value) in all {
            if regex.is_match(key).map_err(|error| python_regex::gave_up(&error))? {
                values.push(value);
            }
        }
        Ok(())
    }

    fn one(&self, key: &str, options: &Options<'_>) -> Result<Option<Value>, TemplateError> {
        match self.ini.get(self.section, key) {
            Some(Some(raw)) => self.value(key, raw).map(Some),
            Some(None) => Ok(None),
            None => Ok(Some(options.value("default")?.unwrap_or_else(Value::empty_text))),
        }
    }

    /// `%(name)s` is replaced by that value, `%%` by a percent sign.
    fn interpolate(&self, raw: &str, depth: usize) -> Result<String, Interpolation> {
        if depth > 10 {
            return Err(Interpolation::TooDeep);
        }
        let mut out = String::new();
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(behind) = rest.strip_prefix("%%") {
                out.push('%');
                rest = behind;
                continue;
            }
            let (name, behind) = rest
                .strip_prefix("%(")
                .and_then(|inner| inner.split_once(")s"))
                .filter(|(name, _)| !name.contains(')'))
                .ok_or_else(|| Interpolation::Syntax(rest.to_owned()))?;
            match self.ini.get(self.section, &self.ini.name(name)).flatten() {
                Some(value) => out.push_str(&self.interpolate(value, depth + 1)?),
                None => return Err(Interpolation::Missing(name.to_owned())),
            }
            rest = behind;
        }
        Ok(out + rest)
    }
}

/// Why names in a value cannot be replaced.
enum Interpolation {
    TooDeep,
    Syntax(String),
    Missing(String),
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => f.write_str("they refer to each other more than 10 deep"),
            Self::Syntax(found) => write!(f, "'%' must be followed by '%' or '(', found: '{found}'"),
            Self::Missing(name) => write!(f, "there is no `{name}`"),
        }
    }
}

//! `ansible_local`: the facts that the host's own `*.fact` files state.

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};

use super::host::Host;
use crate::kit::{Fields, Program, failure::errno_text};

/// Every `*.fact` file by its name without the suffix: the output of a program, the content of
/// any other; as JSON, else as INI. What is wrong with one becomes its value.
pub fn collect(host: &Host) -> Fields {
    let mut local = Fields::new();
    for path in host.reader.list(&host.fact_path).unwrap_or_default() {
        if path.extension().is_some_and(|extension| extension == "fact") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            local.insert(name, fact(host, &path));
        }
    }
    Fields::from_iter([("local".to_owned(), local.into())])
}

fn fact(host: &Host, path: &Path) -> Value {
    let is_program = match path.metadata() {
        Ok(meta) => meta.permissions().mode() & 0o111 != 0,
        Err(error) => {
            return json!(format!(
                "Could not stat fact ({}): {}",
                path.display(),
                errno_text(&error, &path.to_string_lossy())
            ));
        }
    };
    let bytes = if is_program { run(host, path) } else { host.reader.read(path).map_err(|failure| failure.msg) };
    let parsed = bytes.and_then(|bytes| {
        // Bytes that are not UTF-8 are left out.
        let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        let wrong = |kind: &str| format!("error loading facts as {kind} - please check content: {}", path.display());
        match serde_json::from_str(&text) {
            Ok(value) => Ok(value),
            Err(_) => interpolated(ini(&text).ok_or_else(|| wrong("JSON or ini"))?).ok_or_else(|| wrong("ini")),
        }
    });
    parsed.unwrap_or_else(|why| {
        host.warn(why.clone());
        json!(why)
    })
}

fn run(host: &Host, path: &Path) -> Result<Vec<u8>, String> {
    let failed = |why: &str| format!("Failure executing fact script ({}), {why}", path.display());
    let program = Program::new(path).timeout(host.timeout.mul_f64(0.9));
    let finished = host.reader.query(&program).map_err(|failure| failed(&failure.msg))?;
    if finished.success() {
        Ok(finished.stdout)
    } else {
        Err(failed(&format!("rc: {}, err: {}", finished.rc, finished.err())))
    }
}

/// Sections of `name = value` or `name: value`, as Python's `configparser` reads them; `None`
/// when it would not.
fn ini(text: &str) -> Option<Fields> {
    let mut sections = Fields::new();
    let mut defaults = Fields::new();
    let mut section: Option<String> = None;
    let mut last: Option<String> = None;
    for line in text.lines() {
        let stripped = line.trim();
        if stripped.is_empty() || stripped.starts_with(['#', ';']) {
            continue;
        }
        let entries = match &section {
            Some(name) if name == "DEFAULT" => Some(&mut defaults),
            Some(name) => sections.get_mut(name).and_then(Value::as_object_mut),
            None => None,
        };
        if let (true, Some(key), Some(entries)) = (line.starts_with(char::is_whitespace), &last, entries) {
            let joined = format!("{}\n{stripped}", entries[key].as_str().unwrap_or_default());
            entries.insert(key.clone(), json!(joined));
            continue;
        }
        if let Some(name) = stripped.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            // A section, or below a name in one, that is there twice is an error to Python.
            if name != "DEFAULT" && sections.insert(name.to_owned(), json!({})).is_some() {
                return None;
            }
            (section, last) = (Some(name.to_owned()), None);
            continue;
        }
        let (key, value) = stripped.split_at_checked(stripped.find(['=', ':'])?)?;
        let (key, value) = (key.trim().to_lowercase(), json!(value[1..].trim()));
        last = Some(key.clone());
        let earlier = match section.as_deref()? {
            "DEFAULT" => defaults.insert(key, value),
            name => sections.get_mut(name)?.as_object_mut()?.insert(key, value),
        };
        if earlier.is_some() {
            return None;
        }
    }
    for entries in sections.values_mut().filter_map(Value::as_object_mut) {
        for (key, value) in &defaults {
            entries.entry(key).or_insert_with(|| value.clone());
        }
    }
    Some(sections)
}

/// Sections with the names in their values replaced; `None` where Python would refuse a value.
fn interpolated(mut sections: Fields) -> Option<Value> {
    for entries in sections.values_mut().filter_map(Value::as_object_mut) {
        let known = entries.clone();
        for value in entries.values_mut() {
            *value = json!(interpolate(value.as_str().unwrap_or_default(), &known, 10)?);
        }
    }
    Some(sections.into())
}

/// Replaces `%(name)s` with that name's value, and `%%` with `%`; `None` for any other `%`.
fn interpolate(text: &str, known: &Fields, depth: usize) -> Option<String> {
    let Some((before, rest)) = text.split_once('%') else { return Some(text.to_owned()) };
    let (replaced, after) = if let Some(after) = rest.strip_prefix('%') {
        ("%".to_owned(), after)
    } else {
        let (name, after) = rest.strip_prefix('(')?.split_once(")s")?;
        (interpolate(known.get(&name.to_lowercase())?.as_str()?, known, depth.checked_sub(1)?)?, after)
    };
    Some(format!("{before}{replaced}{}", interpolate(after, known, depth)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Value> {
        interpolated(ini(text)?)
    }

    #[test]
    fn ini_reads_as_in_python() {
        let text = "# c\n[a]\nKey = 1\nlong: x\n  y\n[b]\n[DEFAULT]\nd=2\n";
        assert_eq!(read(text).unwrap(), json!({ "a": { "key": "1", "long": "x\ny", "d": "2" }, "b": { "d": "2" } }));
        assert_eq!(read("[a]\nx=%(y)s%%\ny=1").unwrap(), json!({ "a": { "x": "1%", "y": "1" } }));
        assert!(ini("no section = 1").is_none());
        assert!(read("[a]\nx=%(x)s").is_none());
        assert!(ini("[a]\nx=1\nx=2").is_none());
        assert!(ini("[a]\nword").is_none());
    }
}

//! `csvfile`: a field of the row that begins with a key, in a file of fields with tabs or another sign between them.

use std::collections::HashMap;

use super::{
    super::{Arguments, Lookup, TemplateError, arguments::text_with},
    decoded, failed, file,
    inline::Inline,
    options::Options,
};
use crate::value::Value;

/// Options that may stand in a term.
const NAMES: [&str; 6] = ["col", "default", "delimiter", "encoding", "file", "keycol"];

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("csvfile", csvfile);
}

fn csvfile(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let missing = || failed("Search key is required but was not found");
    if arguments.positional.is_empty() {
        return Err(missing());
    }
    let options = Options::new("csvfile", arguments.context, arguments.named);
    let mut values = Vec::new();
    for term in &arguments.positional {
        let inline = Inline::parse(&text_with(term, "split")?);
        if inline.words.is_empty() {
            return Err(missing());
        }
        if let Some((name, _)) = inline.pairs.iter().find(|(name, _)| !NAMES.contains(&name.as_str())) {
            return Err(failed(format!("'{name}' is not a valid option")));
        }
        match field(&inline.words.join(" "), &options.over(inline.pairs))? {
            Some(Value::List(items)) => values.extend(items.to_vec()),
            Some(value) => values.push(value),
            None => {}
        }
    }
    Ok(values)
}

fn field(key: &str, options: &Options<'_>) -> Result<Option<Value>, TemplateError> {
    let name = options.text("file")?.unwrap_or_else(|| "ansible.csv".into());
    let delimiter = options.text("delimiter")?.unwrap_or_else(|| "TAB".into());
    let delimiter = if delimiter == "TAB" { "\t" } else { &delimiter };
    let mut chars = delimiter.chars();
    let (Some(delimiter), None) = (chars.next(), chars.next()) else {
        return Err(failed("\"delimiter\" must be a 1-character string"));
    };
    let key_column = options.integer("keycol")?.unwrap_or(0);
    let column = options.integer("col")?.unwrap_or(1);
    let missing = format!("No such file or directory: '{name}'");
    let path = file::locate_told(options.context(), "files", &name, &missing)?;
    let encoding = options.text("encoding")?.unwrap_or_else(|| "utf-8".into());
    let content = file::content(&path)?;
    let text = decoded(&content.bytes, &encoding)?;
    let short = |row: &[String], column: i64| {
        let (path, count) = (path.display(), row.len());
        let first = content.value(&row[0]).to_str();
        failed(format!("{path}: list index out of range: the row `{first}` has no column {column}, only {count}"))
    };
    for row in rows(&text, delimiter) {
        if at(&row, key_column).ok_or_else(|| short(&row, key_column))? == key {
            let value = at(&row, column).ok_or_else(|| short(&row, column))?;
            return Ok(Some(content.value(value)));
        }
    }
    options.value("default")
}

/// The field in a column, counted from 0, or from -1 at the end.
fn at(row: &[String], column: i64) -> Option<&String> {
    let column = if column < 0 { column + i64::try_from(row.len()).ok()? } else { column };
    row.get(usize::try_from(column).ok()?)
}

/// The rows of a text; empty lines are none. A field that begins with `"` ends with one, and holds two for one.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    let mut end = |row: &mut Vec<String>, field: &mut String| {
        if !row.is_empty() || !field.is_empty() {
            row.push(std::mem::take(field));
            rows.push(std::mem::take(row));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            _ if quoted => field.push(c),
            '"' if field.is_empty() => quoted = true,
            '\r' | '\n' => end(&mut row, &mut field),
            _ if c == delimiter => row.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    end(&mut row, &mut field);
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn quotes_hold_delimiters_and_line_breaks() {
        let found = rows("a,\"b, \"\"c\"\"\nd\",e\r\n\nf\n", ',');
        assert_eq!(found, [vec!["a", "b, \"c\"\nd", "e"], vec!["f"]]);
    }
}

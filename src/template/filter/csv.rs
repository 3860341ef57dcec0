//! `from_csv`: tables as Python's `csv` reads them.

use std::collections::HashMap;

use super::{
    super::{Arguments, Filter, TemplateError, arguments::required},
    failed,
};
use crate::value::{Dict, Key, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("community.general.from_csv", from_csv);
}

/// How a table is written.
struct Dialect {
    delimiter: char,
    /// Whether blanks behind a delimiter mean nothing.
    skip_blanks: bool,
    /// Whether bad quotes are errors.
    strict: bool,
}

fn from_csv(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [data, dialect, names, delimiter, skip_blanks, strict] =
        arguments.bind(["data", "dialect", "fieldnames", "delimiter", "skipinitialspace", "strict"])?;
    let data = required(data, "from_csv", "data")?.to_str();
    let delimiter = delimiter.filter(|delimiter| !delimiter.is_none()).map(|delimiter| delimiter.to_str());
    let usual = match dialect.map_or_else(|| "excel".to_owned(), |dialect| dialect.to_str()).as_str() {
        "excel" | "unix" => ',',
        "excel-tab" => '\t',
        other => return Err(failed(format!("Dialect '{other}' is not one of excel, excel-tab and unix"))),
    };
    let delimiter = match delimiter.as_deref().map(|text| (text.chars().next(), text.chars().count())) {
        None => usual,
        Some((Some(c), 1)) => c,
        Some(_) => return Err(failed("Unable to create custom dialect: \"delimiter\" must be a 1-character string")),
    };
    let skip_blanks = super::flag(skip_blanks.as_ref());
    let dialect = Dialect { delimiter, skip_blanks, strict: super::flag(strict.as_ref()) };
    let mut rows = dialect.rows(&data)?.into_iter();
    let names: Vec<Value> = match names.filter(|names| !names.is_none()) {
        Some(names) => names.iter()?,
        None => rows.next().unwrap_or_default().into_iter().map(Value::from).collect(),
    };
    rows.map(|row| named(&names, row)).collect()
}

/// A row by its names; what is too much stands under `None`, what is missing is `None`.
fn named(names: &[Value], row: Vec<String>) -> Result<Value, TemplateError> {
    let dict = Dict::new();
    let mut fields = row.into_iter();
    for name in names {
        dict.set(Key::new(name.clone())?, fields.next().map_or(Value::None, Value::from));
    }
    let rest: Vec<Value> = fields.map(Value::from).collect();
    if !rest.is_empty() {
        dict.set_value(Value::None, rest.into())?;
    }
    Ok(Value::Dict(dict))
}

/// Where the reader is in a field.
#[derive(PartialEq, Eq, Clone, Copy)]
enum State {
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends the field, unless another follows.
    QuoteEnd,
}

impl Dialect {
    /// The rows that have fields.
    fn rows(&self, data: &str) -> Result<Vec<Vec<String>>, TemplateError> {
        let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut state = State::Start;
        let mut chars = data.chars().peekable();
        while let Some(c) = chars.next() {
            match (state, c) {
                (State::Quoted, '"') => state = State::QuoteEnd,
                (State::Quoted, c) => field.push(c),
                (State::QuoteEnd, '"') => {
                    field.push('"');
                    state = State::Quoted;
                }
                (_, '\n' | '\r') => {
                    if c == '\r' {
                        chars.next_if_eq(&'\n');
                    }
                    if !row.is_empty() || !field.is_empty() || state == State::QuoteEnd {
                        row.push(std::mem::take(&mut field));
                        rows.push(std::mem::take(&mut row));
                    }
                    state = State::Start;
                }
                (_, c) if c == self.delimiter => {
                    row.push(std::mem::take(&mut field));
                    state = State::Start;
                }
                (State::Start, '"') => state = State::Quoted,
                (State::Start, ' ') if self.skip_blanks => {}
                (State::QuoteEnd, _) if self.strict => {
                    let text = format!("Unable to process file: '{}' expected after '\"'", self.delimiter);
                    return Err(failed(text));
                }
                (_, c) => {
                    field.push(c);
                    state = State::Plain;
                }
            }
        }
        if state == State::Quoted && self.strict {
            return Err(failed("Unable to process file: unexpected end of data"));
        }
        if !row.is_empty() || state != State::Start {
            row.push(field);
            rows.push(row);
        }
        Ok(rows)
    }
}

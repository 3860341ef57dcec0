//! `sequence`: numbers in a format.

use std::collections::HashMap;

use super::{
    super::{Arguments, Lookup, TemplateError},
    failed,
};
use crate::value::{Value, parse_int};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("sequence", sequence);
}

#[derive(Default)]
struct Spec {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<String>,
}

impl Spec {
    fn set(&mut self, name: &str, value: &Value) -> Result<(), TemplateError> {
        let number = || {
            let number = match value {
                Value::Str(text) => decimal(text),
                Value::Float(number) => (number.fract() == 0.0).then_some(*number as i64),
                other => other.as_i64(),
            };
            let wrong = || {
                failed(format!(
                    "Config '{name}' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value \
                     provided for 'integer': {}",
                    value.repr()
                ))
            };
            number.map(Some).ok_or_else(wrong)
        };
        match name {
            "start" => self.start = number()?,
            "end" => self.end = number()?,
            "count" => self.count = number()?,
            "stride" => self.stride = number()?,
            "format" => self.format = Some(value.to_str()),
            _ => return Err(failed(format!("unrecognized arguments to with_sequence: ['{name}']"))),
        }
        Ok(())
    }

    /// The short form: `[start-]end[/stride][:format]`. Gives whether the term has it; fails for numbers that look
    /// hexadecimal, which it may have and which are none.
    fn short(&mut self, term: &str) -> Result<bool, TemplateError> {
        let (range, format) = term.split_once(':').map_or((term, None), |(range, format)| (range, Some(format)));
        let (range, stride) = range.split_once('/').map_or((range, None), |(range, stride)| (range, Some(stride)));
        let (start, end) = range.split_once('-').map_or((None, range), |(start, end)| (Some(start), end));
        let parts = [("start", start), ("end", Some(end)), ("stride", stride)];
        let parts = || parts.into_iter().filter_map(|(name, part)| Some((name, part?)));
        if !parts().all(|(_, part)| is_number(part)) {
            return Ok(false);
        }
        for (name, part) in parts() {
            self.set(name, &part.into())?;
        }
        self.format = format.map(str::to_owned);
        Ok(true)
    }

    fn values(self) -> Result<Vec<Value>, TemplateError> {
        let start = self.start.unwrap_or(1);
        let stride = match (self.stride, self.count, self.end) {
            (Some(stride), ..) => stride,
            (None, None, Some(end)) if end < start => return Err(failed("to count backwards make stride negative")),
            _ => 1,
        };
        let end = match (self.end, self.count) {
            (Some(_), Some(_)) => return Err(failed("can't specify both count and end in with_sequence")),
            (Some(end), None) => end,
            (None, Some(0)) => return Ok(Vec::new()),
            // Ansible's formula: backwards, it counts further than it is told.
            (None, Some(count)) => start + count * stride - 1,
            (None, None) => return Err(failed("must specify count or end in with_sequence")),
        };
        if stride == 0 {
            return Ok(Vec::new());
        }
        if stride > 0 && end < start {
            return Err(failed("to count backwards make stride negative"));
        }
        if stride < 0 && end > start {
            return Err(failed("to count forward don't make stride negative"));
        }
        if (end - start) / stride > 10_000_000 {
            return Err(failed("the sequence is too long"));
        }
        let format = Value::from(self.format.as_deref().unwrap_or("%d"));
        let mut values = Vec::new();
        let mut number = start;
        while if stride > 0 { number <= end } else { number >= end } {
            let formatted = format.modulo(&Value::Int(number));
            values.push(formatted.map_err(|_| failed(format!("bad formatting string: {}", format.to_str())))?);
            number += stride;
        }
        Ok(values)
    }
}

/// Whether a text has the form of a number, decimal or hexadecimal.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('0').unwrap_or(text);
    let digits = digits.strip_prefix(['x', 'X']).unwrap_or(digits);
    !text.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && (!digits.is_empty() || text == "0")
}

/// Hexadecimal and octal numbers are none, whatever the documentation says.
fn decimal(text: &str) -> Option<i64> {
    i64::try_from(parse_int(text.trim(), 10)?).ok()
}

fn sequence(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut values = Vec::new();
    let only_named = arguments.positional.is_empty() && !arguments.named.is_empty();
    let terms: Vec<Value> = if only_named { vec![Value::empty_text()] } else { arguments.positional.clone() };
    for term in &terms {
        let mut spec = Spec::default();
        let Value::Str(term) = term else {
            let kind = term.type_name();
            let why = format!("expected string or bytes-like object, got '{kind}'");
            let text = format!("unknown error parsing with_sequence arguments: {}. Error was: {why}", term.repr());
            return Err(failed(text));
        };
        // What is no option of the lookup, or not given after all, is passed over; the term's own come before them.
        let known = ["start", "end", "count", "stride", "format"];
        for (name, value) in arguments.named.iter().filter(|(name, value)| known.contains(&&**name) && !value.is_none())
        {
            spec.set(name, value)?;
        }
        if !term.trim().is_empty() && (term.contains('=') || !spec.short(term)?) {
            for pair in term.split_whitespace() {
                let Some((name, value)) = pair.split_once('=') else {
                    return Err(failed("unrecognized arguments to with_sequence: ['_raw_params']"));
                };
                spec.set(name, &value.into())?;
            }
        }
        values.extend(spec.values()?);
    }
    Ok(values)
}

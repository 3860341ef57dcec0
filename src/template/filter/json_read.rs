//! JSON as Python's `json` reads it: integers of any size, `NaN` and `Infinity`, and the last of equal keys.

use num_bigint::BigInt;

use crate::value::{Dict, Value};

/// How deep JSON may nest.
const DEPTH: usize = 500;

/// The value that a text is, or what is wrong with it and where.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.fails("Extra data")) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn fails(&self, why: &str) -> String {
        let before = &self.text[..self.at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{why}: line {line} column {column} (char {})", before.chars().count())
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err(self.fails("too many levels"));
        }
        match self.rest().chars().next() {
            Some('{') => self.dict(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Value::from),
            Some('-' | '0'..='9') if !self.rest().starts_with("-I") => self.number(),
            _ => {
                let words = [
                    ("null", Value::None),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                    ("NaN", Value::Float(f64::NAN)),
                    ("Infinity", Value::Float(f64::INFINITY)),
                    ("-Infinity", Value::Float(f64::NEG_INFINITY)),
                ];
                let found = words.into_iter().find(|(word, _)| self.takes(word));
                found.map(|(_, value)| value).ok_or_else(|| self.fails("Expecting value"))
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.takes("]") {
            return Ok(items.into());
        }
        loop {
            self.blanks();
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.takes("]") {
                return Ok(items.into());
            }
            if !self.takes(",") {
                return Err(self.fails("Expecting ',' delimiter"));
            }
        }
    }

    fn dict(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let dict = Dict::new();
        self.blanks();
        if self.takes("}") {
            return Ok(Value::Dict(dict));
        }
        loop {
            self.blanks();
            if !self.rest().starts_with('"') {
                return Err(self.fails("Expecting property name enclosed in double quotes"));
            }
            let key = self.string()?;
            self.blanks();
            if !self.takes(":") {
                return Err(self.fails("Expecting ':' delimiter"));
            }
            self.blanks();
            dict.insert(key.as_str(), self.value(depth + 1)?);
            self.blanks();
            if self.takes("}") {
                return Ok(Value::Dict(dict));
            }
            if !self.takes(",") {
                return Err(self.fails("Expecting ',' delimiter"));
            }
        }
    }

    fn number(&mut self) -> Result<Value, String> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let start = self.at;
        self.takes("-");
        let whole = digits(self.rest());
        if whole == 0 || whole > 1 && self.rest().starts_with('0') {
            return Err(self.fails("Expecting value"));
        }
        self.at += whole;
        let mut is_float = false;
        if let Some(fraction) = self.rest().strip_prefix('.').map(digits).filter(|count| *count > 0) {
            self.at += 1 + fraction;
            is_float = true;
        }
        if let Some(power) = self.rest().strip_prefix(['e', 'E']) {
            let unsigned = power.strip_prefix(['+', '-']).unwrap_or(power);
            if digits(unsigned) > 0 {
                self.at += 1 + power.len() - unsigned.len() + digits(unsigned);
                is_float = true;
            }
        }
        let text = &self.text[start..self.at];
        if is_float {
            return text.parse().map(Value::Float).map_err(|_| self.fails("Expecting value"));
        }
        text.parse::<BigInt>().map(Value::from).map_err(|_| self.fails("Expecting value"))
    }

    fn string(&mut self) -> Result<String, String> {
        let start = self.at;
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '"' => {
                    self.at = start + at + 1;
                    // Escapes, and what is none, are the same for everybody.
                    let text = &self.text[start..self.at];
                    return serde_json::from_str(text).map_err(|_| self.fails("Invalid control character at"));
                }
                _ => {}
            }
        }
        Err(self.fails("Unterminated string starting at"))
    }
}

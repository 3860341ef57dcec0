//! Values where there is no YAML, as in INI inventories: Python literals where they are such, text otherwise.

use std::iter::Peekable;
use std::str::CharIndices;

use num_bigint::BigInt;

use super::{Entry, Kind, Node, Span};
use crate::value::Value;

/// How deep lists may stand in each other.
const MAX_DEPTH: usize = 100;

/// `80`, `1.5`, `True`, `None`, `'text'`, `[1, 2]`, `{'a': 1}` as Python reads them; everything else, as
/// `yes`, `0644` or `[web, db]`, is text as it stands. Tuples and sets are lists; bytes, imaginary numbers
/// and `...` are text.
pub fn value(text: &str, span: &Span) -> Node {
    let mut parser = Parser { text, chars: text.char_indices().peekable(), span };
    parser.document().unwrap_or_else(|| Node::new(Kind::Str(text.to_owned()), span.clone()))
}

struct Parser<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    span: &'a Span,
}

impl Parser<'_> {
    fn node(&self, kind: Kind) -> Node {
        Node::new(kind, self.span.clone())
    }

    fn document(&mut self) -> Option<Node> {
        let first = self.item(0)?;
        let whole = if self.takes(',') {
            let mut items = vec![first];
            while !self.at_end() {
                items.push(self.item(0)?);
                if !self.takes(',') {
                    break;
                }
            }
            self.node(Kind::List(items))
        } else {
            first
        };
        self.at_end().then_some(whole)
    }

    fn peek(&mut self) -> Option<char> {
        while self.chars.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\x0c')).is_some() {}
        self.chars.peek().map(|(_, c)| *c)
    }

    /// Whether nothing but a comment is left.
    fn at_end(&mut self) -> bool {
        matches!(self.peek(), None | Some('#'))
    }

    /// What is not read yet.
    fn rest(&mut self) -> &str {
        let at = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        &self.text[at..]
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.peek() == Some(wanted) && self.chars.next().is_some()
    }

    fn item(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.peek()? {
            '[' => {
                self.chars.next();
                let (items, _) = self.items(']', depth)?;
                Some(self.node(Kind::List(items)))
            }
            '(' => {
                self.chars.next();
                let (mut items, comma) = self.items(')', depth)?;
                if items.len() == 1 && !comma { items.pop() } else { Some(self.node(Kind::List(items))) }
            }
            '{' => {
                self.chars.next();
                self.braces(depth)
            }
            sign @ ('+' | '-') => {
                self.chars.next();
                self.peek()?;
                let number = self.number()?;
                Some(self.node(if sign == '-' { negate(number) } else { number }))
            }
            '.' if self.rest().starts_with("...") => {
                self.chars.nth(2);
                Some(self.node(Kind::Str("...".to_owned())))
            }
            c if c.is_ascii_digit() || c == '.' => {
                let number = self.number()?;
                Some(self.node(number))
            }
            _ => self.word(),
        }
    }

    /// The items up to `end`, and whether a comma stands among them.
    fn items(&mut self, end: char, depth: usize) -> Option<(Vec<Node>, bool)> {
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.takes(end) {
            items.push(self.item(depth + 1)?);
            if self.takes(',') {
                comma = true;
            } else if self.peek()? != end {
                return None;
            }
        }
        Some((items, comma))
    }

    /// A dict or a set.
    fn braces(&mut self, depth: usize) -> Option<Node> {
        let (mut entries, mut items): (Vec<Entry>, Vec<Node>) = (Vec::new(), Vec::new());
        while !self.takes('}') {
            let key = self.item(depth + 1)?;
            if self.takes(':') {
                let value = self.item(depth + 1)?;
                match entries.iter_mut().find(|entry| entry.key.kind == key.kind) {
                    Some(earlier) => earlier.value = value,
                    None => entries.push(Entry { key, value }),
                }
            } else {
                items.push(key);
            }
            if !self.takes(',') && self.peek()? != '}' {
                return None;
            }
        }
        match (entries.is_empty(), items.is_empty()) {
            (_, true) => Some(self.node(Kind::Map(entries))),
            (true, false) => Some(self.node(Kind::List(items))),
            (false, false) => None,
        }
    }

    fn number(&mut self) -> Option<Kind> {
        let start = self.chars.peek()?.0;
        let mut end = start;
        let mut last = ' ';
        let hex = self.text[start..].starts_with("0x") || self.text[start..].starts_with("0X");
        while let Some((at, c)) = self.chars.next_if(|(_, c)| {
            c.is_ascii_alphanumeric()
                || matches!(c, '_' | '.')
                || (matches!(c, '+' | '-') && matches!(last, 'e' | 'E') && !hex)
        }) {
            last = c;
            end = at + 1;
        }
        number(&self.text[start..end])
    }

    /// `True`, `False`, `None`, or strings side by side.
    fn word(&mut self) -> Option<Node> {
        let rest = self.rest();
        if let Some(behind) = rest.strip_prefix("set") {
            let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
            let inner = blanks(behind);
            let end = inner + 1 + behind[inner..].strip_prefix('(').map(blanks)?;
            behind[end..].strip_prefix(')')?;
            self.chars.nth("set".len() + end);
            return Some(self.node(Kind::List(Vec::new())));
        }
        for (name, kind) in [("True", Kind::Bool(true)), ("False", Kind::Bool(false)), ("None", Kind::Null)] {
            if rest.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            {
                self.chars.nth(name.len() - 1);
                return Some(self.node(kind));
            }
        }
        let mut out = String::new();
        self.string(&mut out)?;
        while self.peek().is_some_and(|c| matches!(c, '\'' | '"' | 'r' | 'R' | 'u' | 'U' | 'b' | 'B')) {
            self.string(&mut out)?;
        }
        Some(self.node(Kind::Str(out)))
    }

    fn string(&mut self, out: &mut String) -> Option<()> {
        let mut raw = false;
        let mut quote = self.chars.next()?.1;
        let prefix: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        let prefix =
            if quote.is_ascii_alphabetic() { format!("{quote}{prefix}").to_lowercase() } else { String::new() };
        if matches!(prefix.as_str(), "r" | "u" | "b" | "br" | "rb") {
            raw = prefix.contains('r');
            quote = self.chars.nth(prefix.len() - 1)?.1;
        }
        if !matches!(quote, '\'' | '"') {
            return None;
        }
        let here = self.chars.peek()?.0;
        let triple = self.text[here..].starts_with(&String::from(quote).repeat(2));
        if triple {
            self.chars.nth(1);
        }
        loop {
            let (at, c) = self.chars.next()?;
            match c {
                c if c == quote && !triple => return Some(()),
                c if c == quote && self.text[at..].starts_with(&String::from(quote).repeat(3)) => {
                    self.chars.nth(1);
                    return Some(());
                }
                '\\' if raw => out.extend(['\\', self.chars.next()?.1]),
                '\\' => self.escape(out)?,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let c = self.chars.next()?.1;
        let code = match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'v' => '\x0b',
            '\\' | '\'' | '"' => c,
            'x' => self.code(2, 16)?,
            'u' => self.code(4, 16)?,
            'U' => self.code(8, 16)?,
            '0'..='7' => {
                let mut value = c.to_digit(8)?;
                for _ in 0..2 {
                    let Some((_, digit)) = self.chars.next_if(|(_, c)| c.is_digit(8)) else { break };
                    value = value * 8 + digit.to_digit(8)?;
                }
                char::from_u32(value)?
            }
            // Python keeps the backslash of an escape that it does not know.
            other => {
                out.push('\\');
                other
            }
        };
        out.push(code);
        Some(())
    }

    fn code(&mut self, digits: usize, radix: u32) -> Option<char> {
        let mut value = 0;
        for _ in 0..digits {
            value = value * radix + self.chars.next()?.1.to_digit(radix)?;
        }
        char::from_u32(value)
    }
}

fn number(text: &str) -> Option<Kind> {
    if let Some(real) = text.strip_suffix(['j', 'J']) {
        let imaginary = match number(real)? {
            Kind::Float(value) if value.fract() == 0.0 && value.abs() < 1e16 => format!("{value:.0}j"),
            Kind::Float(value) => format!("{}j", Value::Float(value).repr()),
            Kind::Int(value) => format!("{value}j"),
            _ => return None,
        };
        return Some(Kind::Str(imaginary));
    }
    let joined = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__") && !text.contains("_.");
    let digits = text.replace('_', "");
    if !joined {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return BigInt::parse_bytes(rest.as_bytes(), radix).map(integer);
        }
    }
    if digits.bytes().all(|c| c.is_ascii_digit()) {
        let zeros = digits.bytes().all(|c| c == b'0');
        return if digits.starts_with('0') && !zeros {
            None
        } else {
            BigInt::parse_bytes(digits.as_bytes(), 10).map(integer)
        };
    }
    // Rust would also read `inf` and `nan`, which begin with a letter and so never come here.
    if digits.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-')) && digits != "." {
        return digits.parse().ok().map(Kind::Float);
    }
    None
}

fn integer(value: BigInt) -> Kind {
    i64::try_from(&value).map_or(Kind::BigInt(value), Kind::Int)
}

fn negate(kind: Kind) -> Kind {
    match kind {
        Kind::Int(value) => integer(-BigInt::from(value)),
        Kind::BigInt(value) => integer(-value),
        Kind::Float(value) => Kind::Float(-value),
        other => other,
    }
}

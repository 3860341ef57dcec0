//! What Python finds wrong with a pattern, in its words and with the place.

/// What stands before a place, for those that repeat it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Item,
    Repeat,
}

struct Checker {
    chars: Vec<char>,
    at: usize,
    /// Where the groups begin that are open.
    open: Vec<usize>,
    /// The names of groups, with their numbers.
    names: Vec<(String, usize)>,
    groups: usize,
    before: Before,
    /// Whether nothing but flags was met.
    is_start: bool,
    /// Whether blanks and comments are left out.
    verbose: bool,
}

/// The first mistake in a pattern, of those that people make. What passes need not be a pattern.
pub(super) fn mistake(pattern: &str) -> Option<String> {
    let mut checker = Checker {
        chars: pattern.chars().collect(),
        at: 0,
        open: Vec::new(),
        names: Vec::new(),
        groups: 0,
        before: Before::Nothing,
        is_start: true,
        verbose: false,
    };
    checker.walk().err()
}

fn wrong<T>(what: &str, position: usize) -> Result<T, String> {
    Err(format!("{what} at position {position}"))
}

impl Checker {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn walk(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek(0) {
            let place = self.at;
            self.at += 1;
            let is_start = std::mem::take(&mut self.is_start);
            match c {
                '\\' => self.before = if self.escape(false)? { Before::Item } else { Before::Nothing },
                '[' => self.class(place)?,
                '(' => self.group(place, is_start)?,
                ')' => {
                    if self.open.pop().is_none() {
                        return wrong("unbalanced parenthesis", place);
                    }
                    self.before = Before::Item;
                }
                '|' | '^' | '$' => self.before = Before::Nothing,
                '*' | '+' | '?' => self.repeat(place)?,
                '{' => match self.bounds() {
                    None => self.before = Before::Item,
                    Some((low, high)) => {
                        if high.is_some_and(|high| high < low) {
                            return wrong("min repeat greater than max repeat", place + 1);
                        }
                        self.repeat(place)?;
                    }
                },
                '#' if self.verbose => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                c if self.verbose && c.is_whitespace() => self.is_start = is_start,
                _ => self.before = Before::Item,
            }
        }
        match self.open.last() {
            Some(place) => wrong("missing ), unterminated subpattern", *place),
            None => Ok(()),
        }
    }

    /// What follows a backslash; false for a place between characters, which nothing repeats.
    fn escape(&mut self, in_class: bool) -> Result<bool, String> {
        let place = self.at - 1;
        let Some(c) = self.peek(0) else { return wrong("bad escape (end of pattern)", place) };
        self.at += 1;
        let known = if in_class { "abdfnrstuvwxDNSUW" } else { "abdfnrstuvwxABDNSUWZ" };
        if c.is_ascii_alphabetic() && !known.contains(c) {
            return wrong(&format!("bad escape \\{c}"), place);
        }
        Ok(in_class || !"AbBZ".contains(c))
    }

    /// A class, whose first character may be the bracket that ends it.
    fn class(&mut self, place: usize) -> Result<(), String> {
        let unterminated = || wrong("unterminated character set", place);
        self.before = Before::Item;
        if self.peek(0) == Some('^') {
            self.at += 1;
        }
        let first = self.at;
        loop {
            let low_place = self.at;
            let Some(low) = self.peek(0) else { return unterminated() };
            self.at += 1;
            match low {
                ']' if low_place > first => return Ok(()),
                '\\' => drop(self.escape(true)?),
                _ => {
                    if let (Some('-'), Some(high)) = (self.peek(0), self.peek(1))
                        && high != ']'
                        && high != '\\'
                    {
                        self.at += 2;
                        if high < low {
                            return wrong(&format!("bad character range {low}-{high}"), low_place);
                        }
                    }
                }
            }
        }
    }

    /// The bounds of `{2,3}`, behind its bracket; `None` where it is only text.
    fn bounds(&mut self) -> Option<(u64, Option<u64>)> {
        let end = self.chars[self.at..].iter().position(|c| *c == '}')? + self.at;
        let inner: String = self.chars[self.at..end].iter().collect();
        let number = |text: &str, default| match text {
            "" => Some(default),
            text if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok().map(Some),
            _ => None,
        };
        let bounds = match inner.split_once(',') {
            Some((low, high)) => (number(low, Some(0))?.unwrap_or(0), number(high, None)?),
            None if inner.is_empty() => return None,
            None => (number(&inner, None)??, None),
        };
        self.at = end + 1;
        Some(bounds)
    }

    fn repeat(&mut self, place: usize) -> Result<(), String> {
        match self.before {
            Before::Nothing => wrong("nothing to repeat", place),
            Before::Repeat => wrong("multiple repeat", place),
            Before::Item => {
                self.before = Before::Repeat;
                if matches!(self.peek(0), Some('?' | '+')) {
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    /// A group, behind its bracket.
    fn group(&mut self, place: usize, is_start: bool) -> Result<(), String> {
        self.before = Before::Nothing;
        if self.peek(0) != Some('?') {
            self.groups += 1;
            self.open.push(place);
            return Ok(());
        }
        self.at += 1;
        let Some(kind) = self.peek(0) else { return wrong("unexpected end of pattern", self.at) };
        self.at += 1;
        match kind {
            ':' | '=' | '!' | '>' => self.open.push(place),
            '<' if matches!(self.peek(0), Some('=' | '!')) => {
                self.at += 1;
                self.open.push(place);
            }
            '<' => {
                let next = self.peek(0).map_or_else(String::new, |c| c.to_string());
                return wrong(&format!("unknown extension ?<{next}"), place + 1);
            }
            '#' => match self.chars[self.at..].iter().position(|c| *c == ')') {
                Some(end) => self.at += end + 1,
                None => return wrong("missing ), unterminated comment", place),
            },
            '(' => match self.chars[self.at..].iter().position(|c| *c == ')') {
                Some(end) => {
                    self.at += end + 1;
                    self.open.push(place);
                }
                None => return wrong("missing ), unterminated name", self.at),
            },
            'P' => self.named(place)?,
            'a' | 'i' | 'L' | 'm' | 's' | 'u' | 'x' | '-' => self.flags(kind, place, is_start)?,
            other => return wrong(&format!("unknown extension ?{other}"), place + 1),
        }
        Ok(())
    }

    fn flags(&mut self, first: char, place: usize, is_start: bool) -> Result<(), String> {
        let mut flags = first.to_string();
        while let Some(c) = self.peek(0).filter(|c| c.is_ascii_alphabetic() || *c == '-') {
            flags.push(c);
            self.at += 1;
        }
        let end = self.peek(0);
        self.at += 1;
        match end {
            Some(':') => self.open.push(place),
            Some(')') if is_start => {
                self.verbose |= flags.contains('x');
                self.is_start = true;
            }
            Some(')') => return wrong("global flags not at the start of the expression", place),
            _ => return wrong("missing -, : or )", self.at - 1),
        }
        Ok(())
    }

    /// `(?P<name>…)` and `(?P=name)`, behind the `P`.
    fn named(&mut self, place: usize) -> Result<(), String> {
        let kind = self.peek(0);
        let end = match kind {
            Some('<') => '>',
            Some('=') => ')',
            other => {
                let other = other.map_or_else(String::new, |c| c.to_string());
                return wrong(&format!("unknown extension ?P{other}"), place + 1);
            }
        };
        self.at += 1;
        let start = self.at;
        let Some(length) = self.chars[start..].iter().position(|c| *c == end) else {
            return wrong(&format!("missing {end}, unterminated name"), start);
        };
        let name: String = self.chars[start..start + length].iter().collect();
        self.at = start + length + 1;
        if name.is_empty() {
            return wrong("missing group name", start);
        }
        let is_name =
            name.chars().enumerate().all(|(index, c)| c == '_' || c.is_alphabetic() || index > 0 && c.is_numeric());
        if !is_name {
            return wrong(&format!("bad character in group name '{name}'"), start);
        }
        if end == ')' {
            self.before = Before::Item;
            return if self.names.iter().any(|(known, _)| *known == name) {
                Ok(())
            } else {
                wrong(&format!("unknown group name '{name}'"), start)
            };
        }
        self.groups += 1;
        if let Some((_, number)) = self.names.iter().find(|(known, _)| *known == name) {
            let text = format!("redefinition of group name '{name}' as group {}; was group {number}", self.groups);
            return wrong(&text, start);
        }
        self.names.push((name, self.groups));
        self.open.push(place);
        Ok(())
    }
}

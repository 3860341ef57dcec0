//! A place in the text of a document, and what can be wrong there.

/// What is wrong with a document, in libxml2's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    msg: String,
    line: usize,
    column: usize,
    in_entity: bool,
}

impl Fault {
    /// The same in the text of an entity, which is no file's.
    pub fn of_entity(self) -> Self {
        Self { in_entity: true, ..self }
    }

    /// As lxml says it of a file with this name.
    pub fn of(&self, file: &str) -> String {
        let Self { msg, line, column, in_entity } = self;
        let file = if *in_entity { STRING } else { file };
        format!("{msg}, line {line}, column {column} ({file}, line {line})")
    }
}

impl Fault {
    /// As expat says it of this text.
    pub fn of_expat(&self, text: &[u8]) -> String {
        let Self { msg, line, column, .. } = self;
        let what = match msg.as_str() {
            _ if text.iter().all(u8::is_ascii_whitespace) => "no element found",
            msg if msg.starts_with("Premature end") => "no element found",
            msg if msg.starts_with("Opening and ending tag mismatch") => "mismatched tag",
            _ => "syntax error",
        };
        format!("{what}: line {line}, column {}", column - 1)
    }
}

/// What lxml calls text that is no file's.
pub const STRING: &str = "<string>";

/// A place in a text.
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At its beginning.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What is left.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next letter.
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    /// Goes on by this many bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes behind a text, if it is next.
    pub fn eat(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.skip(text.len());
        }
        is_next
    }

    /// Goes behind white space; whether there was any.
    pub fn blanks(&mut self) -> bool {
        !self.take_while(is_blank).is_empty()
    }

    /// Goes behind letters of a kind.
    pub fn take_while(&mut self, is_kind: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|letter| !is_kind(letter)).unwrap_or(rest.len())];
        self.skip(taken.len());
        taken
    }

    /// Goes behind the next such text; returns what is before it. Goes to the end when there is none.
    pub fn take_until(&mut self, text: &str) -> Option<&'a str> {
        let rest = self.rest();
        let Some(end) = rest.find(text) else {
            self.at = self.text.len();
            return None;
        };
        self.skip(end + text.len());
        Some(&rest[..end])
    }

    /// A name, colons included.
    pub fn name(&mut self) -> Option<&'a str> {
        self.peek().filter(|first| starts_name(*first) || *first == ':')?;
        Some(self.take_while(|letter| is_in_name(letter) || letter == ':'))
    }

    /// A name without colons.
    pub fn plain_name(&mut self) -> Option<&'a str> {
        self.peek().filter(|first| starts_name(*first))?;
        Some(self.take_while(is_in_name))
    }

    /// A text in quotes of either kind.
    pub fn literal(&mut self) -> Option<&'a str> {
        let quote = self.peek().filter(|quote| matches!(quote, '"' | '\''))?;
        self.skip(1);
        self.take_until(&quote.to_string())
    }

    /// What is wrong here.
    pub fn fault(&self, msg: impl Into<String>) -> Fault {
        self.fault_before(self.rest().len(), msg)
    }

    /// What is wrong where so many bytes are left.
    pub fn fault_before(&self, left: usize, msg: impl Into<String>) -> Fault {
        let before = &self.text[..self.text.len() - left];
        let line = before.rsplit('\n').next().unwrap_or(before);
        Fault {
            msg: msg.into(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            in_entity: false,
        }
    }

    /// The line, from 1, of the place where so many bytes are left.
    pub fn line_before(&self, left: usize) -> usize {
        self.text[..self.text.len() - left].matches('\n').count() + 1
    }
}

/// White space of XML.
pub fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r')
}

/// Whether a name without colons may begin so.
pub fn starts_name(letter: char) -> bool {
    matches!(letter, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Whether a name without colons may go on so.
pub fn is_in_name(letter: char) -> bool {
    starts_name(letter)
        || matches!(letter, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether it is a name without colons.
pub fn is_name(text: &str) -> bool {
    text.starts_with(starts_name) && text.chars().all(is_in_name)
}

/// Whether a document may have it.
pub fn is_letter(letter: char) -> bool {
    is_blank(letter) || letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}')
}

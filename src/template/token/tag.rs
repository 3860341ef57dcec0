//! Where the tags of a template begin.

use std::cell::Cell;

use super::{Syntax, is_blank};

/// What a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Raw,
    Comment,
    Block,
    Variable,
    /// A line that is a statement.
    Line,
    LineComment,
}

/// The beginning of a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub kind: Kind,
    /// Where the text before it ends.
    pub at: usize,
    /// Where its inside begins.
    pub end: usize,
    /// `-` or `+` after its delimiter.
    pub sign: Option<char>,
}

/// The beginnings of tags that a syntax has, the longest delimiters first.
pub(super) struct Tags<'s> {
    starts: Vec<Start<'s>>,
    block: (&'s str, &'s str),
}

struct Start<'s> {
    kind: Kind,
    delimiter: &'s str,
    /// Where it was found last; what is before the current place is old.
    found: Cell<Option<Found>>,
}

#[derive(Clone, Copy)]
enum Found {
    At(usize, usize),
    Nowhere,
}

impl<'s> Tags<'s> {
    pub(super) fn new(syntax: &'s Syntax) -> Self {
        let start = |kind, delimiter| Start { kind, delimiter, found: Cell::new(None) };
        let mut starts = vec![
            start(Kind::Variable, &*syntax.variable.0),
            start(Kind::Comment, &*syntax.comment.0),
            start(Kind::Block, &*syntax.block.0),
        ];
        starts.extend(syntax.line_statement_prefix.as_deref().map(|prefix| start(Kind::Line, prefix)));
        starts.extend(syntax.line_comment_prefix.as_deref().map(|prefix| start(Kind::LineComment, prefix)));
        starts.retain(|start| !start.delimiter.is_empty());
        starts.sort_by_key(|start| std::cmp::Reverse(start.delimiter.len()));
        Self { starts, block: (&syntax.block.0, &syntax.block.1) }
    }

    /// The first tag at or after a place.
    pub(super) fn next(&self, text: &str, pos: usize) -> Option<Tag> {
        let mut first: Option<(usize, usize, Kind)> = None;
        for start in &self.starts {
            if let Some((at, end)) = start.find(text, pos)
                && first.is_none_or(|(known, ..)| at < known)
            {
                first = Some((at, end, start.kind));
            }
        }
        let (at, end, kind) = first?;
        if !self.block.0.is_empty()
            && text[at..].starts_with(self.block.0)
            && let Some((sign, end)) = self.raw(text, at)
        {
            return Some(Tag { kind: Kind::Raw, at, end, sign });
        }
        let sign = text[end..].chars().next().filter(|c| matches!(c, '-' | '+'));
        Some(Tag { kind, at, end: end + usize::from(sign.is_some()), sign })
    }

    /// The sign and end of `{% raw %}` at a place.
    fn raw(&self, text: &str, at: usize) -> Option<(Option<char>, usize)> {
        let (sign, rest) = self.keyword(text, at, "raw")?;
        if let Some(after) = rest.strip_prefix('-').and_then(|rest| rest.strip_prefix(self.block.1)) {
            return Some((sign, text.len() - after.trim_start_matches(is_blank).len()));
        }
        rest.strip_prefix(self.block.1).map(|after| (sign, text.len() - after.len()))
    }

    /// The sign of a block that begins at a place with this word, and the text after the word.
    fn keyword<'t>(&self, text: &'t str, at: usize, word: &str) -> Option<(Option<char>, &'t str)> {
        let rest = &text[at + self.block.0.len()..];
        let sign = rest.chars().next().filter(|c| matches!(c, '-' | '+'));
        let rest = rest[usize::from(sign.is_some())..].trim_start_matches(is_blank).strip_prefix(word)?;
        Some((sign, rest.trim_start_matches(is_blank)))
    }

    /// The first end of a raw block at or after a place: where it begins, its sign, where the delimiter at its end
    /// begins and where that ends.
    pub(super) fn end_of_raw(&self, text: &str, pos: usize) -> Option<(usize, Option<char>, usize, usize)> {
        let mut from = pos;
        while let Some(at) = text[from..].find(self.block.0).map(|at| from + at) {
            if let Some((sign, rest)) = self.keyword(text, at, "endraw") {
                let signed = rest.strip_prefix(['-', '+']).filter(|rest| rest.starts_with(self.block.1));
                let close = text.len() - signed.unwrap_or(rest).len();
                if text[close..].starts_with(self.block.1) {
                    return Some((at, sign, close, close + self.block.1.len()));
                }
            }
            from = at + self.block.0.len().max(1);
        }
        None
    }
}

impl Start<'_> {
    /// The first place at or after `pos` where the tag begins, and where its delimiter ends.
    fn find(&self, text: &str, pos: usize) -> Option<(usize, usize)> {
        match self.found.get() {
            Some(Found::Nowhere) => return None,
            Some(Found::At(at, end)) if at >= pos => return Some((at, end)),
            _ => {}
        }
        let found = self.search(text, pos);
        self.found.set(Some(found.map_or(Found::Nowhere, |(at, end)| Found::At(at, end))));
        found
    }

    fn search(&self, text: &str, pos: usize) -> Option<(usize, usize)> {
        let mut from = pos;
        loop {
            let delimiter = from + text[from..].find(self.delimiter)?;
            let end = delimiter + self.delimiter.len();
            let before = &text[pos..delimiter];
            let at = match self.kind {
                Kind::Line => pos + before.trim_end_matches([' ', '\t', '\x0b']).len(),
                Kind::LineComment => pos + before.trim_end_matches(|c| is_blank(c) && c != '\n').len(),
                _ => delimiter,
            };
            let starts_line = at == 0 || text[..at].ends_with('\n');
            let fits = match self.kind {
                Kind::Line => starts_line,
                Kind::LineComment => starts_line || !text[..at].ends_with(is_blank),
                _ => true,
            };
            if fits {
                return Some((at, end));
            }
            from = delimiter + text[delimiter..].chars().next()?.len_utf8();
        }
    }
}

//! The lines of a file that a message shows, cut to a width that a terminal has.

use super::Span;

/// Lines above the one in question.
const CONTEXT: u32 = 2;
/// Characters of a line that are shown.
const WIDTH: usize = 110;
/// Columns that stand for a tab.
const TAB: &str = "    ";

/// Some lines of a file, ready to print.
pub struct Excerpt {
    /// Line numbers and texts; empty when the place is outside the text.
    pub lines: Vec<(u32, String)>,
    /// How many columns stand before the caret, which belongs under the last line.
    pub caret: usize,
}

impl Excerpt {
    /// Columns that the widest line number takes; at least one.
    pub fn number_width(&self) -> usize {
        self.lines.last().map_or(1, |(number, _)| number.to_string().len())
    }
}

/// The lines around a place, without the passwords in them.
pub fn of(span: &Span) -> Excerpt {
    let span = span.masked(&|_| {});
    let first = span.line.saturating_sub(CONTEXT).max(1);
    let texts: Vec<&str> = span.file.text().lines().skip(first as usize - 1).take(3).collect();
    let shown = (span.line + 1).saturating_sub(first) as usize;
    // A file that ends early points to the line after its last one: show what there is.
    let missing = shown.saturating_sub(texts.len());
    if texts.is_empty() || missing > 1 {
        return Excerpt { lines: Vec::new(), caret: 0 };
    }
    let texts = &texts[..shown.min(texts.len())];
    let last = texts.last().copied().unwrap_or_default();
    let column = if missing == 0 { span.caret().saturating_sub(1) as usize } else { last.chars().count() };
    let before: String = last.chars().take(column).collect();
    let caret = expand(&before).chars().count();
    let skip = if caret + 20 > WIDTH { caret - WIDTH / 2 } else { 0 };
    let numbered = texts.iter().zip(first..).map(|(text, number)| (number, cut(&expand(text), skip)));
    Excerpt { lines: numbered.collect(), caret: caret - skip }
}

fn expand(text: &str) -> String {
    text.trim_end_matches('\r').replace('\t', TAB).replace(|c: char| c.is_control(), "\u{fffd}")
}

/// The window of a line that begins at column `skip`; an ellipsis stands where something is left out.
fn cut(text: &str, skip: usize) -> String {
    let total = text.chars().count();
    if skip == 0 && total <= WIDTH {
        return text.to_owned();
    }
    let mut window: Vec<char> = text.chars().skip(skip).take(WIDTH).collect();
    if skip > 0 && !window.is_empty() {
        window[0] = '…';
    }
    if total > skip + WIDTH {
        window[WIDTH - 1] = '…';
    }
    window.into_iter().collect()
}

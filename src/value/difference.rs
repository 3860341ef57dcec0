//! What differs between two texts, as Python's `difflib` finds and writes it.

use std::collections::HashMap;

use super::split_lines;

/// From so many lines on, a line that fills more than a hundredth of the text is no anchor.
const MANY: usize = 200;

/// Lines of the first text, and those of the second one in their place: ends are not included.
#[derive(Clone, Copy)]
struct Piece {
    is_equal: bool,
    before: (usize, usize),
    after: (usize, usize),
}

/// Two texts in lines, and where each line of the second one stands.
struct Matcher<'t> {
    before: &'t [String],
    after: &'t [String],
    places: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Matcher<'t> {
    fn new(before: &'t [String], after: &'t [String]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, line) in after.iter().enumerate() {
            places.entry(line).or_default().push(place);
        }
        if after.len() >= MANY {
            places.retain(|_, found| found.len() <= after.len() / 100 + 1);
        }
        Self { before, after, places }
    }

    /// The longest lines that are equal within two ranges: where they begin, and how many they are.
    fn longest(&self, (start, end): (usize, usize), (from, to): (usize, usize)) -> (usize, usize, usize) {
        let (mut first, mut second, mut size) = (start, from, 0);
        // How many equal lines end at each line of the second text, and at the line of the first one before.
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        for line in start..end {
            let mut next = HashMap::new();
            let places = self.places.get(self.before[line].as_str()).map_or(&[][..], Vec::as_slice);
            for &place in places.iter().skip_while(|place| **place < from).take_while(|place| **place < to) {
                let length =
                    place.checked_sub(1).and_then(|before| lengths.get(&before)).map_or(1, |length| length + 1);
                next.insert(place, length);
                if length > size {
                    (first, second, size) = (line + 1 - length, place + 1 - length, length);
                }
            }
            lengths = next;
        }
        while first > start && second > from && self.before[first - 1] == self.after[second - 1] {
            (first, second, size) = (first - 1, second - 1, size + 1);
        }
        while first + size < end && second + size < to && self.before[first + size] == self.after[second + size] {
            size += 1;
        }
        (first, second, size)
    }

    /// All lines of both texts in pieces that are equal or not.
    fn pieces(&self) -> Vec<Piece> {
        let mut blocks = Vec::new();
        let mut open = vec![((0, self.before.len()), (0, self.after.len()))];
        while let Some((before, after)) = open.pop() {
            let (first, second, size) = self.longest(before, after);
            if size > 0 {
                blocks.push((first, second, size));
                open.push(((before.0, first), (after.0, second)));
                open.push(((first + size, before.1), (second + size, after.1)));
            }
        }
        blocks.sort_unstable();
        blocks.push((self.before.len(), self.after.len(), 0));
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut first, mut second) = (0, 0);
        for (start, from, size) in blocks {
            if (first, second) != (start, from) {
                pieces.push(Piece { is_equal: false, before: (first, start), after: (second, from) });
            }
            (first, second) = (start + size, from + size);
            match pieces.last_mut() {
                Some(last) if last.is_equal => (last.before.1, last.after.1) = (first, second),
                _ if size > 0 => {
                    pieces.push(Piece { is_equal: true, before: (start, first), after: (from, second) });
                }
                _ => {}
            }
        }
        pieces
    }
}

/// Pieces with so many equal lines around them, in groups that do not touch.
fn groups(mut pieces: Vec<Piece>, context: usize) -> Vec<Vec<Piece>> {
    if let Some(first) = pieces.first_mut().filter(|first| first.is_equal) {
        first.before.0 = first.before.0.max(first.before.1.saturating_sub(context));
        first.after.0 = first.after.0.max(first.after.1.saturating_sub(context));
    }
    if let Some(last) = pieces.last_mut().filter(|last| last.is_equal) {
        last.before.1 = last.before.1.min(last.before.0.saturating_add(context));
        last.after.1 = last.after.1.min(last.after.0.saturating_add(context));
    }
    let mut groups = Vec::new();
    let mut group = Vec::new();
    for mut piece in pieces {
        if piece.is_equal && piece.before.1 - piece.before.0 > context.saturating_mul(2) {
            let (before, after) = (piece.before.0 + context, piece.after.0 + context);
            group.push(Piece { before: (piece.before.0, before), after: (piece.after.0, after), ..piece });
            groups.push(std::mem::take(&mut group));
            (piece.before.0, piece.after.0) = (piece.before.1 - context, piece.after.1 - context);
        }
        group.push(piece);
    }
    groups.push(group);
    groups.retain(|group| group.iter().any(|piece| !piece.is_equal));
    groups
}

/// The lines of a hunk, counted from 1.
fn range((start, end): (usize, usize)) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        length => format!("{},{length}", start + 1),
    }
}

/// The lines of a text with their ends; of a last line without one that is said.
fn marked(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = split_lines(text, true).into_iter().map(str::to_owned).collect();
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push_str("\n\\ No newline at end of file\n");
    }
    lines
}

/// What is other in the second text, as a unified diff with so many lines around each place; empty for equal texts.
pub fn unified_diff(before: &str, after: &str, [from, to]: [&str; 2], context: usize) -> String {
    let (before, after) = (marked(before), marked(after));
    let groups = groups(Matcher::new(&before, &after).pieces(), context);
    let mut out = String::new();
    if !groups.is_empty() {
        out.extend(["--- ", from, "\n+++ ", to, "\n"]);
    }
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (old, new) = ((first.before.0, last.before.1), (first.after.0, last.after.1));
        out.extend(["@@ -", &range(old), " +", &range(new), " @@\n"]);
        for piece in group {
            let (old, new) = (&before[piece.before.0..piece.before.1], &after[piece.after.0..piece.after.1]);
            if piece.is_equal {
                old.iter().for_each(|line| out.extend([" ", line]));
            } else {
                old.iter().for_each(|line| out.extend(["-", line]));
                new.iter().for_each(|line| out.extend(["+", line]));
            }
        }
    }
    out
}

//! What Python refuses in a regular expression; other engines take some of it for something else.

/// The first mistake and where it is, in Python's words. What follows `(?x)` is left to the engine.
pub fn mistake(pattern: &str) -> Option<String> {
    let letters: Vec<char> = pattern.chars().collect();
    let mut reading = Reading { letters: &letters, at: 0, open: Vec::new(), groups: Vec::new(), last: Last::Nothing };
    reading.all().err().map(|(what, at)| format!("{what} at position {at}"))
}

/// The bounds of a repetition whose brace is just before `rest`, and how long they are with the closing one; in
/// Python a brace without them is a letter.
pub fn bounds(rest: &str) -> Option<(&str, Option<&str>, usize)> {
    let inside = rest.split('}').next().filter(|inside| !inside.is_empty() && inside.len() < rest.len())?;
    let (least, most) = inside.split_once(',').map_or((inside, None), |(least, most)| (least, Some(most)));
    let are_digits = [least, most.unwrap_or_default()].concat().bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then_some((least, most, inside.len() + 1))
}

type Step = Result<(), (String, usize)>;

struct Reading<'a> {
    letters: &'a [char],
    at: usize,
    /// Where groups begin that have not ended.
    open: Vec<usize>,
    /// The names of the groups that capture.
    groups: Vec<String>,
    last: Last,
}

/// What a repetition would repeat.
enum Last {
    Nothing,
    Item,
    Repetition,
}

impl Reading<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn take(&mut self, wanted: &[char]) -> bool {
        let is_there = self.letters[self.at..].starts_with(wanted);
        self.at += if is_there { wanted.len() } else { 0 };
        is_there
    }

    /// What stands before `end`, which is passed over; `None` when it does not come.
    fn until(&mut self, end: char) -> Option<String> {
        let length = self.letters[self.at..].iter().position(|letter| *letter == end)?;
        let text = self.letters[self.at..self.at + length].iter().collect();
        self.at += length + 1;
        Some(text)
    }

    fn all(&mut self) -> Step {
        while let Some(letter) = self.peek() {
            let start = self.at;
            self.at += 1;
            match letter {
                '\\' => self.escape(start, false)?,
                '[' => self.class(start)?,
                '(' => self.group(start)?,
                ')' if self.open.pop().is_none() => return Err(("unbalanced parenthesis".into(), start)),
                '|' | '^' | '$' => self.last = Last::Nothing,
                '*' | '+' | '?' => self.repetition(start)?,
                '{' => self.brace(start)?,
                _ => self.last = Last::Item,
            }
        }
        match self.open.pop() {
            Some(start) => Err(("missing ), unterminated subpattern".into(), start)),
            None => Ok(()),
        }
    }

    fn escape(&mut self, start: usize, in_class: bool) -> Step {
        let Some(letter) = self.peek() else { return Err(("bad escape (end of pattern)".into(), start)) };
        self.at += 1;
        let is_place = !in_class && "AbBZ".contains(letter);
        if letter.is_ascii_alphabetic() && !is_place && !"bdDsSwWafnrtvxuUN".contains(letter)
            || in_class && letter == 'B'
        {
            return Err((format!("bad escape \\{letter}"), start));
        }
        if !in_class && ('1'..='9').contains(&letter) {
            let digits: String = self.letters[start + 1..].iter().take(3).take_while(|c| c.is_ascii_digit()).collect();
            let is_octal = digits.len() == 3 && digits.bytes().all(|digit| digit < b'8');
            let number = &digits[..digits.len().min(2)];
            if !is_octal && number.parse().is_ok_and(|number: usize| number > self.groups.len()) {
                return Err((format!("invalid group reference {number}"), start + 1));
            }
        }
        self.last = if is_place { Last::Nothing } else { Last::Item };
        Ok(())
    }

    fn class(&mut self, start: usize) -> Step {
        self.take(&['^']);
        let first = self.at;
        while self.at == first || self.peek() != Some(']') {
            let low = self.class_item(start)?;
            if self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|next| *next != ']') {
                self.at += 1;
                let high = self.class_item(start)?;
                let (low, high) = (&self.letters[low..high - 1], &self.letters[high..self.at]);
                if !is_range(low, high) {
                    let range: String = [low, &['-'], high].concat().iter().collect();
                    let at = self.at - low.len() - high.len() - 1;
                    return Err((format!("bad character range {range}"), at));
                }
            }
        }
        self.at += 1;
        self.last = Last::Item;
        Ok(())
    }

    /// Where a letter of a class begins, which is passed over.
    fn class_item(&mut self, start: usize) -> Result<usize, (String, usize)> {
        let item = self.at;
        let Some(letter) = self.peek() else { return Err(("unterminated character set".into(), start)) };
        self.at += 1;
        if letter == '\\' {
            self.escape(item, true)?;
            self.digits();
        }
        Ok(item)
    }

    /// Passes over what follows the first letter of an escape that is a number.
    fn digits(&mut self) {
        let (length, radix) = match self.letters[self.at - 1] {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (2, 8),
            _ => return,
        };
        self.at += self.letters[self.at..].iter().take(length).take_while(|digit| digit.is_digit(radix)).count();
    }

    fn group(&mut self, start: usize) -> Step {
        self.open.push(start);
        self.last = Last::Nothing;
        if !self.take(&['?']) {
            self.groups.push(String::new());
            return Ok(());
        }
        let unknown = |what: String| Err((format!("unknown extension ?{what}"), start + 1));
        let next: String = self.letters[self.at..].iter().take(2).collect();
        match next.chars().next() {
            None => return Err(("unexpected end of pattern".into(), self.at)),
            Some(':' | '=' | '!' | '>') => {}
            Some('(') => {
                self.at += 1;
                let name = self.at;
                if self.until(')').is_none() {
                    return Err(("missing ), unterminated name".into(), name));
                }
            }
            Some('<') if next.ends_with(['=', '!']) => self.at += 1,
            Some('<') => return unknown(next),
            Some('P') if next == "P<" => self.name()?,
            Some('P') if next == "P=" => {}
            Some('P') => return unknown(next),
            Some('#') => {
                self.open.pop();
                if self.until(')').is_none() {
                    return Err(("missing ), unterminated comment".into(), start));
                }
                self.last = Last::Item;
            }
            Some(letter) if !"aiLmsux-".contains(letter) => return unknown(letter.into()),
            Some(_) => {
                let length = self.letters[self.at..].iter().take_while(|letter| "aiLmsux-".contains(**letter)).count();
                let flags = &self.letters[self.at..self.at + length];
                if self.letters.get(self.at + length) == Some(&')') && !self.is_all_flags(start) {
                    return Err(("global flags not at the start of the expression".into(), start));
                }
                if flags.contains(&'x') {
                    self.open.clear();
                    self.at = self.letters.len();
                }
            }
        }
        Ok(())
    }

    /// Whether nothing but flags and comments stands before a group.
    fn is_all_flags(&self, start: usize) -> bool {
        let before: String = self.letters[..start].iter().collect();
        let are_flags = |part: &str| part.starts_with("(?") && part.ends_with(')') && !part.contains(':');
        before.split_inclusive(')').all(|part| part.starts_with("(?#") || are_flags(part))
    }

    fn name(&mut self) -> Step {
        self.at += 2;
        let start = self.at;
        let Some(name) = self.until('>') else { return Err(("missing >, unterminated name".into(), start)) };
        let is_name = name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
        if name.is_empty() {
            return Err(("missing group name".into(), start));
        }
        if !is_name || name.starts_with(|letter: char| letter.is_numeric()) {
            return Err((format!("bad character in group name '{name}'"), start));
        }
        if let Some(known) = self.groups.iter().position(|known| *known == name) {
            let (number, known) = (self.groups.len() + 1, known + 1);
            let msg = format!("redefinition of group name '{name}' as group {number}; was group {known}");
            return Err((msg, start));
        }
        self.groups.push(name);
        Ok(())
    }

    fn brace(&mut self, start: usize) -> Step {
        let rest: String = self.letters[self.at..].iter().collect();
        let Some((least, most, length)) = bounds(&rest) else {
            self.last = Last::Item;
            return Ok(());
        };
        let number = |text: &str| text.parse::<u32>().ok();
        if most.and_then(number) < number(least) && most.is_some_and(|most| !most.is_empty()) {
            return Err(("min repeat greater than max repeat".into(), start + 1));
        }
        self.at += length;
        self.repetition(start)
    }

    fn repetition(&mut self, start: usize) -> Step {
        match self.last {
            Last::Nothing => return Err(("nothing to repeat".into(), start)),
            Last::Repetition => return Err(("multiple repeat".into(), start)),
            Last::Item => {}
        }
        // Lazy, or giving nothing back.
        let _ = self.take(&['?']) || self.take(&['+']);
        self.last = Last::Repetition;
        Ok(())
    }
}

/// Whether a range of a class is one: both ends are letters, in their order.
fn is_range(low: &[char], high: &[char]) -> bool {
    let is_class = |end: &[char]| matches!(end, ['\\', 'd' | 'D' | 's' | 'S' | 'w' | 'W']);
    let letter = |end: &[char]| match end {
        [letter] => Some(*letter),
        ['\\', letter] if !letter.is_ascii_alphanumeric() => Some(*letter),
        _ => None,
    };
    !is_class(low) && !is_class(high) && letter(low).zip(letter(high)).is_none_or(|(low, high)| low <= high)
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn mistakes_are_those_of_python() {
        let cases = [
            ("(", "missing ), unterminated subpattern at position 0"),
            (r"a\((b(c)", "missing ), unterminated subpattern at position 3"),
            ("a)", "unbalanced parenthesis at position 1"),
            ("a[b", "unterminated character set at position 1"),
            ("*a", "nothing to repeat at position 0"),
            ("(+)", "nothing to repeat at position 1"),
            (r"\b*", "nothing to repeat at position 2"),
            ("a\\", "bad escape (end of pattern) at position 1"),
            ("^(?i)a", "global flags not at the start of the expression at position 1"),
            (r"[a\h]", r"bad escape \h at position 2"),
            (r"22\z", r"bad escape \z at position 2"),
            ("^(?<key>a)", "unknown extension ?<k at position 2"),
            ("^(?P<1key>a)", "bad character in group name '1key' at position 5"),
            ("(?P<n>a)(?P<n>b)", "redefinition of group name 'n' as group 2; was group 1 at position 12"),
            ("a**", "multiple repeat at position 2"),
            ("a{1,2}{3}", "multiple repeat at position 6"),
            ("a{3,2}", "min repeat greater than max repeat at position 2"),
            ("[b-a-z]", "bad character range b-a at position 1"),
            (r"[\w--.]", r"bad character range \w-- at position 1"),
            (r"(a)\2", "invalid group reference 2 at position 4"),
            (r"(a)(?(1)b|c)\2", "invalid group reference 2 at position 13"),
            ("(a)(?(1", "missing ), unterminated name at position 6"),
        ];
        for (pattern, text) in cases {
            assert_eq!(mistake(pattern).as_deref(), Some(text), "{pattern}");
        }
    }

    #[test]
    fn what_python_takes_is_no_mistake() {
        let cases = [
            "(?i)(?m)a",
            "(?i:a)b",
            "a(?#x)*",
            "(?=a)*",
            "()*",
            "a*?",
            "a*+",
            "x{,}",
            "{",
            "{}a{",
            "[]a]",
            "[^]]",
            "[a-]",
            "[[:alpha:]]",
            "(?x) a # (",
            r"(a)\1",
            r"\101",
            "(?P<n>a)(?P=n)",
            "(?<!a)b",
            "(?:a|b)?",
            r"[\]-a]",
            r"[\x20-/\x3a-@\040-/\u002d-Z]",
            "(?#a: b)(?i)c",
            "]}",
        ];
        for pattern in cases {
            assert_eq!(mistake(pattern), None, "{pattern}");
        }
    }
}

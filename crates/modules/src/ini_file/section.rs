//! The lines of an INI file: where a section is, and which lines are about an option.

/// What has to be in a section.
pub struct Condition {
    /// The option.
    pub option: String,
    /// Its values, of which one is enough; none when any will do.
    pub values: Vec<String>,
}

impl Condition {
    fn holds(&self, lines: &[String]) -> bool {
        lines
            .iter()
            .filter_map(|line| Setting::of(line, &self.option))
            .any(|setting| self.values.is_empty() || self.values.iter().any(|value| value == setting.value))
    }
}

/// A line that is about an option.
pub struct Setting<'a> {
    /// It is commented.
    pub is_inactive: bool,
    /// There is an equals sign.
    pub is_assignment: bool,
    /// What stands after the equals sign; empty when there is none.
    pub value: &'a str,
}

impl<'a> Setting<'a> {
    /// The setting of `option` in a line, commented or not.
    pub fn of(line: &'a str, option: &str) -> Option<Self> {
        let line = content(line);
        let blanks = [' ', '\t'];
        let start = line.trim_start_matches(blanks);
        let rest = start.strip_prefix(['#', ';']);
        let is_inactive = rest.is_some();
        let rest = rest.unwrap_or(start).trim_start_matches(blanks).strip_prefix(option)?;
        let rest = rest.trim_start_matches(blanks);
        let assigned = rest.strip_prefix('=').map(|value| value.trim_start_matches(blanks));
        if assigned.is_none() && !rest.is_empty() {
            return None;
        }
        Some(Self { is_inactive, is_assignment: assigned.is_some(), value: assigned.unwrap_or_default() })
    }
}

/// A line without its end.
pub fn content(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// Whether a line is empty or a comment.
pub fn says_nothing(line: &str) -> bool {
    let line = content(line).trim_start_matches([' ', '\t']);
    line.is_empty() || line.starts_with(['#', ';'])
}

/// The lines of a section: the first of that name that meets the conditions, its head among them. Without a
/// name it is what stands before the first section.
pub fn find(lines: &[String], name: Option<&str>, conditions: &[Condition]) -> Option<(usize, usize)> {
    let meets = |start: usize, end: usize| conditions.iter().all(|condition| condition.holds(&lines[start..end]));
    let is_head = |line: &String| line.starts_with('[');
    let Some(name) = name else {
        let end = lines.iter().position(is_head).unwrap_or(lines.len());
        return meets(0, end).then_some((0, end));
    };
    let mut start = None;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_head(line)) {
        if let Some(start) = start.take().filter(|start| meets(*start, at)) {
            return Some((start, at));
        }
        if head_names(line, name) {
            start = Some(at);
        }
    }
    start.filter(|start| meets(*start, lines.len())).map(|start| (start, lines.len()))
}

fn head_names(line: &str, name: &str) -> bool {
    let inside = line.strip_prefix('[').map(str::trim_start);
    let rest = inside.and_then(|inside| inside.strip_prefix(name.trim()));
    rest.is_some_and(|rest| rest.trim_start().starts_with(']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    #[test]
    fn sections_are_found_by_name_and_content() {
        let text = lines("x=1\n[a]\nx=2\n[ b ]\nx=3\n[a]\nx=4\ny=5\n");
        let with = |option: &str, value: &str| Condition { option: option.into(), values: vec![value.into()] };
        assert_eq!(find(&text, None, &[]), Some((0, 1)));
        assert_eq!(find(&text, Some("a"), &[]), Some((1, 3)));
        assert_eq!(find(&text, Some("b"), &[]), Some((3, 5)));
        assert_eq!(find(&text, Some("a"), &[with("x", "4"), with("y", "5")]), Some((5, 8)));
        assert_eq!(find(&text, Some("a"), &[with("x", "5")]), None);
        assert_eq!(find(&text, Some("c"), &[]), None);
    }

    #[test]
    fn settings_may_be_commented_and_have_no_value() {
        let value = |line: &str| Setting::of(line, "a.b").map(|found| (found.is_inactive, found.value.to_owned()));
        assert_eq!(value("a.b = 1 \r\n"), Some((false, "1 ".into())));
        assert_eq!(value("\t# a.b=x=y\n"), Some((true, "x=y".into())));
        assert_eq!(value("a.b\n"), Some((false, String::new())));
        assert_eq!(value("a.bc=1\n"), None);
        assert_eq!(value("aXb=1\n"), None);
        assert_eq!(value("a.b 1\n"), None);
    }
}

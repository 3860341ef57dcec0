//! `web[01:10:2].example.com`: one line for many hosts.

/// The letters in the order in which alphabetic ranges count.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// How many hosts one range may stand for.
const MOST: usize = 1_000_000;

/// All names that a pattern stands for, the first range turning slowest. Fails with the reason.
pub fn expand(pattern: &str) -> Result<Vec<String>, String> {
    let Some(open) = pattern.find('[') else { return Ok(vec![pattern.to_owned()]) };
    let (head, rest) = pattern.split_at(open);
    let Some((range, tail)) = rest[1..].split_once(']') else {
        return Err(format!("the range in `{pattern}` lacks its `]`"));
    };
    let items = items(range)?;
    let tails = expand(tail)?;
    if items.len().saturating_mul(tails.len()) > MOST {
        return Err(format!("`{pattern}` stands for more than {MOST} hosts"));
    }
    Ok(items.iter().flat_map(|item| tails.iter().map(move |tail| format!("{head}{item}{tail}"))).collect())
}

/// Whether a range in it has no end.
pub fn is_open(pattern: &str) -> bool {
    pattern.split('[').skip(1).any(|rest| rest.split(']').next().is_some_and(|range| range.ends_with(':')))
}

fn items(range: &str) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match parts[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err(format!("a range is `[begin:end]` or `[begin:end:step]`, and this is `[{range}]`")),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(format!("the range `[{range}]` has no end"));
    }
    let step = step.parse::<usize>().ok().filter(|step| *step > 0);
    let step = step.ok_or_else(|| format!("the step of the range `[{range}]` must be an integer above 0"))?;
    if let (Some(first), Some(last)) = (letter(begin), letter(end)) {
        if first > last {
            return Err(format!("the range `[{range}]` ends before it begins"));
        }
        return Ok(LETTERS[first..=last].chars().step_by(step).map(String::from).collect());
    }
    let (Ok(first), Ok(last)) = (begin.parse::<usize>(), end.parse::<usize>()) else {
        return Err(format!("a range goes over numbers or over single letters, and this is `[{range}]`"));
    };
    let width = if begin.len() > 1 && begin.starts_with('0') { begin.len() } else { 0 };
    if width > 0 && width != end.len() {
        return Err(format!("the range `[{range}]` must have as many digits at its end as at its beginning"));
    }
    if last.saturating_sub(first) / step > MOST {
        return Err(format!("the range `[{range}]` stands for more than {MOST} hosts"));
    }
    Ok((first..=last).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

fn letter(text: &str) -> Option<usize> {
    if text.len() == 1 { LETTERS.find(text) } else { None }
}

//! The name that was probably meant.

use strsim::damerau_levenshtein;

/// The candidate nearest to `name`, if one is near enough to be a slip of the keyboard: at most a
/// third of the characters differ. Of equally near ones the first wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.len().abs_diff(name.len()) > 4 * limit {
            continue;
        }
        let distance = damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_found_and_a_stranger_is_not() {
        let names = ["become", "become_user", "register", "when"];
        assert_eq!(nearest("regsiter", names), Some("register"));
        assert_eq!(nearest("becom_user", names), Some("become_user"));
        assert_eq!(nearest("When", names), Some("when"));
        assert_eq!(nearest("delegate_to", names), None);
        assert_eq!(nearest("x", ["ab"]), None);
    }
}

//! `--tags` and `--skip-tags`.

/// Which tasks run ("Tags" in the Ansible manual).
#[derive(Clone, Debug)]
pub struct TagFilter {
    only: Vec<String>,
    skip: Vec<String>,
}

impl TagFilter {
    /// From the command line; without `--tags`, `all` is meant.
    pub fn new(only: Vec<String>, skip: Vec<String>) -> Self {
        Self { only: if only.is_empty() { vec!["all".into()] } else { only }, skip }
    }

    /// `--tags` as given, `all` without.
    pub fn only(&self) -> &[String] {
        &self.only
    }

    /// `--skip-tags` as given.
    pub fn skipped(&self) -> &[String] {
        &self.skip
    }

    /// Whether a task with these tags runs.
    pub fn selects(&self, tags: &[String]) -> bool {
        self.is_wanted(tags) && !self.is_skipped(tags)
    }

    fn is_wanted(&self, tags: &[String]) -> bool {
        let has = |tag: &str| tags.iter().any(|own| own == tag);
        let wants = |tag: &str| self.only.iter().any(|wanted| wanted == tag);
        let untagged = tags.is_empty();
        has("always")
            || (wants("all") && !has("never"))
            || tags.iter().any(|tag| wants(tag))
            || (wants("tagged") && !untagged && !has("never"))
            || (wants("untagged") && untagged)
    }

    fn is_skipped(&self, tags: &[String]) -> bool {
        let skips = |tag: &str| self.skip.iter().any(|skipped| skipped == tag);
        let always = tags.iter().any(|tag| tag == "always");
        tags.iter().any(|tag| skips(tag))
            || (skips("all") && !always)
            || (skips("tagged") && !tags.is_empty())
            || (skips("untagged") && tags.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(only: &[&str], skip: &[&str], tags: &[&str]) -> bool {
        let owned = |list: &[&str]| list.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        TagFilter::new(owned(only), owned(skip)).selects(&owned(tags))
    }

    #[test]
    fn tags_select_as_in_the_manual() {
        assert!(selects(&[], &[], &["a"]) && selects(&[], &[], &[]));
        assert!(!selects(&[], &[], &["never"]) && !selects(&[], &[], &["never", "a"]));
        assert!(selects(&["a"], &[], &["never", "a"]));
        assert!(selects(&["a"], &[], &["always"]) && !selects(&["a"], &[], &["b"]) && !selects(&["a"], &[], &[]));
        assert!(selects(&["tagged"], &[], &["b"]) && !selects(&["tagged"], &[], &[]));
        assert!(selects(&["untagged"], &[], &[]) && !selects(&["untagged"], &[], &["b"]));
        assert!(!selects(&[], &["a"], &["a", "b"]) && selects(&[], &["a"], &["b"]));
        assert!(!selects(&[], &["always"], &["always"]) && selects(&["a"], &["all"], &["always"]));
    }
}

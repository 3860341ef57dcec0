//! `--limit` and `--shard`: which of the hosts that plays mean take part in this run.

use std::str::FromStr;

use indexmap::IndexSet;

use super::{HostId, Inventory, Pattern, Selection};
use crate::source::Diagnostic;

/// What a run keeps to.
#[derive(Clone, Debug, Default)]
pub struct Limit {
    /// `--limit`.
    pub pattern: Option<String>,
    /// `--shard`.
    pub shard: Option<Shard>,
}

/// One of several equal parts of the hosts: the first host goes to the first part, the second to the
/// second, and so on, in the order of the inventory and within `--limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part; 1 is the first.
    number: usize,
    /// How many parts there are.
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, count) = text.split_once('/').ok_or("it is K/N, as in `2/5`")?;
        let whole = |text: &str| text.trim().parse().map_err(|_| format!("`{text}` is no whole number"));
        let shard = Self { number: whole(number)?, count: whole(count)? };
        if shard.number == 0 || shard.number > shard.count {
            return Err(format!("the parts of {} are 1 to {}", shard.count, shard.count));
        }
        Ok(shard)
    }
}

impl Limit {
    /// Whether it leaves all hosts.
    pub fn is_open(&self) -> bool {
        self.pattern.is_none() && self.shard.is_none()
    }
}

impl Inventory {
    /// The hosts that `pattern` means, without those that the limit leaves out. Hosts that no source
    /// names, as the implicit `localhost`, are in every part.
    pub fn select_within(&self, pattern: &Pattern, limit: &Limit) -> Result<Selection, Diagnostic> {
        let mut selection = self.select(pattern);
        if limit.is_open() {
            return Ok(selection);
        }
        let limited = match &limit.pattern {
            Some(text) => Pattern::parse_limit(text)?,
            None => Pattern::parse_all(["all"])?,
        };
        let allowed = self.select(&limited);
        let is_limited = limit.pattern.is_some();
        // In the order in which they became known: hosts that a play adds move no other.
        let mut all = allowed.hosts;
        all.sort_unstable();
        let all: IndexSet<HostId> = all.into_iter().collect();
        selection.hosts.retain(|host| match (all.get_index_of(host), limit.shard) {
            (Some(place), Some(shard)) => place % shard.count + 1 == shard.number,
            (place, _) => place.is_some() || !is_limited,
        });
        selection.warnings.extend(allowed.warnings);
        Ok(selection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_as_many() {
        assert_eq!("2/5".parse(), Ok(Shard { number: 2, count: 5 }));
        for (text, error) in [
            ("0/5", "the parts of 5 are 1 to 5"),
            ("6/5", "the parts of 5 are 1 to 5"),
            ("5", "it is K/N, as in `2/5`"),
            ("a/5", "`a` is no whole number"),
            ("1/-1", "`-1` is no whole number"),
        ] {
            assert_eq!(text.parse::<Shard>(), Err(error.to_owned()), "{text}");
        }
    }
}

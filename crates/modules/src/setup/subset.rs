//! `gather_subset`: which collectors its names ask for, and which they leave out.

use std::collections::BTreeSet;

use super::collector::{COLLECTORS, Collector};
use crate::kit::Failure;

/// The collectors that a list of names means, in the order of [`COLLECTORS`].
///
/// The rules are Ansible's: `min` is there until `!min`; `!NAME` leaves out a collector with its
/// facts, but not what is also asked for by name; `!min` leaves out names only, so that
/// `all,!min` still finds collectors through the names of their facts.
pub fn choose(names: &[String]) -> Result<Vec<&'static Collector>, Failure> {
    let minimal = || COLLECTORS.iter().filter(|c| c.is_minimal).map(|c| c.name);
    let mut added: BTreeSet<&'static str> = minimal().collect();
    let (mut excluded, mut explicit) = (BTreeSet::new(), BTreeSet::new());
    for name in names.iter().map(String::as_str) {
        match (name, name.strip_prefix('!')) {
            ("min", _) => added.extend(minimal()),
            ("all", _) => added.extend(valid()),
            (_, Some("min")) => excluded.extend(minimal()),
            (_, Some("all")) => {
                let minimal: BTreeSet<_> = minimal().collect();
                excluded.extend(valid().filter(|name| !minimal.contains(name)));
            }
            (_, Some(left_out)) => {
                excluded.extend(known(left_out));
                excluded.extend(COLLECTORS.iter().filter(|c| c.name == left_out).flat_map(|c| c.facts).copied());
            }
            (asked, None) => {
                let name = known(asked).ok_or_else(|| bad_subset(asked))?;
                added.insert(name);
                explicit.insert(name);
            }
        }
    }
    let wanted: BTreeSet<&str> =
        added.into_iter().filter(|name| explicit.contains(name) || !excluded.contains(name)).collect();
    let is_wanted = |c: &Collector| wanted.contains(c.name) || c.facts.iter().any(|fact| wanted.contains(*fact));
    let brought: BTreeSet<&str> = COLLECTORS.iter().filter(|c| is_wanted(c)).flat_map(|c| c.with).copied().collect();
    Ok(COLLECTORS.iter().filter(|c| is_wanted(c) || brought.contains(c.name)).collect())
}

fn valid() -> impl Iterator<Item = &'static str> {
    COLLECTORS.iter().flat_map(|c| std::iter::once(c.name).chain(c.facts.iter().copied()))
}

fn known(name: &str) -> Option<&'static str> {
    valid().find(|known| *known == name)
}

fn bad_subset(name: &str) -> Failure {
    let allowed: BTreeSet<&str> = valid().chain(["all"]).collect();
    let allowed: Vec<&str> = allowed.into_iter().collect();
    Failure::new(format!("Bad subset '{name}' given to Ansible. gather_subset options allowed: {}", allowed.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(names: &str) -> Vec<&'static str> {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        choose(&names).unwrap().iter().map(|c| c.name).collect()
    }

    #[test]
    fn names_mean_what_they_mean_in_ansible() {
        assert!(chosen("all").contains(&"virtual"));
        assert!(chosen("min").contains(&"user") && !chosen("min").contains(&"hardware"));
        assert_eq!(chosen("!hardware"), chosen("min"));
        assert!(chosen("!min").is_empty() && chosen("!all,!min").is_empty());
        assert_eq!(chosen("!all,!min,hardware"), ["hardware", "platform"]);
        assert_eq!(chosen("!all,!min,default_ipv4"), ["network", "platform", "distribution"]);
        assert!(chosen("all,!hardware").contains(&"network") && !chosen("all,!hardware").contains(&"hardware"));
        assert!(chosen("hardware,!hardware").contains(&"hardware"));
        let all_but_min = chosen("all,!min");
        assert!(all_but_min.contains(&"user") && !all_but_min.contains(&"date_time"));
    }

    #[test]
    fn an_unknown_name_is_a_failure_unless_it_is_left_out() {
        assert!(choose(&["!nothing".into()]).is_ok());
        let failure = choose(&["nothing".into()]).err().unwrap();
        assert!(
            failure.msg.starts_with(
                "Bad subset 'nothing' given to Ansible. gather_subset options allowed: all, all_ipv4_addresses, "
            ),
            "{failure}"
        );
    }
}

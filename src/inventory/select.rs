//! Which hosts a pattern means.

use indexmap::IndexSet;

use crate::{
    config::{Config, settings::inventory as settings},
    source::{Diagnostic, Severity, nearest},
};

use super::{
    HostId, Inventory, Pattern,
    pattern::{Names, Sign, Slice, Term},
};

/// The hosts that a pattern means.
#[derive(Debug, Default)]
pub struct Selection {
    /// In the order of the pattern's terms, and for each in the order of the inventory; each host once.
    pub hosts: Vec<HostId>,
    /// One warning for each term that matches nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Selection {
    /// What is to be said of patterns that match nothing: an error, if the setting asks for that.
    pub fn mismatches(&self, config: &Config) -> Result<Vec<Diagnostic>, Diagnostic> {
        match (config.get(&settings::HOST_PATTERN_MISMATCH).as_str(), self.warnings.first()) {
            ("ignore", _) => Ok(Vec::new()),
            ("error", Some(first)) => Err(Diagnostic { severity: Severity::Error, ..first.clone() }),
            _ => Ok(self.warnings.clone()),
        }
    }
}

impl Inventory {
    /// The hosts that a pattern means: plain terms together, of these the ones in every `&` term, without
    /// those of `!` terms, wherever they stand. A pattern without a plain term begins with all hosts.
    pub fn select(&self, pattern: &Pattern) -> Selection {
        let mut warnings = Vec::new();
        let of = |sign: Sign| pattern.terms.iter().filter(move |term| term.sign == sign);
        let mut hosts: IndexSet<HostId> = IndexSet::new();
        if of(Sign::Plus).next().is_none() {
            hosts.extend(self.hosts_of("all"));
        }
        for term in of(Sign::Plus) {
            hosts.extend(self.term(term, &mut warnings));
        }
        for term in of(Sign::And) {
            let wanted: IndexSet<HostId> = self.term(term, &mut warnings).into_iter().collect();
            hosts.retain(|host| wanted.contains(host));
        }
        for term in of(Sign::Not) {
            let unwanted: IndexSet<HostId> = self.term(term, &mut warnings).into_iter().collect();
            hosts.retain(|host| !unwanted.contains(host));
        }
        Selection { hosts: hosts.into_iter().collect(), warnings }
    }

    fn term(&self, term: &Term, warnings: &mut Vec<Diagnostic>) -> Vec<HostId> {
        let (known, matched) = self.matching(term);
        if !known {
            warnings.push(self.unmatched(term));
        }
        let matched: Vec<HostId> = matched.into_iter().collect();
        match term.slice {
            None => matched,
            Some(Slice::One(index)) => {
                let index = if index < 0 { matched.len() as i64 + index } else { index };
                usize::try_from(index).ok().and_then(|index| matched.get(index)).copied().into_iter().collect()
            }
            Some(Slice::Range(begin, end)) => {
                let end = end.map_or(matched.len(), |end| matched.len().min(end.saturating_add(1)));
                matched.get(begin..end).unwrap_or_default().to_vec()
            }
        }
    }

    /// Whether a group or a host fits, and the hosts: a group may be empty.
    fn matching(&self, term: &Term) -> (bool, IndexSet<HostId>) {
        let mut found = IndexSet::new();
        let mut grouped = false;
        match &term.names {
            Names::Exact(name) => {
                grouped = self.groups.contains_key(name);
                if grouped {
                    found.extend(self.hosts_of(name));
                }
                if !grouped || name.contains('.') {
                    found.extend(self.hosts.get_index_of(name).map(HostId::listed));
                }
                if !grouped && found.is_empty() {
                    found.extend(self.host_id(name));
                }
            }
            Names::Glob(_) | Names::Regex(_) => {
                for group in self.groups().filter(|group| term.fits(&group.name)) {
                    grouped = true;
                    found.extend(self.hosts_of(&group.name));
                }
                let hosts = self.hosts.keys().enumerate().filter(|(_, name)| term.fits(name));
                found.extend(hosts.map(|(index, _)| HostId::listed(index)));
            }
        }
        (grouped || !found.is_empty(), found)
    }

    fn unmatched(&self, term: &Term) -> Diagnostic {
        let message = format!("Could not match supplied host pattern, ignoring: {}", term.text);
        let warning = Diagnostic::warning(message.clone()).worded(message);
        let Names::Exact(name) = &term.names else { return warning };
        let known = self.groups.keys().chain(self.hosts.keys()).map(String::as_str);
        match nearest(name, known) {
            Some(near) => warning.help(format!("did you mean `{near}`?")),
            None => warning,
        }
    }
}

//! What `set_stats` collects: figures for each host, and for the run.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde_json::{Map, Value as Json};

use crate::{output::CustomStats, value::Value};

/// The figures so far.
#[derive(Debug, Default)]
pub struct Stats(Mutex<Figures>);

/// Figures of the run, and by host.
#[derive(Debug, Default)]
struct Figures {
    run: Map<String, Json>,
    hosts: BTreeMap<String, Map<String, Json>>,
}

impl Stats {
    /// Adds figures of a host, or of the run. With `aggregate` numbers are summed up, texts and lists put
    /// together and mappings merged; figures of another type than before are left out then.
    pub fn add(&self, host: Option<&str>, figures: &Map<String, Json>, aggregate: bool) {
        let mut stats = self.0.lock();
        let Figures { hosts, run } = &mut *stats;
        let known = host.map_or(run, |host| hosts.entry(host.to_owned()).or_default());
        for (name, figure) in figures {
            match known.get_mut(name) {
                Some(before) if aggregate => join(before, figure),
                _ => drop(known.insert(name.clone(), figure.clone())),
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> CustomStats {
        let Figures { run, hosts } = &*self.0.lock();
        CustomStats {
            run: run.clone(),
            hosts: hosts.iter().map(|(host, figures)| (host.clone(), figures.clone())).collect(),
        }
    }
}

fn join(before: &mut Json, more: &Json) {
    match (before, more) {
        (before @ Json::Number(_), more @ Json::Number(_)) if before.is_f64() == more.is_f64() => {
            let [sum, more] = [&*before, more].map(|number| Value::from_json(number.clone()));
            if let Ok(total) = sum.add(&more).and_then(|total| total.to_json()) {
                *before = total;
            }
        }
        (Json::String(text), Json::String(more)) => text.push_str(more),
        (Json::Array(items), Json::Array(more)) => items.extend(more.iter().cloned()),
        (Json::Object(entries), Json::Object(more)) => {
            for (name, value) in more {
                match entries.get_mut(name) {
                    Some(Json::Object(_)) if value.is_object() => join(&mut entries[name], value),
                    _ => drop(entries.insert(name.clone(), value.clone())),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(stats: &Stats, host: Option<&str>, figures: &Json, aggregate: bool) {
        stats.add(host, figures.as_object().unwrap(), aggregate);
    }

    #[test]
    fn figures_of_one_type_are_put_together() {
        let stats = Stats::default();
        add(
            &stats,
            None,
            &json!({ "n": 2, "f": 0.5, "m": 1, "l": [1], "t": "x", "d": { "k": 1, "in": { "a": 1 } } }),
            true,
        );
        add(
            &stats,
            None,
            &json!({ "n": 3, "f": 1.5, "m": 0.5, "l": [2], "t": "y", "d": { "z": 1, "in": { "b": 2 } } }),
            true,
        );
        let expected = json!({ "n": 5, "f": 2.0, "m": 1, "l": [1, 2], "t": "xy", "d": { "k": 1, "in": { "a": 1, "b": 2 }, "z": 1 } });
        assert_eq!(Json::Object(stats.all().run), expected);
    }

    #[test]
    fn figures_of_another_type_are_left_out_unless_they_replace() {
        let stats = Stats::default();
        add(&stats, Some("a"), &json!({ "n": 2 }), true);
        add(&stats, Some("a"), &json!({ "n": "x" }), true);
        assert_eq!(stats.all().hosts, [("a".to_owned(), json!({ "n": 2 }).as_object().unwrap().clone())]);
        add(&stats, Some("a"), &json!({ "n": "x" }), false);
        assert_eq!(stats.all().hosts[0].1["n"], "x");
        assert!(stats.all().run.is_empty());
    }
}

//! `getent`: entries of the system's databases, as facts.

use serde_json::{Value, json};

use crate::kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, lines, users::expand_path};

/// Reads entries of a database of the system, whatever service it comes from, as the fact `getent_DATABASE`.
///
/// The fact is a mapping of keys to the other columns of their lines.
///
/// ```yaml
/// - getent:
///     database: passwd
///     key: root
/// - getent:
///     database: group
/// - getent:
///     database: services
///     key: http
///     fail_key: false
/// ```
#[derive(Args)]
pub struct Getent {
    /// The database, as `passwd`, `group`, `hosts` or `services` (`man 1 getent`).
    database: String,
    /// The entry; all of them where it is missing.
    key: Option<String>,
    /// The service to ask, instead of those that `/etc/nsswitch.conf` names.
    service: Option<String>,
    /// What separates the columns: a colon in `passwd`, `shadow`, `group` and `gshadow`, blanks in others where it is
    /// missing.
    split: Option<String>,
    /// Whether a key that is not there is a failure; it is `null` in the fact otherwise.
    #[arg(default = true)]
    fail_key: bool,
}

impl Module for Getent {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        let mut program = Program::new(host.required("getent")?);
        if let Some(service) = &self.service {
            program = program.arg("-s").arg(service);
        }
        let program =
            program.arg(&self.database).args(self.key.as_ref().map(|key| expand_path(key, host.environment())));
        let finished = host.query(&program.plain_locale())?;
        let missing = "One or more supplied key could not be found in the database.";
        match (finished.rc, &self.key) {
            (0, _) => Ok(self.facts(self.entries(&finished.out())?)),
            (1, _) => Err(Failure::new("Missing arguments, or database unknown.")),
            (2, Some(key)) if !self.fail_key => {
                Ok(self.facts(Fields::from_iter([(key.clone(), Value::Null)])).with("msg", missing))
            }
            (2, _) => Err(Failure::new(missing)),
            (3, _) => Err(Failure::new("Enumeration not supported on this database.")),
            _ => Err(Failure::new("Unexpected failure!")),
        }
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}

impl Getent {
    fn facts(&self, entries: Fields) -> Changes<()> {
        let name = format!("getent_{}", self.database);
        Changes::none().with("ansible_facts", json!({ name: entries }))
    }

    /// The other columns by the first one; a list of them where a key is there more than once.
    fn entries(&self, text: &str) -> Result<Fields, Failure> {
        let colon = matches!(self.database.as_str(), "passwd" | "shadow" | "group" | "gshadow").then_some(":");
        let separator = self.split.as_deref().or(colon);
        if separator == Some("") {
            return Err(Failure::new("empty separator").uncaught());
        }
        let mut entries = Fields::new();
        for line in lines::split(text) {
            let mut columns: Vec<&str> = match separator {
                Some(separator) => line.split(separator).collect(),
                None => line.split_whitespace().collect(),
            };
            if columns.is_empty() {
                continue;
            }
            let key = columns.remove(0);
            match entries.get_mut(key) {
                None => drop(entries.insert(key.to_owned(), json!(columns))),
                Some(Value::Array(all)) if all.first().is_some_and(Value::is_array) => all.push(json!(columns)),
                Some(first) => *first = json!([first.take(), columns]),
            }
        }
        Ok(entries)
    }
}

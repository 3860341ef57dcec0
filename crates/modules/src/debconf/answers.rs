//! debconf's database, read from its files (`man 5 debconf.conf`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::kit::{Failure, Reader};

const HIDDEN: &str = "(password omitted)";

/// The answers of one package.
pub struct Answers {
    answers: BTreeMap<String, String>,
    passwords: BTreeMap<String, String>,
}

impl Answers {
    /// Reads those of a package. A question without an answer has its default.
    pub fn of(host: &Reader, package: &str) -> Result<Self, Failure> {
        let read = |name: &str| host.read_text(format!("/var/cache/debconf/{name}.dat")).map(Option::unwrap_or_default);
        let templates = read("templates")?;
        let default = |template: &str| {
            let paragraph = templates.split("\n\n").find(|paragraph| field(paragraph, "Name") == Some(template));
            paragraph.and_then(|paragraph| field(paragraph, "Default")).unwrap_or_default().to_owned()
        };
        let owned = |text: &str| -> Vec<(String, String)> {
            let paragraphs = text.split("\n\n").filter(|paragraph| {
                let owners = field(paragraph, "Owners").unwrap_or_default();
                owners.split(',').any(|owner| owner.trim() == package)
            });
            paragraphs
                .filter_map(|paragraph| {
                    let name = field(paragraph, "Name")?;
                    let value = field(paragraph, "Value").map(|value| value.replace("\\n", "\n"));
                    let value = value.unwrap_or_else(|| default(field(paragraph, "Template").unwrap_or(name)));
                    Some((name.to_owned(), value))
                })
                .collect()
        };
        let passwords: BTreeMap<String, String> = owned(&read("passwords")?).into_iter().collect();
        let mut answers: BTreeMap<String, String> = owned(&read("config")?).into_iter().collect();
        answers.extend(passwords.keys().map(|name| (name.clone(), HIDDEN.to_owned())));
        Ok(Self { answers, passwords })
    }

    /// The answer to a question; of a password only that there is one.
    pub fn get(&self, question: &str) -> Option<&str> {
        self.answers.get(question).map(String::as_str)
    }

    /// A password.
    pub fn password(&self, question: &str) -> Option<&str> {
        self.passwords.get(question).map(String::as_str)
    }

    /// All of them.
    pub fn shown(&self) -> Value {
        json!(self.answers)
    }
}

fn field<'a>(paragraph: &'a str, name: &str) -> Option<&'a str> {
    paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

//! What `zypper --xmlout` prints.

use crate::xml::{
    parser::{Options, parse},
    tree::{DOCUMENT, Document, Id, Name},
};

/// What it says of packages.
pub struct Report {
    /// Its messages.
    pub messages: Vec<String>,
    packages: Vec<Solvable>,
}

/// A package.
struct Solvable {
    name: String,
    version: String,
    old_version: String,
    /// What is done with it, as `to-install`.
    group: String,
}

/// What is told of what is done.
const TOLD: [(&str, &str); 3] = [("to-install", "installed"), ("to-remove", "removed"), ("to-upgrade", "upgraded")];

impl Report {
    /// Reads it; otherwise what is wrong, in expat's words.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document = parse(bytes, Options { blanks: true, sections: false });
        let document = document.map_err(|fault| fault.of_expat(bytes))?;
        let mut report = Self { messages: Vec::new(), packages: Vec::new() };
        for id in document.walk(DOCUMENT) {
            match document.element(id).map(|element| element.name.local.as_str()) {
                Some("message") => report.messages.push(document.text(id).unwrap_or_default()),
                Some("solvable") => report.packages.push(Solvable::read(&document, id)),
                _ => {}
            }
        }
        Ok(report)
    }

    /// The names of packages that a search found.
    pub fn found(&self) -> Vec<String> {
        self.packages.iter().map(|package| package.name.clone()).collect()
    }

    /// Whether packages change.
    pub fn is_change(&self) -> bool {
        !self.packages.is_empty()
    }

    /// What becomes of which packages, a line for each.
    pub fn told(&self) -> String {
        let line = |(group, what): &(&str, &str)| {
            let packages = self.packages.iter().filter(|package| package.group == *group);
            let shown: Vec<String> = packages.map(|package| package.shown(*group == "to-upgrade")).collect();
            (!shown.is_empty()).then(|| format!("{what}: {}\n", shown.join(", ")))
        };
        TOLD.iter().filter_map(line).collect()
    }
}

impl Solvable {
    fn read(document: &Document, id: Id) -> Self {
        let attribute = |name: &str| document.attribute(id, &Name::parse(name)).unwrap_or_default().to_owned();
        let parent = document.parent_element(id).and_then(|parent| document.element(parent));
        Self {
            name: attribute("name"),
            version: attribute("edition"),
            old_version: attribute("edition-old"),
            group: parent.map(|parent| parent.name.local.clone()).unwrap_or_default(),
        }
    }

    fn shown(&self, is_upgrade: bool) -> String {
        let Self { name, version, old_version, .. } = self;
        if is_upgrade { format!("{name} ({old_version} => {version})") } else { name.clone() }
    }
}

//! What a task calls packages.

/// All of them.
pub struct Names {
    /// Files and addresses.
    pub files: Vec<String>,
    /// The others.
    pub packages: Vec<Package>,
}

/// A package by its name.
pub struct Package {
    /// Its name.
    pub name: String,
    /// Which versions are meant, as `>=1.0`; empty for any.
    pub version: String,
    /// Whether it is to be removed (`-name`, `~name`).
    pub is_unwanted: bool,
    /// Whether the name says that it is to be installed (`+name`).
    pub is_asked: bool,
}

impl Names {
    /// Sorts them out.
    pub fn parse(names: &[String]) -> Self {
        let is_file = |name: &&String| name.contains("://") || name.strip_suffix(".rpm").is_some();
        let (files, packages): (Vec<&String>, Vec<&String>) = names.iter().partition(is_file);
        Self {
            files: files.into_iter().cloned().collect(),
            packages: packages.into_iter().map(|name| Package::parse(name)).collect(),
        }
    }
}

impl Package {
    fn parse(text: &str) -> Self {
        let bare = text.strip_prefix(['-', '~', '+']).unwrap_or(text);
        let at = bare.find(['<', '>', '=']).filter(|at| *at > 0 && !bare.contains(char::is_whitespace));
        let (name, version) = bare.split_at(at.unwrap_or(bare.len()));
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            is_unwanted: text.starts_with(['-', '~']),
            is_asked: text.starts_with('+'),
        }
    }

    /// With its version.
    pub fn bare(&self) -> String {
        format!("{}{}", self.name, self.version)
    }

    /// As `zypper install` takes it: with a sign.
    pub fn signed(&self) -> String {
        format!("{}{}", if self.is_unwanted { '-' } else { '+' }, self.bare())
    }
}

//! Settings: from `ansible.cfg`, from environment variables, or their defaults.
//!
//! The table is in [`settings`]; code reads a setting by its typed key: `config.get(&settings::paths::ANSIBLE_HOME)`.

mod find;
mod ini;
mod resolve;
mod setting;
pub mod settings;
mod surroundings;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{
    source::{Diagnostic, SourceFile, Span, nearest},
    value::Value,
};

pub use resolve::Origin;
pub use setting::{Key, Kind, Read, Setting, Status};
pub use surroundings::{Surroundings, normal};

use ini::Ini;

/// The settings of a run.
#[derive(Debug)]
pub struct Config {
    file: Option<PathBuf>,
    ini: Ini,
    values: HashMap<&'static str, (Value, Origin)>,
    warnings: Vec<Diagnostic>,
}

impl Default for Config {
    /// The defaults of the table.
    fn default() -> Self {
        Self::read(None, &Surroundings::default()).expect("defaults are what their settings are")
    }
}

impl Config {
    /// Reads the file that counts here, and the environment. Fails on a file that is no INI file, and on all
    /// values that cannot be what their settings are.
    pub fn load(around: &Surroundings) -> Result<Self, Vec<Diagnostic>> {
        let (file, warning) = find::find(around);
        let mut config = Self::read(file, around)?;
        config.warnings.extend(warning);
        Ok(config)
    }

    /// Reads this file and the environment.
    pub fn read(file: Option<PathBuf>, around: &Surroundings) -> Result<Self, Vec<Diagnostic>> {
        let ini = match &file {
            Some(path) => SourceFile::read(path).and_then(|file| Ini::parse(&file)).map_err(|error| vec![error])?,
            None => Ini::default(),
        };
        let mut config = Self { file, ini, values: HashMap::new(), warnings: Vec::new() };
        let mut errors = Vec::new();
        let is_same =
            |known: &Diagnostic, error: &Diagnostic| known == error || known.span.is_some() && known.span == error.span;
        // The home comes first, because other defaults are below it.
        let is_home = |setting: &&Setting| setting.name == settings::paths::ANSIBLE_HOME.name;
        for setting in settings::all().filter(is_home).chain(settings::all().filter(|setting| !is_home(setting))) {
            match config.resolve(setting, around) {
                Ok(value) => {
                    config.values.insert(setting.name, value);
                }
                // Two rows may read the same place.
                Err(error) if errors.iter().any(|known| is_same(known, &error)) => {}
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    fn resolve(&self, setting: &Setting, around: &Surroundings) -> Result<(Value, Origin), Diagnostic> {
        let is_number = matches!(setting.kind, Kind::Int | Kind::Float);
        let env =
            setting.env.iter().rev().find_map(|name| Some((around.variable(name)?.to_owned(), Origin::Env(name))));
        let given = env.or_else(|| {
            setting.ini.iter().rev().find_map(|ini_name| {
                let (section, key) = ini_name.split_once('.')?;
                let found = self.ini.value(section, key)?;
                Some((found.value.clone(), Origin::File(found.span.clone())))
            })
        });
        let default = || setting.default.map(|text| (text.replace("$ANSIBLE_HOME", &self.home()), Origin::Default));
        // An empty environment variable is a text, but no number: it takes the file's one away.
        let given = given.filter(|(text, origin)| !(is_number && text.is_empty() && matches!(origin, Origin::Env(_))));
        let Some((text, origin)) = given.or_else(default) else { return Ok((Value::None, Origin::Default)) };
        let base = match &origin {
            Origin::File(span) => span.file.path().parent().unwrap_or(Path::new("")),
            _ => Path::new(""),
        };
        Ok((resolve::value(setting, &text, &origin, base, around)?, origin))
    }

    fn home(&self) -> String {
        self.values.get(settings::paths::ANSIBLE_HOME.name).map(|(home, _)| home.to_str()).unwrap_or_default()
    }

    /// A setting.
    pub fn get<T: Read>(&self, key: &Key<T>) -> T {
        T::read(self.value(key.name))
    }

    /// A setting, if the file or the environment says anything about it.
    pub fn given<T: Read>(&self, key: &Key<T>) -> Option<T> {
        (!matches!(self.origin(key.name), Origin::Default)).then(|| self.get(key))
    }

    /// The value of a row of the table.
    pub fn value(&self, name: &str) -> &Value {
        self.values.get(name).map_or(&Value::None, |(value, _)| value)
    }

    /// Where the value of a row comes from.
    pub fn origin(&self, name: &str) -> &Origin {
        self.values.get(name).map_or(&Origin::Default, |(_, origin)| origin)
    }

    /// The file that was read.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What the file holds and no setting is called, each with its place.
    pub fn unknown_keys(&self) -> Vec<Diagnostic> {
        let known: Vec<&str> = settings::all().flat_map(|setting| setting.ini).copied().collect();
        let unknown =
            self.ini.entries().filter(|(section, key, _)| !known.contains(&format!("{section}.{key}").as_str()));
        let report = |(section, key, span): (&str, &str, &Span)| {
            let error = Diagnostic::error(format!("there is no setting `{key}` in the section `{section}`")).at(span);
            let keys = known.iter().filter_map(|known| known.strip_prefix(section)?.strip_prefix('.'));
            match nearest(key, keys) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error,
            }
        };
        unknown.map(report).collect()
    }

    /// What is probably not meant.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

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
    source::{Diagnostic, SourceFile},
    value::Value,
};

pub use resolve::Origin;
pub use setting::{Key, Kind, Read, Setting, Status};
pub use surroundings::Surroundings;

use ini::Ini;

/// The settings of a run.
#[derive(Debug)]
pub struct Config {
    file: Option<PathBuf>,
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
        let mut config = Self { file, values: HashMap::new(), warnings: Vec::new() };
        let mut errors = Vec::new();
        // The home comes first, because other defaults are below it.
        let is_home = |setting: &&Setting| setting.name == settings::paths::ANSIBLE_HOME.name;
        for setting in settings::all().filter(is_home).chain(settings::all().filter(|setting| !is_home(setting))) {
            match config.resolve(setting, &ini, around) {
                Ok(value) => {
                    config.values.insert(setting.name, value);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(config) } else { Err(errors) }
    }

    fn resolve(&self, setting: &Setting, ini: &Ini, around: &Surroundings) -> Result<(Value, Origin), Diagnostic> {
        let is_number = matches!(setting.kind, Kind::Int | Kind::Float);
        let env = setting.env.iter().rev().find_map(|name| {
            let text = around.variable(name)?;
            // An empty text is a text, but no number.
            (!is_number || !text.is_empty()).then(|| (text.to_owned(), Origin::Env(name)))
        });
        let given = env.or_else(|| {
            setting.ini.iter().rev().find_map(|ini_name| {
                let (section, key) = ini_name.split_once('.')?;
                let found = ini.value(section, key)?;
                Some((found.value.clone(), Origin::File(found.span.clone())))
            })
        });
        let default = || setting.default.map(|text| (text.replace("$ANSIBLE_HOME", &self.home()), Origin::Default));
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

    /// What is probably not meant.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

//! Modules that are no part of this program: where they are found, what they are, and how they are made ready to travel.
//!
//! Everything here reads files of the controller. Nothing is started, Python least of all.

mod site;
mod listing;
mod routing;
mod rejected;
mod search;
mod kind;
mod imports;
mod source;
mod pack;
mod foreign;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use parking_lot::Mutex;

pub use foreign::Foreign;
pub use kind::Kind;
pub use rejected::Rejected;
pub use search::{Meaning, Refusal, Search};
pub use site::controller_python;

use crate::config::{Config, settings::paths};

/// Folders with modules and with what modules are made of, and what was read of them.
#[derive(Debug, Default)]
pub struct Library {
    /// Folders of modules that come before all others (`--module-path`).
    pub given: Vec<PathBuf>,
    /// Further folders of modules, after those beside playbook and roles (`DEFAULT_MODULE_PATH`).
    pub modules: Vec<PathBuf>,
    /// Further folders of what Python modules import as `ansible.module_utils` (`DEFAULT_MODULE_UTILS_PATH`).
    pub utilities: Vec<PathBuf>,
    /// Further folders of action plugins (`DEFAULT_ACTION_PLUGIN_PATH`), which cannot run here.
    pub actions: Vec<PathBuf>,
    /// Endings of files that are no modules (`MODULE_IGNORE_EXTS`).
    pub ignored: Vec<String>,
    /// Whether collections are looked for among Python's packages too (`COLLECTIONS_SCAN_SYS_PATH`).
    pub scans_sites: bool,
    /// Modules that are not to be found (`PLUGIN_FILTERS_CFG`).
    pub rejected: Rejected,
    roles: Mutex<Vec<PathBuf>>,
    sites: OnceLock<Vec<PathBuf>>,
    listings: Mutex<HashMap<PathBuf, Arc<listing::Listing>>>,
    routings: Mutex<HashMap<PathBuf, Arc<routing::Routing>>>,
    sources: Mutex<HashMap<PathBuf, Option<Arc<source::Source>>>>,
    found: Mutex<HashMap<(PathBuf, Vec<PathBuf>), Result<Arc<Foreign>, Refusal>>>,
}

impl Library {
    /// What the settings say, and before it the folders that were given.
    pub fn of_config(config: &Config, given: Vec<PathBuf>) -> Self {
        Self {
            given,
            modules: config.get(&paths::DEFAULT_MODULE_PATH),
            utilities: config.get(&paths::DEFAULT_MODULE_UTILS_PATH),
            actions: config.get(&paths::DEFAULT_ACTION_PLUGIN_PATH),
            ignored: config.get(&paths::MODULE_IGNORE_EXTS),
            scans_sites: config.get(&paths::COLLECTIONS_SCAN_SYS_PATH),
            // Commands end where it cannot be read.
            rejected: Rejected::read(config).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Makes the modules of a role known to all that comes after it. Returns whether it has a folder for any.
    pub fn add_role(&self, role: &Path) -> bool {
        let has_own = ["library", "module_utils", "action_plugins"].iter().any(|part| role.join(part).is_dir());
        let mut roles = self.roles.lock();
        if has_own && !roles.iter().any(|known| known == role) {
            roles.push(role.to_owned());
        }
        has_own
    }

    /// The folders of Python's packages on the controller that hold something of Ansible's.
    pub fn sites(&self) -> &[PathBuf] {
        self.sites.get_or_init(site::find)
    }

    /// The folder of ansible-core's own package, where it is installed.
    pub fn core(&self) -> Option<PathBuf> {
        self.sites().iter().map(|site| site.join("ansible")).find(|core| core.join("module_utils").is_dir())
    }

    /// A collection among Python's packages.
    pub fn collection(&self, namespace: &str, name: &str) -> Option<PathBuf> {
        if !self.scans_sites {
            return None;
        }
        let places = self.sites().iter().map(|site| site.join("ansible_collections").join(namespace).join(name));
        places.into_iter().find(|path| path.is_dir())
    }

    /// What a folder holds, and `depth` folders deep what those in it hold.
    fn listing(&self, folder: &Path, depth: usize) -> Arc<listing::Listing> {
        let mut listings = self.listings.lock();
        if let Some(known) = listings.get(folder) {
            return Arc::clone(known);
        }
        let read = Arc::new(listing::Listing::read(folder, &self.ignored, depth));
        listings.insert(folder.to_owned(), Arc::clone(&read));
        read
    }

    fn routing(&self, file: &Path) -> Arc<routing::Routing> {
        let mut routings = self.routings.lock();
        if let Some(known) = routings.get(file) {
            return Arc::clone(known);
        }
        let read = Arc::new(routing::Routing::read(file));
        routings.insert(file.to_owned(), Arc::clone(&read));
        read
    }

    fn source(&self, file: &Path) -> Option<Arc<source::Source>> {
        let mut sources = self.sources.lock();
        if let Some(known) = sources.get(file) {
            return known.clone();
        }
        let read = source::Source::read(file).map(Arc::new);
        sources.insert(file.to_owned(), read.clone());
        read
    }
}

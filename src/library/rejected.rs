//! `plugin_filters_cfg`: modules that nobody may use here.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crate::{
    config::{Config, settings::paths},
    source::{Diagnostic, Node, SourceFile, load_one},
};

/// The file that is read where the settings name none.
const USUAL: &str = "/etc/ansible/plugin_filters.yml";

/// The short names of the modules.
#[derive(Debug, Default)]
pub struct Rejected {
    names: BTreeSet<String>,
    /// Why the file is passed over.
    pub warning: Option<Diagnostic>,
}

impl Rejected {
    /// Reads the file; one that is not there, or is of another version, is passed over with a warning. Fails for one
    /// that cannot be read, and for one that rejects the module `stat`, as in Ansible.
    pub fn read(config: &Config) -> Result<Self, Diagnostic> {
        let named = config.get(&paths::PLUGIN_FILTERS_CFG);
        let path = named.clone().unwrap_or_else(|| PathBuf::from(USUAL));
        if !path.exists() {
            let warning = named.map(|_| skipped(&path, "does not exist. Skipping."));
            return Ok(Self { warning, ..Self::default() });
        }
        let (document, _) = load_one(&SourceFile::read(&path)?)?;
        let version = document.get("filter_version");
        // It is written as a number by some.
        if version.is_none_or(|version| crate::template::plain_value(version).to_str() != "1.0") {
            let what = "was a version not recognized by this version of Ansible. Skipping.";
            let warning = skipped(&path, what).at(version.map_or(&document.span, |version| &version.span));
            return Ok(Self { warning: Some(warning), ..Self::default() });
        }
        let listed = document.get("module_rejectlist").or_else(|| document.get("module_blacklist"));
        let names = listed.and_then(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_str);
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        if names.contains("stat") {
            let message = format!(
                "The stat module was specified in the module reject list file, {}, but Ansible will not function \
                 without the stat module.  Please remove stat from the reject list.",
                path.display()
            );
            return Err(Diagnostic::error(message));
        }
        Ok(Self { names, warning: None })
    }

    /// Whether a module of ansible.builtin, or one beside a playbook, is among them.
    pub fn has(&self, name: &str) -> bool {
        let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy."));
        self.names.contains(short.unwrap_or(name))
    }
}

/// A file that does not count.
fn skipped(path: &Path, why: &str) -> Diagnostic {
    let message = format!("The plugin filter file, {}, {why}", path.display());
    Diagnostic::warning(message.clone()).worded(message)
}

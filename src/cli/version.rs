//! `--version` of the programs with Ansible's names, in the layout that tools read.

use crate::{
    config::{Config, Surroundings},
    playbook::LANGUAGE,
};

/// What follows the name of the program.
pub fn text() -> String {
    let config = Config::load(&Surroundings::of_process()).unwrap_or_default();
    let file = config.file().map_or_else(|| "None".to_owned(), |path| path.display().to_string());
    let modules = config.value("DEFAULT_MODULE_PATH").repr();
    let collections = config.value("COLLECTIONS_PATHS").iter().unwrap_or_default();
    let collections: Vec<String> = collections.iter().map(crate::value::Value::to_str).collect();
    let program = std::env::current_exe().unwrap_or_default();
    [
        format!("[core {LANGUAGE}]"),
        format!("config file = {file}"),
        format!("configured module search path = {modules}"),
        format!("ansible collection location = {}", collections.join(":")),
        format!("executable location = {}", program.display()),
        format!("sutler version = {}", env!("CARGO_PKG_VERSION")),
    ]
    .join("\n  ")
}

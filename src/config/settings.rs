//! The table of all settings, by what they are about. Names, spellings and defaults are those that
//! `ansible-config list` shows.

pub mod colours;
pub mod connection;
pub mod escalation;
pub mod inventory;
pub mod lookups;
pub mod output;
pub mod paths;
pub mod plugins;
pub mod running;
pub mod ssh;
pub mod vault;

use super::Setting;

/// All rows, file by file.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [
        colours::TABLE,
        connection::TABLE,
        escalation::TABLE,
        inventory::TABLE,
        lookups::TABLE,
        output::TABLE,
        paths::TABLE,
        plugins::TABLE,
        running::TABLE,
        ssh::TABLE,
        vault::TABLE,
    ]
    .into_iter()
    .flatten()
}

//! Since which version of Ansible, or of its collection, a module takes an argument.

/// Lines of a module's full name and its arguments with their versions, as `tests/doc/versions` writes them from
/// Ansible's documentation. Arguments that are as old as their module are not there.
const TABLE: &str = include_str!("versions.txt");

/// The version of an argument, if it is younger than its module.
pub fn of(module: &str, option: &str) -> Option<&'static str> {
    let line = TABLE.lines().find(|line| line.split(' ').next() == Some(module))?;
    line.split(' ').skip(1).filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == option).map(|(_, at)| at)
}

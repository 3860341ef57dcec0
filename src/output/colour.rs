//! Ansible's colours, where the terminal has any.

use std::sync::OnceLock;

use crate::config::{Config, Key, settings::colours};

/// What a text says, which decides its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The host was as wanted.
    Ok,
    /// Something changed.
    Changed,
    /// Skipped.
    Skipped,
    /// Failed.
    Failed,
    /// Not reached.
    Unreachable,
    /// A warning.
    Warning,
    /// Something that will not work in a later version.
    Deprecation,
    /// What `-v` shows.
    Detail,
    /// How a task goes on.
    Debug,
    /// Lines that a diff adds.
    Added,
    /// Lines that a diff removes.
    Removed,
    /// A diff's places.
    Place,
}

/// The colours that `ansible.cfg` names; Ansible's own until they are read.
static PALETTE: OnceLock<Palette> = OnceLock::new();

/// A colour for each ink, as parameters of the terminal's `SGR` sequence (ECMA-48 §8.3.117).
struct Palette([String; INKS.len()]);

/// Every ink, with the setting that names its colour.
const INKS: [(Ink, &Key<String>); 12] = [
    (Ink::Ok, &colours::COLOR_OK),
    (Ink::Changed, &colours::COLOR_CHANGED),
    (Ink::Skipped, &colours::COLOR_SKIP),
    (Ink::Failed, &colours::COLOR_ERROR),
    (Ink::Unreachable, &colours::COLOR_UNREACHABLE),
    (Ink::Warning, &colours::COLOR_WARN),
    (Ink::Deprecation, &colours::COLOR_DEPRECATE),
    (Ink::Detail, &colours::COLOR_VERBOSE),
    (Ink::Debug, &colours::COLOR_DEBUG),
    (Ink::Added, &colours::COLOR_DIFF_ADD),
    (Ink::Removed, &colours::COLOR_DIFF_REMOVE),
    (Ink::Place, &colours::COLOR_DIFF_LINES),
];

/// Takes the colours that the settings name, for the whole process.
pub fn choose(config: &Config) {
    // Whoever chose before has chosen from the same settings.
    let _ = PALETTE.set(Palette::new(config));
}

impl Palette {
    fn new(config: &Config) -> Self {
        Self(INKS.map(|(_, setting)| parameters(&config.get(setting)).unwrap_or_else(|| "0".into())))
    }
}

/// The parameters of a colour's name: `bright red`, `rgb123`, `color208`, `gray5`.
fn parameters(name: &str) -> Option<String> {
    const NAMES: [(&str, &str); 19] = [
        ("black", "0;30"),
        ("bright gray", "0;37"),
        ("blue", "0;34"),
        ("white", "1;37"),
        ("green", "0;32"),
        ("bright blue", "1;34"),
        ("cyan", "0;36"),
        ("bright green", "1;32"),
        ("red", "0;31"),
        ("bright cyan", "1;36"),
        ("purple", "0;35"),
        ("bright red", "1;31"),
        ("yellow", "0;33"),
        ("bright purple", "1;35"),
        ("dark gray", "1;30"),
        ("bright yellow", "1;33"),
        ("magenta", "0;35"),
        ("bright magenta", "1;35"),
        ("normal", "0"),
    ];
    if let Some((_, known)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some((*known).to_owned());
    }
    let number = if let Some(number) = name.strip_prefix("color") {
        number.parse::<u8>().ok()?
    } else if let Some(number) = name.strip_prefix("gray") {
        number.parse::<u8>().ok().filter(|number| *number < 24)? + 232
    } else {
        let parts: Vec<u8> =
            name.strip_prefix("rgb")?.chars().filter_map(|digit| digit.to_digit(6)).map(|d| d as u8).collect();
        let [red, green, blue] = parts[..] else { return None };
        16 + 36 * red + 6 * green + blue
    };
    Some(format!("38;5;{number}"))
}

impl Ink {
    fn code(self) -> &'static str {
        let palette = PALETTE.get_or_init(|| Palette::new(&Config::default()));
        let place = INKS.iter().position(|(ink, _)| *ink == self).unwrap_or_default();
        &palette.0[place]
    }

    /// No text in this colour.
    pub fn nothing(self) -> String {
        format!("\x1b[{}m\x1b[0m", self.code())
    }

    /// `text` in this colour, if `on`, each line for itself.
    pub fn paint(self, text: &str, on: bool) -> String {
        if !on || text.is_empty() {
            return text.to_owned();
        }
        let (lines, end) = text.strip_suffix('\n').map_or((text, ""), |lines| (lines, "\n"));
        let code = self.code();
        let lines: Vec<String> = lines.split('\n').map(|line| format!("\x1b[{code}m{line}\x1b[0m")).collect();
        lines.join("\n") + end
    }
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn colours_have_the_names_that_ansible_knows() {
        let all =
            ["bright red", "rgb123", "color208", "gray5", "normal"].map(|name| parameters(name).unwrap_or_default());
        assert_eq!(all, ["1;31", "38;5;67", "38;5;208", "38;5;237", "0"]);
        for name in ["", "reddish", "rgb12", "rgb999", "color300", "gray24"] {
            assert_eq!(parameters(name), None, "{name}");
        }
    }
}

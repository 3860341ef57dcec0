//! Ansible's colours, where the terminal has any.

use anstyle::{AnsiColor, Style};

/// What a text says, which decides its colour.
#[derive(Clone, Copy)]
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
    /// Lines that a diff adds.
    Added,
    /// Lines that a diff removes.
    Removed,
    /// A diff's places.
    Place,
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Ok | Self::Added => AnsiColor::Green.on_default(),
            Self::Changed => AnsiColor::Yellow.on_default(),
            Self::Skipped | Self::Place => AnsiColor::Cyan.on_default(),
            Self::Failed | Self::Removed => AnsiColor::Red.on_default(),
            Self::Unreachable => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Magenta.on_default().bold(),
        }
    }

    /// `text` in this colour, if `on`.
    pub fn paint(self, text: &str, on: bool) -> String {
        if on && !text.is_empty() {
            let style = self.style();
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

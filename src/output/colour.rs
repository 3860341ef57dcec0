//! Ansible's colours, where the terminal has any.

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

impl Ink {
    /// The parameters of the terminal's `SGR` sequence (ECMA-48 §8.3.117).
    fn code(self) -> &'static str {
        match self {
            Self::Ok | Self::Added => "0;32",
            Self::Changed => "0;33",
            Self::Skipped | Self::Place => "0;36",
            Self::Failed | Self::Removed => "0;31",
            Self::Unreachable => "1;31",
            Self::Warning => "1;35",
            Self::Deprecation => "0;35",
            Self::Detail => "0;34",
            Self::Debug => "1;30",
        }
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

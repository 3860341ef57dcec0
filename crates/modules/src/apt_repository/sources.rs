//! apt's lists of sources in the style of one line each (`man 5 sources.list`).

use std::path::{Path, PathBuf};

use crate::kit::{Failure, Reader, regex};

const MAIN: &str = "/etc/apt/sources.list";
/// Where the other files are.
pub const PARTS: &str = "/etc/apt/sources.list.d";

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether it names a source.
    pub is_valid: bool,
    /// Whether it is no comment as a whole.
    pub is_enabled: bool,
    /// What stands before a comment; of a source with single blanks.
    pub source: String,
    comment: String,
}

impl Line {
    /// Takes it apart.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (is_enabled, text) = match text.strip_prefix('#') {
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let (source, comment) = match text.find('#').filter(|at| *at > 0) {
            Some(at) => (text[..at].trim(), text[at + 1..].trim()),
            None => (text.trim(), ""),
        };
        let words: Vec<&str> = source.split_whitespace().collect();
        let is_valid = matches!(words.first(), Some(&("deb" | "deb-src")));
        let source = if is_valid { words.join(" ") } else { source.to_owned() };
        Self { is_valid, is_enabled, source, comment: comment.to_owned() }
    }

    fn text(&self) -> String {
        let mark = if self.is_enabled { "" } else { "# " };
        let comment = if self.comment.is_empty() { String::new() } else { format!(" # {}", self.comment) };
        format!("{mark}{}{comment}\n", self.source)
    }
}

/// All the files.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<(PathBuf, Vec<Line>)>);

impl Sources {
    /// Reads them.
    pub fn read(host: &Reader) -> Result<Self, Failure> {
        let mut paths = vec![PathBuf::from(MAIN)];
        if host.exists(PARTS) {
            paths.extend(host.list(PARTS)?.into_iter().filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.ends_with(".list") && !name.starts_with('.')
            }));
        }
        let mut files = Vec::new();
        for path in paths {
            if let Some(text) = host.read_utf8(&path)? {
                files.push((path, text.lines().map(Line::parse).collect()));
            }
        }
        Ok(Self(files))
    }

    /// Whether a source is there and enabled.
    pub fn has(&self, source: &str) -> bool {
        self.0
            .iter()
            .any(|(_, lines)| lines.iter().any(|line| line.is_valid && line.is_enabled && line.source == source))
    }

    /// Enables a source wherever it is, or adds it to a file.
    pub fn add(&mut self, source: &str, place: &Path) {
        let mut found = false;
        for (_, lines) in &mut self.0 {
            for line in lines.iter_mut().filter(|line| line.is_valid && line.source == source) {
                (line.is_enabled, found) = (true, true);
            }
        }
        if found {
            return;
        }
        let line = Line { is_valid: true, is_enabled: true, source: source.to_owned(), comment: String::new() };
        match self.0.iter_mut().find(|(path, _)| path == place) {
            Some((_, lines)) => lines.push(line),
            None => self.0.push((place.to_owned(), vec![line])),
        }
    }

    /// Removes a source wherever it is enabled.
    pub fn remove(&mut self, source: &str) {
        for (_, lines) in &mut self.0 {
            lines.retain(|line| !(line.is_valid && line.is_enabled && line.source == source));
        }
    }

    /// The files that have lines, as they are written.
    pub fn texts(&self) -> Vec<(PathBuf, String)> {
        let files = self.0.iter().filter(|(_, lines)| !lines.is_empty());
        files.map(|(path, lines)| (path.clone(), lines.iter().map(Line::text).collect())).collect()
    }
}

/// A name for a file, made of a source's address.
pub fn file_name(source: &str) -> String {
    let strip = |text: &str, pattern: &str| match regex::compile(pattern, false) {
        Ok(pattern) => pattern.replace_all(text, "").into_owned(),
        Err(_) => text.to_owned(),
    };
    let line = strip(&strip(source, r"\[[^\]]+\]"), r"\w+://");
    let address = line.split_whitespace().find(|word| !matches!(*word, "deb" | "deb-src")).unwrap_or_default();
    let address = address.split_once('@').map_or(address, |(_, host)| host);
    let words: Vec<&str> =
        address.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_comments() {
        let cases = [
            ("deb  http://a   s main # x", "deb http://a s main # x\n"),
            ("#deb http://a s", "# deb http://a s\n"),
            ("## c", "# # c\n"),
            ("", "\n"),
        ];
        for (text, written) in cases {
            assert_eq!(Line::parse(text).text(), written);
        }
    }

    #[test]
    fn files_are_named_for_addresses() {
        assert_eq!(
            file_name("deb [arch=amd64] https://user:pw@example.org:8080/a-b/deb stable main"),
            "example_org_8080_a_b_deb"
        );
        assert_eq!(file_name("ppa:nginx/stable_jammy"), "ppa_nginx_stable_jammy");
    }
}

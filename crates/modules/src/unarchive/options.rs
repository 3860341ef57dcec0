//! Which entries are unpacked, and under which names: `include`, `exclude` and `extra_opts`.

use fancy_regex::Regex;

use super::pattern::{matches, sed_expression};
use crate::kit::Failure;

/// What `extra_opts` ask for.
#[derive(Debug, Default)]
pub struct Options {
    /// Leading folders that are dropped.
    pub strip: usize,
    /// Renamings: expression, replacement, every match.
    pub transforms: Vec<(Regex, String, bool)>,
    /// Owners as in the archive, as far as it is allowed; root's default.
    pub same_owner: Option<bool>,
    /// Modes as in the archive, whatever the umask; root's default.
    pub same_mode: Option<bool>,
    /// Owners by id only.
    pub numeric_owner: bool,
    /// Times are those of unpacking.
    pub touch: bool,
    /// What is there already stays.
    pub keep_old: bool,
    /// What is there and not older stays.
    pub keep_newer: bool,
    /// Folders are dropped (`unzip -j`).
    pub junk_paths: bool,
    /// Entries that are not unpacked.
    pub exclude: Vec<String>,
    /// The only entries that are unpacked, unless empty.
    pub include: Vec<String>,
    /// They are patterns.
    pub globs: bool,
    /// The archive is one of zip.
    pub is_zip: bool,
}

impl Options {
    /// Reads `extra_opts`, those of `tar` or of `unzip`.
    pub fn parse(words: &[String], is_zip: bool) -> Result<Self, Failure> {
        let mut options = Self { is_zip, ..Self::default() };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if is_zip {
                options.take_unzip(word)?;
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (word, None),
            };
            let mut value = || value.or_else(|| words.next()).ok_or_else(|| unsupported(word, "it has no value"));
            match name {
                "--strip-components" | "--strip" => {
                    options.strip = value()?.parse().map_err(|_| unsupported(word, "it is no number"))?;
                }
                "--transform" | "--xform" => options.transforms.push(sed_expression(value()?)?),
                "--exclude" => options.exclude.push(value()?.to_owned()),
                // They matter when an archive is made, or to messages.
                "--owner" | "--group" | "--mode" | "--warning" => drop(value()?),
                other => options.take_tar(other)?,
            }
        }
        Ok(options)
    }

    fn take_tar(&mut self, word: &str) -> Result<(), Failure> {
        match word {
            "--no-same-owner" | "-o" => self.same_owner = Some(false),
            "--same-owner" => self.same_owner = Some(true),
            "--no-same-permissions" => self.same_mode = Some(false),
            "--same-permissions" | "--preserve-permissions" | "-p" => self.same_mode = Some(true),
            "--numeric-owner" => self.numeric_owner = true,
            "--wildcards" => self.globs = true,
            "--touch" | "-m" => self.touch = true,
            "--keep-old-files" | "-k" | "--skip-old-files" => self.keep_old = true,
            "--keep-newer-files" => self.keep_newer = true,
            "--overwrite"
            | "--unlink-first"
            | "-U"
            | "--verbose"
            | "-v"
            | "--force-local"
            | "--show-transformed-names"
            | "--no-acls"
            | "--no-selinux"
            | "--no-xattrs"
            | "--delay-directory-restore"
            | "--ignore-zeros"
            | "--no-overwrite-dir"
            | "--sparse"
            | "-S"
            | "--gzip"
            | "-z"
            | "--bzip2"
            | "-j"
            | "--xz"
            | "-J"
            | "--zstd"
            | "--auto-compress"
            | "-a" => {}
            other => return Err(unsupported(other, "tar is not asked: the helper unpacks by itself")),
        }
        Ok(())
    }

    fn take_unzip(&mut self, word: &str) -> Result<(), Failure> {
        for letter in word.strip_prefix('-').unwrap_or("?").chars() {
            match letter {
                'o' | 'q' | 'X' | 'K' => {}
                'n' => self.keep_old = true,
                'u' | 'f' => self.keep_newer = true,
                'j' => self.junk_paths = true,
                _ => return Err(unsupported(word, "unzip is not asked: the helper unpacks by itself")),
            }
        }
        Ok(())
    }

    /// Whether an entry is unpacked, by its name in the archive.
    pub fn wants(&self, name: &str) -> bool {
        let bare = name.trim_end_matches('/');
        let excluded = |pattern: &String| {
            if self.is_zip { matches(pattern, name) } else { is_excluded(pattern, bare) }
        };
        !self.exclude.iter().any(excluded)
            && (self.include.is_empty() || self.include.iter().any(|wanted| self.includes(wanted, name)))
    }

    /// Whether an entry is one that `include` names; in archives of tar also what lies below it.
    ///
    /// unzip's patterns are for whole names, and the name of a folder ends in `/`.
    pub fn includes(&self, wanted: &str, name: &str) -> bool {
        if self.is_zip {
            return matches(wanted, name);
        }
        let (wanted, name) = (wanted.trim_end_matches('/'), name.trim_end_matches('/'));
        let mut ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        ends.any(|end| if self.globs { matches(wanted, &name[..end]) } else { wanted == &name[..end] })
    }

    /// The name under which an entry is unpacked; `None` when nothing is left of it.
    pub fn rename(&self, name: &str) -> Option<String> {
        let mut name = name.to_owned();
        for (regex, replacement, every) in &self.transforms {
            let limit = usize::from(!every);
            name = regex.try_replacen(&name, limit, replacement.as_str()).map(Into::into).unwrap_or(name);
        }
        if self.junk_paths {
            name.drain(..name.rfind('/').map_or(0, |at| at + 1));
        }
        if self.strip == 0 {
            return Some(name);
        }
        name.trim_start_matches('/').splitn(self.strip + 1, '/').nth(self.strip).map(str::to_owned)
    }
}

/// tar's patterns match after any `/`, and what is below a match.
fn is_excluded(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_end_matches('/');
    let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
    ends.into_iter().any(|end| {
        let front = &name[..end];
        let mut starts = std::iter::once(0).chain(front.match_indices('/').map(|(at, _)| at + 1));
        starts.any(|start| matches(pattern, &front[start..]))
    })
}

fn unsupported(word: &str, why: &str) -> Failure {
    Failure::new(format!("`extra_opts` has `{word}`, which is not supported: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Options {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Options::parse(&words, false).unwrap()
    }

    #[test]
    fn leading_folders_are_dropped() {
        let options = options(&["--strip-components", "1"]);
        assert_eq!(options.rename("a/b/c").as_deref(), Some("b/c"));
        assert_eq!(options.rename("a/").as_deref(), Some(""));
        assert_eq!(options.rename("a"), None);
    }

    #[test]
    fn names_are_transformed_as_sed_does() {
        let options = options(&[r"--transform=s,^[^/]*/,new/,", r"--xform", r"s/\(x\)\1/<&>/g"]);
        assert_eq!(options.rename("old/xx/xxf").as_deref(), Some("new/<xx>/<xx>f"));
    }

    #[test]
    fn patterns_exclude_as_those_of_tar() {
        for (pattern, name, wanted) in [
            ("sub", "d/sub", true),
            ("sub", "d/sub/b", true),
            ("d/a", "d/a", true),
            ("*.txt", "d/e/f.txt", true),
            ("a", "d/ab", false),
        ] {
            assert_eq!(is_excluded(pattern, name), wanted, "{pattern} {name}");
        }
    }
}

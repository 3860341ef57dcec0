//! The version that this program claims: that of the archive it was unpacked from.

use std::fmt::{Display, Formatter};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Major, minor, patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version(u16, u16, u16);

impl Version {
    /// Where no archive says anything else.
    const FALLBACK: Self = Self(8, 15, 3);

    /// As the vendor's archive tells it: by the name of `lib/elasticsearch-VERSION.jar`.
    pub fn own(home: &Path) -> Self {
        let Ok(entries) = home.join("lib").read_dir() else { return Self::FALLBACK };
        let named = entries.flatten().find_map(|entry| {
            let name = entry.file_name();
            Self::parse(name.to_str()?.strip_prefix("elasticsearch-")?.strip_suffix(".jar")?)
        });
        named.unwrap_or(Self::FALLBACK)
    }

    /// Reads `8.15.3`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let version = Self(parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        parts.next().is_none().then_some(version)
    }
}

impl Display for Version {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_says_the_version() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Version::own(home.path()), Version::FALLBACK);
        std::fs::create_dir(home.path().join("lib")).unwrap();
        std::fs::write(home.path().join("lib/elasticsearch-8.16.0.jar"), "").unwrap();
        assert_eq!(Version::own(home.path()).to_string(), "8.16.0");
        assert!(Version(8, 16, 0) > Version(8, 15, 3) && Version::parse("8.16").is_none());
    }
}

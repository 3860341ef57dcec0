//! The `checksum` argument: an algorithm and a sum, or where the sum is listed.

use std::{io::Read, path::Path};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::kit::{
    Failure, Reader,
    reader::{hasher_writer, hex},
};

/// What a file has to hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// As `sha256`.
    pub algorithm: String,
    /// Lower-case hexadecimal.
    pub sum: String,
}

/// The argument taken apart: the algorithm, and a sum or an address.
pub fn split(argument: &str) -> Result<(String, &str), Failure> {
    let (algorithm, rest) = argument
        .split_once(':')
        .ok_or_else(|| Failure::new("The checksum parameter has to be in format <algorithm>:<checksum>"))?;
    Ok((algorithm.to_owned(), rest.trim()))
}

/// Whether the sum is listed elsewhere.
pub fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https" | "ftp" | "file"))
}

impl Checksum {
    /// A sum as given; signs between the digits are dropped.
    pub fn new(algorithm: String, sum: &str) -> Result<Self, Failure> {
        let sum: String = sum.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
        if sum.is_empty() || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::new("The checksum format is invalid"));
        }
        Ok(Self { algorithm, sum: sum.to_ascii_lowercase() })
    }

    /// The sum of `name` in a list as `sha256sum` (`man 1 sha256sum`) or BSD's `sha256` write it, or
    /// the only one there is.
    pub fn find(list: &str, name: &str) -> Option<String> {
        let lines: Vec<&str> = list.lines().collect();
        if let [line] = lines[..]
            && line.split_whitespace().count() == 1
        {
            return Some(line.to_owned());
        }
        let listed = lines.iter().filter_map(|line| bsd(line).or_else(|| gnu(line)));
        listed.filter(|(_, given)| *given == name).map(|(sum, _)| sum.to_owned()).next()
    }

    /// What the file hashes to.
    pub fn of(&self, host: &Reader, path: &Path) -> Result<String, Failure> {
        digest(&mut host.open(path)?, path, &self.algorithm)
    }
}

/// `SHA256 (name) = SUM`, and as OpenSSL has it, without the blanks.
fn bsd(line: &str) -> Option<(&str, &str)> {
    let (front, sum) = line.rsplit_once("= ")?;
    let (algorithm, name) = front.strip_suffix(' ').unwrap_or(front).strip_suffix(')')?.split_once('(')?;
    (is_word(algorithm.strip_suffix(' ').unwrap_or(algorithm)) && is_word(sum)).then_some((sum, name))
}

/// `SUM  name`, whose name may have `*` or folders of dots before it.
fn gnu(line: &str) -> Option<(&str, &str)> {
    let (sum, rest) = line.split_once(char::is_whitespace)?;
    let name = rest.trim_start();
    let name = name.strip_prefix('*').unwrap_or(name).trim_start_matches(['.', '/']);
    is_word(sum).then_some((sum, name))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '.'))
}

/// A file's hash in lower-case hexadecimal; `path` is what messages call it.
pub fn digest(file: &mut impl Read, path: &Path, algorithm: &str) -> Result<String, Failure> {
    let hash = match algorithm {
        "md5" => hash::<Md5>(file),
        "sha1" => hash::<Sha1>(file),
        "sha224" => hash::<Sha224>(file),
        "sha256" => hash::<Sha256>(file),
        "sha384" => hash::<Sha384>(file),
        "sha512" => hash::<Sha512>(file),
        other => {
            return Err(Failure::new(format!(
                "Could not hash file '{}' with algorithm '{other}'. Available algorithms: md5, sha1, sha224, sha256, \
                 sha384, sha512",
                path.display()
            )));
        }
    };
    hash.map_err(|e| Failure::io("read", path, &e))
}

fn hash<D: Digest>(file: &mut impl Read) -> std::io::Result<String> {
    let mut hasher = D::new();
    std::io::copy(file, &mut hasher_writer(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_in_every_common_list() {
        let sum = "d98291acb6dc7b97";
        for list in [
            format!("{sum}\n"),
            format!("0000000000000000  other\n{sum}  a.tgz\n"),
            format!("0000000000000000  other\n{sum} *a.tgz\n"),
            format!("{sum}  ./a.tgz\n0000000000000000  b\n"),
            format!("SHA256 (other) = 0000000000000000\nSHA256 (a.tgz) = {sum}\n"),
        ] {
            assert_eq!(Checksum::find(&list, "a.tgz").as_deref(), Some(sum), "{list}");
        }
        assert_eq!(Checksum::find("0000000000000000  other\n1111111111111111  more\n", "a.tgz"), None);
        assert_eq!(Checksum::find("<html>not found</html>", "a.tgz"), None);
        assert_eq!(Checksum::find("SHA256(a.tgz)= 0f\n\n", "a.tgz").as_deref(), Some("0f"));
    }
}

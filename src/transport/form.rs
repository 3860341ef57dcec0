//! The forms in which a helper travels: what a host can unpack decides.

/// A form of the helper, as the bootstrap script and the controller name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For `xz`.
    Xz,
    /// For `dpkg-deb`, which every Debian and Ubuntu has, while not all have `xz`: an archive whose
    /// first part is the xz file.
    Deb,
    /// For `gzip`.
    Gzip,
    /// As it is.
    Plain,
}

impl Form {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xz => "xz",
            Self::Deb => "deb",
            Self::Gzip => "gzip",
            Self::Plain => "plain",
        }
    }

    /// The forms in a list with commas; names that are not known are left out.
    pub fn list(names: &str) -> Vec<Self> {
        let all = [Self::Xz, Self::Deb, Self::Gzip, Self::Plain];
        names.split(',').filter_map(|name| all.into_iter().find(|form| form.name() == name)).collect()
    }
}

/// An archive (`man 5 deb`) that `dpkg-deb --ctrl-tarfile` unpacks to what is packed in `xz`.
pub fn deb(xz: &[u8]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, content) in [("debian-binary", b"2.0\n".as_slice()), ("control.tar.xz", xz)] {
        // Name, time, owner, group, mode, size (`man 5 ar`).
        let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len());
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(content);
        if content.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_headers_of_sixty_bytes_and_even_parts() {
        let archive = String::from_utf8(deb(b"odd")).unwrap();
        let expected = "!<arch>\n\
            debian-binary   0           0     0     100644  4         `\n2.0\n\
            control.tar.xz  0           0     0     100644  3         `\nodd\n";
        assert_eq!(archive, expected);
    }

    #[test]
    fn forms_of_a_later_script_are_left_out() {
        assert_eq!(Form::list("zstd,xz,gzip,plain"), [Form::Xz, Form::Gzip, Form::Plain]);
    }
}

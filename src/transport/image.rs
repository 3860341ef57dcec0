//! The helpers that can be sent: the embedded one, and those for other CPUs in directories.

use std::{
    borrow::Cow,
    env, fs,
    io::{self, Read, Write},
    path::PathBuf,
    sync::OnceLock,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use lzma_rust2::XzReader;
use sha2::{Digest, Sha256};

use super::{
    ConnectError,
    form::{Form, deb},
};

/// The sources that this controller and its helper were built from.
pub const BUILD: &str = env!("SUTLER_BUILD_ID");

/// A helper for one kind of CPU.
#[derive(Clone, Debug)]
pub struct HelperImage {
    packed: Packed,
    /// The SHA-256 of the program, in lowercase hexadecimal.
    pub sha256: String,
    /// The CPU as `uname -m` names it.
    pub machine: String,
}

/// A program as the controller keeps it.
#[derive(Clone, Debug)]
enum Packed {
    /// The embedded one.
    Xz(&'static [u8]),
    /// One from a file, packed quickly.
    Gzip(Vec<u8>),
}

/// The embedded helper for hosts that can unpack nothing better, packed when the first of them asks.
static EMBEDDED_GZIP: OnceLock<Vec<u8>> = OnceLock::new();

impl HelperImage {
    /// The one inside this executable, for CPUs like the controller's.
    pub fn embedded() -> Self {
        Self {
            packed: Packed::Xz(include_bytes!(concat!(env!("OUT_DIR"), "/helper.xz"))),
            sha256: env!("HELPER_SHA256").to_owned(),
            machine: env!("HELPER_MACHINE").to_owned(),
        }
    }

    /// The one for `machine`; fails when no directory has it.
    pub fn for_machine(machine: &str) -> Result<Self, ConnectError> {
        let embedded = Self::embedded();
        if same_cpu(&embedded.machine, machine) {
            return Ok(embedded);
        }
        let searched = places(machine);
        let Some(path) = searched.iter().find(|path| path.is_file()) else {
            return Err(ConnectError::NoHelperForCpu { machine: machine.to_owned(), searched });
        };
        let failed = |e: io::Error| ConnectError::Controller {
            action: format!("read the helper {}", path.display()),
            why: e.to_string(),
        };
        let program = fs::read(path).map_err(failed)?;
        let packed = Packed::Gzip(gzip(&program, Compression::fast()).map_err(failed)?);
        Ok(Self { sha256: hex(&program), packed, machine: machine.to_owned() })
    }

    /// True when it runs on `machine`.
    pub fn serves(&self, machine: &str) -> bool {
        same_cpu(&self.machine, machine)
    }

    /// Its file name on a host, which holds its hash.
    pub fn file_name(&self) -> String {
        format!("sutler-helper-{}", &self.sha256[..16])
    }

    /// The smallest form that a host can unpack, of those it has.
    pub fn smallest(&self, forms: &[Form]) -> io::Result<(Form, Cow<'_, [u8]>)> {
        let form = match &self.packed {
            Packed::Xz(_) => [Form::Xz, Form::Deb, Form::Gzip].into_iter().find(|form| forms.contains(form)),
            Packed::Gzip(_) => Some(Form::Gzip).filter(|form| forms.contains(form)),
        };
        let form = form.unwrap_or(Form::Plain);
        Ok((form, self.bytes(form)?))
    }

    /// The program in a form.
    fn bytes(&self, form: Form) -> io::Result<Cow<'_, [u8]>> {
        Ok(match (form, &self.packed) {
            (Form::Xz, Packed::Xz(xz)) => Cow::Borrowed(*xz),
            (Form::Deb, Packed::Xz(xz)) => Cow::Owned(deb(xz)),
            (Form::Gzip, Packed::Gzip(gz)) => Cow::Borrowed(gz),
            (Form::Gzip, Packed::Xz(_)) => {
                if EMBEDDED_GZIP.get().is_none() {
                    let _ = EMBEDDED_GZIP.set(gzip(&self.program()?, Compression::default())?);
                }
                Cow::Borrowed(EMBEDDED_GZIP.get().expect("it was set above"))
            }
            (Form::Plain, _) | (_, Packed::Gzip(_)) => Cow::Owned(self.program()?),
        })
    }

    /// The program itself.
    pub fn program(&self) -> io::Result<Vec<u8>> {
        let mut program = Vec::new();
        match &self.packed {
            Packed::Xz(xz) => XzReader::new(*xz, false).read_to_end(&mut program)?,
            Packed::Gzip(gz) => GzDecoder::new(&**gz).read_to_end(&mut program)?,
        };
        Ok(program)
    }
}

fn gzip(program: &[u8], effort: Compression) -> io::Result<Vec<u8>> {
    let mut gz = GzEncoder::new(Vec::new(), effort);
    gz.write_all(program)?;
    gz.finish()
}

/// The SHA-256 of `bytes`, in lowercase hexadecimal.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// True for two names of one CPU.
fn same_cpu(ours: &str, theirs: &str) -> bool {
    ours == theirs || (ours == "x86_64" && theirs == "amd64") || (ours == "aarch64" && theirs == "arm64")
}

/// Where a helper for `machine` may be, the best place first.
fn places(machine: &str) -> Vec<PathBuf> {
    let beside = || Some(env::current_exe().ok()?.parent()?.join("helpers"));
    let data = env::var_os("XDG_DATA_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/share")));
    let directories =
        [env::var_os("SUTLER_HELPERS").map(PathBuf::from), beside(), data.map(|path| path.join("sutler/helpers"))];
    directories.into_iter().flatten().map(|path| path.join(format!("sutler-helper-{machine}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_helper_is_what_its_hash_says() {
        let image = HelperImage::embedded();
        assert_eq!(hex(&image.program().unwrap()), image.sha256);
    }

    #[test]
    fn a_host_gets_the_smallest_form_it_can_unpack() {
        let embedded = HelperImage::embedded();
        let file =
            HelperImage { packed: Packed::Gzip(gzip(b"program", Compression::fast()).unwrap()), ..embedded.clone() };
        let cases = [
            (&embedded, "xz,deb,gzip,plain", Form::Xz),
            (&embedded, "deb,gzip,plain", Form::Deb),
            (&embedded, "gzip,plain", Form::Gzip),
            (&embedded, "plain", Form::Plain),
            (&file, "xz,deb,gzip,plain", Form::Gzip),
            (&file, "plain", Form::Plain),
        ];
        for (image, names, expected) in cases {
            let (form, bytes) = image.smallest(&Form::list(names)).unwrap();
            assert_eq!(form, expected, "{names}");
            assert!((form == Form::Plain) == (*bytes == *image.program().unwrap()), "{names}");
        }
    }

    #[test]
    fn an_unknown_cpu_is_named_with_the_places_searched() {
        let error = HelperImage::for_machine("vax").unwrap_err();
        assert!(error.help().unwrap().contains("--target vax-unknown-linux-gnu"), "{error:?}");
    }
}

//! The helpers that can be sent: the embedded one, and those for other CPUs in directories.

use std::{
    borrow::Cow,
    env, fs,
    io::{Read, Write},
    path::PathBuf,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::ConnectError;

/// The sources that this controller and its helper were built from.
pub const BUILD: &str = env!("SUTLER_BUILD_ID");

/// A helper for one kind of CPU.
#[derive(Clone, Debug)]
pub struct HelperImage {
    /// The program, compressed with gzip.
    pub gz: Cow<'static, [u8]>,
    /// The SHA-256 of the program, in lowercase hexadecimal.
    pub sha256: String,
    /// The CPU as `uname -m` names it.
    pub machine: String,
}

impl HelperImage {
    /// The one inside this executable, for CPUs like the controller's.
    pub fn embedded() -> Self {
        Self {
            gz: Cow::Borrowed(include_bytes!(concat!(env!("OUT_DIR"), "/helper.gz"))),
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
        let failed = |e: std::io::Error| ConnectError::Controller {
            action: format!("read the helper {}", path.display()),
            why: e.to_string(),
        };
        let program = fs::read(path).map_err(failed)?;
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(&program).map_err(failed)?;
        Ok(Self { sha256: hex(&program), gz: gz.finish().map_err(failed)?.into(), machine: machine.to_owned() })
    }

    /// True when it runs on `machine`.
    pub fn serves(&self, machine: &str) -> bool {
        same_cpu(&self.machine, machine)
    }

    /// Its file name on a host, which holds its hash.
    pub fn file_name(&self) -> String {
        format!("sutler-helper-{}", &self.sha256[..16])
    }

    /// The program itself, for hosts without gzip.
    pub fn plain(&self) -> std::io::Result<Vec<u8>> {
        let mut program = Vec::new();
        GzDecoder::new(&*self.gz).read_to_end(&mut program)?;
        Ok(program)
    }
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
        assert_eq!(hex(&image.plain().unwrap()), image.sha256);
    }

    #[test]
    fn an_unknown_cpu_is_named_with_the_places_searched() {
        let error = HelperImage::for_machine("vax").unwrap_err();
        assert!(error.help().unwrap().contains("--target vax-unknown-linux-gnu"), "{error:?}");
    }
}

//! A download that has arrived, but is not in its place yet.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use super::download::{Watched, parent};
use crate::kit::{Failure, Source, Writer, file_args::Attributes, writer::Staged};

/// Where it lies.
pub enum Arrival {
    /// Beside its place, under a temporary name: nothing is there yet.
    Staged(Staged),
    /// In a file without a name: what is there may be the same, and then its directory is not touched.
    Nameless(File),
}

impl Arrival {
    /// Takes a body to its end. `broken` words the failure when the body breaks off.
    pub fn receive(
        host: &mut Writer,
        body: Box<dyn Read + Send>,
        destination: &Path,
        place: Option<&Path>,
        broken: impl Fn(String) -> Failure,
    ) -> Result<Self, Failure> {
        let (mut body, error) = Watched::new(body);
        let arrived = if host.exists(destination) || place.is_some() {
            let place = place.unwrap_or_else(|| parent(destination));
            let mut file = host.scratch_in(place)?;
            let copied = io::copy(&mut body, &mut file).and_then(|_| file.rewind());
            copied.map(|()| Self::Nameless(file)).map_err(|e| Failure::io("write", place, &e))
        } else {
            host.stage(destination, Source::Stream(Box::new(body))).map(Self::Staged)
        };
        let why = || error.lock().ok().and_then(|mut why| why.take());
        arrived.map_err(|failure| why().map_or(failure, &broken))
    }

    /// The content, from its beginning.
    pub fn open(&self, host: &Writer) -> Result<File, Failure> {
        match self {
            Self::Staged(staged) => host.open(staged.path()),
            Self::Nameless(file) => file
                .try_clone()
                .and_then(|mut file| file.rewind().map(|()| file))
                .map_err(|e| Failure::io("read", "the download", &e)),
        }
    }

    /// Puts it in its place.
    pub fn commit(self, host: &mut Writer, destination: &Path, attributes: &Attributes) -> Result<(), Failure> {
        let staged = match self {
            Self::Staged(staged) => staged,
            Self::Nameless(_) => {
                let content = self.open(host)?;
                host.stage(destination, Source::Stream(Box::new(content)))?
            }
        };
        host.commit(staged, attributes)
    }
}

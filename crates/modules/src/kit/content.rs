//! Where bytes to be written come from.

use std::io::Read;

use super::Failure;

/// Bytes on their way to a file.
pub enum Source {
    /// All of them, here.
    Bytes(Vec<u8>),
    /// Read as they are needed: a file of the controller, a download, another file.
    Stream(Box<dyn Read + Send>),
}

impl Source {
    /// Everything in memory; for contents that have to be looked at as a whole.
    pub fn into_bytes(self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Stream(mut stream) => {
                let mut bytes = Vec::new();
                stream
                    .read_to_end(&mut bytes)
                    .map_err(|e| Failure::new(format!("cannot read the content: {}", super::failure::os_text(&e))))?;
                Ok(bytes)
            }
        }
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

//! Random bytes for what others must not guess: from the kernel, so that no other code is linked for them.

use std::{fs::File, io::Read};

/// Random bytes; `None` on a host that has no `/dev/urandom`.
pub fn bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Some(bytes)
}

/// Fills `buffer` with random bytes.
pub fn fill(buffer: &mut [u8]) -> Option<()> {
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(buffer)).ok()
}

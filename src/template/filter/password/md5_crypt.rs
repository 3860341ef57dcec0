//! MD5-crypt, as Poul-Henning Kamp made it for `FreeBSD` and everybody has it.

use md5::{Digest as _, Md5};

/// The digest of a password and at most eight bytes of salt.
pub(super) fn md5_crypt(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let inner: [u8; 16] = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize().into();
    let mut hasher = Md5::new().chain_update(password).chain_update(b"$1$").chain_update(salt);
    for start in (0..password.len()).step_by(16) {
        hasher.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut length = password.len();
    while length > 0 {
        // The first byte of the password, or a zero, for each bit of its length.
        hasher.update(if length & 1 == 1 { &[0][..] } else { &password[..1] });
        length >>= 1;
    }
    let mut digest: [u8; 16] = hasher.finalize().into();
    for round in 0..1000 {
        let odd = round & 1 == 1;
        let mut hasher = Md5::new();
        if odd {
            hasher.update(password);
        } else {
            hasher.update(digest);
        }
        if round % 3 != 0 {
            hasher.update(salt);
        }
        if round % 7 != 0 {
            hasher.update(password);
        }
        if odd {
            hasher.update(digest);
        } else {
            hasher.update(password);
        }
        digest = hasher.finalize().into();
    }
    digest
}

//! MD5-crypt, as Poul-Henning Kamp made it for `FreeBSD` and everybody has it: a thousand rounds.

use md5::{Digest, Md5};

use super::encoded;

/// Where the bytes of a digest stand in its text, three in each group of four digits.
const ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];

/// The hash of a password with the first eight letters of a salt. It begins with `$1$`, in Apache's variant with
/// `$apr1$`.
pub fn md5_crypt(password: &[u8], salt: &str, prefix: &str) -> String {
    let salt = &salt[..salt.floor_char_boundary(8)];
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut outer = Md5::new().chain_update(password).chain_update(prefix).chain_update(salt);
    for start in (0..password.len()).step_by(16) {
        outer.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut length = password.len();
    while length > 0 {
        // The first byte of the password, or a zero, for each bit of its length.
        outer.update(if length & 1 == 1 { &[0][..] } else { &password[..1] });
        length >>= 1;
    }
    let mut digest = outer.finalize();
    for round in 0..1000 {
        let is_odd = round & 1 == 1;
        let mut next = Md5::new();
        next.update(if is_odd { password } else { &digest[..] });
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        next.update(if is_odd { &digest[..] } else { password });
        digest = next.finalize();
    }
    format!("{prefix}{salt}${}", encoded(&ORDER.map(|at| digest[at])))
}

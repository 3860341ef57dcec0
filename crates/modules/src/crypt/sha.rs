//! SHA-crypt, as Ulrich Drepper made it for the GNU C library.

use sha_crypt::Params;

use super::encoded;

/// The rounds of SHA-256 where none are chosen: passlib's default.
pub const SHA256_ROUNDS: u32 = 535_000;
/// Those of SHA-512.
pub const SHA512_ROUNDS: u32 = 656_000;

/// The hash with SHA-256 of a password; `None` of rounds that are not 1000 to 999,999,999.
pub fn sha256_crypt(password: &[u8], salt: &str, rounds: u32) -> Option<String> {
    let digest = sha_crypt::sha256_crypt(password, salt.as_bytes(), Params::new(rounds).ok()?);
    Some(hash('5', salt, rounds, &ordered(&digest, 2)))
}

/// The hash with SHA-512 of a password; `None` of rounds that are not 1000 to 999,999,999.
pub fn sha512_crypt(password: &[u8], salt: &str, rounds: u32) -> Option<String> {
    let digest = sha_crypt::sha512_crypt(password, salt.as_bytes(), Params::new(rounds).ok()?);
    Some(hash('6', salt, rounds, &ordered(&digest, 1)))
}

fn hash(ident: char, salt: &str, rounds: u32, digest: &[u8]) -> String {
    // The rounds of the format's own default are not said.
    let rounds = if rounds == Params::RECOMMENDED_ROUNDS { String::new() } else { format!("rounds={rounds}$") };
    format!("${ident}${rounds}{salt}${}", encoded(digest))
}

/// The bytes in the order of the text: each group has one of each third, rotated by so many places more than the group
/// before it; the rest comes last.
fn ordered(digest: &[u8], rotation: usize) -> Vec<u8> {
    let third = digest.len() / 3;
    let place = |at: usize| (2 - at % 3 + rotation * (at / 3)) % 3 * third + at / 3;
    (0..digest.len()).map(|at| digest[if at < 3 * third { place(at) } else { at }]).collect()
}

//! Hashes of passwords as `crypt` writes them (`man 5 crypt`): scheme, options, salt and digest in one text.

mod bcrypt;
mod des;
mod md5;
mod sha;

pub use self::{
    bcrypt::{DEFAULT_COST, bcrypt},
    des::des_crypt,
    md5::md5_crypt,
    sha::{SHA256_ROUNDS, SHA512_ROUNDS, sha256_crypt, sha512_crypt},
};

use crate::http::random;

/// The digits of hashes, in order of their value.
pub const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Bytes in the base 64 of hashes: the first of three bytes has the lowest bits, and these come first.
pub fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut number = group.iter().enumerate().fold(0, |number, (at, byte)| number | u32::from(*byte) << (8 * at));
        for _ in 0..=group.len() {
            text.push(char::from(DIGITS[number as usize & 63]));
            number >>= 6;
        }
    }
    text
}

/// The value of a digit.
pub fn value(digit: u8) -> Option<u32> {
    DIGITS.iter().position(|known| *known == digit).map(|at| at as u32)
}

/// A salt of `size` digits; `None` on a host without random numbers.
pub fn made_salt(size: usize) -> Option<String> {
    let mut bytes = vec![0; size];
    random::fill(&mut bytes)?;
    Some(bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte & 63)])).collect())
}

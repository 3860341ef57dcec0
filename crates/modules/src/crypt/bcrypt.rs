//! bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme").

use base64::{Engine as _, alphabet, engine::GeneralPurpose, engine::general_purpose::NO_PAD};
use blowfish::Blowfish;

/// The cost where none is chosen: passlib's default, as a power of two.
pub const DEFAULT_COST: u32 = 12;

/// Base 64 with bcrypt's digits. The last one of a salt may have bits that sixteen bytes do not have.
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// The hash of the first 72 bytes of a password, in the format `ident`: `2`, `2a`, `2b` or `2y`.
///
/// `None` of another format, of a cost that is not 4 to 31, of a salt that is not 22 of bcrypt's digits, and of an empty
/// password in the format `2`.
pub fn bcrypt(password: &[u8], salt: &str, cost: u32, ident: &str) -> Option<String> {
    let salt: [u8; 16] = BASE64.decode(salt).ok()?.try_into().ok()?;
    let mut key = password.to_vec();
    match ident {
        // The oldest format has no zero at the end.
        "2" if password.is_empty() => return None,
        "2" => {}
        "2a" | "2b" | "2y" => key.push(0),
        _ => return None,
    }
    key.truncate(72);
    if !(4..=31).contains(&cost) {
        return None;
    }
    let digest = digest(cost, &salt, &key);
    Some(format!("${ident}${cost:02}${}{}", BASE64.encode(salt), BASE64.encode(&digest[..23])))
}

/// The digest of a key, which counts over and over up to its 72 bytes.
fn digest(cost: u32, salt: &[u8; 16], key: &[u8]) -> Vec<u8> {
    let mut state: Blowfish = Blowfish::bc_init_state();
    state.salted_expand_key(salt, key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(key);
        state.bc_expand_key(salt);
    }
    // `OrpheanBeholderScryDoubt`.
    let text = [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];
    let mut digest = Vec::new();
    for mut pair in text {
        for _ in 0..64 {
            pair = state.bc_encrypt(pair);
        }
        digest.extend_from_slice(pair.map(u32::to_be_bytes).as_flattened());
    }
    digest
}

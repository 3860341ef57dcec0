//! The ways to hash a password, with the defaults and limits that Ansible has through `passlib`.

use std::{fs::File, io::Read as _};

use base64::{Engine as _, alphabet, engine::GeneralPurpose, engine::general_purpose::NO_PAD};
use blowfish::Blowfish;

use super::md5_crypt::md5_crypt;

/// The digits of hashes, in order of their value.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Base 64 with bcrypt's digits.
const BCRYPT64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

/// Where the bytes of a digest stand in its text, three in each group of four digits.
const MD5_ORDER: [usize; 16] = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
const SHA256_ORDER: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9, 30,
    31,
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Md5,
    Bcrypt,
    Sha256,
    Sha512,
    Yescrypt,
}

/// What may be chosen; a part that is not given has the scheme's default.
pub(super) struct Options {
    pub(super) salt: Option<String>,
    /// How many characters of salt are made where none is given.
    pub(super) salt_size: Option<i64>,
    pub(super) rounds: Option<i64>,
    pub(super) ident: Option<String>,
}

impl Scheme {
    /// The names that Ansible lists, and ours beyond them.
    pub(super) const NAMES: [&'static str; 5] = ["md5", "blowfish", "sha256", "sha512", "yescrypt"];

    /// The scheme of this name.
    pub(super) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "md5" | "md5_crypt" => Self::Md5,
            "blowfish" | "bcrypt" => Self::Bcrypt,
            "sha256" | "sha256_crypt" => Self::Sha256,
            "sha512" | "sha512_crypt" => Self::Sha512,
            "yescrypt" => Self::Yescrypt,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5_crypt",
            Self::Bcrypt => "bcrypt",
            Self::Sha256 => "sha256_crypt",
            Self::Sha512 => "sha512_crypt",
            Self::Yescrypt => "yescrypt",
        }
    }

    /// The fewest and most rounds, and those of a hash for which none are chosen.
    fn rounds(self) -> Option<(i64, i64, i64)> {
        match self {
            Self::Md5 => None,
            Self::Bcrypt => Some((4, 31, 12)),
            Self::Sha256 => Some((1000, 999_999_999, 535_000)),
            Self::Sha512 => Some((1000, 999_999_999, 656_000)),
            // The cost of `crypt_gensalt`, as a power of two: 2^(5 + 7) blocks.
            Self::Yescrypt => Some((1, 11, 5)),
        }
    }

    /// The fewest and most characters of salt, and of a salt that is made.
    fn salt_sizes(self) -> (usize, usize, usize) {
        match self {
            Self::Md5 => (0, 8, 8),
            Self::Bcrypt | Self::Yescrypt => (22, 22, 22),
            Self::Sha256 | Self::Sha512 => (0, 16, 16),
        }
    }

    /// The whole hash: scheme, options, salt and digest.
    pub(super) fn hash(self, password: &[u8], options: &Options) -> Result<String, String> {
        let rounds = self.checked_rounds(options)?;
        let salt = self.checked_salt(options)?;
        match self {
            Self::Md5 => {
                let digest = md5_crypt(password, salt.as_bytes());
                Ok(format!("$1${salt}${}", encoded(MD5_ORDER.map(|at| digest[at]).as_slice())))
            }
            Self::Bcrypt => bcrypt(password, &salt, rounds, options.ident.as_deref()),
            Self::Sha256 | Self::Sha512 => self.sha_crypt(password, &salt, rounds),
            Self::Yescrypt => yescrypt(password, &salt, rounds),
        }
    }

    fn checked_rounds(self, options: &Options) -> Result<u32, String> {
        let name = self.name();
        match (self.rounds(), options.rounds) {
            (None, None) => Ok(0),
            (None, Some(_)) => Err(format!("{name} has no rounds")),
            (Some((_, _, default)), None) => Ok(default as u32),
            (Some((low, _, _)), Some(rounds)) if rounds < low => {
                Err(format!("{name}: min_desired_rounds ({rounds}) is too low, must be at least {low}"))
            }
            (Some((_, high, _)), Some(rounds)) if rounds > high => {
                Err(format!("{name}: min_desired_rounds ({rounds}) is too large, cannot be more than {high}"))
            }
            (Some(_), Some(rounds)) => Ok(rounds as u32),
        }
    }

    fn checked_salt(self, options: &Options) -> Result<String, String> {
        let (name, (low, high, default)) = (self.name(), self.salt_sizes());
        let Some(salt) = &options.salt else {
            let size = options.salt_size.map_or(Some(default), |size| usize::try_from(size).ok());
            let size = size.filter(|size| (low..=high).contains(size));
            return made_salt(size.ok_or_else(|| format!("{name}: a salt has {low} to {high} characters"))?);
        };
        if !salt.bytes().all(|byte| DIGITS.contains(&byte)) {
            return Err(format!("invalid characters in {name} salt"));
        }
        if salt.len() > high {
            return Err(format!("salt too large ({name} requires <= {high} chars)"));
        }
        if salt.len() < low {
            return Err(format!("salt too small ({name} requires {low} chars)"));
        }
        Ok(salt.clone())
    }

    fn sha_crypt(self, password: &[u8], salt: &str, rounds: u32) -> Result<String, String> {
        let params = sha_crypt::Params::new(rounds).map_err(|error| error.to_string())?;
        let (ident, digest) = if self == Self::Sha256 {
            let digest = sha_crypt::sha256_crypt(password, salt.as_bytes(), params);
            (5, encoded(SHA256_ORDER.map(|at| digest[at]).as_slice()))
        } else {
            let digest = sha_crypt::sha512_crypt(password, salt.as_bytes(), params);
            (6, encoded(sha512_order().map(|at| digest[at]).as_slice()))
        };
        // The rounds of the format's own default are not said.
        let rounds = if rounds == 5000 { String::new() } else { format!("rounds={rounds}$") };
        Ok(format!("${ident}${rounds}{salt}${digest}"))
    }
}

/// The order of SHA-512's bytes: each group has one of each third, rotated.
fn sha512_order() -> [usize; 64] {
    let mut order = [63; 64];
    for group in 0..21 {
        let third = |place: usize| group + 21 * ((place + group) % 3);
        order[3 * group] = third(2);
        order[3 * group + 1] = third(1);
        order[3 * group + 2] = third(0);
    }
    order
}

/// Bytes in the base 64 of hashes: the first of three bytes has the lowest bits, and these come first.
fn encoded(bytes: &[u8]) -> String {
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

/// The bytes that such digits stand for.
fn decoded(text: &str) -> Vec<u8> {
    let value = |digit: u8| DIGITS.iter().position(|known| *known == digit).unwrap_or(0) as u32;
    text.as_bytes()
        .chunks(4)
        .flat_map(|group| {
            let number = group.iter().enumerate().fold(0, |number, (at, digit)| number | value(*digit) << (6 * at));
            number.to_le_bytes().into_iter().take(group.len() * 6 / 8)
        })
        .collect()
}

fn made_salt(size: usize) -> Result<String, String> {
    let mut bytes = vec![0; size];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|error| format!("there are no random numbers for a salt: {error}"))?;
    Ok(bytes.iter().map(|byte| char::from(DIGITS[usize::from(byte & 63)])).collect())
}

fn bcrypt(password: &[u8], salt: &str, rounds: u32, ident: Option<&str>) -> Result<String, String> {
    let ident = ident.unwrap_or("2b");
    if !matches!(ident, "2" | "2a" | "2b" | "2y") {
        return Err(format!("invalid ident: '{ident}'"));
    }
    let mut bytes = [0; 16];
    let salt = salt_bits(salt);
    let decoded = BCRYPT64.decode(&salt).map_err(|_| "invalid bcrypt salt".to_owned())?;
    bytes.copy_from_slice(decoded.get(..16).ok_or("invalid bcrypt salt")?);
    let mut key = password.to_vec();
    if ident == "2" {
        // The oldest format has no zero at the end, and repeats the password instead.
        if key.is_empty() {
            return Err("an empty password has no hash of ident 2".to_owned());
        }
        key = key.iter().copied().cycle().take(72).collect();
    } else {
        key.push(0);
        key.truncate(72);
    }
    let digest = bcrypt_digest(rounds, &bytes, &key);
    Ok(format!("${ident}${rounds:02}${salt}{}", BCRYPT64.encode(&digest[..23])))
}

/// The digest of a key of at most 72 bytes (Provos and Mazières, "A Future-Adaptable Password Scheme").
fn bcrypt_digest(cost: u32, salt: &[u8; 16], key: &[u8]) -> Vec<u8> {
    let mut state: Blowfish = Blowfish::bc_init_state();
    state.salted_expand_key(salt, key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(key);
        state.bc_expand_key(salt);
    }
    // `OrpheanBeholderScryDoubt`.
    let text = [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]];
    text.into_iter()
        .flat_map(|pair| (0..64).fold(pair, |pair, _| state.bc_encrypt(pair)))
        .flat_map(u32::to_be_bytes)
        .collect()
}

/// The salt with the bits cleared that its last digit has and sixteen bytes do not.
fn salt_bits(salt: &str) -> String {
    const BCRYPT_DIGITS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let (head, last) = salt.split_at(salt.len() - 1);
    let value = BCRYPT_DIGITS.iter().position(|digit| last.as_bytes() == [*digit]).unwrap_or(0);
    format!("{head}{}", char::from(BCRYPT_DIGITS[value & 0x30]))
}

fn yescrypt(password: &[u8], salt: &str, rounds: u32) -> Result<String, String> {
    // `j` stands for the flavour, the next digit for log2(N) - 1, `T` for r = 32.
    let (salt, rounds) = (encoded(&decoded(salt)), rounds.clamp(1, 11));
    let (log_n, r, parameters) = match rounds {
        1 => (10, 8, "j75"),
        2 => (11, 8, "j85"),
        3 => (12, 8, "j95"),
        4 => (11, 32, "j8T"),
        5 => (12, 32, "j9T"),
        6 => (13, 32, "jAT"),
        7 => (14, 32, "jBT"),
        8 => (15, 32, "jCT"),
        9 => (16, 32, "jDT"),
        10 => (17, 32, "jET"),
        _ => (18, 32, "jFT"),
    };
    let params =
        yescrypt::Params::new(yescrypt::Mode::default(), 1 << log_n, r, 1).map_err(|error| error.to_string())?;
    let mut digest = [0; 32];
    yescrypt::yescrypt(password, &decoded(&salt), &params, &mut digest).map_err(|error| error.to_string())?;
    Ok(format!("$y${parameters}${salt}${}", encoded(&digest)))
}

#[cfg(test)]
mod tests {
    use super::{Options, Scheme};

    /// The hash that libxcrypt's `crypt` makes of this password and salt.
    #[test]
    fn yescrypt_agrees_with_libxcrypt() {
        let salt = Some("saltsaltsaltsaltsalts.".to_owned());
        let options = Options { salt, salt_size: None, rounds: None, ident: None };
        let hash = Scheme::Yescrypt.hash(b"secret", &options);
        assert_eq!(hash.as_deref(), Ok("$y$j9T$saltsaltsaltsaltsalts.$RLGOTDF.U/4XhK4pw0Twc1QG4uRDMi/qdr5UVb1K7D5"));
    }
}

//! The ways to hash a password, with the defaults and limits that Ansible has through `passlib`.

use sutler_modules::crypt::{self, DEFAULT_COST, SHA256_ROUNDS, SHA512_ROUNDS, encoded};

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
    fn rounds(self) -> Option<(i64, i64, u32)> {
        match self {
            Self::Md5 => None,
            Self::Bcrypt => Some((4, 31, DEFAULT_COST)),
            Self::Sha256 => Some((1000, 999_999_999, SHA256_ROUNDS)),
            Self::Sha512 => Some((1000, 999_999_999, SHA512_ROUNDS)),
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
            Self::Md5 => Ok(crypt::md5_crypt(password, &salt, "$1$")),
            Self::Bcrypt => bcrypt(password, &salt, rounds, options.ident.as_deref()),
            Self::Sha256 => crypt::sha256_crypt(password, &salt, rounds).ok_or_else(|| "invalid rounds".to_owned()),
            Self::Sha512 => crypt::sha512_crypt(password, &salt, rounds).ok_or_else(|| "invalid rounds".to_owned()),
            Self::Yescrypt => yescrypt(password, &salt, rounds),
        }
    }

    fn checked_rounds(self, options: &Options) -> Result<u32, String> {
        let name = self.name();
        match (self.rounds(), options.rounds) {
            (None, None) => Ok(0),
            (None, Some(_)) => Err(format!("{name} has no rounds")),
            (Some((_, _, default)), None) => Ok(default),
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
            let size = size.ok_or_else(|| format!("{name}: a salt has {low} to {high} characters"))?;
            return crypt::made_salt(size).ok_or_else(|| "there are no random numbers for a salt".to_owned());
        };
        if !salt.bytes().all(|byte| crypt::DIGITS.contains(&byte)) {
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
}

/// The bytes that digits of a hash stand for.
fn decoded(text: &str) -> Vec<u8> {
    let value = |digit: u8| crypt::value(digit).unwrap_or(0);
    text.as_bytes()
        .chunks(4)
        .flat_map(|group| {
            let number = group.iter().enumerate().fold(0, |number, (at, digit)| number | value(*digit) << (6 * at));
            number.to_le_bytes().into_iter().take(group.len() * 6 / 8)
        })
        .collect()
}

fn bcrypt(password: &[u8], salt: &str, cost: u32, ident: Option<&str>) -> Result<String, String> {
    let ident = ident.unwrap_or("2b");
    crypt::bcrypt(password, salt, cost, ident).ok_or_else(|| match ident {
        "2" if password.is_empty() => "an empty password has no hash of ident 2".to_owned(),
        "2" | "2a" | "2b" | "2y" => "invalid bcrypt salt".to_owned(),
        _ => format!("invalid ident: '{ident}'"),
    })
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

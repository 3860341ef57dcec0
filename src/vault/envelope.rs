//! The text of a vault: a first line, then salt, check and ciphertext as hexadecimal digits of hexadecimal digits in
//! lines of 80 columns. Versions 1.1, and 1.2 with the label of an identity ("Ansible vault payload format" in
//! Ansible's documentation).

use std::borrow::Cow;

use super::Damage;

/// The label of an identity that has none.
pub const DEFAULT_ID: &str = "default";
/// What every vault begins with.
const MAGIC: &str = "$ANSIBLE_VAULT";
/// Columns of a line.
const WIDTH: usize = 80;
/// Bytes of the check, a SHA-256.
const CHECK: usize = 32;
/// Bytes of a block of the cipher; the ciphertext is made of whole ones.
const BLOCK: usize = 16;

/// Whether these are the first bytes of a vault.
pub fn is_vault(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC.as_bytes()) && bytes.is_ascii()
}

/// What the text of a vault says.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The identity whose password made it, if it names one.
    pub id: Option<String>,
    /// What the keys are derived with.
    pub salt: Vec<u8>,
    /// The HMAC of the ciphertext.
    pub check: [u8; CHECK],
    /// The content.
    pub ciphertext: Vec<u8>,
}

impl Envelope {
    /// Reads a text. Blanks around its lines do not count.
    pub fn parse(text: &[u8]) -> Result<Self, Damage> {
        if !is_vault(text) {
            return Err(Damage::NoVault);
        }
        let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
        let header: Vec<Cow<str>> =
            lines.next().unwrap_or_default().split(|byte| *byte == b';').map(String::from_utf8_lossy).collect();
        let cipher = header.get(2).ok_or(Damage::Header)?.trim();
        let id = header.get(3).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        let digits: Vec<u8> = lines.flatten().copied().collect();
        if cipher != "AES256" {
            return Err(Damage::Cipher(cipher.to_owned()));
        }
        let body = unhex(&digits)?;
        let parts: Vec<&[u8]> = body.splitn(3, |byte| *byte == b'\n').collect();
        let [salt, check, ciphertext] = parts[..] else { return Err(Damage::Parts(parts.len())) };
        let (salt, check, ciphertext) = (unhex(salt)?, unhex(check)?, unhex(ciphertext)?);
        let check = check.try_into().map_err(|_| Damage::Truncated)?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(BLOCK) {
            return Err(Damage::Truncated);
        }
        Ok(Self { id, salt, check, ciphertext })
    }

    /// The text, with a line ending at its end.
    pub fn text(&self) -> String {
        let body = [hex(&self.salt), hex(&self.check), hex(&self.ciphertext)].join("\n");
        let digits = hex(body.as_bytes());
        let mut text = match &self.id {
            Some(id) => format!("{MAGIC};1.2;AES256;{id}\n"),
            None => format!("{MAGIC};1.1;AES256\n"),
        };
        text.reserve(digits.len() + digits.len() / WIDTH + 1);
        for (at, digit) in digits.chars().enumerate() {
            text.push(digit);
            if at % WIDTH == WIDTH - 1 {
                text.push('\n');
            }
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn unhex(digits: &[u8]) -> Result<Vec<u8>, Damage> {
    let value = |digit: u8| char::from(digit).to_digit(16).ok_or(Damage::NoDigit);
    if !digits.len().is_multiple_of(2) {
        return Err(Damage::OddLength);
    }
    digits.chunks_exact(2).map(|pair| Ok((value(pair[0])? << 4 | value(pair[1])?) as u8)).collect()
}

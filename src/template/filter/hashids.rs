//! `community.general.hashids_encode` and `hashids_decode`: numbers as short text (<https://hashids.org>).

use std::collections::HashMap;

use num_bigint::BigUint;
use num_traits::ToPrimitive as _;

use super::super::{Arguments, Filter, TemplateError, arguments::required};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("community.general.hashids_encode", encode as Filter),
        ("community.general.hashids_decode", |arguments| {
            let [hash, salt, alphabet, length] = arguments.bind(["hashid", "salt", "alphabet", "min_length"])?;
            let hash = required(hash, "hashids_decode", "hashid")?;
            let codec = Codec::new(salt, alphabet, length)?;
            let numbers = hash.as_str().and_then(|hash| codec.decode(hash)).unwrap_or_default();
            Ok(numbers.into_iter().map(|number| Value::from(num_bigint::BigInt::from(number))).collect())
        }),
    ]);
}

fn encode(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [numbers, salt, alphabet, length] = arguments.bind(["nums", "salt", "alphabet", "min_length"])?;
    let value = required(numbers, "hashids_encode", "nums")?;
    let codec = Codec::new(salt, alphabet, length)?;
    let items = match &value {
        Value::Str(_) | Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => vec![value.clone()],
        Value::List(_) | Value::Tuple(_) | Value::Object(_) => value.iter()?,
        other => return Err(no_number(other)),
    };
    if let Some(wrong) = items.iter().find(|item| matches!(item, Value::None | Value::List(_) | Value::Dict(_))) {
        return Err(no_number(wrong));
    }
    // What is no whole number, or a negative one, has no hash.
    let whole = |item: &Value| match item {
        Value::Str(_) | Value::Float(_) => None,
        other => other.to_bigint().and_then(|number| number.to_biguint()),
    };
    let numbers = items.iter().map(whole).collect::<Option<Vec<_>>>().unwrap_or_default();
    Ok(codec.encode(&numbers).into())
}

fn no_number(value: &Value) -> TemplateError {
    let why = "int() argument must be a string, a bytes-like object or a real number";
    let text = format!("Data to encode must by a tuple or list of ints: {why}, not '{}'", value.type_name());
    TemplateError::raised("AnsibleTypeError", text)
}

/// The characters that hashes are made of.
struct Codec {
    salt: Vec<char>,
    alphabet: Vec<char>,
    separators: Vec<char>,
    guards: Vec<char>,
    length: usize,
}

impl Codec {
    fn new(salt: Option<Value>, alphabet: Option<Value>, length: Option<Value>) -> Result<Self, TemplateError> {
        let given = |value: Option<Value>| value.filter(|value| !value.is_none());
        let chars = |value: &Value, name: &str, why: &str| match value {
            Value::Str(text) => Ok(text.chars().collect::<Vec<_>>()),
            other => {
                let text = format!("The provided parameters {name}={} are invalid: {why}", other.repr());
                Err(super::failed(text.replace("TYPE", other.type_name())))
            }
        };
        let salt = given(salt)
            .map_or_else(|| Ok(Vec::new()), |salt| chars(&salt, "salt", "object of type 'TYPE' has no len()"))?;
        let length = match given(length) {
            None => 0,
            Some(Value::Str(text)) => text.trim().parse::<i64>().map_err(|_| {
                let shown = Value::Str(text).repr();
                TemplateError::value_error(format!("invalid literal for int() with base 10: {shown}"))
            })?,
            Some(value) => value.as_f64().unwrap_or(0.0) as i64,
        };
        let alphabet = match given(alphabet) {
            None => ('a'..='z').chain('A'..='Z').chain('1'..='9').chain(['0']).collect(),
            Some(alphabet) => chars(&alphabet, "alphabet", "argument of type 'TYPE' is not iterable")?,
        };
        Self::with(salt, &alphabet, length.clamp(0, 1 << 16) as usize)
            .ok_or_else(|| TemplateError::value_error("Alphabet must contain at least 16 unique characters."))
    }

    fn with(salt: Vec<char>, given: &[char], length: usize) -> Option<Self> {
        let mut separators: Vec<char> = "cfhistuCFHISTU".chars().filter(|c| given.contains(c)).collect();
        let mut alphabet: Vec<char> = Vec::new();
        for c in given {
            if !separators.contains(c) && !alphabet.contains(c) {
                alphabet.push(*c);
            }
        }
        if alphabet.len() + separators.len() < 16 {
            return None;
        }
        shuffle(&mut separators, &salt);
        // One separator for three and a half characters, one guard for twelve.
        let wanted = (alphabet.len() * 2).div_ceil(7);
        if separators.is_empty() || wanted > separators.len() {
            let wanted = if wanted == 1 { 2 } else { wanted };
            let missing = wanted.saturating_sub(separators.len());
            separators.extend(alphabet.drain(..missing));
        }
        shuffle(&mut alphabet, &salt);
        let count = alphabet.len().div_ceil(12);
        let from = if alphabet.len() < 3 { &mut separators } else { &mut alphabet };
        let guards = from.drain(..count).collect();
        Some(Self { salt, alphabet, separators, guards, length })
    }

    /// The alphabet for the next number.
    fn turned(&self, alphabet: &[char], lottery: char) -> Vec<char> {
        let salt: Vec<char> =
            [lottery].iter().chain(&self.salt).chain(alphabet).copied().take(alphabet.len()).collect();
        let mut alphabet = alphabet.to_vec();
        shuffle(&mut alphabet, &salt);
        alphabet
    }

    fn encode(&self, numbers: &[BigUint]) -> String {
        if numbers.is_empty() {
            return String::new();
        }
        let small = |number: BigUint| number.to_usize().unwrap_or(0);
        let mut alphabet = self.alphabet.clone();
        let sum: usize = numbers.iter().enumerate().map(|(index, number)| small(number % (index + 100))).sum();
        let lottery = alphabet[sum % alphabet.len()];
        let mut hash = vec![lottery];
        for (index, number) in numbers.iter().enumerate() {
            alphabet = self.turned(&alphabet, lottery);
            if index > 0 {
                let previous = &numbers[index - 1];
                let last = hash[self.start_of_last(&hash)] as usize;
                hash.push(self.separators[small(previous % (last + index - 1)) % self.separators.len()]);
            }
            hash.extend(digits(number, &alphabet));
        }
        self.lengthen(hash, sum, alphabet).into_iter().collect()
    }

    /// Where the digits of the last number begin.
    fn start_of_last(&self, hash: &[char]) -> usize {
        hash.iter().skip(1).rposition(|c| self.separators.contains(c)).map_or(1, |at| at + 2)
    }

    /// A hash with guards and characters of the alphabet around it, until it is long enough.
    fn lengthen(&self, mut hash: Vec<char>, sum: usize, mut alphabet: Vec<char>) -> Vec<char> {
        let guard = |c: char| self.guards[(sum + c as usize) % self.guards.len()];
        if hash.len() < self.length {
            hash.insert(0, guard(hash[0]));
            if hash.len() < self.length {
                hash.push(guard(hash[2]));
            }
        }
        let half = alphabet.len() / 2;
        while hash.len() < self.length {
            let salt = alphabet.clone();
            shuffle(&mut alphabet, &salt);
            hash = [&alphabet[half..], &hash, &alphabet[..half]].concat();
            let spare = hash.len().saturating_sub(self.length);
            if spare > 0 {
                hash = hash[spare / 2..spare / 2 + self.length].to_vec();
            }
        }
        hash
    }

    fn decode(&self, hash: &str) -> Option<Vec<BigUint>> {
        let parts: Vec<&str> = hash.split(|c| self.guards.contains(&c)).collect();
        let inner = if (2..=3).contains(&parts.len()) { parts[1] } else { parts[0] };
        let lottery = inner.chars().next()?;
        let mut alphabet = self.alphabet.clone();
        let mut numbers = Vec::new();
        for part in inner[lottery.len_utf8()..].split(|c| self.separators.contains(&c)) {
            alphabet = self.turned(&alphabet, lottery);
            let mut number = BigUint::default();
            for c in part.chars() {
                number = number * alphabet.len() + alphabet.iter().position(|known| *known == c)?;
            }
            numbers.push(number);
        }
        (self.encode(&numbers) == hash).then_some(numbers)
    }
}

/// Exchanges characters as the salt says.
fn shuffle(chars: &mut [char], salt: &[char]) {
    let (mut at, mut sum) = (0, 0);
    if salt.is_empty() {
        return;
    }
    for index in (1..chars.len()).rev() {
        at %= salt.len();
        let code = salt[at] as usize;
        sum += code;
        chars.swap(index, (code + at + sum) % index);
        at += 1;
    }
}

/// A number with the alphabet's characters as digits.
fn digits(number: &BigUint, alphabet: &[char]) -> Vec<char> {
    let mut rest = number.clone();
    let mut digits = Vec::new();
    loop {
        digits.push(alphabet[(&rest % alphabet.len()).to_usize().unwrap_or(0)]);
        rest /= alphabet.len();
        if rest == BigUint::default() {
            digits.reverse();
            return digits;
        }
    }
}

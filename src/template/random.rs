//! Random numbers as Python's `random` gives them, so that a seed chooses the same items as in Ansible.

use sha2::{Digest as _, Sha512};

use super::TemplateError;
use crate::value::Value;

const N: usize = 624;

/// The Mersenne Twister MT19937, seeded as `CPython` seeds it.
pub(super) struct Random {
    state: [u32; N],
    index: usize,
}

impl Random {
    /// A generator of this seed, or of one from the operating system.
    pub(super) fn new(seed: Option<&Value>) -> Self {
        let key = match seed {
            None | Some(Value::None) => return Self::by_key(&entropy()),
            Some(Value::Str(text)) => {
                // CPython's version 2 seeding: the text, then its SHA-512, read as one big-endian integer.
                let mut bytes = text.as_bytes().to_vec();
                bytes.extend(Sha512::digest(text.as_bytes()));
                words(&bytes)
            }
            Some(other) => match other.to_bigint() {
                Some(number) => {
                    let digits = number.magnitude().to_u32_digits();
                    if digits.is_empty() { vec![0] } else { digits }
                }
                None => words(other.repr().as_bytes()),
            },
        };
        Self::by_key(&key)
    }

    /// A generator of this seed; fails for what Python's is not seeded with.
    pub(super) fn seeded(seed: Option<&Value>) -> Result<Self, TemplateError> {
        match seed {
            Some(Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Object(_)) => {
                let kinds = "None,\nint, float, str, bytes, and bytearray.";
                Err(TemplateError::type_error(format!("The only supported seed types are: {kinds}")))
            }
            seed => Ok(Self::new(seed)),
        }
    }

    fn by_key(key: &[u32]) -> Self {
        let mut state = [0_u32; N];
        state[0] = 19_650_218;
        for i in 1..N {
            state[i] = 1_812_433_253_u32.wrapping_mul(state[i - 1] ^ (state[i - 1] >> 30)).wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        let next = |i: &mut usize, state: &mut [u32; N]| {
            *i += 1;
            if *i >= N {
                state[0] = state[N - 1];
                *i = 1;
            }
        };
        for _ in 0..N.max(key.len()) {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_664_525);
            state[i] = (state[i] ^ mixed).wrapping_add(key[j]).wrapping_add(j as u32);
            next(&mut i, &mut state);
            j = (j + 1) % key.len();
        }
        for _ in 0..N - 1 {
            let mixed = (state[i - 1] ^ (state[i - 1] >> 30)).wrapping_mul(1_566_083_941);
            state[i] = (state[i] ^ mixed).wrapping_sub(i as u32);
            next(&mut i, &mut state);
        }
        state[0] = 0x8000_0000;
        Self { state, index: N }
    }

    fn next(&mut self) -> u32 {
        if self.index >= N {
            for k in 0..N {
                let y = self.state[k] & 0x8000_0000 | self.state[(k + 1) % N] & 0x7fff_ffff;
                let twist = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[k] = self.state[(k + 397) % N] ^ (y >> 1) ^ twist;
            }
            self.index = 0;
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// A number below a bound, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let bits = u64::BITS - bound.leading_zeros();
        loop {
            let number = self.bits(bits);
            if number < bound {
                return number;
            }
        }
    }

    fn bits(&mut self, count: u32) -> u64 {
        match count {
            0 => 0,
            1..=32 => u64::from(self.next() >> (32 - count)),
            _ => {
                let low = u64::from(self.next());
                low | u64::from(self.next() >> (64 - count)) << 32
            }
        }
    }
}

/// Big-endian bytes as the 32-bit words of an integer, the lowest first.
fn words(bytes: &[u8]) -> Vec<u32> {
    num_bigint::BigUint::from_bytes_be(bytes).to_u32_digits()
}

fn entropy() -> Vec<u32> {
    use std::hash::{BuildHasher as _, RandomState};
    (0..16_u8).map(|index| RandomState::new().hash_one(index) as u32).collect()
}

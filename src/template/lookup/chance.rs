//! Choosing at random: by a seed as Python does, else by bytes of the operating system that nobody can guess.

use std::{fs::File, io::Read as _};

use super::{
    super::{TemplateError, random::Random},
    failed,
};
use crate::value::Value;

/// Where choices come from.
pub(super) enum Chance {
    /// The same ones for the same seed.
    Seeded(Box<Random>),
    /// Others every time.
    System(File),
}

impl Chance {
    /// Chance of this seed, or of the system.
    pub fn new(seed: Option<&str>) -> Result<Self, TemplateError> {
        match seed {
            Some(seed) => Ok(Self::Seeded(Box::new(Random::new(Some(&Value::from(seed)))))),
            None => File::open("/dev/urandom").map(Self::System).map_err(|error| no_random_bytes(&error)),
        }
    }

    /// A number below a bound, which is not 0.
    pub fn below(&mut self, bound: usize) -> Result<usize, TemplateError> {
        let bound = bound as u64;
        match self {
            Self::Seeded(random) => Ok(random.below(bound) as usize),
            Self::System(file) => loop {
                let mut bytes = [0; 8];
                file.read_exact(&mut bytes).map_err(|error| no_random_bytes(&error))?;
                let number = u64::from_le_bytes(bytes);
                // Numbers behind the last whole multiple would make small remainders likelier.
                if number < u64::MAX - u64::MAX % bound {
                    return Ok((number % bound) as usize);
                }
            },
        }
    }

    /// So many of these characters.
    pub fn choose(&mut self, chars: &[char], count: usize) -> Result<String, TemplateError> {
        (0..count).map(|_| Ok(chars[self.below(chars.len())?])).collect()
    }
}

fn no_random_bytes(error: &std::io::Error) -> TemplateError {
    failed(format!("cannot read /dev/urandom: {error}"))
}

//! File system attributes as `chattr` and `lsattr` have them (`man 1 chattr`), asked of the kernel.

use std::{io, path::Path};

use rustix::fs::{IFlags, Mode, OFlags, ioctl_getflags, ioctl_setflags, open};

use super::Failure;

/// Letters in the order in which `lsattr` prints them, and their bits (`linux/fs.h`).
const LETTERS: [(char, u32); 22] = [
    ('s', 0x1),
    ('u', 0x2),
    ('S', 0x8),
    ('D', 0x0001_0000),
    ('i', 0x10),
    ('a', 0x20),
    ('d', 0x40),
    ('A', 0x80),
    ('c', 0x4),
    ('E', 0x800),
    ('j', 0x4000),
    ('I', 0x1000),
    ('t', 0x8000),
    ('T', 0x0002_0000),
    ('e', 0x0008_0000),
    ('C', 0x0080_0000),
    ('x', 0x0200_0000),
    ('F', 0x4000_0000),
    ('N', 0x1000_0000),
    ('P', 0x2000_0000),
    ('V', 0x0010_0000),
    ('m', 0x400),
];

/// What the file system decides itself: `=` leaves it alone.
const KEPT: u32 = 0x1000 | 0x800 | 0x0008_0000 | 0x1000_0000 | 0x0010_0000 | 0x200 | 0x100;

/// Attributes that a path should have, have besides, or not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagChange {
    operation: Operation,
    bits: u32,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Add,
    Remove,
    Set,
}

impl FlagChange {
    /// From text such as `+i`, `-a` or `=dA`; `=` is taken when there is no sign.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let (operation, letters) = match text.split_at_checked(1) {
            Some(("+", letters)) => (Operation::Add, letters),
            Some(("-", letters)) => (Operation::Remove, letters),
            Some(("=", letters)) => (Operation::Set, letters),
            _ => (Operation::Set, text),
        };
        let bits = letters.chars().try_fold(0, |bits, letter| {
            let known = LETTERS.iter().find(|(known, _)| *known == letter);
            known.map(|(_, bit)| bits | bit).ok_or_else(|| {
                Failure::new("chattr failed")
                    .with("details", format!("there is no attribute `{letter}`: see man 1 chattr"))
            })
        })?;
        Ok(Self { operation, bits, text: text.to_owned() })
    }

    /// Whether a path lacks what is wanted; where the file system has no attributes it does.
    pub(super) fn differs(&self, path: &Path) -> bool {
        read(path).is_none_or(|bits| self.wanted(bits) != bits)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it takes away what would forbid further changes.
    pub(super) fn unlocks(&self) -> bool {
        match self.operation {
            Operation::Add => false,
            Operation::Remove => true,
            Operation::Set => self.bits & 0x30 == 0,
        }
    }

    pub(super) fn apply(&self, path: &Path) -> io::Result<()> {
        let file = open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW, Mode::empty())?;
        let bits = ioctl_getflags(&file)?.bits();
        let wanted = self.wanted(bits);
        if wanted != bits {
            ioctl_setflags(&file, IFlags::from_bits_retain(wanted))?;
        }
        Ok(())
    }

    fn wanted(&self, bits: u32) -> u32 {
        match self.operation {
            Operation::Add => bits | self.bits,
            Operation::Remove => bits & !self.bits,
            Operation::Set => (bits & KEPT) | self.bits,
        }
    }
}

/// The letters of a path's attributes, in `lsattr`'s order; `None` where there are none to be had.
pub fn letters(path: &Path) -> Option<String> {
    let bits = read(path)?;
    Some(LETTERS.iter().filter(|(_, bit)| bits & bit != 0).map(|(letter, _)| letter).collect())
}

fn read(path: &Path) -> Option<u32> {
    // Devices are not opened: that alone may do something.
    let meta = path.symlink_metadata().ok()?;
    if !meta.is_file() && !meta.is_dir() {
        return None;
    }
    let file = open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW, Mode::empty()).ok()?;
    Some(ioctl_getflags(&file).ok()?.bits())
}

#[cfg(test)]
mod tests {
    use super::FlagChange;

    #[test]
    fn signs_say_what_happens_to_the_rest() {
        let cases = [
            ("+i", 0x40, 0x50),
            ("-d", 0x50, 0x10),
            ("i", 0x40, 0x10),
            ("=A", 0x0008_0040, 0x0008_0080),
            ("=", 0x50, 0),
        ];
        for (text, before, after) in cases {
            assert_eq!(FlagChange::parse(text).unwrap().wanted(before), after, "{text}");
        }
        assert!(FlagChange::parse("+!").is_err());
    }
}

//! The order that Python's sets of whole numbers have: the same numbers, put in the same way, always come out alike.
//! Text has another order in every run of Python.

use crate::value::Value;

/// A place in a set.
#[derive(Clone)]
enum Slot {
    Free,
    /// Something was taken out.
    Left,
    Taken(i64, Value),
}

/// A set of whole numbers as `CPython` keeps it (`Objects/setobject.c`).
pub(super) struct PythonSet {
    table: Vec<Slot>,
    /// How many values there are.
    used: usize,
    /// How many places are not free.
    filled: usize,
}

/// Neighbours that are looked at before a jump.
const PROBES: usize = 9;

impl PythonSet {
    /// The set of these values; `None` if one of them is no small whole number.
    pub fn new(values: &[Value]) -> Option<Self> {
        let mut set = Self::empty();
        for value in values {
            let number = match value {
                Value::Int(number) => *number,
                Value::Bool(flag) => i64::from(*flag),
                _ => return None,
            };
            // Beyond these, a hash is not the number itself.
            let limit = (1 << 61) - 1;
            if number <= -limit || number >= limit {
                return None;
            }
            set.add(number, value.clone());
        }
        Some(set)
    }

    fn empty() -> Self {
        Self { table: vec![Slot::Free; 8], used: 0, filled: 0 }
    }

    /// The values in the order of the table.
    pub fn values(&self) -> Vec<Value> {
        self.entries().map(|(_, value)| value.clone()).collect()
    }

    fn entries(&self) -> impl Iterator<Item = (i64, &Value)> {
        self.table.iter().filter_map(|slot| match slot {
            Slot::Taken(number, value) => Some((*number, value)),
            _ => None,
        })
    }

    /// The place of a number, or the free one where it belongs.
    fn place(&self, number: i64) -> usize {
        self.find(number).0
    }

    /// As `place`, with the last place on the way that something was taken out of.
    fn find(&self, number: i64) -> (usize, Option<usize>) {
        let mut left = None;
        let mask = self.table.len() - 1;
        let mut perturb = if number == -1 { -2_i64 } else { number } as u64;
        let mut start = perturb as usize & mask;
        loop {
            let probes = if start + PROBES <= mask { PROBES } else { 0 };
            for at in start..=start + probes {
                match &self.table[at] {
                    Slot::Taken(known, _) if *known != number => {}
                    Slot::Left => left = Some(at),
                    Slot::Free | Slot::Taken(..) => return (at, left),
                }
            }
            perturb >>= 5;
            start = start.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
        }
    }

    fn contains(&self, number: i64) -> bool {
        matches!(self.table[self.place(number)], Slot::Taken(..))
    }

    fn put(&mut self, number: i64, value: &Value) -> bool {
        let at = self.place(number);
        let is_new = matches!(self.table[at], Slot::Free);
        if is_new {
            self.table[at] = Slot::Taken(number, value.clone());
            self.used += 1;
            self.filled += 1;
        }
        is_new
    }

    fn add(&mut self, number: i64, value: Value) {
        if let (at, Some(left)) = self.find(number)
            && matches!(self.table[at], Slot::Free)
        {
            self.table[left] = Slot::Taken(number, value);
            self.used += 1;
            return;
        }
        if self.put(number, &value) && self.filled * 5 >= (self.table.len() - 1) * 3 {
            self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    /// Takes a number out; false if it is not there.
    fn discard(&mut self, number: i64) -> bool {
        let at = self.place(number);
        let found = matches!(self.table[at], Slot::Taken(..));
        if found {
            self.table[at] = Slot::Left;
            self.used -= 1;
        }
        found
    }

    fn resize(&mut self, least: usize) {
        let size = (least + 1).next_power_of_two().max(8);
        let old = std::mem::replace(self, Self { table: vec![Slot::Free; size], used: 0, filled: 0 });
        for (number, value) in old.entries() {
            self.put(number, value);
        }
    }

    /// Adds all of another set.
    fn merge(&mut self, other: &Self) {
        if other.used == 0 {
            return;
        }
        if (self.filled + other.used) * 5 >= (self.table.len() - 1) * 3 {
            self.resize((self.used + other.used) * 2);
        }
        let is_empty = self.filled == 0;
        if is_empty && self.table.len() == other.table.len() && other.filled == other.used {
            self.table.clone_from(&other.table);
            (self.used, self.filled) = (other.used, other.filled);
            return;
        }
        for (number, value) in other.entries() {
            if is_empty {
                self.put(number, value);
            } else {
                self.add(number, value.clone());
            }
        }
    }

    fn copy(&self) -> Self {
        let mut copy = Self::empty();
        copy.merge(self);
        copy
    }

    /// `self | other`
    pub fn union(&self, other: &Self) -> Self {
        let mut result = self.copy();
        result.merge(other);
        result
    }

    /// `self & other`
    pub fn intersection(&self, other: &Self) -> Self {
        let (large, small) = if other.used > self.used { (other, self) } else { (self, other) };
        let mut result = Self::empty();
        for (number, value) in small.entries().filter(|(number, _)| large.contains(*number)) {
            result.add(number, value.clone());
        }
        result
    }

    /// `self - other`
    pub fn difference(&self, other: &Self) -> Self {
        if self.used >> 2 > other.used {
            let mut result = self.copy();
            for (number, _) in other.entries() {
                result.discard(number);
            }
            return result;
        }
        let mut result = Self::empty();
        for (number, value) in self.entries().filter(|(number, _)| !other.contains(*number)) {
            result.add(number, value.clone());
        }
        result
    }

    /// `self ^ other`
    pub fn symmetric_difference(&self, other: &Self) -> Self {
        let mut result = other.copy();
        for (number, value) in self.entries() {
            if !result.discard(number) {
                result.add(number, value.clone());
            }
        }
        result
    }
}

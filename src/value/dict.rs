//! A dict that all its holders share: insertion order, and Python's equality of keys (`1 == 1.0 == True`).

use std::{
    hash::{Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering},
    },
};

use indexmap::{Equivalent, IndexMap};
use num_traits::ToPrimitive as _;
use parking_lot::RwLock;

use super::{Str, Value, list::height_over};
use crate::{source::Place, template::TemplateError};

/// A hashable value: text, a number, a boolean, `None`, bytes, or a tuple of such.
#[derive(Clone)]
pub struct Key(Value);

impl Key {
    /// The value as a key; fails for lists, dicts and others that Python cannot hash.
    pub fn new(value: Value) -> Result<Self, TemplateError> {
        fn hashable(value: &Value) -> bool {
            match value {
                Value::List(_) | Value::Dict(_) | Value::Undefined(_) | Value::Lazy(_) => false,
                Value::Tuple(items) => items.iter().all(hashable),
                _ => true,
            }
        }
        match value {
            Value::Undefined(undefined) => Err(TemplateError::undefined(&undefined)),
            value if hashable(&value) => Ok(Self(value)),
            value => Err(TemplateError::type_error(format!("unhashable type: '{}'", value.type_name()))),
        }
    }

    /// The value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Its text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(Value::from(text))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(Value::from(text))
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Self(Value::Str(text))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.python_eq(&other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

/// Equal values hash equally; text hashes as `str` does, so that a `&str` finds its key.
fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Str(text) => str::hash(text, state),
        Value::Bool(flag) => state.write_i64(i64::from(*flag)),
        Value::Int(number) => state.write_i64(*number),
        Value::BigInt(number) => state.write_u64(number.to_f64().unwrap_or(f64::INFINITY).to_bits()),
        Value::Float(number) => match number.to_i64() {
            Some(integer) if integer as f64 == *number => state.write_i64(integer),
            _ => state.write_u64(number.to_bits()),
        },
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Tuple(items) => items.iter().for_each(|item| hash(item, state)),
        _ => state.write_u8(0),
    }
}

impl Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self)
    }
}

/// The entries of a dict.
pub type Entries = IndexMap<Key, Value>;

/// A shared, mutable dict. Clones are the same dict.
#[derive(Clone, Default)]
pub struct Dict(Arc<Inner>);

#[derive(Default)]
struct Inner {
    entries: RwLock<Entries>,
    lazy: AtomicBool,
    /// How deep lists and dicts stand in each other here, itself included, as far as it is known.
    height: AtomicU16,
    /// The number of its place.
    place: AtomicU32,
}

impl Dict {
    /// An empty dict.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where it stands, or the template that made it.
    pub fn place(&self) -> Place {
        Place::numbered(self.0.place.load(Ordering::Relaxed))
    }

    /// Says that it was made by what stands at `place`, unless it has a place or others have it as well.
    pub fn made_at(&self, place: impl FnOnce() -> Place) {
        if Arc::strong_count(&self.0) == 1 {
            self.0.place.store(self.place().or(place).number(), Ordering::Relaxed);
        }
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.0.entries.read().len()
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.0.entries.read().is_empty()
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.0.entries.read().get(key).cloned()
    }

    /// The value of any key; `None` also for values that cannot be keys.
    pub fn get_value(&self, key: &Value) -> Option<Value> {
        match key {
            Value::Str(text) => self.get(text),
            _ => self.0.entries.read().get(&Key::new(key.clone()).ok()?).cloned(),
        }
    }

    /// Whether there is such a text key.
    pub fn contains(&self, key: &str) -> bool {
        self.0.entries.read().contains_key(key)
    }

    /// Sets the value of a text key, in its old place if it exists.
    pub fn insert(&self, key: impl Into<Str>, value: impl Into<Value>) {
        self.set(Key(Value::Str(key.into())), value.into());
    }

    /// Sets the value of a key; the old key stays if an equal one exists.
    pub fn set(&self, key: Key, value: Value) {
        if value.may_be_lazy() {
            self.0.lazy.store(true, Ordering::Relaxed);
        }
        self.0.height.fetch_max(value.height().saturating_add(1), Ordering::Relaxed);
        self.0.entries.write().insert(key, value);
    }

    /// Sets the value of any value as a key; fails if it cannot be one.
    pub fn set_value(&self, key: Value, value: Value) -> Result<(), TemplateError> {
        self.set(Key::new(key)?, value);
        Ok(())
    }

    /// Takes a text key out.
    pub fn remove(&self, key: &str) -> Option<Value> {
        self.0.entries.write().shift_remove(key)
    }

    /// Takes all entries of another dict over.
    pub fn update(&self, other: &Self) {
        if !self.is_same(other) {
            for (key, value) in other.entries() {
                self.set(key, value);
            }
        }
    }

    /// The keys in order.
    pub fn keys(&self) -> Vec<Value> {
        self.0.entries.read().keys().map(|key| key.0.clone()).collect()
    }

    /// The values in order.
    pub fn values(&self) -> Vec<Value> {
        self.0.entries.read().values().cloned().collect()
    }

    /// The entries in order, as they are now.
    pub fn entries(&self) -> Vec<(Key, Value)> {
        self.0.entries.read().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Reads the entries in place; `read` must not write to the same dict.
    pub fn with<T>(&self, read: impl FnOnce(&Entries) -> T) -> T {
        read(&self.0.entries.read())
    }

    /// Changes the entries in place; `write` must not use the same dict otherwise.
    pub fn with_mut<T>(&self, write: impl FnOnce(&mut Entries) -> T) -> T {
        let mut entries = self.0.entries.write();
        let result = write(&mut entries);
        self.0.lazy.store(entries.values().any(Value::may_be_lazy), Ordering::Relaxed);
        self.0.height.store(height_over(entries.values()), Ordering::Relaxed);
        result
    }

    /// How deep lists and dicts stand in each other here, itself included.
    pub fn height(&self) -> u16 {
        self.0.height.load(Ordering::Relaxed).max(1)
    }

    /// A dict of its own with the same values.
    #[must_use]
    pub fn copy(&self) -> Self {
        self.with(|entries| entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// Whether a value, or something inside one, may be a template that is not evaluated yet.
    pub fn may_be_lazy(&self) -> bool {
        self.0.lazy.load(Ordering::Relaxed)
    }

    /// Whether both are the same dict, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that tells this dict from all others alive.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl<K: Into<Key>> FromIterator<(K, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries: Entries = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        let lazy = AtomicBool::new(entries.values().any(Value::may_be_lazy));
        let height = AtomicU16::new(height_over(entries.values()));
        Self(Arc::new(Inner { entries: RwLock::new(entries), lazy, height, place: AtomicU32::default() }))
    }
}

impl std::fmt::Debug for Dict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Value::Dict(self.clone()).repr())
    }
}

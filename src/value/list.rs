//! A list that all its holders share, as in Python.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering},
};

use parking_lot::RwLock;

use super::Value;
use crate::source::Place;

/// A shared, mutable list. Clones are the same list.
#[derive(Clone, Default)]
pub struct List(Arc<Inner>);

#[derive(Default)]
struct Inner {
    items: RwLock<Vec<Value>>,
    lazy: AtomicBool,
    /// How deep lists and dicts stand in each other here, itself included, as far as it is known.
    height: AtomicU16,
    /// The number of its place.
    place: AtomicU32,
}

/// The height of what holds these.
pub(super) fn height_over<'v>(items: impl Iterator<Item = &'v Value>) -> u16 {
    items.map(Value::height).max().unwrap_or(0).saturating_add(1)
}

impl List {
    /// A list of these items.
    pub fn new(items: Vec<Value>) -> Self {
        let lazy = AtomicBool::new(items.iter().any(Value::may_be_lazy));
        let height = AtomicU16::new(height_over(items.iter()));
        Self(Arc::new(Inner { items: RwLock::new(items), lazy, height, place: AtomicU32::default() }))
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

    /// How many items it has.
    pub fn len(&self) -> usize {
        self.0.items.read().len()
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.0.items.read().is_empty()
    }

    /// The item at a position from 0.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.items.read().get(index).cloned()
    }

    /// Appends an item.
    pub fn push(&self, item: Value) {
        if item.may_be_lazy() {
            self.0.lazy.store(true, Ordering::Relaxed);
        }
        self.0.height.fetch_max(item.height().saturating_add(1), Ordering::Relaxed);
        self.0.items.write().push(item);
    }

    /// The items as they are now.
    pub fn to_vec(&self) -> Vec<Value> {
        self.0.items.read().clone()
    }

    /// Reads the items in place; `read` must not write to the same list.
    pub fn with<T>(&self, read: impl FnOnce(&[Value]) -> T) -> T {
        read(&self.0.items.read())
    }

    /// Changes the items in place; `write` must not use the same list otherwise.
    pub fn with_mut<T>(&self, write: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        let mut items = self.0.items.write();
        let result = write(&mut items);
        self.0.lazy.store(items.iter().any(Value::may_be_lazy), Ordering::Relaxed);
        self.0.height.store(height_over(items.iter()), Ordering::Relaxed);
        result
    }

    /// How deep lists and dicts stand in each other here, itself included.
    pub fn height(&self) -> u16 {
        self.0.height.load(Ordering::Relaxed).max(1)
    }

    /// Whether an item, or something inside one, may be a template that is not evaluated yet.
    pub fn may_be_lazy(&self) -> bool {
        self.0.lazy.load(Ordering::Relaxed)
    }

    /// Whether both are the same list, not only equal ones.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that tells this list from all others alive.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}

//! Values that compute their content: `hostvars`, `loop`, namespaces, macros, functions, ranges, dates.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    sync::{Arc, LazyLock},
};

use super::Value;
use crate::template::{Arguments, TemplateError};

/// What kind of container an object is to tests and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Neither of the others.
    Plain,
    /// Keys and values; `iterate` gives the keys.
    Mapping,
    /// Items by position.
    Sequence,
    /// Items, one after the other.
    Iterable,
}

/// Objects are in each other no deeper than this; a deeper chain is taken for a circle.
const DEPTH: usize = 12;

thread_local! {
    /// How many objects are being walked on this thread, one inside of the other.
    static ENTERED: Cell<usize> = const { Cell::new(0) };
}

/// Does something with an object as plain data ([`Object::plain`]). Fails where the object holds itself again.
pub fn with_plain<T>(
    object: &dyn Object,
    work: impl FnOnce(Value) -> Result<T, TemplateError>,
) -> Result<T, TemplateError> {
    struct Left;
    impl Drop for Left {
        fn drop(&mut self) {
            ENTERED.set(ENTERED.get() - 1);
        }
    }
    if ENTERED.get() >= DEPTH {
        return Err(TemplateError::raised("RecursionError", format!("{} holds itself", object.type_name())));
    }
    ENTERED.set(ENTERED.get() + 1);
    let _left = Left;
    work(object.plain()?)
}

/// A value that is not one of Python's plain data. What it returns must be evaluated already, in its own scope.
pub trait Object: Any + fmt::Debug + Send + Sync {
    /// The name of its type in Python.
    fn type_name(&self) -> &str;

    /// That name behind its module, where Python says it so.
    fn full_name(&self) -> &str {
        self.type_name()
    }

    /// What kind of container it is.
    fn shape(&self) -> Shape {
        Shape::Plain
    }

    /// `object.name`; `None` if there is none, and then its item of that name is tried.
    fn attribute(&self, _name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// `object[key]`; `None` if there is none.
    fn item(&self, _key: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// Its items, or the keys of a mapping; `None` if a `for` cannot walk it.
    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(None)
    }

    /// How many items it has; `None` if it has no length.
    fn length(&self) -> Option<usize> {
        None
    }

    /// Whether `in` finds the value; `None` to walk the items.
    fn contains(&self, _value: &Value) -> Result<Option<bool>, TemplateError> {
        Ok(None)
    }

    /// Whether it can be called.
    fn is_callable(&self) -> bool {
        false
    }

    /// `object(…)`.
    fn call(&self, _arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        Err(TemplateError::type_error(format!("'{}' object is not callable", self.type_name())))
    }

    /// Whether it has a method of this name.
    fn has_method(&self, _name: &str) -> bool {
        false
    }

    /// `object.name(…)` for a method that it has.
    fn call_method(&self, name: &str, _arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        Err(TemplateError::raised("AttributeError", format!("'{}' object has no attribute '{name}'", self.type_name())))
    }

    /// Sets an attribute, as `{% set ns.name = … %}` does; only namespaces allow it.
    fn set_attribute(&self, _name: &str, _value: Value) -> Result<(), TemplateError> {
        Err(TemplateError::type_error("cannot assign attribute on non-namespace object"))
    }

    /// What it has in place of a text, where something undefined was to be in that.
    fn missing(&self) -> Option<Arc<super::Undefined>> {
        None
    }

    /// Whether it counts as true.
    fn is_true(&self) -> bool {
        self.length() != Some(0)
    }

    /// Python's `repr()`.
    fn repr(&self) -> String {
        format!("<{} object>", self.type_name())
    }

    /// Python's `str()`.
    fn text(&self) -> String {
        self.repr()
    }

    /// Python's `format(object, spec)` for a specification that is not empty; `None` if it takes none.
    fn format(&self, _spec: &str) -> Option<Result<String, TemplateError>> {
        None
    }

    /// Whether it equals another value that is not the same object.
    fn equals(&self, _other: &Value) -> bool {
        false
    }

    /// `object + other`; `None` if there is no such sum.
    fn add(&self, _other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// `object - other`; `None` if there is no such difference.
    fn subtract(&self, _other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// `object * other`, or `other * object`; `None` if there is no such product.
    fn multiply(&self, _other: &Value) -> Option<Value> {
        None
    }

    /// `object / other`; `None` if there is no such quotient.
    fn divide(&self, _other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// `object // other`; `None` if there is no such quotient.
    fn floor_divide(&self, _other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// `object % other`; `None` if there is no such rest.
    fn modulo(&self, _other: &Value) -> Result<Option<Value>, TemplateError> {
        Ok(None)
    }

    /// How it compares with another object; `None` if their types have no order, an error if these two have none.
    fn order(&self, _other: &dyn Object) -> Result<Option<std::cmp::Ordering>, TemplateError> {
        Ok(None)
    }

    /// The plain value that stands for it outside of templates: a list for a view, text for a date.
    /// Fails for what cannot leave a template, such as a method.
    fn plain(&self) -> Result<Value, TemplateError> {
        Err(TemplateError::type_error(format!("Type '{}' is unsupported for variable storage.", self.type_name())))
    }
}

impl dyn Object {
    /// This object as a concrete type, if it is one.
    pub fn downcast_ref<T: Object>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

#[derive(Debug)]
struct Omit;

impl Object for Omit {
    fn type_name(&self) -> &'static str {
        "_OmitType"
    }

    fn repr(&self) -> String {
        "<<Omit>>".to_owned()
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(Value::omit())
    }
}

/// The one `omit` placeholder.
pub(super) fn omit() -> Arc<dyn Object> {
    static OMIT: LazyLock<Arc<dyn Object>> = LazyLock::new(|| Arc::new(Omit));
    Arc::clone(&OMIT)
}

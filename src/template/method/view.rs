//! `keys()`, `values()` and `items()` of a dict.

use crate::{
    template::TemplateError,
    value::{Object, Shape, Value},
};

/// A dict's view: prints as Python prints it, and is a list outside of templates.
#[derive(Debug)]
pub(in crate::template) struct View {
    pub name: &'static str,
    pub items: Vec<Value>,
}

impl Object for View {
    fn type_name(&self) -> &str {
        self.name
    }

    fn shape(&self) -> Shape {
        Shape::Iterable
    }

    fn iterate(&self) -> Result<Option<Vec<Value>>, TemplateError> {
        Ok(Some(self.items.clone()))
    }

    fn length(&self) -> Option<usize> {
        Some(self.items.len())
    }

    fn repr(&self) -> String {
        format!("{}({})", self.name, Value::from(self.items.clone()).repr())
    }

    fn equals(&self, other: &Value) -> bool {
        matches!(other, Value::Object(other) if other.downcast_ref::<Self>().is_some_and(|other| {
            self.items.len() == other.items.len() && self.items.iter().all(|item| other.items.contains(item))
        }))
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        Ok(self.items.clone().into())
    }
}

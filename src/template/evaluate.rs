//! The evaluator: walks the tree of a template with the names of one context.

mod scope;
mod output;
mod expression;
mod apply;
mod call;
mod compare;
mod attribute;
mod statement;
mod repeat;
mod definition;
mod inherit;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;

use super::{Context, Template, TemplateError, ast::At, environment::find_word};
use crate::value::{Str, Value};

pub(super) use apply::{apply_filter, apply_test, sealed, unknown};
pub(super) use attribute::{attribute, item};
pub(super) use compare::contains;
pub(super) use expression::truth;
use inherit::Blocks;
use output::Output;
use scope::Scope;

/// Macros, includes and recursive loops call each other no deeper than this.
const DEPTH: usize = 80;

/// What the parts of one rendering share.
pub(super) struct Shared {
    /// Variables that were looked up: a rendering sees one value of each.
    names: Mutex<HashMap<Str, Value>>,
    /// Whether templates see the variables; an import without context does not.
    visible: bool,
    /// Whether the template may change variables in place, and so needs its own copies.
    copies: bool,
    depth: Arc<AtomicUsize>,
}

/// One template, or a part of one, under evaluation.
#[derive(Clone)]
pub(super) struct Frame<'a> {
    context: &'a Context<'a>,
    template: Arc<Origin>,
    scope: Arc<Scope>,
    /// The scope of the template's top, which blocks see.
    root: Arc<Scope>,
    shared: Arc<Shared>,
    blocks: Arc<Blocks>,
    /// What the template extends, as soon as that is known.
    parent: Arc<Mutex<Option<Arc<Template>>>>,
}

/// Where a template's text is from, for the places in errors.
pub(super) struct Origin {
    pub(super) source: Str,
    pub(super) span: crate::source::Span,
}

impl Origin {
    fn place(&self, at: At) -> crate::source::Span {
        super::token::place(&self.source, &self.span, at)
    }
}

/// Counts a call, and uncounts it when it ends.
struct Deeper(Arc<AtomicUsize>);

impl Drop for Deeper {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    fn deeper(&self) -> Result<Deeper, TemplateError> {
        let deeper = Deeper(Arc::clone(&self.depth));
        if self.depth.fetch_add(1, Ordering::Relaxed) >= DEPTH {
            return Err(TemplateError::raised("RecursionError", "maximum recursion depth exceeded"));
        }
        Ok(deeper)
    }
}

impl<'a> Frame<'a> {
    /// The start of a rendering.
    pub(super) fn new(context: &'a Context<'a>, template: &Template) -> Self {
        let shared = Shared { names: Mutex::default(), visible: true, copies: template.mutates, depth: Arc::default() };
        let root = Arc::new(Scope::default());
        Self {
            context,
            template: template.origin(),
            scope: Arc::clone(&root),
            root,
            shared: Arc::new(shared),
            blocks: Arc::default(),
            parent: Arc::default(),
        }
    }

    /// Evaluates the whole template.
    pub(super) fn run(&self, template: &Template) -> Result<Value, TemplateError> {
        if let [super::ast::Statement::Print(expr)] = &template.body[..] {
            self.check(template)?;
            return self.expr(expr);
        }
        let mut out = Output::default();
        self.render(template, &mut out)?;
        Ok(match self.context.shown {
            Some(shown) => out.finish_with(|undefined| shown.note(TemplateError::undefined(undefined), template)),
            None => out.finish(),
        })
    }

    /// Fails for a filter or test that does not exist, whether or not it would be reached.
    fn check(&self, template: &Template) -> Result<(), TemplateError> {
        let vocabulary = self.context.environment.vocabulary();
        for word in &template.words {
            let known = if word.is_test {
                find_word(&vocabulary.tests, &word.name).is_some()
            } else {
                find_word(&vocabulary.filters, &word.name).is_some()
            };
            if !known {
                let error = if word.is_test {
                    unknown("test", &word.name, vocabulary.tests.keys().copied())
                } else {
                    unknown("filter", &word.name, vocabulary.filters.keys().copied())
                };
                return Err(error.at(self.template.place(word.at)));
            }
        }
        Ok(())
    }

    /// The same evaluation in another scope.
    fn within(&self, scope: Scope) -> Self {
        Self { scope: Arc::new(scope), ..self.clone() }
    }

    /// The same evaluation in a scope below the current one.
    fn inner(&self) -> Self {
        self.within(Scope::below(&self.scope))
    }

    /// A variable, in this order: set in the template, of the task, a function. Undefined if there is none.
    fn name(&self, name: &Str) -> Result<Value, TemplateError> {
        if let Some(value) = self.scope.get(name) {
            return Ok(value);
        }
        if **name == *"self" {
            return Ok(self.reference());
        }
        if self.shared.visible {
            if let Some(value) = self.shared.names.lock().get(name) {
                return Ok(value.clone());
            }
            if let Some(value) = self.context.names.lookup(name) {
                let mut value = self.context.resolve(&value)?;
                if self.shared.copies {
                    value = self.context.resolve_inside(&value)?.deep_copy();
                }
                self.shared.names.lock().insert(name.clone(), value.clone());
                return Ok(value);
            }
        }
        if **name == *"omit" {
            return Ok(Value::omit());
        }
        match self.context.environment.vocabulary().functions.get_key_value(&**name) {
            Some((name, function)) => Ok(Value::object(super::function::Global { name, function: *function })),
            None => Ok(Value::undefined(name)),
        }
    }
}

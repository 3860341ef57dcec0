//! Templates made of several files: `include`, `import`, `extends` and blocks.

use std::{collections::HashMap, fmt, sync::Arc};

use parking_lot::Mutex;

use super::{
    super::{
        Arguments, ErrorKind, Template, TemplateError,
        ast::{Block, Expr, Include, Statement},
        error::Via,
    },
    Frame, Origin, Output, Shared,
    scope::Scope,
};
use crate::value::{Dict, Object, Shape, Str, Undefined, Value};

/// The blocks of each name, from the most derived template to its last parent.
#[derive(Default)]
pub(super) struct Blocks(Mutex<HashMap<Str, Vec<Defined>>>);

/// A block and the template that defines it.
type Defined = (Arc<Block>, Arc<Origin>);

impl Blocks {
    fn collect(&self, body: &[Statement], origin: &Arc<Origin>) {
        for statement in body {
            match statement {
                Statement::Block(block) => {
                    let entry = (Arc::clone(block), Arc::clone(origin));
                    self.0.lock().entry(block.name.clone()).or_default().push(entry);
                    self.collect(&block.body, origin);
                }
                Statement::If(branches, otherwise) => {
                    branches.iter().for_each(|(_, body)| self.collect(body, origin));
                    self.collect(otherwise, origin);
                }
                Statement::For(repeat) => self.collect(&repeat.body, origin),
                Statement::With(_, body) | Statement::Filter(_, body) | Statement::Scope(body) => {
                    self.collect(body, origin);
                }
                _ => {}
            }
        }
    }

    fn get(&self, name: &str, level: usize) -> Option<(Arc<Block>, Arc<Origin>)> {
        self.0.lock().get(name)?.get(level).cloned()
    }
}

impl Frame<'_> {
    /// Evaluates a template, and the parents that it extends.
    pub(super) fn render(&self, template: &Template, out: &mut Output) -> Result<(), TemplateError> {
        let _deeper = self.shared.deeper()?;
        self.check(template)?;
        self.blocks.collect(&template.body, &self.template);
        let mut silent = Output::default();
        for statement in &template.body {
            if self.parent.lock().is_none() {
                self.body(std::slice::from_ref(statement), out)?;
            } else if !matches!(statement, Statement::Block(_) | Statement::Print(_) | Statement::Text(_)) {
                self.body(std::slice::from_ref(statement), &mut silent)?;
            }
        }
        let parent = self.parent.lock().take();
        match parent {
            Some(parent) => Frame { template: parent.origin(), ..self.clone() }.render(&parent, out),
            None => Ok(()),
        }
    }

    /// `{% extends name %}`.
    pub(super) fn extend(&self, name: &Expr) -> Result<(), TemplateError> {
        let parent = self.found(name)?;
        match self.parent.lock().replace(parent) {
            Some(_) => Err(TemplateError::raised("TemplateRuntimeError", "extended multiple times")),
            None => Ok(()),
        }
    }

    /// Prints a block as the most derived template defines it.
    pub(super) fn block(&self, block: &Arc<Block>, out: &mut Output) -> Result<(), TemplateError> {
        let (found, origin) =
            self.blocks.get(&block.name, 0).unwrap_or_else(|| (Arc::clone(block), Arc::clone(&self.template)));
        if found.required {
            return Err(TemplateError::raised(
                "TemplateRuntimeError",
                format!("Required block '{}' not found", found.name),
            ));
        }
        let value = self.block_value(&found, &origin, 0, block.scoped)?;
        match value {
            Value::Str(text) => out.push_text(&text),
            other => out.push(other, || self.template.span.clone()),
        }
        Ok(())
    }

    fn block_value(
        &self,
        block: &Arc<Block>,
        origin: &Arc<Origin>,
        level: usize,
        scoped: bool,
    ) -> Result<Value, TemplateError> {
        let _deeper = self.shared.deeper()?;
        let outer = if scoped { &self.scope } else { &self.root };
        let frame = Frame { template: Arc::clone(origin), ..self.within(Scope::below(outer)) };
        let parent = self.blocks.get(&block.name, level + 1).map(|(block, origin)| SuperBlock {
            block,
            origin,
            level: level + 1,
            scope: Arc::clone(&self.scope),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
        });
        let parent = match parent {
            Some(parent) => Value::object(parent),
            None => {
                let hint = format!("there is no parent block called '{}'.", block.name);
                Value::Undefined(Arc::new(Undefined::hint(hint)))
            }
        };
        frame.scope.set(&Str::from("super"), parent);
        let mut out = Output::default();
        frame.body(&block.body, &mut out)?;
        Ok(out.finish())
    }

    /// `self`: the blocks of the template.
    pub(super) fn reference(&self) -> Value {
        Value::object(Reference {
            scope: Arc::clone(&self.scope),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
        })
    }

    pub(super) fn include(&self, include: &Include, out: &mut Output) -> Result<(), TemplateError> {
        let template = match self.found(&include.name) {
            Ok(template) => template,
            Err(error) if include.ignore_missing && matches!(error.kind(), ErrorKind::NoTemplate { .. }) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let frame = self.other(&template, include.with_context);
        let mut inner = Output::default();
        frame.render(&template, &mut inner).map_err(|error| error.via(Via::Part(template.span().clone())))?;
        match inner.finish() {
            Value::Str(text) => out.push_text(&text),
            other => out.push(other, || self.template.span.clone()),
        }
        Ok(())
    }

    pub(super) fn import(&self, name: &Expr, with_context: bool) -> Result<Value, TemplateError> {
        let template = self.found(name)?;
        let frame = self.other(&template, with_context);
        let mut out = Output::default();
        frame.render(&template, &mut out).map_err(|error| error.via(Via::Part(template.span().clone())))?;
        let names: Dict = frame.scope.own().into_iter().filter(|(name, _)| !name.starts_with('_')).collect();
        let printed = match out.finish() {
            undefined @ Value::Undefined(_) => undefined,
            Value::None => Value::empty_text(),
            other => other.to_str().into(),
        };
        Ok(Value::object(Module { names, printed }))
    }

    /// A frame for another template: with the names of this one, or with functions only.
    fn other(&self, template: &Template, with_context: bool) -> Self {
        let scope = if with_context { self.scope.copy() } else { Scope::default() };
        for own in ["loop", "caller", "varargs", "kwargs"] {
            scope.hide(own);
        }
        let scope = Scope::below(&Arc::new(scope));
        let copies = self.shared.copies || template.mutates;
        let shared = if with_context && copies == self.shared.copies {
            Arc::clone(&self.shared)
        } else {
            Arc::new(Shared {
                names: Mutex::default(),
                visible: with_context && self.shared.visible,
                copies,
                depth: Arc::clone(&self.shared.depth),
            })
        };
        let scope = Arc::new(scope);
        Frame {
            context: self.context,
            template: template.origin(),
            root: Arc::clone(&scope),
            scope,
            shared,
            blocks: Arc::default(),
            parent: Arc::default(),
        }
    }

    /// The template of a name, or the first that exists of a list of names.
    fn found(&self, name: &Expr) -> Result<Arc<Template>, TemplateError> {
        let value = self.expr(name)?;
        let names = match &value {
            Value::Str(name) => vec![Value::Str(name.clone())],
            Value::None => Vec::new(),
            Value::Undefined(undefined) => return Err(TemplateError::undefined(undefined)),
            other => other.iter()?,
        };
        let mut wanted = Vec::new();
        for candidate in &names {
            let candidate = self.context.resolve(candidate)?.to_str();
            if let Some(template) = self.context.environment.template(&candidate)? {
                return Ok(template);
            }
            wanted.push(candidate);
        }
        let paths = self.context.environment.template_paths.iter();
        let searched = paths.map(|path| path.display().to_string()).collect();
        Err(TemplateError::new(ErrorKind::NoTemplate { names: wanted, is_list: value.as_str().is_none(), searched })
            .at(self.template.place(name.at)))
    }
}

/// `super`: the block of the parent template.
struct SuperBlock {
    block: Arc<Block>,
    origin: Arc<Origin>,
    level: usize,
    scope: Arc<Scope>,
    root: Arc<Scope>,
    shared: Arc<Shared>,
    blocks: Arc<Blocks>,
}

impl fmt::Debug for SuperBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "super of {}", self.block.name)
    }
}

impl Object for SuperBlock {
    fn type_name(&self) -> &'static str {
        "BlockReference"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let above = self.blocks.get(&self.block.name, self.level + 1).filter(|_| name == "super");
        Ok(above.map(|(block, origin)| {
            Value::object(Self {
                block,
                origin,
                level: self.level + 1,
                scope: Arc::clone(&self.scope),
                root: Arc::clone(&self.root),
                shared: Arc::clone(&self.shared),
                blocks: Arc::clone(&self.blocks),
            })
        }))
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let frame = Frame {
            context: arguments.context,
            template: Arc::clone(&self.origin),
            scope: Arc::clone(&self.scope),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
            parent: Arc::default(),
        };
        frame.block_value(&self.block, &self.origin, self.level, true).map(text_of)
    }
}

/// What a block prints, as a value.
fn text_of(value: Value) -> Value {
    if value.is_none() { Value::empty_text() } else { value }
}

/// `self`.
struct Reference {
    scope: Arc<Scope>,
    root: Arc<Scope>,
    shared: Arc<Shared>,
    blocks: Arc<Blocks>,
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("self")
    }
}

impl Object for Reference {
    fn type_name(&self) -> &'static str {
        "TemplateReference"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(self.blocks.get(name, 0).map(|(block, origin)| {
            Value::object(SuperBlock {
                block,
                origin,
                level: 0,
                scope: Arc::clone(&self.scope),
                root: Arc::clone(&self.root),
                shared: Arc::clone(&self.shared),
                blocks: Arc::clone(&self.blocks),
            })
        }))
    }
}

/// An imported template: what it set at its top.
#[derive(Debug)]
struct Module {
    names: Dict,
    /// What it printed: text, or what was missing in it.
    printed: Value,
}

impl Object for Module {
    fn type_name(&self) -> &'static str {
        "TemplateModule"
    }

    fn shape(&self) -> Shape {
        Shape::Plain
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(self.names.get(name))
    }

    fn text(&self) -> String {
        self.printed.to_str()
    }

    fn missing(&self) -> Option<Arc<Undefined>> {
        self.printed.missing().cloned()
    }

    fn plain(&self) -> Result<Value, TemplateError> {
        match &self.printed {
            Value::Undefined(undefined) => Err(TemplateError::undefined(undefined)),
            text => Ok(text.clone()),
        }
    }
}

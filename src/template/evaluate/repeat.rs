//! `for`, and the `loop` inside it.

use std::{fmt, sync::Arc};

use parking_lot::Mutex;

use super::{
    super::{Arguments, Context, TemplateError, ast::For},
    Frame, Origin, Output, Shared,
    expression::truth,
    inherit::Blocks,
    scope::Scope,
    statement::Flow,
};
use crate::value::{Object, Shape, Str, Undefined, Value};

impl Frame<'_> {
    pub(super) fn repeat(&self, repeat: &Arc<For>, out: &mut Output) -> Result<(), TemplateError> {
        let items = self.expr(&repeat.items)?;
        self.repeat_over(repeat, &items, 0, out).map_err(|error| error.at(self.template.place(repeat.items.at)))
    }

    fn repeat_over(
        &self,
        repeat: &Arc<For>,
        items: &Value,
        depth: usize,
        out: &mut Output,
    ) -> Result<(), TemplateError> {
        let mut chosen = Vec::new();
        for item in items.iter()? {
            let item = self.context.resolve(&item)?;
            if let Some(condition) = &repeat.condition {
                let inner = self.inner();
                inner.assign(&repeat.target, item.clone())?;
                if !truth(&inner.expr(condition)?)? {
                    continue;
                }
            }
            chosen.push(item);
        }
        if chosen.is_empty() {
            self.inner().body(&repeat.otherwise, out)?;
            return Ok(());
        }
        let items = Arc::new(chosen);
        let changed = Arc::new(Mutex::new(None));
        let caller = Arc::new(Caller {
            repeat: Arc::clone(repeat),
            template: Arc::clone(&self.template),
            scope: Arc::clone(&self.scope),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
        });
        let name = Str::from("loop");
        let mut completed = false;
        for (index, item) in items.iter().enumerate() {
            let inner = self.inner();
            let object = Loop {
                items: Arc::clone(&items),
                index,
                depth,
                changed: Arc::clone(&changed),
                caller: Arc::clone(&caller),
            };
            inner.scope.set(&name, Value::object(object));
            inner.assign(&repeat.target, item.clone())?;
            match inner.body(&repeat.body, out)? {
                Flow::Break => break,
                Flow::Continue => {}
                Flow::Next => completed = true,
            }
        }
        // As in Jinja2, `else` is for loops that never came to the end of their body.
        if !completed {
            self.inner().body(&repeat.otherwise, out)?;
        }
        Ok(())
    }
}

/// What `loop(…)` needs to run the same loop over other items.
struct Caller {
    repeat: Arc<For>,
    template: Arc<Origin>,
    scope: Arc<Scope>,
    root: Arc<Scope>,
    shared: Arc<Shared>,
    blocks: Arc<Blocks>,
}

impl Caller {
    fn frame<'a>(&self, context: &'a Context<'a>) -> Frame<'a> {
        Frame {
            context,
            template: Arc::clone(&self.template),
            scope: Arc::clone(&self.scope),
            root: Arc::clone(&self.root),
            shared: Arc::clone(&self.shared),
            blocks: Arc::clone(&self.blocks),
            parent: Arc::default(),
        }
    }
}

/// The `loop` variable.
struct Loop {
    items: Arc<Vec<Value>>,
    index: usize,
    depth: usize,
    changed: Arc<Mutex<Option<Vec<Value>>>>,
    caller: Arc<Caller>,
}

impl fmt::Debug for Loop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl Object for Loop {
    fn type_name(&self) -> &'static str {
        "LoopContext"
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        let length = self.items.len();
        let neighbour = |index: Option<usize>, name: &str| {
            index
                .and_then(|index| self.items.get(index).cloned())
                .unwrap_or_else(|| Value::Undefined(Arc::new(Undefined::hint(format!("there is no {name} item")))))
        };
        Ok(Some(match name {
            "index" => Value::from(self.index + 1),
            "index0" => Value::from(self.index),
            "revindex" => Value::from(length - self.index),
            "revindex0" => Value::from(length - self.index - 1),
            "first" => Value::Bool(self.index == 0),
            "last" => Value::Bool(self.index + 1 == length),
            "length" => Value::from(length),
            "depth" => Value::from(self.depth + 1),
            "depth0" => Value::from(self.depth),
            "previtem" => neighbour(self.index.checked_sub(1), "previous"),
            "nextitem" => neighbour(Some(self.index + 1), "next"),
            "cycle" => Value::object(LoopMethod { index: self.index, changed: None }),
            "changed" => Value::object(LoopMethod { index: self.index, changed: Some(Arc::clone(&self.changed)) }),
            _ => return Ok(None),
        }))
    }

    fn shape(&self) -> Shape {
        Shape::Iterable
    }

    fn length(&self) -> Option<usize> {
        Some(self.items.len())
    }

    fn is_callable(&self) -> bool {
        self.caller.repeat.recursive
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        if !self.caller.repeat.recursive {
            let text = "The loop must have the 'recursive' marker to be called recursively.";
            return Err(TemplateError::type_error(text));
        }
        let context = arguments.context;
        let [items] = arguments.bind(["iterable"])?;
        let items = crate::template::arguments::required(items, "loop", "iterable")?;
        let frame = self.caller.frame(context);
        let _deeper = frame.shared.deeper()?;
        let mut out = Output::default();
        frame.repeat_over(&self.caller.repeat, &items, self.depth + 1, &mut out)?;
        Ok(out.finish())
    }

    fn repr(&self) -> String {
        format!("<LoopContext {}/{}>", self.index + 1, self.items.len())
    }
}

/// `loop.cycle` and `loop.changed`.
#[derive(Debug)]
struct LoopMethod {
    index: usize,
    changed: Option<Arc<Mutex<Option<Vec<Value>>>>>,
}

impl Object for LoopMethod {
    fn type_name(&self) -> &'static str {
        "method"
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, arguments: Arguments<'_>) -> Result<Value, TemplateError> {
        let values = arguments.positional;
        match &self.changed {
            Some(last) => {
                let mut last = last.lock();
                let changed = last.as_ref() != Some(&values);
                *last = Some(values);
                Ok(Value::Bool(changed))
            }
            None if values.is_empty() => Err(TemplateError::type_error("no items for cycling given")),
            None => Ok(values[self.index % values.len()].clone()),
        }
    }
}

//! Evaluation for one task on one host: names in, values out.

use std::{cell::RefCell, sync::Arc};

use parking_lot::Mutex;

use super::{Environment, ErrorKind, Names, Syntax, Template, TemplateError, date::Date, error::Via, evaluate::Frame};
use crate::{
    source::{Diagnostic, Span},
    value::{Dict, Key, Str, Undefined, Value, with_plain},
    vault,
};

/// Templates nest in variables no deeper than this; a deeper chain is taken for a circle.
const DEPTH: usize = 60;

/// What Ansible says about a condition that is a template, and no text with an expression in it.
const IN_MARKERS: &str = "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}. \
                          This feature will be removed from ansible-core version 2.23.";

/// The names and settings that templates are evaluated with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The variables.
    pub names: &'a dyn Names,
    /// Search paths and vocabulary.
    pub environment: &'a Environment,
    /// What cannot be evaluated, where a text takes its place.
    pub(super) shown: Option<&'a Shown>,
}

/// What could not be evaluated and is shown all the same, each with the template that a text stands in for it in.
#[derive(Default)]
pub struct Shown(Mutex<Vec<(TemplateError, Span)>>);

impl Shown {
    /// Notes an error, and gives the text that takes its place.
    pub(super) fn note(&self, error: TemplateError, template: &Template) -> String {
        let place = error.origin().unwrap_or_else(|| template.span().clone());
        self.add(error, &place)
    }

    fn add(&self, error: TemplateError, place: &Span) -> String {
        let mut errors = self.0.lock();
        let text = format!("<< error {} - {} >>", errors.len() + 1, Diagnostic::from(error.clone()).full_message());
        errors.push((error, place.clone()));
        text
    }

    /// The first error that is about more than something undefined.
    pub fn broken(&self) -> Option<TemplateError> {
        let errors = self.0.lock();
        errors.iter().map(|(error, _)| error).find(|error| !error.is_undefined()).cloned()
    }

    /// A warning for each template that was not shown whole, as `what`; the errors have their numbers.
    pub fn warnings(&self, what: &str, place: &Span) -> Vec<Diagnostic> {
        let errors = self.0.lock();
        let numbered: Vec<(usize, &(TemplateError, Span))> = errors.iter().enumerate().collect();
        let of_templates = numbered.chunk_by(|(_, one), (_, next)| one.1 == next.1);
        let warnings = of_templates.map(|errors| {
            let lines: Vec<String> = errors
                .iter()
                .map(|(index, (error, _))| {
                    format!("error {} - {}", index + 1, Diagnostic::from(error.clone()).full_message())
                })
                .collect();
            let (first, template) = errors[0].1;
            let plural = if errors.len() == 1 { "" } else { "s" };
            let wording = format!("Encountered {} template error{plural}.\n{}", errors.len(), lines.join("\n"));
            Diagnostic::warning(format!("{what} cannot be shown: {first}")).worded(wording).at(place).origin(template)
        });
        warnings.collect()
    }
}

thread_local! {
    /// The templates under evaluation on this thread, each with the names it is evaluated with.
    static OPEN: RefCell<Vec<(usize, usize, String)>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    /// The templates whose lists and dicts are being walked on this thread, each with the names it was evaluated with.
    static ENTERED: RefCell<Vec<((usize, usize), String)>> = const { RefCell::new(Vec::new()) };
}

/// Takes a template off `ENTERED` when its value was walked, by error too.
struct Left;

impl Drop for Left {
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}

/// Takes a template off `OPEN` when its evaluation ends, by error too.
struct Opened;

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(Vec::pop);
    }
}

/// What an encrypted text holds.
pub(super) fn opened(ciphertext: &Str) -> Result<Value, TemplateError> {
    vault::current().open_value(ciphertext).map(Value::Str).map_err(|error| {
        TemplateError::new(ErrorKind::Encrypted { error: Box::new(error), ciphertext: ciphertext.clone() })
    })
}

impl<'a> Context<'a> {
    /// Evaluation with these names.
    pub fn new(names: &'a dyn Names, environment: &'a Environment) -> Self {
        Self { names, environment, shown: None }
    }

    /// The value of a template: of any type for a lone expression, text otherwise. What it holds may still be lazy,
    /// and it may be undefined or `omit`.
    fn evaluate(&self, template: &Template) -> Result<Value, TemplateError> {
        if let Some(error) = template.error() {
            return Err(error.clone());
        }
        if template.is_encrypted() {
            return opened(&template.origin().source).map_err(|error| error.at(template.span().clone()));
        }
        let names = std::ptr::from_ref(self.names).cast::<()>() as usize;
        let this = std::ptr::from_ref(template) as usize;
        let shown = template.shown_source().to_owned();
        let circle = OPEN.with_borrow(|open| {
            let repeated = open.iter().position(|(template, scope, _)| (*template, *scope) == (this, names));
            let start = repeated.or((open.len() >= DEPTH).then_some(0))?;
            let mut chain: Vec<String> = open[start..].iter().map(|(.., text)| text.clone()).collect();
            chain.push(shown.clone());
            chain.truncate(12);
            Some(chain)
        });
        if let Some(chain) = circle {
            return Err(TemplateError::new(ErrorKind::Recursion(chain)).at(template.span().clone()));
        }
        OPEN.with_borrow_mut(|open| open.push((this, names, shown)));
        let _opened = Opened;
        let value = Frame::new(self, template).run(template).map(|value| template.with_final_newlines(value))?;
        if let Value::Str(text) = &value {
            if template.makes_secrets() {
                vault::note_rendered(text);
            }
            // Only a filter makes text with markers trusted: a template of its own.
            if text.is_trusted() && !Template::is_plain(text) {
                return Template::compile(text, template.span(), &Syntax::default()).map(Value::from);
            }
        }
        Ok(value)
    }

    /// Evaluates a template completely: nothing in the result is lazy, undefined is an error, `omit` inside lists and
    /// dicts is dropped. The result itself may be `omit`.
    pub fn render(&self, template: &Template) -> Result<Value, TemplateError> {
        let value = self.evaluate(template)?;
        self.finish(&value).map_err(|error| error.at(template.span().clone()))
    }

    /// Evaluates a template file: always text, with `None` as nothing.
    pub fn render_text(&self, template: &Template) -> Result<String, TemplateError> {
        let at = |error: TemplateError| error.at(template.span().clone()).in_text();
        let value = self.evaluate(template).map_err(TemplateError::in_text)?;
        match self.finish(&value).map_err(at)? {
            Value::None => Ok(String::new()),
            value if value.is_omit() => Err(at(TemplateError::new(ErrorKind::Omitted))),
            other => Ok(other.to_str()),
        }
    }

    /// Does something with what `value` becomes; fails where that is already being done with the same template: the
    /// list or dict that it makes holds it again, without end.
    fn inside<T>(
        &self,
        value: &Value,
        work: impl FnOnce(Value) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        let Value::Lazy(template) = value else { return work(value.clone()) };
        let this = (std::ptr::from_ref(&**template) as usize, std::ptr::from_ref(self.names).cast::<()>() as usize);
        let circle = ENTERED.with_borrow(|entered| {
            let begin = entered.iter().position(|(place, _)| *place == this)?;
            let chain = entered[begin..].iter().map(|(_, source)| source.clone());
            Some(chain.chain([template.shown_source().to_owned()]).collect())
        });
        if let Some(chain) = circle {
            return Err(TemplateError::new(ErrorKind::Recursion(chain)).at(template.span().clone()));
        }
        let resolved = self.resolve(value)?;
        ENTERED.with_borrow_mut(|entered| entered.push((this, template.shown_source().to_owned())));
        let _left = Left;
        work(resolved)
    }

    /// A value with its own template evaluated, if it is one; what it holds may still be lazy, and it may be undefined.
    pub fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        let mut value = value.clone();
        while let Value::Lazy(template) = &value {
            // A ciphertext tells nobody anything, and an expression is on the way to nothing else.
            let via = |error: TemplateError| {
                if template.is_encrypted() || template.is_expression() {
                    error
                } else {
                    error.via(Via::Template { source: template.source().to_owned(), span: template.span().clone() })
                }
            };
            value = match self.evaluate(template) {
                Ok(Value::Undefined(undefined)) if !undefined.is_silent() => {
                    let error = TemplateError::undefined(&undefined).at(template.span().clone());
                    Value::Undefined(Arc::new(Undefined::caused_by(via(error))))
                }
                Ok(evaluated) if template.is_expression() => evaluated,
                Ok(evaluated) => evaluated.made_at(|| template.place()),
                // What cannot be made because something is undefined is undefined itself.
                Err(error) if error.is_undefined() => Value::Undefined(Arc::new(Undefined::caused_by(via(error)))),
                Err(error) => return Err(via(error)),
            };
        }
        Ok(value)
    }

    /// A value with every template in it evaluated, and with objects as plain data: a module's arguments.
    /// Undefined anywhere is an error; `omit` inside lists and dicts is dropped, at the top it stays.
    pub fn resolve_deep(&self, value: &Value) -> Result<Value, TemplateError> {
        self.finish(value)
    }

    /// A value with every template in it evaluated; what cannot be is replaced by a text that says why.
    pub fn resolve_shown(&self, value: &Value, place: &Span, shown: &Shown) -> Value {
        Context { shown: Some(shown), ..*self }.shown_inside(value, place, shown)
    }

    fn shown_inside(&self, value: &Value, place: &Span, shown: &Shown) -> Value {
        let place = match value {
            Value::Lazy(template) if !template.is_expression() => template.span(),
            _ => place,
        };
        let entries = |value| match value {
            Value::List(list) => {
                let items = list.to_vec().into_iter().map(|item| self.shown_inside(&item, place, shown));
                items.filter(|item| !item.is_omit()).collect()
            }
            Value::Dict(dict) => {
                let entries = dict.entries().into_iter();
                let entries = entries.map(|(key, value)| (key, self.shown_inside(&value, place, shown)));
                Value::Dict(entries.filter(|(_, value)| !value.is_omit()).collect())
            }
            value => value,
        };
        let whole = self.inside(value, |value| match value {
            Value::Undefined(undefined) => Err(TemplateError::undefined(&undefined)),
            Value::Object(object) => with_plain(&*object, |plain| Ok(entries(plain))),
            value => Ok(entries(value)),
        });
        whole.unwrap_or_else(|error| {
            let place = error.origin().unwrap_or_else(|| place.clone());
            Value::from(shown.add(error, &place))
        })
    }

    /// Evaluates every template inside a value, without what is undefined in it; `None` where that is all of it.
    pub fn resolve_defined(&self, value: &Value) -> Result<Option<Value>, TemplateError> {
        let defined =
            |items: &[Value]| items.iter().filter_map(|item| self.resolve_defined(item).transpose()).collect();
        let resolved = self.inside(value, |value| match value {
            Value::List(list) => defined(&list.to_vec()),
            Value::Tuple(items) => defined(&items),
            Value::Dict(dict) => {
                let entries = dict.entries().into_iter();
                let kept = entries.filter_map(|(key, value)| Some((key, self.resolve_defined(&value).transpose()?)));
                kept.map(|(key, value)| Ok((key, value?))).collect::<Result<Dict, _>>().map(Value::Dict)
            }
            other => Ok(other),
        });
        match resolved {
            Ok(Value::Undefined(_)) => Ok(None),
            Err(error) if error.is_undefined() => Ok(None),
            other => other.map(Some),
        }
    }

    /// Evaluates every template inside a value but leaves objects and undefined values as they are.
    pub fn resolve_inside(&self, value: &Value) -> Result<Value, TemplateError> {
        if !value.may_be_lazy() {
            return Ok(value.clone());
        }
        self.inside(value, |value| match value {
            Value::List(list) => {
                list.to_vec().iter().map(|item| self.resolve_inside(item)).collect::<Result<Value, _>>()
            }
            Value::Tuple(items) => Ok(Value::Tuple(
                items.iter().map(|item| self.resolve_inside(item)).collect::<Result<Vec<_>, _>>()?.into(),
            )),
            Value::Dict(dict) => {
                let mut entries: Vec<(Key, Value)> = dict.entries();
                for (_, value) in &mut entries {
                    *value = self.resolve_inside(value)?;
                }
                Ok(Value::Dict(entries.into_iter().collect()))
            }
            other => Ok(other),
        })
    }

    /// What leaves the templates: plain data.
    fn finish(&self, value: &Value) -> Result<Value, TemplateError> {
        self.inside(value, |value| match value {
            Value::Undefined(undefined) => Err(TemplateError::undefined(&undefined)),
            Value::List(list) => Ok(self.finish_items(&list.to_vec())?.made_at(|| list.place())),
            Value::Tuple(items) => self.finish_items(&items),
            Value::Dict(dict) => {
                let finished = Dict::new();
                finished.made_at(|| dict.place());
                for (key, value) in dict.entries() {
                    let value = self.finish(&value)?;
                    if !value.is_omit() {
                        finished.set(key, value);
                    }
                }
                Ok(Value::Dict(finished))
            }
            Value::Object(object) if object.downcast_ref::<Date>().is_some() => Ok(Value::Object(object)),
            Value::Object(object) => with_plain(&*object, |plain| match plain {
                plain @ (Value::List(_) | Value::Tuple(_) | Value::Dict(_)) => self.finish(&plain),
                plain => Ok(plain),
            }),
            other => Ok(other),
        })
    }

    fn finish_items(&self, items: &[Value]) -> Result<Value, TemplateError> {
        let mut finished = Vec::with_capacity(items.len());
        for item in items {
            let item = self.finish(item)?;
            if !item.is_omit() {
                finished.push(item);
            }
        }
        Ok(finished.into())
    }

    /// The truth of a condition. Where it is a template, its result may be text that is an expression in turn. A
    /// result that is not a boolean is an error, unless the environment allows it.
    pub fn condition(&self, template: &Template) -> Result<bool, TemplateError> {
        let allows_broken = self.environment.allow_broken_conditionals;
        let value = match self.evaluate(template) {
            Err(error) if allows_broken && matches!(error.kind(), ErrorKind::Empty) => return Ok(true),
            value => value?,
        };
        match value {
            Value::Str(text) if text.is_empty() && allows_broken && !template.is_expression() => Ok(true),
            Value::Str(text) if !template.is_expression() && !text.is_empty() => {
                self.condition_in_text(&text, template.span())
            }
            other => {
                if !template.is_expression() && !other.is_undefined() {
                    let message = "conditions are expressions already: `{{ }}` is not needed here";
                    self.environment.warn(Diagnostic::deprecation(message).worded(IN_MARKERS).at(template.span()));
                }
                self.truth(other, template)
            }
        }
    }

    /// The truth of a condition that a variable holds.
    pub fn condition_in_text(&self, text: &Str, span: &Span) -> Result<bool, TemplateError> {
        let place = text.place().span();
        let holds = Self::expression_in_text(text, place.as_ref().unwrap_or(span))
            .and_then(|expression| self.truth(self.evaluate(&expression)?, &expression));
        match place {
            Some(span) => holds.map_err(|error| error.via(Via::Condition(span))),
            None => holds,
        }
    }

    /// The expression that a text holds, which has to stand in a file of the project.
    pub fn expression_in_text(text: &Str, span: &Span) -> Result<Template, TemplateError> {
        if text.is_trusted() {
            Template::expression(text, span)
        } else {
            Err(TemplateError::new(ErrorKind::Untrusted).at(span.clone()))
        }
    }

    fn truth(&self, value: Value, template: &Template) -> Result<bool, TemplateError> {
        let at = |error: TemplateError| error.at(template.span().clone());
        match value {
            Value::Undefined(undefined) => Err(at(TemplateError::undefined(&undefined))),
            Value::Bool(flag) => Ok(flag),
            omit if omit.is_omit() => Err(at(TemplateError::new(ErrorKind::Omitted))),
            other if matches!(other, Value::Object(_)) && self.finish(&other).is_err() => {
                self.finish(&other).map_err(at).map(|_| false)
            }
            other if self.environment.allow_broken_conditionals => Ok(other.is_truthy()),
            other => {
                let type_name = other.type_name().to_owned();
                // Python has one `None`, which stands nowhere.
                let nowhere = || other.is_none().then(|| Span::outside("unknown", ""));
                let place = other.place().or_else(nowhere).unwrap_or_else(|| template.span().clone());
                Err(at(TemplateError::new(ErrorKind::Condition { truthy: other.is_truthy(), type_name, place })))
            }
        }
    }
}

//! Filters and tests, applied to values.

use super::{
    super::{
        Arguments, ErrorKind, TemplateError,
        ast::{self, Expr, ExprKind},
        environment::{find_word, short_name},
        signature::Words,
    },
    Frame,
};
use crate::value::{Str, Value};

/// Filters that look only at the outside of a container, or at one item of it: what they do not touch stays lazy.
const SHALLOW: [&str; 16] = [
    "ansible._protomatter.dump_object",
    "ansible._protomatter.true_type",
    "default",
    "d",
    "length",
    "count",
    "first",
    "last",
    "mandatory",
    "type_debug",
    "ternary",
    "attr",
    "unvault",
    "extract",
    "bool",
    "keys",
];

/// Filters and tests of `ansible.builtin` that look at all that their arguments hold.
const WHOLE: [&str; 46] = [
    "b64encode",
    "capitalize",
    "center",
    "checksum",
    "difference",
    "e",
    "escape",
    "forceescape",
    "format",
    "hash",
    "intersect",
    "lower",
    "md5",
    "pprint",
    "quote",
    "regex_escape",
    "regex_findall",
    "regex_replace",
    "regex_search",
    "replace",
    "safe",
    "sha1",
    "string",
    "striptags",
    "title",
    "to_uuid",
    "trim",
    "upper",
    "urlize",
    "wordcount",
    "all",
    "any",
    "contains",
    "eq",
    "equalto",
    "ge",
    "gt",
    "in",
    "le",
    "lt",
    "match",
    "ne",
    "regex",
    "search",
    "subset",
    "superset",
];

/// Whether a filter or test looks at all that its arguments hold; those of collections do.
fn reads_whole(name: &str) -> bool {
    let short = short_name(name);
    WHOLE.contains(&short) || short.contains('.')
}

/// As `reads_whole`, for a test: `string` asks only for the type.
fn reads_whole_as_test(name: &str) -> bool {
    reads_whole(name) && short_name(name) != "string"
}

impl Frame<'_> {
    /// Applies a filter with the arguments of the tree.
    pub(super) fn filter(
        &self,
        value: Value,
        name: &Str,
        arguments: &ast::Arguments,
        expr: &Expr,
    ) -> Result<Value, TemplateError> {
        if is_failure(&value) && !takes_failures(name) {
            return Ok(value);
        }
        let filters = &self.context.environment.vocabulary().filters;
        let Some(filter) = find_word(filters, name) else {
            return Err(unknown("filter", name, filters.keys().copied()));
        };
        let arguments = self.arguments(name, Some(value), arguments)?;
        let arguments = if SHALLOW.contains(&short_name(name)) {
            Ok(arguments)
        } else {
            arguments.evaluated().and_then(|arguments| arguments.defined(reads_whole(name)))
        };
        let result = arguments.and_then(|arguments| attempt(Words::Filters, arguments, filter));
        let result = result.and_then(|value| self.context.resolve(&value));
        let result = if self.shared.copies { result.map(|value| value.deep_copy()) } else { result };
        Ok(self.caught(result, expr))
    }

    /// Applies a filter, or the filters of `{% filter a | b %}`, to a value.
    pub(super) fn filter_chain(&self, value: Value, chain: &Expr) -> Result<Value, TemplateError> {
        match &chain.kind {
            ExprKind::Filter(inner, name, arguments) => {
                let value = match inner {
                    Some(inner) => self.filter_chain(value, inner)?,
                    None => value,
                };
                self.filter(value, name, arguments, chain).map_err(|error| error.at(self.template.place(chain.at)))
            }
            _ => self.expr(chain),
        }
    }

    /// Asks a test about a value with the arguments of the tree.
    pub(super) fn test(
        &self,
        value: Value,
        name: &Str,
        arguments: &ast::Arguments,
        negated: bool,
        expr: &Expr,
    ) -> Result<Value, TemplateError> {
        if is_failure(&value) {
            let asks = short_name(name) == "vault_encrypted";
            return Ok(if asks && sealed(&value).is_some() { Value::Bool(!negated) } else { value });
        }
        let tests = &self.context.environment.vocabulary().tests;
        let Some(test) = find_word(tests, name) else {
            return Err(unknown("test", name, tests.keys().copied()));
        };
        let arguments = self.arguments(name, Some(value), arguments)?;
        let arguments = arguments.evaluated().and_then(|arguments| arguments.defined(reads_whole_as_test(name)));
        let result = arguments
            .and_then(|arguments| attempt(Words::Tests, arguments, test))
            .map(|holds| Value::Bool(holds != negated));
        Ok(self.caught(result, expr))
    }
}

/// What a filter or test makes of its arguments. What goes wrong with something that holds an undefined value is that
/// it is undefined, unless its type was wrong already.
fn attempt<T>(
    words: Words,
    arguments: Arguments<'_>,
    work: impl FnOnce(Arguments<'_>) -> Result<T, TemplateError>,
) -> Result<T, TemplateError> {
    let full = arguments.name;
    let name = short_name(full);
    words.check(name, arguments.positional.len()).map_err(|error| error.raised_by(words.what(), full))?;
    let given = arguments.values();
    work(arguments).map_err(|error| words.named(name, full, error)).map_err(|error| {
        let about_type = matches!(error.kind(), ErrorKind::Raised { class: "TypeError" | "AttributeError", .. });
        // Only `mandatory` says more of it itself.
        let asks = !about_type && !error.is_undefined() && name != "mandatory";
        let missing = if asks { given.iter().find_map(Value::missing_inside) } else { None };
        missing.map_or_else(|| error.raised_by(words.what(), full), |undefined| TemplateError::undefined(&undefined))
    })
}

/// Applies a filter by name; the value is the first argument.
pub(in crate::template) fn apply_filter(arguments: Arguments<'_>, name: &str) -> Result<Value, TemplateError> {
    not_failed(&arguments)?;
    let filters = &arguments.context.environment.vocabulary().filters;
    match find_word(filters, name) {
        Some(filter) => attempt(Words::Filters, arguments.defined(reads_whole(name))?, filter),
        None => Err(unknown("filter", name, filters.keys().copied())),
    }
}

/// Applies a test by name; the value is the first argument.
pub(in crate::template) fn apply_test(arguments: Arguments<'_>, name: &str) -> Result<bool, TemplateError> {
    not_failed(&arguments)?;
    let tests = &arguments.context.environment.vocabulary().tests;
    match find_word(tests, name) {
        Some(test) => attempt(Words::Tests, arguments.defined(reads_whole_as_test(name))?, test),
        None => Err(unknown("test", name, tests.keys().copied())),
    }
}

/// An error about an unknown word, with the nearest known one.
pub(in crate::template) fn unknown<'n>(
    what: &'static str,
    name: &str,
    known: impl Iterator<Item = &'n str>,
) -> TemplateError {
    let suggestion = known
        .map(|known| {
            // A filter of a collection is often called by its last name only.
            let last = if name.contains('.') { known } else { known.rsplit('.').next().unwrap_or(known) };
            (strsim::damerau_levenshtein(last, short_name(name)), known)
        })
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3)
        .map(|(_, known)| known.to_owned());
    TemplateError::new(ErrorKind::Unknown { what, name: name.to_owned(), suggestion })
}

/// Fails if an error stands in place of the value that a filter or test is for.
fn not_failed(arguments: &Arguments<'_>) -> Result<(), TemplateError> {
    match arguments.positional.first() {
        Some(Value::Undefined(undefined)) if undefined.is_failure() => Err(TemplateError::undefined(undefined)),
        _ => Ok(()),
    }
}

/// Whether an error stands in place of the value that is not about something undefined.
fn is_failure(value: &Value) -> bool {
    matches!(value, Value::Undefined(undefined) if undefined.is_failure())
}

/// Whether a filter takes errors that stand in place of a value.
fn takes_failures(name: &str) -> bool {
    matches!(short_name(name), "ansible._protomatter.dump_object" | "ansible._protomatter.true_type" | "unvault")
}

/// The encrypted text of a value that cannot be decrypted.
pub(in crate::template) fn sealed(value: &Value) -> Option<&Str> {
    let Value::Undefined(undefined) = value else { return None };
    match undefined.cause.as_ref()?.kind() {
        ErrorKind::Encrypted { ciphertext, .. } => Some(ciphertext),
        _ => None,
    }
}

//! `JMESPath`, the query language of `json_query` (<https://jmespath.org/specification.html>), over our values.

mod evaluate;
mod function;
mod parse;
mod token;

use super::{Context, TemplateError};
use crate::value::Value;

/// What went wrong, in words.
type Failure = String;

/// A parsed query, or a part of one.
#[derive(Debug, Clone)]
enum Node {
    /// What the query is about, `@`.
    Current,
    /// The value of a key.
    Field(String),
    Literal(Value),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// The second in the result of the first: `a.b`, `a[0]`, `a | b`.
    Chain(Box<Self>, Box<Self>),
    /// The second in every item of the first: `a[*].b`, `a[].b`.
    Each(Box<Self>, Box<Self>),
    /// The second in every value of the first: `a.*.b`.
    EachValue(Box<Self>, Box<Self>),
    /// The second in those items of the first for which the third holds: `a[?c].b`.
    Where(Box<Self>, Box<Self>, Box<Self>),
    /// The items of items, one level down.
    Flatten(Box<Self>),
    List(Vec<Self>),
    Dict(Vec<(String, Self)>),
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Call(String, Vec<Self>),
    /// A part that a function evaluates itself: `&name`.
    Expression(Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The result of a query; what does not exist is `None`.
pub(super) fn search(context: &Context<'_>, query: &str, value: &Value) -> Result<Value, TemplateError> {
    let failed = |text: Failure| {
        TemplateError::raised("JMESPathError", format!("JMESPathError in json_query filter plugin:\n{text}"))
    };
    if query.is_empty() {
        return Err(failed("Invalid JMESPath expression: cannot be empty.".to_owned()));
    }
    let node = parse::parse(query).map_err(|text| failed(format!("{text} in the query `{query}`")))?;
    evaluate::evaluate(&node, value, context).map_err(failed)
}

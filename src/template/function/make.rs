//! Functions that make values: `dict`, `lipsum`, `now`, `undef`.

use std::{collections::HashMap, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::super::{
    Arguments, Function, TemplateError, arguments::integer, date::Date, filter::time::time_format, method,
    random::Random,
};
use crate::value::{Dict, Undefined, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Function>) {
    table.extend([("dict", dict as Function), ("lipsum", lipsum), ("now", now), ("undef", undef)]);
}

fn dict(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let made = match &arguments.positional[..] {
        [] => Dict::new(),
        [Value::Undefined(undefined)] => return Err(TemplateError::undefined(undefined)),
        [source] => method::dict_from(source)?,
        more => {
            let text = format!("dict expected at most 1 argument, got {}", more.len());
            return Err(TemplateError::type_error(text));
        }
    };
    for (name, value) in arguments.named {
        made.insert(name, value);
    }
    Ok(Value::Dict(made))
}

const WORDS: &str = "a ac accumsan ad adipiscing aenean aliquam amet ante arcu at auctor augue bibendum blandit commodo \
    condimentum consectetuer consequat convallis cras cum cursus dapibus diam dictum dignissim dolor donec dui \
    egestas eget eleifend elementum elit enim erat eros est et eu euismod facilisi fames faucibus felis fermentum";

fn lipsum(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [count, html, least, most] = arguments.bind(["n", "html", "min", "max"])?;
    let number = |value: Option<Value>, default| value.as_ref().map_or(Ok(default), integer);
    let count = number(count, 5)?.clamp(0, 1000);
    let (least, most) = (number(least, 20)?.clamp(1, 10_000), number(most, 100)?.clamp(1, 10_000));
    let html = html.is_none_or(|html| html.is_truthy());
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut random = Random::new(None);
    let paragraphs: Vec<String> = (0..count)
        .map(|_| {
            let length = least + random.below((most - least).max(1) as u64) as i64;
            let chosen: Vec<&str> = (0..length).map(|_| words[random.below(words.len() as u64) as usize]).collect();
            let text = method::capitalize(&chosen.join(" ")) + ".";
            if html { format!("<p>{text}</p>") } else { text }
        })
        .collect();
    Ok(paragraphs.join(if html { "\n" } else { "\n\n" }).into())
}

fn now(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    arguments.context.check_turn("now")?;
    let [utc, format] = arguments.bind(["utc", "fmt"])?;
    let zone = if utc.is_some_and(|utc| utc.is_truthy()) { TimeZone::UTC } else { TimeZone::system() };
    let now = Date::new(Timestamp::now().to_zoned(zone).datetime());
    Ok(match format.filter(Value::is_truthy) {
        Some(format) => now.formatted(&time_format(&format)?).into(),
        None => Value::object(now),
    })
}

/// What `undef` says without a hint.
pub(in crate::template) const NO_HINT: &str = "Mandatory variable has not been overridden";

fn undef(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [hint] = arguments.bind(["hint"])?;
    let hint = hint.filter(Value::is_truthy).map_or_else(|| NO_HINT.to_owned(), |hint| hint.to_str());
    Ok(Value::Undefined(Arc::new(Undefined::hint(hint))))
}

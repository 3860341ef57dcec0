//! `community.general.random_string`: characters of chosen kinds, so many of each at least.

use std::collections::HashMap;

use base64::Engine as _;

use super::{
    super::{Arguments, Lookup, TemplateError},
    chance::Chance,
    failed,
    options::Options,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("community.general.random_string", random_string);
}

fn random_string(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("random_string", arguments.context, arguments.named);
    let count = |name: &str, default: i64| {
        Ok::<_, TemplateError>(usize::try_from(options.integer(name)?.unwrap_or(default)).unwrap_or(0))
    };
    let similar = if options.flag("ignore_similar_chars", false)? {
        options.text("similar_chars")?.unwrap_or_else(|| "il1LoO0".into())
    } else {
        String::new()
    };
    let without = |chars: &str| chars.chars().filter(|c| !similar.contains(*c)).collect::<Vec<char>>();
    let upper = without("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    let lower = without("abcdefghijklmnopqrstuvwxyz");
    let digits = without("0123456789");
    let special = options.text("override_special")?;
    let special = without(special.as_deref().unwrap_or("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"));
    let seed = options.text("seed")?;
    let mut chance = Chance::new(seed.as_deref())?;
    let mut text = String::new();
    let all: Vec<char> = match options.text("override_all")? {
        Some(chars) => chars.chars().collect(),
        None => {
            for (name, chars) in
                [("min_numeric", &digits), ("min_lower", &lower), ("min_upper", &upper), ("min_special", &special)]
            {
                let least = count(name, 0)?;
                if least > 0 && chars.is_empty() {
                    return Err(failed(format!("`{name}` asks for characters of which none is left")));
                }
                text.push_str(&chance.choose(chars, least)?);
            }
            let kinds = [("upper", upper), ("lower", lower), ("numbers", digits), ("special", special)];
            let mut all = Vec::new();
            for (name, chars) in kinds {
                if options.flag(name, true)? {
                    all.extend(chars);
                }
            }
            all
        }
    };
    let rest = count("length", 8)?.saturating_sub(text.chars().count());
    if all.is_empty() {
        return Err(failed("Available characters cannot be None, please change constraints"));
    }
    text.push_str(&chance.choose(&all, rest)?);
    if seed.is_none() {
        text = shuffled(&text, &mut chance)?;
    }
    if options.flag("base64", false)? {
        text = base64::engine::general_purpose::STANDARD.encode(text);
    }
    Ok(vec![text.into()])
}

/// The same characters in another order: those that have to be there must not all stand in front.
fn shuffled(text: &str, chance: &mut Chance) -> Result<String, TemplateError> {
    let mut chars: Vec<char> = text.chars().collect();
    for at in (1..chars.len()).rev() {
        chars.swap(at, chance.below(at + 1)?);
    }
    Ok(chars.into_iter().collect())
}

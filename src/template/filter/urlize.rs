//! `urlize`: links in text, as Jinja2 finds them.

use std::{collections::HashMap, sync::LazyLock};

use fancy_regex::Regex;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::{integer, required},
    },
    escape::html,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.insert("urlize", urlize);
}

/// What is an address of the web.
static WEB: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix) \A (?:
            (?: https?:// | www\. ) (?: (?: [\w%-]+ \. )+ )? (?: [a-z]{2,63} | xn--[\w%]{2,59} )
          | (?: [\w%-]{2,63} \. )+ (?: com | net | int | edu | gov | org | info | mil )
          | https?:// (?: \d{1,3} (?: \. \d{1,3} ){3} | \[ (?: [\da-f]{0,4} : ){2} (?: [\da-f]{0,4} :? ){1,6} \] )
        ) (?: : \d{1,5} )? (?: [/?\#] \S* )? \z",
    )
});

/// What is an address of mail.
static MAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A\S+@\w[\w.-]*\.\w+\z"));

/// What a scheme looks like that somebody adds.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A([\w.+-]{2,}:(/){0,2})\z"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours is valid")
}

fn holds(pattern: &Regex, text: &str) -> bool {
    pattern.is_match(text).unwrap_or(false)
}

/// How links are written.
struct Links {
    /// How many characters of an address are shown.
    limit: Option<Value>,
    /// The attributes behind the address.
    attributes: String,
    schemes: Vec<String>,
}

fn urlize(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, limit, nofollow, target, rel, schemes] =
        arguments.bind(["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"])?;
    let text = html(&required(value, "urlize", "value")?.to_str());
    let limit = limit.filter(|limit| !limit.is_none());
    if let Some(rel) = rel.as_ref().filter(|rel| rel.is_truthy() && rel.as_str().is_none()) {
        let text = format!("'{}' object has no attribute 'split'", rel.type_name());
        return Err(TemplateError::raised("AttributeError", text));
    }
    let given = |value: Option<Value>| value.filter(|value| !value.is_none()).map(|value| value.to_str());
    let rel = given(rel).unwrap_or_default();
    let mut relations: Vec<&str> = rel.split_whitespace().chain(["noopener"]).collect();
    if nofollow.is_some_and(|nofollow| nofollow.is_truthy()) {
        relations.push("nofollow");
    }
    relations.sort_unstable();
    relations.dedup();
    let target = given(target).map_or(String::new(), |target| format!(" target=\"{}\"", html(&target)));
    let schemes = match schemes.filter(|schemes| !schemes.is_none()) {
        None => Vec::new(),
        Some(schemes) => schemes.iter()?.iter().map(Value::to_str).collect(),
    };
    if let Some(wrong) = schemes.iter().find(|scheme| !holds(&SCHEME, scheme)) {
        let text = format!("{} is not a valid URI scheme prefix.", Value::from(wrong.as_str()).repr());
        return Err(TemplateError::raised("FilterArgumentError", text));
    }
    let attributes = format!(" rel=\"{}\"{target}", html(&relations.join(" ")));
    let links = Links { limit, attributes, schemes };
    let mut out = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let core = word.trim_end();
        out.push_str(&links.word(core)?);
        out.push_str(&word[core.len()..]);
    }
    Ok(out.into())
}

/// How much of the end are closing brackets and punctuation.
fn tail_length(text: &str) -> usize {
    let mut rest = text;
    while let Some(shorter) = rest.strip_suffix([')', '>', '.', ',', '\n']).or_else(|| rest.strip_suffix("&gt;")) {
        rest = shorter;
    }
    text.len() - rest.len()
}

impl Links {
    /// A word, as a link if it is one.
    fn word(&self, word: &str) -> Result<String, TemplateError> {
        let mut rest = word;
        while let Some(shorter) = rest.strip_prefix(['(', '<']).or_else(|| rest.strip_prefix("&lt;")) {
            rest = shorter;
        }
        let head = &word[..word.len() - rest.len()];
        let (middle, tail) = rest.split_at(rest.len() - tail_length(rest));
        let (mut middle, mut tail) = (middle.to_owned(), tail);
        // Brackets that an address opens belong to it.
        for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
            let opened = middle.matches(open).count();
            if opened <= middle.matches(close).count() {
                continue;
            }
            for _ in 0..opened.min(tail.matches(close).count()) {
                let Some(at) = tail.find(close) else { break };
                let (taken, after) = tail.split_at(at + close.len());
                middle.push_str(taken);
                tail = after;
            }
        }
        Ok(format!("{head}{}{tail}", self.link(&middle)?.unwrap_or(middle)))
    }

    fn link(&self, text: &str) -> Result<Option<String>, TemplateError> {
        if holds(&WEB, text) {
            let limit = self.limit.as_ref().map_or(Ok(i64::MAX), integer)?.max(0) as usize;
            let shown: String = text.chars().take(limit).collect();
            let shown = if shown.len() < text.len() { shown + "..." } else { shown };
            let scheme = if text.starts_with("https://") || text.starts_with("http://") { "" } else { "https://" };
            return Ok(Some(format!("<a href=\"{scheme}{text}\"{}>{shown}</a>", self.attributes)));
        }
        if let Some(address) = text.strip_prefix("mailto:").filter(|address| holds(&MAIL, address)) {
            return Ok(Some(format!("<a href=\"{text}\">{address}</a>")));
        }
        if text.contains('@') && !text.starts_with("www.") && !text.starts_with('@') && !text.contains(':') {
            return Ok(holds(&MAIL, text).then(|| format!("<a href=\"mailto:{text}\">{text}</a>")));
        }
        let known = self.schemes.iter().any(|scheme| text != scheme && text.starts_with(scheme.as_str()));
        Ok(known.then(|| format!("<a href=\"{text}\"{}>{text}</a>", self.attributes)))
    }
}

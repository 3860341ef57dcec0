//! Explicit tags: `!!str`, `!unsafe`, `!vault` and the others that Ansible's loader knows.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Diagnostic, Kind, Node, Span, nearest, resolve, timestamp};

/// What the tags of YAML itself begin with, when written in full.
const CORE: &str = "tag:yaml.org,2002:";
/// Every tag there is, as people write them, for suggestions.
const KNOWN: [&str; 15] = [
    "!vault",
    "!unsafe",
    "!vault-encrypted",
    "!!str",
    "!!int",
    "!!bool",
    "!!float",
    "!!null",
    "!!binary",
    "!!timestamp",
    "!!seq",
    "!!map",
    "!!set",
    "!!omap",
    "!!pairs",
];

/// The scalar `text` under the tag `tag`; fails when the tag is unknown or the text does not fit it.
pub fn scalar(tag: &str, text: String, plain: bool, span: &Span) -> Result<Kind, Diagnostic> {
    let misfit = |what: &str| Diagnostic::error(format!("`{text}` is not {what}, as its tag says")).at(span);
    match tag.strip_prefix(CORE).unwrap_or(tag) {
        "str" => Ok(Kind::Str(text)),
        "null" => Ok(Kind::Null),
        "int" => resolve::int(&text).ok_or_else(|| misfit("an integer")),
        "float" => resolve::float(&text).map(Kind::Float).ok_or_else(|| misfit("a float")),
        "bool" => resolve::explicit_bool(&text).map(Kind::Bool).ok_or_else(|| misfit("a boolean")),
        "timestamp" => timestamp::iso(&text).map(Kind::Timestamp).map_err(|reason| Diagnostic::error(reason).at(span)),
        "binary" => binary(&text).map(Kind::Str).map_err(|reason| Diagnostic::error(reason).at(span)),
        "!unsafe" => Ok(match untagged(text, plain, span)? {
            Kind::Str(text) => Kind::Unsafe(text),
            kind => kind,
        }),
        "!vault" | "!vault-encrypted" if text.is_empty() => Err(vault_wants_text(span)),
        "!vault" | "!vault-encrypted" => Ok(Kind::Vault(text)),
        "seq" | "map" | "set" | "omap" | "pairs" => Err(wrong_shape(tag, "text", span)),
        _ => Err(unknown(tag, span)),
    }
}

/// A scalar without a tag: resolved when plain, text when quoted.
pub fn untagged(text: String, plain: bool, span: &Span) -> Result<Kind, Diagnostic> {
    if !plain {
        return Ok(Kind::Str(text));
    }
    match text.as_str() {
        "<<" | "=" => Err(Diagnostic::error(format!("`{text}` has a meaning of its own in YAML, and none here"))
            .at(span)
            .help(format!("quote it: \"{text}\""))),
        _ => resolve::plain(&text).map_err(|reason| {
            Diagnostic::error(reason).at(span).help(format!("quote it if it is meant as text: \"{text}\""))
        }),
    }
}

/// A list or a mapping under the tag `tag`; fails when the tag does not fit it.
pub fn collection(tag: &str, node: Node) -> Result<Node, Diagnostic> {
    let Node { kind, span } = node;
    let kind = match (tag.strip_prefix(CORE).unwrap_or(tag), kind) {
        ("!", kind) | ("seq", kind @ Kind::List(_)) | ("map", kind @ Kind::Map(_)) => kind,
        ("set", Kind::Map(entries)) => Kind::List(entries.into_iter().map(|entry| entry.key).collect()),
        ("omap" | "pairs", Kind::List(items)) => pairs(items)?,
        ("!unsafe", kind) => return Ok(without_templates(Node::new(kind, span))),
        (
            "seq" | "map" | "set" | "omap" | "pairs" | "str" | "int" | "float" | "bool" | "null" | "binary"
            | "timestamp" | "!vault" | "!vault-encrypted",
            kind,
        ) => {
            return Err(wrong_shape(tag, Node::new(kind, span.clone()).describe(), &span));
        }
        _ => return Err(unknown(tag, &span)),
    };
    Ok(Node::new(kind, span))
}

/// Python's list of pairs, as JSON has it: a list of lists of two.
fn pairs(items: Vec<Node>) -> Result<Kind, Diagnostic> {
    let mut pairs = Vec::with_capacity(items.len());
    for Node { kind, span } in items {
        match kind {
            Kind::Map(entries) if entries.len() == 1 => {
                pairs.extend(
                    entries.into_iter().map(|entry| Node::new(Kind::List(vec![entry.key, entry.value]), span.clone())),
                );
            }
            _ => return Err(Diagnostic::error("each item under this tag must be a mapping of one key").at(&span)),
        }
    }
    Ok(Kind::List(pairs))
}

/// The same node, none of its texts a template.
fn without_templates(mut node: Node) -> Node {
    node.kind = match node.kind {
        Kind::Str(text) => Kind::Unsafe(text),
        Kind::List(items) => Kind::List(items.into_iter().map(without_templates).collect()),
        Kind::Map(mut entries) => {
            for entry in &mut entries {
                let value = std::mem::replace(&mut entry.value, Node::new(Kind::Null, entry.key.span.clone()));
                entry.value = without_templates(value);
            }
            Kind::Map(entries)
        }
        kind => kind,
    };
    node
}

/// Text from base64; Python's decoder skips what is not of its alphabet.
fn binary(text: &str) -> Result<String, String> {
    let known: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')).collect();
    let bytes = STANDARD.decode(known).map_err(|_| "this is not base64, as its tag says".to_owned())?;
    // There are no bytes here: what is no text cannot be used as text either.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn vault_wants_text(span: &Span) -> Diagnostic {
    Diagnostic::error("`!vault` belongs before an encrypted text")
        .at(span)
        .help("write `!vault |` and the text below it")
}

fn wrong_shape(tag: &str, what: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(format!("the tag `{}` does not fit {what}", written(tag))).at(span)
}

/// The error about a tag that there is not.
pub fn unknown(tag: &str, span: &Span) -> Diagnostic {
    let name = written(tag);
    let help = match nearest(&name, KNOWN) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "known tags are `!vault`, `!unsafe` and those of YAML 1.1, as `!!str`; quote text that begins with `!`"
            .to_owned(),
    };
    let pyyaml = format!("could not determine a constructor for the tag '{tag}'");
    Diagnostic::error(format!("unknown tag `{name}`")).at(span).in_pyyaml(&pyyaml, span).help(help)
}

/// The tag as people write it.
fn written(tag: &str) -> String {
    tag.strip_prefix(CORE).map_or_else(|| tag.to_owned(), |name| format!("!!{name}"))
}

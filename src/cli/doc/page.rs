//! A module's page: as text, as JSON in the form of `ansible-doc --json`, and as a task to fill in.

use minijinja::{Environment, context};
use serde_json::{Map, Value as Json, json};
use sutler_modules::{Entry, kit::Opt};

use super::versions;

/// A module's page.
const PAGE: &str = include_str!("page.txt.j2");

/// What begins an example.
const FENCE: &str = "```yaml";

/// The first paragraph of a documentation, on one line.
pub fn summary(doc: &str) -> &str {
    doc.lines().next().unwrap_or_default()
}

/// The examples of a documentation: what stands in its blocks of YAML.
pub fn examples(doc: &str) -> String {
    let blocks = doc.split(FENCE).skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.trim_start_matches('\n')).collect()
}

/// The paragraphs of a documentation without its examples.
fn paragraphs(doc: &str) -> Vec<String> {
    let mut texts = doc.split(FENCE);
    let first = texts.next().unwrap_or_default();
    let rest = texts.filter_map(|rest| rest.split_once("```")).map(|(_, after)| after);
    let paragraphs = [first].into_iter().chain(rest).flat_map(|text| text.split("\n\n"));
    let joined = paragraphs.map(|text| text.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned());
    joined.filter(|text| !text.is_empty()).collect()
}

/// What people may set.
fn options(entry: &Entry) -> Vec<Opt> {
    (entry.spec)().options.into_iter().filter(|option| !option.internal).collect()
}

/// The page as text.
pub fn text(entry: &Entry) -> String {
    let options = options(entry);
    let options = options
        .iter()
        .map(|option| (option.name.to_owned(), facts(entry, option), option.doc.lines().map(str::to_owned).collect()));
    rendered(entry.name, (entry.spec)().doc.trim_end(), options.collect())
}

/// A page of a name, what is said of it, and its arguments: each with facts about it, and lines of text.
pub fn rendered(name: &str, doc: &str, options: Vec<(String, Vec<String>, Vec<String>)>) -> String {
    let options: Vec<_> = options.into_iter().map(|(name, facts, doc)| context! { name, facts, doc }).collect();
    let page = context! { name, doc, options };
    Environment::new().render_str(PAGE, page).expect("the page is part of the program") + "\n"
}

/// What is said of an argument beside its name.
fn facts(entry: &Entry, option: &Opt) -> Vec<String> {
    let mut facts = vec![option.kind.name().to_owned()];
    if option.required {
        facts.push("required".into());
    }
    if let Some(default) = option.default {
        facts.push(format!("default: {default}"));
    }
    if !option.choices.is_empty() {
        facts.push(format!("choices: {}", option.choices.join(", ")));
    }
    if !option.aliases.is_empty() {
        facts.push(format!("aliases: {}", option.aliases.join(", ")));
    }
    if let Some(version) = versions::of(entry.name, option.name) {
        facts.push(format!("since {version}"));
    }
    facts
}

/// The page as JSON.
pub fn json(entry: &Entry) -> Json {
    let spec = (entry.spec)();
    let (collection, short_name) = entry.name.rsplit_once('.').unwrap_or(("ansible.builtin", entry.name));
    let options: Map<String, Json> =
        options(entry).iter().map(|option| (option.name.to_owned(), option_json(entry, option))).collect();
    json!({
        "doc": {
            "collection": collection,
            "description": paragraphs(spec.doc),
            "module": short_name,
            "options": options,
            "plugin_name": entry.name,
            "short_description": summary(spec.doc),
        },
        "examples": examples(spec.doc),
        "metadata": null,
        "return": null,
    })
}

fn option_json(entry: &Entry, option: &Opt) -> Json {
    let mut found = Map::new();
    let description: Vec<&str> = option.doc.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).collect();
    found.insert("description".into(), json!(description));
    found.insert("type".into(), json!(option.kind.name()));
    if option.required {
        found.insert("required".into(), json!(true));
    }
    if let Some(default) = option.default {
        found.insert("default".into(), serde_json::from_str(default).unwrap_or_else(|_| json!(default)));
    }
    for (name, values) in [("choices", option.choices), ("aliases", option.aliases)] {
        if !values.is_empty() {
            found.insert(name.into(), json!(values));
        }
    }
    if let Some(version) = versions::of(entry.name, option.name) {
        found.insert("version_added".into(), json!(version));
    }
    Json::Object(found)
}

/// A task with every argument, the required ones first, each with what it means.
pub fn snippet(entry: &Entry) -> String {
    let mut options = options(entry);
    options.sort_by_key(|option| !option.required);
    let options = options.iter().map(|option| {
        let meaning = option.doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        (option.name.to_owned(), option.required, meaning)
    });
    let title = summary((entry.spec)().doc).trim_end_matches('.');
    task(title, entry.name, &options.collect::<Vec<_>>())
}

/// A task of a module with these arguments, each with whether it is required and what it means.
pub fn task(title: &str, module: &str, arguments: &[(String, bool, String)]) -> String {
    let mut lines = vec![format!("- name: {title}"), format!("  {module}:")];
    let width = arguments.iter().map(|(name, ..)| name.len()).max().unwrap_or(0) + 1;
    for (name, is_required, meaning) in arguments {
        let required = if *is_required { "(required) " } else { "" };
        lines.push(format!("    {:<width$}  # {required}{meaning}", format!("{name}:")));
    }
    lines.join("\n") + "\n"
}

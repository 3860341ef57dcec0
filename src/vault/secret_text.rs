//! What of a decrypted file counts as a secret of the run's output.
//!
//! A file of variables holds secrets: each text in it is one. Numbers and booleans are not, since a mask for each of
//! them would hide the output. A file of plays or tasks says what is done: the variables in it are secrets, and
//! texts of several words, but no names, conditions and tags, without which a run cannot be followed.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{VaultError, current, is_vault};
use crate::{
    output::Secrets,
    source::{Entry, Kind, Node, SourceFile, load_data},
};

/// Texts that are no secrets: booleans, nothing, and words that any output has.
const HARMLESS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "none",
    "null",
    "~",
    "omit",
    "present",
    "absent",
    "latest",
    "started",
    "stopped",
    "enabled",
    "disabled",
    "all",
    "root",
    "local",
    "localhost",
    "default",
    "changed",
    "failed",
    "skipped",
    "unreachable",
    "ok",
    "fatal",
    "rescued",
    "ignored",
    "warning",
    "error",
    "success",
    "play",
    "playbook",
    "task",
    "tasks",
    "handler",
    "handlers",
    "host",
    "hosts",
    "action",
    "module",
    "item",
    "items",
    "result",
    "results",
    "msg",
    "message",
    "reason",
    "rc",
    "cmd",
    "stdout",
    "stderr",
    "start",
    "end",
    "delta",
    "invocation",
    "module_args",
    "diff",
    "before",
    "after",
    "warnings",
    "deprecations",
    "exception",
    "state",
    "dest",
    "path",
    "src",
    "mode",
    "owner",
    "group",
    "name",
    "size",
    "file",
    "directory",
    "link",
    "command",
    "shell",
    "debug",
];
/// Variables that say how hosts are reached, and are no secrets.
const REACH: [&str; 4] =
    ["ansible_connection", "ansible_become_method", "ansible_shell_type", "ansible_python_interpreter"];
/// Keywords whose values show what a run does.
const SHOWN: [&str; 12] = [
    "name",
    "hosts",
    "when",
    "tags",
    "notify",
    "listen",
    "register",
    "changed_when",
    "failed_when",
    "until",
    "that",
    "loop_control",
];
/// Keywords with variables below them.
const VARIABLES: [&str; 4] = ["vars", "environment", "set_fact", "ansible.builtin.set_fact"];
/// Longer contents are not searched for by their lines: diffs do not show them either.
const MOST: usize = 128 * 1024;
/// A word of a text of several is a secret of its own from this length on, if it is more than letters: modules show
/// the words of a command one by one.
const WORD: usize = 8;
/// Up to so many digits are a port, a mode or a time.
const PORT: usize = 5;
/// A line of a content is a secret from this length on: braces and ends of blocks are not.
const LINE: usize = 4;

/// Notes the texts of a decrypted document.
pub fn note_leaves(document: &Node) {
    match &document.kind {
        Kind::Map(_) => note_all(current().secrets(), document),
        Kind::List(items) => items.iter().for_each(note_tasks),
        _ => {}
    }
}

/// Notes an encrypted value; of one that is a document of JSON or YAML, what `from_json` or `from_yaml` make of it.
pub(super) fn note_value(secrets: &Secrets, text: &str) {
    note_text(secrets, text);
    if let Ok(loaded) = load_data(&Arc::new(SourceFile::new("", text))) {
        let documents = loaded.documents.iter().filter(|node| matches!(node.kind, Kind::Map(_) | Kind::List(_)));
        documents.for_each(|document| note_all(secrets, document));
    }
}

fn note_all(secrets: &Secrets, node: &Node) {
    match &node.kind {
        Kind::Str(text) | Kind::Unsafe(text) if !is_template(text) => note_text(secrets, text),
        Kind::Str(text) => {
            literals(text).filter(|text| text.len() >= LINE).for_each(|text| note_text(secrets, text));
        }
        Kind::List(items) => items.iter().for_each(|item| note_all(secrets, item)),
        Kind::Map(entries) => {
            let is_secret = |entry: &&Entry| entry.key.as_str().is_none_or(|key| !REACH.contains(&key));
            entries.iter().filter(is_secret).for_each(|entry| note_all(secrets, &entry.value));
        }
        _ => {}
    }
}

/// The texts in quotes in the expressions of a template.
fn literals(template: &str) -> impl Iterator<Item = &str> {
    let expressions = template.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    expressions.flat_map(|expression| {
        let mut rest = expression;
        std::iter::from_fn(move || {
            let begin = rest.find(['\'', '"'])?;
            let quote = rest[begin..].chars().next()?;
            let (text, behind) = rest[begin + 1..].split_once(quote)?;
            rest = behind;
            Some(text)
        })
    })
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Notes the texts of a variable, unless it says how a host is reached.
pub fn note_variable(name: &str, value: &Node) {
    if !REACH.contains(&name) {
        note_all(current().secrets(), value);
    }
}

fn note_tasks(node: &Node) {
    match &node.kind {
        Kind::Str(text) | Kind::Unsafe(text) if text.contains(char::is_whitespace) => note(text),
        Kind::List(items) => items.iter().for_each(note_tasks),
        Kind::Map(entries) => {
            for Entry { key, value } in entries {
                match key.as_str() {
                    Some(key) if VARIABLES.contains(&key) => note_all(current().secrets(), value),
                    Some(key) if SHOWN.contains(&key) => {}
                    _ => note_tasks(value),
                }
            }
        }
        _ => {}
    }
}

/// Notes a text of a decrypted file, unless it is a template.
pub fn note(text: &str) {
    if !is_template(text) {
        note_text(current().secrets(), text);
    }
}

/// Notes a decrypted text, its lines, and the words of it that show it. Common words are no secrets, and a number
/// such as a port is one where nothing else stands.
fn note_text(secrets: &Secrets, text: &str) {
    let is_secret = |text: &str| !text.is_empty() && !HARMLESS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if !is_secret(text.trim()) {
        return;
    }
    if text.len() <= PORT && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return secrets.add_whole(text);
    }
    secrets.add(text);
    let lines = text.lines().map(str::trim).filter(|line| line.len() >= LINE && is_secret(line));
    lines.for_each(|line| secrets.add(line));
    let mut words = text.split_whitespace();
    if words.clone().nth(1).is_some() {
        let tells = |word: &&str| word.len() >= WORD && !word.chars().all(char::is_alphabetic);
        words.by_ref().filter(tells).for_each(|word| secrets.add(word));
    }
}

/// What the bytes of a file hold that is no document, a key or a configuration: decrypted, if they are a vault.
pub fn content_of(bytes: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    if !is_vault(&bytes) {
        return Ok(Zeroizing::new(bytes));
    }
    let content = current().open(&bytes)?;
    if content.len() <= MOST
        && let Ok(text) = std::str::from_utf8(&content)
    {
        note_rendered(text);
    }
    Ok(content)
}

/// Notes what a template of a decrypted file has made.
pub fn note_rendered(text: &str) {
    let ring = current();
    if text.lines().count() <= 1 {
        ring.secrets().add(text.trim());
        return;
    }
    for line in text.lines().map(str::trim).filter(|line| line.len() >= LINE) {
        ring.secrets().add(line);
    }
}

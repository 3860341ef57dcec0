//! The loader against PyYAML's trees and against the expected texts of errors, both kept as files.

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use super::{Kind, Node, SourceFile, load_one};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/source")
}

/// The form of `tests/source/pyyaml.py`.
fn dump(node: &Node) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let what = match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => format!("int {value}"),
        Kind::BigInt(value) => format!("int {value}"),
        Kind::Float(value) if value.is_nan() => "float nan".to_owned(),
        Kind::Float(value) => format!("float {:016x}", value.to_bits()),
        Kind::Str(text) | Kind::Timestamp(text) => format!("str {}", quoted(text)),
        Kind::Unsafe(text) => format!("unsafe {}", quoted(text)),
        Kind::Vault(text) => format!("vault {}", quoted(text)),
        Kind::List(items) => format!("[{}]", items.iter().map(dump).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|e| format!("{}: {}", dump(&e.key), dump(&e.value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    };
    format!("{what} @{}:{}", node.span.line, node.span.column)
}

#[test]
fn trees_and_positions_are_those_of_pyyaml() {
    let cases = fs::read_to_string(folder().join("pyyaml.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for line in cases.lines() {
        let [text, expected]: [String; 2] = serde_json::from_str(line).unwrap();
        let found = match load_one(&Arc::new(SourceFile::new("case", text.as_str()))) {
            Ok((node, _)) => dump(&node),
            Err(_) => "!".to_owned(),
        };
        // The two JSON writers escape these differently.
        let unescape = |text: &str| text.replace("\\u007f", "\u{7f}").replace("\\u0085", "\u{85}");
        if unescape(&found) != unescape(&expected) {
            wrong.push(format!("{text:?}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.lines().count(), wrong.join("\n"));
}

/// Each `NAME.yml` of `tests/source/errors` gives exactly the text of `NAME.txt`: the warnings, then the
/// error if there is one. With `BLESS=1` the texts are written instead.
#[test]
fn messages_are_as_written_down() {
    let folder = folder().join("errors");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|end| end == "yml"));
    names.sort();
    assert!(!names.is_empty());
    for path in names {
        let name = path.file_name().unwrap();
        let file = SourceFile::from_bytes(Path::new(name), fs::read(&path).unwrap());
        let (node, messages) = match file.and_then(|file| load_one(&file)) {
            Ok((node, warnings)) => (Some(dump(&node)), warnings),
            Err(error) => (None, vec![error]),
        };
        let found: Vec<String> = messages.iter().map(ToString::to_string).chain(node).collect();
        let found = found.join("\n") + "\n";
        let expected = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, found).unwrap();
        } else {
            assert_eq!(found, fs::read_to_string(&expected).unwrap_or_default(), "{}", expected.display());
        }
    }
}

#[test]
fn files_that_grow_without_end_are_refused() {
    let load = |text: String| load_one(&Arc::new(SourceFile::new("case", text))).unwrap_err().message;
    assert_eq!(load("[".repeat(100_000)), "lists and mappings stand more than 200 deep");
    assert_eq!(load(format!("a: {}", "{b: ".repeat(1000))), "lists and mappings stand more than 200 deep");
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{inner}]");
    }
    assert_eq!(load(bomb), "aliases of aliases make this file too large to read");
    let mut tower = String::from("a0: &a0 []\n");
    for level in 1..300 {
        let _ = writeln!(tower, "a{level}: &a{level} [*a{}]", level - 1);
    }
    assert_eq!(load(tower), "aliases of aliases make this file too large to read");
}

//! Values, YAML and templates as a library of their own, for the fuzz targets in `fuzz/`; no part of the program.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "the program uses more of it")]

mod config;
mod source;
mod template;
mod value;
mod vault;
mod output {
    mod secrets;

    pub use secrets::Secrets;
}

use std::sync::Arc;

use source::{SourceFile, Span};
use template::{Context, Environment, Names, Syntax, Template};
use value::Value;

/// Words of templates that run for as long as they are told to, or reach outside.
const LONG: [&str; 14] = [
    "range", "*", "lookup", "query", "q(", "pipe", "lines", "lipsum", "random", "permut", "product", "combin", "vault", "password",
];

struct Variables;

impl Names for Variables {
    fn lookup(&self, name: &str) -> Option<Value> {
        Some(match name {
            "n" => Value::Int(5),
            "s" => Value::from("text"),
            "l" => vec![Value::Int(1), Value::from("a"), Value::None].into(),
            "d" => Value::from_json(serde_json::json!({"a": 1, "b": [1.5, true], "c": {"d": "x"}})),
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        ["n", "s", "l", "d"].map(str::to_owned).into()
    }
}

/// Compiles a text in each of the ways there are; evaluates it as well, unless it may run for long.
pub fn template(text: &str) {
    let span = Span::new(&Arc::new(SourceFile::new("fuzz", text)), 1, 1);
    let environment = Environment::new("/nonexistent");
    let context = Context::new(&Variables, &environment);
    let file = Syntax { keep_escapes: false, ..Syntax::default() };
    let compiled = [
        Template::compile(text, &span, &Syntax::default()),
        Template::expression(text, &span),
        template::template_file_with(text, &span, file),
    ];
    let may_be_long = text.len() > 400 || LONG.iter().any(|word| text.contains(word));
    for template in compiled.iter().flatten() {
        let _ = template.names().count();
        if !may_be_long && text.matches("for").count() < 3 && text.matches("macro").count() < 3 {
            let _ = context.render(template);
        }
    }
}

/// Reads a text as a file of YAML, and its nodes as values.
pub fn yaml(text: &str) {
    let file = Arc::new(SourceFile::new("fuzz.yml", text));
    let project = source::load_one(&file).map(|(node, _)| vec![node]);
    let data = source::load_data(&file).map(|loaded| loaded.documents);
    for node in [project, data].into_iter().flatten().flatten() {
        let _ = template::value_from_node(&node);
        let _ = template::plain_value(&node);
    }
}

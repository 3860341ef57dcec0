//! Dev driver: one JSON object {module,args,check,diff,env} per line on stdin, results on stdout.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]
use std::{io::BufRead, sync::Arc};
use sutler_modules::kit::{Context, Failure, engine};
use sutler_protocol::{Content, Mode};
struct None_;
impl engine::Bodies for None_ {
    fn open(&self, _: &Content) -> Result<Box<dyn std::io::Read + Send>, Failure> {
        Err(Failure::new("no body"))
    }
}
fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let v: serde_json::Value = serde_json::from_str(&line).unwrap();
        let context = Arc::new(Context {
            mode: Mode { check: v["check"] == true, diff: v["diff"] == true },
            environment: v["env"]
                .as_object()
                .map(|m| m.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())).collect())
                .unwrap_or_default(),
            bodies: Arc::new(None_),
            cancelled: Arc::default(),
        });
        let name = v["module"].as_str().unwrap();
        let entry = sutler_modules::find(name).unwrap_or_else(|| panic!("no module {name}"));
        println!(
            "{}",
            serde_json::Value::Object((entry.run)(v["args"].as_object().cloned().unwrap_or_default(), &context))
        );
    }
}

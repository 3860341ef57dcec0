//! One case: read from its file, run against its own directory.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use serde_json::{Map, Value, json};
use sutler_modules::kit::Context;
use sutler_protocol::{Arguments, Mode};

use crate::{
    bodies::Bodies,
    compare::compare,
    host::Kind,
    recording, servers,
    setup::{Directory, describe, make},
    snapshot::Snapshot,
    yaml,
};

const KEYS: [&str; 19] = [
    "name",
    "module",
    "host",
    "needs",
    "environment",
    "setup",
    "args",
    "predicted",
    "check",
    "run",
    "again",
    "diff",
    "after",
    "fails",
    "cleanup",
    "look",
    "volatile",
    "predicts",
    "differs",
];

/// One case.
pub struct Case {
    /// Module, file and name, as test runs list them.
    pub title: String,
    /// A shell command without whose success the case is skipped.
    pub needs: Option<String>,
    /// The host it runs on, when it is not this machine.
    pub host: Option<Kind>,
    /// The file it stands in.
    pub file: PathBuf,
    /// Its name in that file.
    pub name: String,
    /// The module it is about.
    pub module: String,
    /// The case as written.
    pub body: Map<String, Value>,
}

impl Case {
    /// The cases of a file.
    pub fn load(file: &Path) -> Result<Vec<Self>, String> {
        let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
        let Value::Array(items) = yaml::load(&text)? else { return Err("a case file is a list".into()) };
        let mut every = Map::new();
        let mut cases = Vec::new();
        for item in items {
            let Value::Object(mut item) = item else { return Err("a case is a mapping".into()) };
            match item.shift_remove("every") {
                Some(Value::Object(common)) if item.is_empty() => every = common,
                Some(_) => return Err("`every` is a mapping, and stands alone".into()),
                None => cases.push(Self::new(file, with_common(&every, item))?),
            }
        }
        Ok(cases)
    }

    fn new(file: &Path, body: Map<String, Value>) -> Result<Self, String> {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let name = text("name").ok_or("a case has no name")?;
        if let Some(unknown) = body.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("`{name}` has the unknown key `{unknown}`"));
        }
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let title = format!("{folder}/{stem}: {name}");
        let host = text("host").map(|kind| Kind::parse(&kind)).transpose()?;
        let (needs, module) = (text("needs"), text("module").unwrap_or(folder));
        Ok(Self { title, needs, host, file: file.to_owned(), name, module, body })
    }

    /// Runs it; the text says what was not as expected.
    pub fn run(&self) -> Result<(), String> {
        if let Some(host) = self.host {
            return recording::run(self, host);
        }
        let directory = Directory::new();
        let place = directory.path.to_string_lossy().into_owned();
        let body = substituted(&Value::Object(self.body.clone()), &place);
        for step in body["setup"].as_array().into_iter().flatten() {
            make(&directory.path, step)?;
        }
        let session = Session::new(&self.module, directory.path.clone(), body.clone())?;
        let problems = match body["fails"].as_str() {
            Some(message) => session.failure(message),
            None => session.success(),
        };
        if let Some(command) = body["cleanup"].as_str() {
            let _ = std::process::Command::new("sh").arg("-c").arg(command).current_dir(&directory.path).output();
        }
        if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
    }
}

/// A case with what its file says of every case: `setup` comes before its own, other keys count where it has none.
fn with_common(every: &Map<String, Value>, case: Map<String, Value>) -> Map<String, Value> {
    let mut whole = every.clone();
    for (key, value) in case {
        match (whole.get_mut(&key), value) {
            (Some(Value::Array(steps)), Value::Array(own)) if key == "setup" => steps.extend(own),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
    whole
}

/// A case with its texts filled in.
pub struct Session {
    module: &'static sutler_modules::Entry,
    directory: PathBuf,
    body: Value,
    arguments: Arguments,
    bodies: Arc<Bodies>,
}

impl Session {
    /// A case's body for `module`, in `directory`.
    pub fn new(module: &str, directory: PathBuf, body: Value) -> Result<Self, String> {
        let module = sutler_modules::find(module).ok_or_else(|| format!("there is no module `{module}`"))?;
        let mut bodies = Bodies::default();
        let mut arguments = body["args"].clone();
        bodies.prepare(&mut arguments);
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        Ok(Self { module, directory, body, arguments, bodies: Arc::new(bodies) })
    }

    fn success(&self) -> Vec<String> {
        let empty = json!({});
        let first = self.body.get("run").unwrap_or(&empty);
        let before = Snapshot::of(&self.directory, true);
        let checked = self.call(Mode { check: true, diff: true, ..Mode::default() });
        let predicted = self.body.get("check").cloned().unwrap_or_else(|| prediction(first));
        let mut problems = compare("check", &predicted, Some(&checked));
        problems.extend(Self::refuse_failure("check", &predicted, &checked));
        if let Some(diff) = self.body.get("diff") {
            problems.extend(compare("diff", diff, checked.get("diff")));
        }
        problems.extend(in_front("check mode changed ", before.difference(&Snapshot::of(&self.directory, true))));
        let ran = self.call(Mode::default());
        problems.extend(compare("run", first, Some(&ran)));
        problems.extend(Self::refuse_failure("run", first, &ran));
        problems.extend(self.again());
        problems.extend(self.compare_tree());
        if !problems.is_empty() {
            problems.push(format!("the first run returned {ran}"));
        }
        problems
    }

    fn again(&self) -> Vec<String> {
        let unchanged = json!({ "changed": false });
        let wanted = self.body.get("again").unwrap_or(&unchanged);
        if wanted == "skip" {
            return Vec::new();
        }
        let before = Snapshot::of(&self.directory, true);
        let ran = self.call(Mode { diff: true, ..Mode::default() });
        let mut problems = compare("again", wanted, Some(&ran));
        problems.extend(Self::refuse_failure("again", wanted, &ran));
        if ran["changed"] == false {
            let difference = before.difference(&Snapshot::of(&self.directory, true));
            problems.extend(in_front("the second run, without a change, changed ", difference));
        }
        if !problems.is_empty() {
            problems.push(format!("the second run returned {ran}"));
        }
        problems
    }

    fn failure(&self, message: &str) -> Vec<String> {
        let before = (Snapshot::of(&self.directory, true), Snapshot::of(&self.directory, false));
        let checked = self.call(Mode { check: true, diff: true, ..Mode::default() });
        let failed = json!({ "failed": true });
        let mut problems = compare("check", self.body.get("check").unwrap_or(&failed), Some(&checked));
        problems.extend(in_front("check mode changed ", before.0.difference(&Snapshot::of(&self.directory, true))));
        let ran = self.call(Mode::default());
        problems.extend(compare("run", &json!({ "failed": true, "msg": message }), Some(&ran)));
        problems.extend(self.body.get("run").into_iter().flat_map(|wanted| compare("run", wanted, Some(&ran))));
        if self.body.get("after").is_none() {
            let difference = before.1.difference(&Snapshot::of(&self.directory, false));
            problems.extend(in_front("the failure left ", difference));
        }
        problems.extend(self.compare_tree());
        if !problems.is_empty() {
            problems.push(format!("the run returned {ran}"));
        }
        problems
    }

    /// The module's result.
    pub fn call(&self, mode: Mode) -> Value {
        let environment = self.body["environment"].as_object().into_iter().flatten();
        let context = Context {
            mode,
            environment: environment.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect(),
            bodies: Arc::clone(&self.bodies) as Arc<_>,
            cancelled: Arc::default(),
            predicted: Arc::new(AtomicBool::new(self.body["predicted"] == true)),
        };
        Value::Object((self.module.run)(self.arguments.clone(), &Arc::new(context)))
    }

    fn refuse_failure(step: &str, wanted: &Value, result: &Value) -> Option<String> {
        let unexpected = result["failed"] == true && wanted.get("failed").is_none();
        unexpected.then(|| format!("{step}: failed: {}", result["msg"]))
    }

    /// Compares results that are there already with what the case says of them.
    pub fn written(&self, check: &Value, run: &Value, again: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for (step, result) in [("check", check), ("run", run), ("again", again)] {
            problems.extend(self.body.get(step).into_iter().flat_map(|wanted| compare(step, wanted, Some(result))));
        }
        if let Some(message) = self.body.get("fails") {
            problems.extend(compare("run", &json!({ "failed": true, "msg": message }), Some(run)));
        }
        problems.extend(self.compare_tree());
        problems
    }

    fn compare_tree(&self) -> Vec<String> {
        let wanted = self.body["after"].as_object().into_iter().flatten();
        let mut problems: Vec<String> = wanted
            .flat_map(|(path, wanted)| {
                let wanted = if wanted.is_null() { &json!("(absent)") } else { wanted };
                compare(path, wanted, describe(&self.directory.join(path)).as_ref())
            })
            .collect();
        problems.extend(Snapshot::of(&self.directory, false).leftovers());
        problems
    }
}

/// What check mode returns when the case does not say: what the run does, but for what lies at the
/// path, which is still as before.
fn prediction(run: &Value) -> Value {
    let mut predicted = run.clone();
    if let Some(values) = predicted.as_object_mut() {
        values.retain(|name, _| !["uid", "gid", "owner", "group", "mode", "state", "size"].contains(&name.as_str()));
    }
    predicted
}

fn in_front(what: &str, lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(move |line| format!("{what}{line}"))
}

/// `$dir` filled in, in keys too.
pub fn substituted(value: &Value, directory: &str) -> Value {
    match value {
        Value::String(text) => servers::fill_in(text.replace("$dir", directory)).into(),
        Value::Array(items) => items.iter().map(|item| substituted(item, directory)).collect(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| (key.replace("$dir", directory), substituted(value, directory)));
            Value::Object(pairs.collect())
        }
        other => other.clone(),
    }
}

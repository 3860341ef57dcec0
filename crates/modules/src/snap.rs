//! `snap`: packages of snapd.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, args::python_repr},
};

choice! {
    /// What is wanted of snaps.
    enum State {
        /// Not installed.
        Absent = "absent",
        /// Installed, from the channel that is named.
        Present = "present",
        /// Installed, and not disabled.
        Enabled = "enabled",
        /// Disabled, if they are installed.
        Disabled = "disabled",
    }
}

/// How sure one can be of what a channel has.
const RISKS: [&str; 4] = ["stable", "candidate", "beta", "edge"];

/// Installs, removes, enables and disables snaps, and sets their options.
///
/// ```yaml
/// - snap:
///     name: [lxd, jq]
/// - snap:
///     name: helm
///     classic: true
///     channel: 3/stable
/// - snap:
///     name: nextcloud
///     options:
///     - ports.http=81
///     - nextcloud:ports.https=444
/// ```
#[derive(Args)]
pub struct Snap {
    /// The snaps, or files of such.
    name: Vec<String>,
    /// What is wanted of them.
    #[arg(default = "present")]
    state: State,
    /// Lets a snap see the whole host.
    #[arg(default = false)]
    classic: bool,
    /// The channel to follow, as `edge` or `2.0/beta`; the stable one when missing.
    channel: Option<String>,
    /// Options of snaps that are installed: `key=value` for all of them, or `snap:key=value`.
    options: Option<Vec<String>>,
    /// Installs what nobody signed.
    #[arg(default = false)]
    dangerous: bool,
}

/// What is to be run, and what results say of it.
pub struct Plan {
    fields: Fields,
    steps: Vec<Step>,
    options: Vec<(String, Vec<String>)>,
}

/// Calls that belong together: all are made before one that failed counts.
struct Step {
    what: &'static str,
    calls: Vec<Vec<String>>,
    fields: Fields,
}

/// The snaps that are there.
struct Installed {
    /// Which channel each follows, and whether it is disabled.
    snaps: BTreeMap<String, (String, bool)>,
}

impl Module for Snap {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let snap = host.required("snap")?;
        let ask = |words: &[&str]| host.query(&program(&snap, words));
        let version = ask(&["version"])?.out();
        let version = version.lines().filter_map(|line| Some((line.split_whitespace().next()?, line)));
        let version =
            version.filter_map(|(name, line)| Some((name.to_owned(), json!(line.split_whitespace().nth(1)?))));
        let mut fields = Fields::new();
        fields.insert("version".into(), Value::Object(version.collect()));
        if self.state == State::Present {
            let told = self.told_names(host, &snap)?;
            let names = told.ok_or_else(|| failed("Module failed with exception: list index out of range", &fields))?;
            fields.insert("classic".into(), json!(self.classic));
            fields.insert("channel".into(), json!(self.channel));
            fields.insert("snap_names".into(), json!(names));
        }
        let installed = Installed::parse(&ask(&["list"])?);
        let mut plan = Plan { fields, steps: self.steps(&installed), options: Vec::new() };
        if self.state == State::Present {
            plan.options = self.options(host, &snap, &installed, &plan.fields)?;
        }
        let is_change = !plan.steps.is_empty() || !plan.options.is_empty();
        let mut done = plan.done();
        done.shift_remove("cmd");
        Ok(Changes::when(is_change, plan).with_all(done))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let snap = host.required("snap")?;
        let mut fields = plan.fields.clone();
        for step in &plan.steps {
            fields.extend(step.fields.clone());
            let finished: Result<Vec<_>, _> = step.calls.iter().map(|call| host.run(&program(&snap, call))).collect();
            let finished = finished?;
            if !finished.iter().all(Finished::success) {
                return Err(failed(&step.refused(&finished), &fields));
            }
        }
        for (name, options) in &plan.options {
            let call: Vec<&str> = ["set", name].into_iter().chain(options.iter().map(String::as_str)).collect();
            let finished = host.run(&program(&snap, &call))?;
            if !finished.success() {
                let (options, error) = (options.join(" "), finished.err());
                let msg = format!("Cannot set options '{options}' for snap '{name}': error={error}");
                return Err(failed(&msg, &fields));
            }
        }
        Ok(plan.done())
    }
}

impl Plan {
    /// What the result says when all went well.
    fn done(&self) -> Fields {
        let mut fields = self.fields.clone();
        self.steps.iter().for_each(|step| fields.extend(step.fields.clone()));
        if fields.get("channel").is_some_and(Value::is_null) {
            fields.insert("channel".into(), json!("stable"));
        }
        let changed = self
            .options
            .iter()
            .flat_map(|(name, options)| options.iter().map(move |option| format!("{name}:{option}")));
        let changed: Vec<String> = changed.collect();
        if !changed.is_empty() {
            fields.insert("options_changed".into(), json!(changed));
        }
        fields
    }
}

impl Step {
    /// What a failure says. That the first call needs `classic` is told apart.
    fn refused(&self, finished: &[Finished]) -> String {
        let error = finished.first().map(Finished::err).unwrap_or_default();
        let classic = error.strip_prefix("error: This revision of snap \"");
        let classic = classic.and_then(|rest| rest.split_once("\" was published using classic confinement"));
        match classic {
            Some((name, _)) => format!("Couldn't install {name} because it requires classic confinement"),
            None => format!(
                "Ooops! Snap {} failed while executing '{}', please examine logs and error output for more details.",
                self.what,
                self.fields["cmd"].as_str().unwrap_or_default()
            ),
        }
    }
}

impl Snap {
    /// What the snaps are called that are named; `None` when one is unknown.
    fn told_names(&self, host: &Reader, snap: &PathBuf) -> Result<Option<Vec<String>>, Failure> {
        if self.name.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let call: Vec<&str> = ["info"].into_iter().chain(self.name.iter().map(String::as_str)).collect();
        let out = host.query(&program(snap, &call))?.out();
        let names = out.split("---").map(|part| {
            let line = part.lines().find(|line| line.starts_with("name:"))?;
            line.split_whitespace().nth(1).map(str::to_owned)
        });
        Ok(names.collect())
    }

    fn steps(&self, installed: &Installed) -> Vec<Step> {
        let with = |verb: &str, names: &[&str]| -> Vec<String> {
            [verb].iter().chain(names).map(|word| (*word).to_owned()).collect()
        };
        let (verb, field, is_wanted): (_, _, fn(Option<bool>) -> bool) = match self.state {
            State::Absent => ("remove", "snaps_removed", |disabled| disabled.is_some()),
            State::Enabled => ("enable", "snaps_enabled", |disabled| disabled != Some(false)),
            State::Disabled => ("disable", "snaps_disabled", |disabled| disabled == Some(false)),
            State::Present => return self.presence(installed),
        };
        let disabled = |name: &str| installed.snaps.get(name).map(|(_, is_disabled)| *is_disabled);
        let names = self.name.iter().map(String::as_str).filter(|name| is_wanted(disabled(name)));
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return Vec::new();
        }
        let command = told(&["classic", "channel", "state"], &names);
        let fields = Fields::from_iter([(field.to_owned(), json!(names)), ("cmd".to_owned(), json!(command))]);
        vec![Step { what: "operation", calls: vec![with(verb, &names)], fields }]
    }

    /// Those that follow another channel change first, then the others are installed.
    fn presence(&self, installed: &Installed) -> Vec<Step> {
        let mut options: Vec<&str> = Vec::new();
        options.extend(self.classic.then_some("--classic"));
        if let Some(channel) = self.channel.as_deref().filter(|channel| *channel != "stable") {
            options.extend(["--channel", channel]);
        }
        options.extend(self.dangerous.then_some("--dangerous"));
        let follows = |name: &&String| installed.snaps.get(*name).map(|(channel, _)| channel);
        let channel = self.channel.as_deref().filter(|channel| !channel.is_empty()).map(full_channel);
        let is_other = |name: &&String| {
            follows(name).zip(channel.as_ref()).is_some_and(|(followed, wanted)| full_channel(followed) != *wanted)
        };
        let step = |verb: &str, names: Vec<&String>| {
            let calls = names.iter().map(|name| {
                let words = [verb].into_iter().chain(options.iter().copied()).chain([name.as_str()]);
                words.map(str::to_owned).collect()
            });
            let commands =
                names.iter().map(|name| told(&["state", "classic", "channel", "dangerous"], &[name.as_str()]));
            let commands: Vec<String> = commands.collect();
            let fields = Fields::from_iter([
                ("snaps_installed".to_owned(), json!(names)),
                ("cmd".to_owned(), json!(commands.join("; "))),
            ]);
            (!names.is_empty()).then(|| Step { what: "installation", calls: calls.collect(), fields })
        };
        let moved = step("refresh", self.name.iter().filter(is_other).collect());
        let new = step("install", self.name.iter().filter(|name| follows(name).is_none()).collect());
        moved.into_iter().chain(new).collect()
    }

    /// The options that are to be set of each snap that is there. `known` is what failures say too.
    fn options(
        &self,
        host: &Reader,
        snap: &PathBuf,
        installed: &Installed,
        known: &Fields,
    ) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let mut all = Vec::new();
        let Some(wanted) = self.options.as_ref().filter(|wanted| !wanted.is_empty()) else { return Ok(all) };
        for name in self.name.iter().filter(|name| installed.snaps.contains_key(*name)) {
            let out = host.query(&program(snap, &["get", "-d", name]))?.out();
            let current = read_options(&out).map_err(|why| {
                let what = format!("Parsing option map returned by 'snap get {name}' triggers exception '{why}'");
                failed(&format!("{what}, output:\n'{out}'"), known)
            })?;
            let mut changed = Vec::new();
            for option in wanted {
                let unread = || failed(&format!("Cannot parse set option '{option}'"), known);
                let (owner, key, value) = parse_option(option).ok_or_else(unread)?;
                if owner.is_some_and(|owner| !self.name.iter().any(|name| name == owner)) {
                    let why = "refers to snap which is not in the list of snap names";
                    return Err(failed(&format!("Snap option '{option}' {why}"), known));
                }
                let is_meant = owner.is_none_or(|owner| owner == name);
                if is_meant && current.get(key).map(String::as_str) != Some(value) {
                    changed.push(format!("{key}={value}"));
                }
            }
            if !changed.is_empty() {
                all.push((name.clone(), changed));
            }
        }
        Ok(all)
    }
}

impl Installed {
    /// Reads the table that `snap list` prints.
    fn parse(listed: &Finished) -> Self {
        let out = listed.out();
        let rows = out.lines().skip(1).filter_map(|line| {
            let mut words = line.split_whitespace();
            let (name, channel) = (words.next()?, words.nth(2)?);
            let is_disabled = words.next_back()?.split(',').any(|note| note == "disabled");
            Some((name.to_owned(), (channel.to_owned(), is_disabled)))
        });
        Self { snaps: rows.collect() }
    }
}

fn program(snap: &PathBuf, words: &[impl AsRef<str>]) -> Program {
    Program::new(snap).args(words.iter().map(AsRef::as_ref)).plain_locale()
}

/// A channel with its track.
fn full_channel(channel: &str) -> String {
    let is_whole = channel.split_once('/').is_some_and(|(first, _)| !RISKS.contains(&first));
    if is_whole { channel.to_owned() } else { format!("latest/{channel}") }
}

/// A call as results have it.
fn told(words: &[&str], names: &[&str]) -> String {
    python_repr(&json!([words, names].concat()))
}

/// The snap, the key and the value of an option.
fn parse_option(option: &str) -> Option<(Option<&str>, &str, &str)> {
    let (key, value) = option.split_once('=')?;
    let (owner, key) = match key.rsplit_once(':') {
        Some((owner, key)) => (Some(owner), key),
        None => (None, key),
    };
    let is_key = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    (is_key && !value.is_empty()).then_some((owner, key, value))
}

/// The options that `snap get` prints, with the keys that `snap set` has for them. Fails with what is wrong.
fn read_options(out: &str) -> Result<BTreeMap<String, String>, String> {
    let tree: Value = serde_json::from_str(out).map_err(|_| "Expecting value: line 1 column 1 (char 0)".to_owned())?;
    let mut options = BTreeMap::new();
    let mut open = vec![(String::new(), &tree)];
    while let Some((key, value)) = open.pop() {
        let text = match value {
            Value::Object(map) => {
                let inner = |name: &String| if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                open.extend(map.iter().map(|(name, value)| (inner(name), value)));
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null | Value::Array(_) => return Err(String::new()),
        };
        options.insert(key, text);
    }
    Ok(options)
}

/// A failure as Ansible's module has it: with all that is known, three times.
fn failed(msg: &str, known: &Fields) -> Failure {
    let mut output = json!(known);
    output["diff"] = json!({});
    Failure { msg: msg.to_owned(), fields: known.clone() }.with("output", output).with("vars", json!(known))
}

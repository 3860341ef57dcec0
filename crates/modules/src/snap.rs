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

/// How stable what a channel has is; a channel that begins so is one of the track `latest`.
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
    /// The channel to follow, as `edge` or `2.0/beta`; snap's own choice when missing.
    channel: Option<String>,
    /// Options of snaps that are installed: `key=value` for all of them, or `snap:key=value`.
    options: Option<Vec<String>>,
    /// Installs what nobody signed.
    #[arg(default = false)]
    dangerous: bool,
}

/// What is to be run, and the words for what fails.
#[derive(Default)]
pub struct Plan {
    steps: Vec<Step>,
    options: Vec<(String, Vec<String>)>,
}

/// Calls that belong together: all are made before one that failed counts.
struct Step {
    what: &'static str,
    calls: Vec<Vec<String>>,
    fields: Fields,
}

impl Module for Snap {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let snap = host.required("snap")?;
        let ask = |words: &[&str]| host.query(&program(&snap, words));
        let version: Value = lines(&ask(&["version"])?).filter_map(pair).collect::<serde_json::Map<_, _>>().into();
        let mut fields = Fields::from_iter([("version".to_owned(), version)]);
        if self.state == State::Present {
            let told = self.told_names(host, &snap);
            let names = told.ok_or_else(|| failed("Module failed with exception: list index out of range", &fields))?;
            fields.insert("classic".into(), json!(self.classic));
            fields.insert("channel".into(), json!(self.channel));
            fields.insert("snap_names".into(), json!(names));
        }
        let installed = Installed::parse(&ask(&["list"])?);
        let plan = match self.state {
            State::Present => self.presence(host, &snap, &installed, &fields)?,
            other => self.change(other, &installed),
        };
        if !host.mode().check {
            let is_change = !plan.steps.is_empty() || !plan.options.is_empty();
            let fields = if is_change { fields } else { self.settled(fields) };
            return Ok(Changes::when(is_change, plan).with_all(fields));
        }
        let is_change = !plan.steps.is_empty() || !plan.options.is_empty();
        plan.steps.iter().for_each(|step| fields.extend(step.fields.clone()));
        fields.shift_remove("cmd");
        note_options(&plan, &mut fields);
        Ok(Changes::when(is_change, plan).with_all(self.settled(fields)))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let snap = host.required("snap")?;
        let known = Changes::<()>::none();
        let mut fields = known.fields;
        let mut done = Fields::new();
        for step in &plan.steps {
            done.extend(step.fields.clone());
            let mut errors = Vec::new();
            for call in &step.calls {
                let finished = host.run(&program(&snap, call))?;
                errors.extend((!finished.success()).then(|| finished.err()));
            }
            if !errors.is_empty() {
                return Err(self.refused(step, &errors));
            }
        }
        fields.extend(done);
        for (name, options) in &plan.options {
            let call: Vec<&str> = ["set", name].into_iter().chain(options.iter().map(String::as_str)).collect();
            let finished = host.run(&program(&snap, &call))?;
            if !finished.success() {
                let (options, error) = (options.join(" "), finished.err());
                return Err(Failure::new(format!("Cannot set options '{options}' for snap '{name}': error={error}")));
            }
        }
        note_options(&plan, &mut fields);
        Ok(self.settled(fields))
    }
}

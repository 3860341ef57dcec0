//! `alternatives`: which of several programs a name stands for, through `update-alternatives`.

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, FromArg, Module, Reader, Writer,
        args::{Conversion, Suboptions},
    },
};

mod query;

use query::{Known, Subcommand};

choice! {
    /// What should become of an alternative.
    pub enum State {
        /// There.
        Present = "present",
        /// There, and the one that the name stands for.
        Selected = "selected",
        /// Not there.
        Absent = "absent",
        /// There, and the one with the highest priority is what the name stands for.
        Auto = "auto",
    }
}

/// Adds, selects or removes an alternative of a name.
///
/// ```yaml
/// - alternatives:
///     name: java
///     path: /usr/lib/jvm/java-17-openjdk-amd64/bin/java
/// - alternatives:
///     name: editor
///     link: /usr/bin/editor
///     path: /usr/bin/vim.tiny
///     priority: 10
///     state: present
/// ```
#[derive(Args)]
#[args(one_of("path", "family"))]
pub struct Alternatives {
    /// The name.
    name: String,
    /// The program that it should stand for.
    path: Option<String>,
    /// The family of the alternative, on Red Hat's kin, instead of `path`.
    family: Option<String>,
    /// The path of the name: needed for a name that is new.
    link: Option<String>,
    /// The priority of a new alternative, 50 where it is missing; that of one that is there changes.
    priority: Option<i64>,
    /// What should become of it.
    #[arg(default = "selected")]
    state: State,
    /// Further names that go with this one: mappings with `name`, `link` and `path`.
    #[arg(alias = "slaves")]
    subcommands: Option<Vec<Subcommand>>,
}

/// What is done.
#[derive(Default)]
pub struct Plan {
    installs: bool,
    removes: bool,
    selects: bool,
    goes_auto: bool,
    link: String,
    priority: i64,
    subcommands: Vec<Subcommand>,
}

impl FromArg for Subcommand {
    const KIND: crate::kit::Kind = crate::kit::Kind::Dict;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, crate::kit::ArgError> {
        let Suboptions(value) = Suboptions::from_arg(value, conversion)?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        match (text("name"), text("link"), text("path")) {
            (Some(name), Some(link), Some(path)) => Ok(Self { name, link, path }),
            _ => {
                let missing: Vec<&str> =
                    ["link", "name", "path"].into_iter().filter(|key| text(key).is_none()).collect();
                let (missing, name) = (missing.join(", "), conversion.name);
                let msg = format!("missing required arguments: {missing} found in {name}");
                Err(crate::kit::ArgError::Rule(msg))
            }
        }
    }
}

impl Module for Alternatives {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let known = Known::look_up(host, &self.name)?;
        let path = self.target();
        let own = known.alternatives.iter().find(|alternative| alternative.path == path);
        let mut plan = Plan { link: self.link.clone().or(known.link.clone()).unwrap_or_default(), ..Plan::default() };
        plan.priority = self.priority.or(own.map(|own| own.priority)).unwrap_or(50);
        let present = own.map(|own| own.subcommands.clone()).unwrap_or_default();
        plan.subcommands = self.subcommands.clone().unwrap_or_else(|| present.clone());
        if self.state == State::Absent {
            plan.removes = own.is_some();
        } else {
            let differs = self.priority.is_some_and(|wanted| own.is_some_and(|own| own.priority != wanted))
                || !same(&plan.subcommands, &present);
            plan.installs = own.is_none() || differs;
            let is_selected = known.value.as_ref() == Some(&path);
            plan.selects = self.state == State::Selected && !is_selected;
            plan.goes_auto = self.state == State::Auto && !known.is_auto && known.link.is_some();
        }
        if plan.installs {
            if !host.exists(&path) && self.family.is_none() {
                return Err(Failure::new(format!("Specified path {path} does not exist")));
            }
            if plan.link.is_empty() {
                let msg = "Needed to install the alternative, but unable to do so as we are missing the link";
                return Err(Failure::new(msg));
            }
        }
        let changed = plan.installs || plan.removes || plan.selects || plan.goes_auto;
        let diff = Diff::new(self.before(&known), self.after(&plan));
        let msg = self.message(&plan);
        Ok(Changes::when(changed, plan).with("msg", msg).with_diff(diff))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let tool = query::program(host)?;
        let path = self.target();
        let mut calls = Vec::new();
        if plan.removes {
            calls.push(tool.clone().arg("--remove").arg(&self.name).arg(&path));
        }
        if plan.installs {
            let call = tool.clone().arg("--install").arg(&plan.link).arg(&self.name).arg(&path);
            let call = call.arg(plan.priority.to_string());
            calls.push(
                plan.subcommands
                    .iter()
                    .fold(call, |call, other| call.arg("--slave").arg(&other.link).arg(&other.name).arg(&other.path)),
            );
        }
        if plan.selects {
            calls.push(tool.clone().arg("--set").arg(&self.name).arg(&path));
        }
        if plan.goes_auto {
            calls.push(tool.arg("--auto").arg(&self.name));
        }
        for call in calls {
            host.run(&call)?.checked(&call)?;
        }
        Ok(Fields::new())
    }
}

/// Whether both have the same names, in any order.
fn same(one: &[Subcommand], other: &[Subcommand]) -> bool {
    one.len() == other.len() && one.iter().all(|subcommand| other.contains(subcommand))
}

impl Alternatives {
    /// The path or the family.
    fn target(&self) -> String {
        self.path.clone().or_else(|| self.family.clone()).unwrap_or_default()
    }

    fn message(&self, plan: &Plan) -> String {
        let (name, path) = (&self.name, self.target());
        let parts = [
            (plan.removes, format!("Remove alternative '{path}' from '{name}'.")),
            (plan.installs, format!("Install alternative '{path}' for '{name}'.")),
            (plan.selects, format!("Set alternative '{path}' for '{name}'.")),
            (plan.goes_auto, format!("Set alternative to auto for '{name}'.")),
        ];
        parts.into_iter().filter(|(is_done, _)| *is_done).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    fn before(&self, known: &Known) -> Value {
        let path = self.target();
        if known.link.is_none() {
            return json!({});
        }
        let Some(own) = known.alternatives.iter().find(|alternative| alternative.path == path) else {
            return json!({ "state": "absent" });
        };
        // Which one is chosen by hand is what Ansible shows of the others.
        let is_other = !known.is_auto && known.value.as_ref() != Some(&path);
        let state = if is_other { "selected" } else { "present" };
        let mut before = json!({ "state": state, "path": path, "priority": own.priority, "link": known.link });
        if !own.subcommands.is_empty() {
            before["subcommands"] = query::shown(&own.subcommands);
        }
        before
    }

    fn after(&self, plan: &Plan) -> Value {
        let mut after = json!({});
        if plan.removes {
            after["state"] = json!("absent");
        }
        if plan.installs {
            after = json!({ "state": "present", "path": self.path, "family": self.family, "link": plan.link, "priority": plan.priority });
            if !plan.subcommands.is_empty() {
                after["subcommands"] = query::shown(&plan.subcommands);
            }
        }
        if plan.selects {
            after["state"] = json!("selected");
        } else if plan.goes_auto {
            after["state"] = json!("present");
        }
        after
    }
}

//! `alternatives`: which of several programs a name stands for, through `update-alternatives`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{
        ArgError, Args, Changes, Diff, Failure, Fields, FromArg, Kind, Module, Reader, Writer,
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
    path: Option<PathBuf>,
    /// The family of the alternative, on Red Hat's kin: beside `path` that of a new one, without it the one to select.
    family: Option<String>,
    /// The path of the name: needed for a name that is new.
    link: Option<PathBuf>,
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

const SUBOPTIONS: [&str; 3] = ["link", "name", "path"];

impl FromArg for Subcommand {
    const KIND: Kind = Kind::Dict;

    fn from_arg(value: Value, conversion: &Conversion) -> Result<Self, ArgError> {
        let Suboptions(mut value) = Suboptions::from_arg(value, conversion)?;
        let missing: Vec<&str> = SUBOPTIONS.into_iter().filter(|key| !value.contains_key(*key)).collect();
        if !missing.is_empty() {
            let (missing, name) = (missing.join(", "), conversion.name);
            return Err(ArgError::Rule(format!("missing required arguments: {missing} found in {name}")));
        }
        let mut take = |key: &str| value.shift_remove(key).unwrap_or_default();
        let path = |value| PathBuf::from_arg(value, conversion).map(|path| path.to_string_lossy().into_owned());
        let subcommand = Self {
            name: String::from_arg(take("name"), conversion)?,
            link: path(take("link"))?,
            path: path(take("path"))?,
        };
        if value.is_empty() {
            return Ok(subcommand);
        }
        let names = value.keys().map(|key| format!("{}.{key}", conversion.name)).collect();
        let (module, supported) = ("community.general.alternatives", SUBOPTIONS.join(", "));
        Err(ArgError::Unknown { module, names, supported })
    }
}

impl Module for Alternatives {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let known = Known::look_up(host, &self.name)?;
        let path = self.target();
        let own = known.alternatives.iter().find(|alternative| alternative.path == path);
        let link = self.link.as_ref().map(|link| link.to_string_lossy().into_owned());
        let mut plan = Plan { link: link.or(known.link.clone()).unwrap_or_default(), ..Plan::default() };
        plan.priority = self.priority.or(own.map(|own| own.priority)).unwrap_or(50);
        let present = own.map(|own| own.subcommands.clone()).unwrap_or_default();
        plan.subcommands = self.subcommands.clone().unwrap_or_else(|| present.clone());
        if self.state == State::Absent {
            plan.removes = own.is_some();
        } else {
            let differs = self.priority.is_some_and(|wanted| own.is_some_and(|own| own.priority != wanted))
                || !same(&plan.subcommands, &present);
            plan.installs = self.path.is_some() && (own.is_none() || differs);
            let is_selected = known.value.as_ref().is_some_and(|value| {
                let chosen = known.alternatives.iter().find(|alternative| alternative.path == *value);
                *value == path || self.family.is_some() && chosen.is_some_and(|chosen| chosen.family == self.family)
            });
            plan.selects = self.state == State::Selected && !is_selected;
            plan.goes_auto = self.state == State::Auto && !known.is_auto && known.link.is_some();
        }
        if plan.installs {
            if !host.exists(&path) {
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
            let mut call = call.arg(plan.priority.to_string());
            if let Some(family) = &self.family {
                call = call.arg("--family").arg(family);
            }
            for Subcommand { name, link, path } in plan.subcommands.iter().filter(|other| !other.link.is_empty()) {
                call = call.args(["--slave", link, name, path]);
            }
            calls.push(call);
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

/// Whether what is wanted is there, in any order and no more; of its link, as far as that is known.
fn same(wanted: &[Subcommand], present: &[Subcommand]) -> bool {
    let is_meant = |one: &Subcommand, other: &Subcommand| {
        (&one.name, &one.path) == (&other.name, &other.path) && (other.link.is_empty() || one.link == other.link)
    };
    wanted.len() == present.len() && wanted.iter().all(|one| present.iter().any(|other| is_meant(one, other)))
}

impl Alternatives {
    /// The path or the family.
    fn target(&self) -> String {
        let path = self.path.as_ref().map(|path| path.to_string_lossy().into_owned());
        path.or_else(|| self.family.clone()).unwrap_or_default()
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
            after = json!({ "state": "present", "path": self.target(), "family": self.family, "link": plan.link, "priority": plan.priority });
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

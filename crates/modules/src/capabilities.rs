//! `capabilities`: what a program may do without being root's.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer},
};

/// What stands between the names of capabilities and their flags.
const OPERATORS: [char; 3] = ['=', '-', '+'];

choice! {
    /// What is wanted of a capability.
    enum State {
        /// The file has it not.
        Absent = "absent",
        /// The file has it.
        Present = "present",
    }
}

/// Gives capabilities to the file of a program, or takes them (`man 7 capabilities`).
///
/// What is asked for is compared as it is written with what `getcap` prints, which has `=` where many write `+`.
///
/// ```yaml
/// - capabilities:
///     path: /usr/local/bin/web
///     capability: cap_net_bind_service=ep
/// - capabilities:
///     path: /usr/local/bin/web
///     capability: cap_net_bind_service
///     state: absent
/// ```
#[derive(Args)]
pub struct Capabilities {
    /// The file.
    #[arg(alias = "key")]
    path: String,
    /// The capability, or several with commas; to give it, with an operator and flags.
    #[arg(alias = "cap")]
    capability: String,
    /// What is wanted.
    #[arg(default = "present")]
    state: State,
}

impl Module for Capabilities {
    type Plan = String;

    fn inspect(&self, host: &Reader) -> Result<Changes<String>, Failure> {
        let getcap = host.required("getcap")?;
        host.required("setcap")?;
        let wanted = split(&self.capability.trim().to_lowercase());
        let is_present = self.state == State::Present;
        if is_present && wanted.iter().any(|(_, flags)| flags.is_empty()) {
            return Err(Failure::new("Couldn't find operator (one of: ('=', '-', '+'))"));
        }
        let mut all = self.current(host, getcap)?;
        let is_named = |(name, _): &(String, String)| wanted.iter().any(|(other, _)| other == name);
        let is_done = if is_present {
            wanted.iter().all(|capability| all.contains(capability))
        } else {
            !all.iter().any(is_named)
        };
        if is_done {
            return Ok(Changes::none().with("state", self.state()));
        }
        all.retain(|capability| !is_named(capability));
        if is_present {
            all.extend(wanted);
        }
        let all: Vec<String> = all.iter().map(|(name, flags)| format!("{name}{flags}")).collect();
        Ok(Changes::of(all.join(" ")).with("msg", "capabilities changed"))
    }

    fn apply(&self, all: String, host: &mut Writer) -> Result<Fields, Failure> {
        let finished = host.run(&Program::new(host.required("setcap")?).arg(all).arg(&self.path))?;
        if !finished.success() {
            return Err(self.failed("set", &finished.out(), &finished.err()));
        }
        let fields = [("state", json!(self.state())), ("stdout", json!(finished.out()))];
        Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Capabilities {
    fn state(&self) -> &'static str {
        if self.state == State::Present { "present" } else { "absent" }
    }

    /// The capabilities of the file.
    fn current(&self, host: &Reader, getcap: PathBuf) -> Result<Vec<(String, String)>, Failure> {
        let finished = host.query(&Program::new(getcap).arg("-v").arg(&self.path))?;
        let out = finished.out();
        let out = out.trim();
        // What is no regular file is no failure to getcap.
        if !finished.success() || !finished.stderr.is_empty() || out.ends_with(')') {
            return Err(self.failed("get", out, &finished.err()));
        }
        // Older ones print `PATH = CAPABILITIES`.
        let rest = out.strip_prefix(&self.path).unwrap_or(out).trim_start();
        let rest = rest.strip_prefix("= ").unwrap_or(rest);
        Ok(rest.split_whitespace().filter(|word| *word != "=").flat_map(split).collect())
    }

    fn failed(&self, doing: &str, out: &str, err: &str) -> Failure {
        let msg = format!("Unable to {doing} capabilities of {}", self.path);
        Failure::new(msg).with("stdout", out).with("stderr", err)
    }
}

/// The names of `cap_chown,cap_kill=ep`, each with `=ep`.
fn split(text: &str) -> Vec<(String, String)> {
    let (names, flags) = text.split_at(text.find(OPERATORS).unwrap_or(text.len()));
    names.split(',').map(|name| (name.to_owned(), flags.to_owned())).collect()
}

//! A command line of apt-get, aptitude or dpkg, and what its end means.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::kit::{Failure, Fields, Finished, Program, shlex};

/// apt-get's last word when there was nothing to do.
const NOTHING: &str = "\n0 upgraded, 0 newly installed, 0 to remove";
/// The same of aptitude.
const APTITUDE_NOTHING: &str = "\n0 packages upgraded, 0 newly installed, 0 to remove";

/// How it is known whether a command changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It did.
    Always,
    /// It did, unless it says that there was nothing to do.
    UnlessNothing,
    /// It did if its output has this text.
    If(&'static str),
}

/// A command to run.
#[derive(Clone, Debug)]
pub struct Order {
    /// The command line as Ansible shows it, quotes included.
    pub line: String,
    /// What the message of its failure is made of.
    pub complaint: Complaint,
    /// Whether it changed something.
    pub changed: Changed,
    /// Its output is the result's `msg` too.
    pub talks: bool,
}

/// How a failure is worded.
#[derive(Clone, Debug)]
pub enum Complaint {
    /// `'NAME' failed: ERRORS`, with `rc`.
    Named(String),
    /// `COMMAND failed`.
    Plain,
}

impl Complaint {
    fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }
}

/// What commands returned so far.
#[derive(Default)]
pub struct Outcome {
    /// Something changed.
    pub changed: bool,
    /// Return values.
    pub fields: Fields,
}

impl Order {
    fn program(&self) -> Result<Program, Failure> {
        let words = shlex::split(&self.line).map_err(|why| Failure::new(format!("{why} in `{}`", self.line)))?;
        let program = Program::new(&words[0]).args(&words[1..]).plain_locale();
        Ok(program.env("DEBIAN_FRONTEND", "noninteractive").env("DEBIAN_PRIORITY", "critical"))
    }

    /// Runs it by `run`, again as long as something else holds apt's locks, and adds what it returned.
    pub fn carry_out(
        &self,
        run: &mut dyn FnMut(&Program) -> Result<Finished, Failure>,
        lock_timeout: Duration,
        diff: bool,
        outcome: &mut Outcome,
    ) -> Result<(), Failure> {
        let program = self.program()?;
        let finished = patient(lock_timeout, || run(&program))?;
        let (out, err) = (finished.out(), finished.err());
        if !finished.success() {
            return Err(self.failure(&finished, &out, &err));
        }
        let changed = match self.changed {
            Changed::Always => true,
            Changed::UnlessNothing => !out.contains(NOTHING) && !out.contains(APTITUDE_NOTHING),
            Changed::If(text) => out.contains(text),
        };
        outcome.changed |= changed;
        let fields = &mut outcome.fields;
        let earlier = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (all_out, all_err) = (earlier("stdout") + &out, earlier("stderr") + &err);
        if self.talks {
            fields.insert("msg".into(), json!(all_out));
        }
        let shown = match (self.complaint.is_plain(), fields.get("diff")) {
            (true, Some(before)) => continued(before, &out),
            (is_dpkg, _) => {
                if diff || is_dpkg {
                    prepared(&out)
                } else {
                    json!({})
                }
            }
        };
        fields.insert("diff".into(), shown);
        fields.insert("stdout".into(), json!(all_out));
        fields.insert("stderr".into(), json!(all_err));
        if self.talks && !changed {
            fields.remove("diff");
        }
        Ok(())
    }

    fn failure(&self, finished: &Finished, out: &str, err: &str) -> Failure {
        let failure = match &self.complaint {
            Complaint::Named(name) => Failure::new(format!("'{name}' failed: {err}")).with("rc", finished.rc),
            Complaint::Plain => Failure::new(format!("{} failed", self.line)),
        };
        failure.with("stdout", out).with("stderr", err)
    }
}

/// Runs a program of apt or dpkg again, once a second, as long as its locks are held by another.
pub fn patient(timeout: Duration, mut run: impl FnMut() -> Result<Finished, Failure>) -> Result<Finished, Failure> {
    let started = Instant::now();
    loop {
        let finished = run()?;
        let err = finished.err();
        let locked = err.contains("Could not get lock") || err.contains("frontend lock was locked by another process");
        if finished.success() || !locked || started.elapsed() >= timeout {
            return Ok(finished);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// What apt said that it would do, as Ansible's diffs have it: from the line after `Reading state information...`
/// to the one that counts packages.
fn prepared(output: &str) -> Value {
    let lines: Vec<&str> = output.split('\n').collect();
    let start = ["Resolving dependencies...", "Reading state information..."]
        .iter()
        .find_map(|marker| lines.iter().position(|line| line == marker))
        .map_or(0, |at| at + 1);
    let counts = |line: &str| {
        let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
        rest.len() < line.len() && (rest.starts_with(" packages upgraded") || rest.starts_with(" upgraded"))
    };
    let end = lines.iter().position(|line| counts(line)).map_or(lines.len() - 1, |at| at + 1);
    json!({ "prepared": lines.get(start..end).unwrap_or_default().join("\n") })
}

/// The diff of an earlier command with another one's output.
fn continued(before: &Value, output: &str) -> Value {
    match before["prepared"].as_str() {
        Some(prepared) => json!({ "prepared": format!("{prepared}\n\n{output}") }),
        None => before.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffs_are_what_apt_prepares() {
        let output = "Reading package lists...\nReading state information...\nThe following NEW packages will be \
                      installed:\n  a\n0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\nInst a\n";
        let text = "The following NEW packages will be installed:\n  a\n0 upgraded, 1 newly installed, 0 to remove and 0 \
                    not upgraded.";
        assert_eq!(prepared(output), json!({ "prepared": text }));
        assert_eq!(prepared(""), json!({ "prepared": "" }));
    }
}

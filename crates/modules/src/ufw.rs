//! `ufw`: the uncomplicated firewall, through its own program.

mod check;
mod rule;

use serde_json::json;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, shlex},
};

choice! {
    /// What becomes of the firewall.
    pub enum State {
        /// Loaded, now and at boot.
        Enabled = "enabled",
        /// Not loaded.
        Disabled = "disabled",
        /// Loaded again.
        Reloaded = "reloaded",
        /// As after its installation.
        Reset = "reset",
    }
}

choice! {
    /// What a position is relative to.
    pub enum Origin {
        /// The beginning.
        Zero = "zero",
        /// The first rule for IPv4.
        FirstV4 = "first-ipv4",
        /// The last rule for IPv4.
        LastV4 = "last-ipv4",
        /// The first rule for IPv6.
        FirstV6 = "first-ipv6",
        /// The last rule for IPv6.
        LastV6 = "last-ipv6",
    }
}

/// Changes the state, the defaults and the rules of the uncomplicated firewall.
///
/// ```yaml
/// - ufw:
///     rule: allow
///     port: ssh
///     proto: tcp
/// - ufw:
///     state: enabled
///     policy: deny
/// ```
#[derive(Args)]
#[args(
    exclusive("name", "proto", "logging"),
    exclusive("direction", "interface_in"),
    exclusive("direction", "interface_out"),
    one_of("state", "default", "rule", "logging"),
    required_by("interface", "direction")
)]
pub struct Ufw {
    /// What becomes of the firewall. `reloaded` and `reset` are always a change.
    state: Option<State>,
    /// The policy for packets that no rule is for; for those that come in, unless `direction` says otherwise.
    #[arg(alias = "policy", choices("allow", "deny", "reject"))]
    default: Option<String>,
    /// Logging, or its level.
    #[arg(choices("full", "high", "low", "medium", "off", "on"))]
    logging: Option<String>,
    /// What a rule does.
    #[arg(choices("allow", "deny", "limit", "reject"))]
    rule: Option<String>,
    /// `in` and `out` for a rule; `incoming`, `outgoing` and `routed` for a default.
    #[arg(choices("in", "incoming", "out", "outgoing", "routed"))]
    direction: Option<String>,
    /// Where and what the rule is.
    #[arg(flatten)]
    details: rule::Details,
}

/// What was there before, and what is run.
pub struct Plan {
    before: Found,
    commands: Vec<Vec<String>>,
}

/// The firewall as it is.
struct Found {
    /// `ufw status verbose`.
    status: String,
    /// The lines of the rules in its files.
    rules: String,
}

/// Where ufw keeps its rules.
const FILES: [&str; 6] = [
    "/lib/ufw/user.rules",
    "/lib/ufw/user6.rules",
    "/etc/ufw/user.rules",
    "/etc/ufw/user6.rules",
    "/var/lib/ufw/user.rules",
    "/var/lib/ufw/user6.rules",
];

/// Commands that were run, as results list them.
type Log = Vec<String>;

impl Module for Ufw {
    type Plan = (Plan, Log);

    fn inspect(&self, host: &Reader) -> Result<Changes<(Plan, Log)>, Failure> {
        self.check()?;
        let mut log = Log::new();
        let before = look(&mut log, host)?;
        let is_check = host.mode().check;
        let commands = self.commands(host)?;
        if is_check {
            let changed = self.would_change(&before, &commands, &mut log, host)?;
            return Ok(Changes::none().with("changed", changed).with("commands", log));
        }
        Ok(Changes::of((Plan { before, commands }, log)))
    }

    fn apply(&self, (plan, mut log): (Plan, Log), host: &mut Writer) -> Result<Fields, Failure> {
        for words in &plan.commands {
            if self.rule.as_ref().is_some_and(|_| rule::is_rule(words)) {
                log.push(line(&["--version".to_owned()], host)?);
            }
            log.push(line(words, host)?);
            let finished = host.run(&program(words, host)?)?;
            if !finished.success() {
                return Err(refused(&finished, log));
            }
        }
        let mut changed = matches!(self.state, Some(State::Reloaded | State::Reset));
        changed |= self.logging_differs(&plan.before.status);
        let status = ufw(&["status", "verbose"], &mut log, host)?;
        if !changed {
            let rules = rules(&mut log, host)?;
            changed = status != plan.before.status || rules != plan.before.rules;
        }
        let fields = [("changed", json!(changed)), ("commands", json!(log)), ("msg", json!(status.trim_end()))];
        Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Ufw {
    fn check(&self) -> Result<(), Failure> {
        let direction = self.direction.as_deref();
        if self.default.is_some() && matches!(direction, Some("in" | "out")) {
            let msg = "For default, direction must be one of \"outgoing\", \"incoming\" and \"routed\", or direction must not be specified.";
            return Err(Failure::new(msg));
        }
        if self.rule.is_none() {
            return Ok(());
        }
        if matches!(direction, Some("incoming" | "outgoing" | "routed")) {
            let msg = "For rules, direction must be one of \"in\" and \"out\", or direction must not be specified.";
            return Err(Failure::new(msg));
        }
        self.details.check()
    }

    /// The arguments of each command, in order.
    fn commands(&self, host: &Reader) -> Result<Vec<Vec<String>>, Failure> {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut commands = Vec::new();
        let state = self.state.map(|state| match state {
            State::Enabled => "enable",
            State::Disabled => "disable",
            State::Reloaded => "reload",
            State::Reset => "reset",
        });
        commands.extend(state.map(|state| words(&["-f", state])));
        if let Some(default) = &self.default {
            let mut command = words(&["default", default]);
            command.extend(self.direction.clone());
            commands.push(command);
        }
        if let Some(rule) = &self.rule {
            commands.push(self.details.command(rule, self.direction.as_deref(), host)?);
        }
        commands.extend(self.logging.as_ref().map(|level| words(&["logging", level])));
        Ok(commands)
    }
}

fn refused(finished: &crate::kit::Finished, log: Log) -> Failure {
    let said = if finished.stderr.is_empty() { finished.out() } else { finished.err() };
    Failure::new(said).with("commands", log)
}

fn program(words: &[String], host: &Reader) -> Result<Program, Failure> {
    Ok(Program::new(host.required("ufw")?).args(words).env("LANG", "C").plain_locale())
}

/// A command as results show it: what people wrote stands between quotes.
fn line(words: &[String], host: &Reader) -> Result<String, Failure> {
    let mut shown = host.required("ufw")?.to_string_lossy().into_owned();
    let mut before = "";
    for word in words {
        let is_free = ["app", "comment"].contains(&before);
        shown.push(' ');
        shown += &if is_free { format!("'{word}'") } else { word.clone() };
        before = word;
    }
    Ok(shown)
}

/// What ufw says; fails where it does.
fn ufw(words: &[&str], log: &mut Log, host: &Reader) -> Result<String, Failure> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    log.push(line(&words, host)?);
    let finished = host.query(&program(&words, host)?)?;
    if finished.success() { Ok(finished.out()) } else { Err(refused(&finished, std::mem::take(log))) }
}

fn look(log: &mut Log, host: &Reader) -> Result<Found, Failure> {
    let status = ufw(&["status", "verbose"], log, host)?;
    Ok(Found { status, rules: rules(log, host)? })
}

/// The lines of all rules; read here, listed as the command that says the same.
fn rules(log: &mut Log, host: &Reader) -> Result<String, Failure> {
    let grep = host.which("grep").unwrap_or_else(|| "grep".into());
    log.push(format!("{} -h {} {}", grep.display(), shlex::quote("^### tuple"), FILES.join(" ")));
    let mut found = String::new();
    for file in FILES {
        let text = host.read_text(file)?.unwrap_or_default();
        found.extend(text.lines().filter(|line| line.starts_with("### tuple")).flat_map(|line| [line, "\n"]));
    }
    Ok(found)
}

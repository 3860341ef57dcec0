//! `firewalld`: what zones of firewalld let pass, through `firewall-cmd`, or `firewall-offline-cmd` while it does not run.

mod setting;
mod tool;

use serde_json::json;
use sutler_protocol::Arguments;

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Reader, Writer},
};

use setting::Setting;
use tool::{Tool, Way};

choice! {
    /// Whether something is there.
    pub enum State {
        /// Not there: for zones and targets.
        Absent = "absent",
        /// Not let pass.
        Disabled = "disabled",
        /// Let pass.
        Enabled = "enabled",
        /// There: for zones and targets.
        Present = "present",
    }
}

/// Adds one thing to a zone of firewalld, or removes it: a service, a port, a rule … or makes a zone.
///
/// ```yaml
/// - firewalld:
///     service: https
///     state: enabled
///     permanent: true
///     immediate: true
/// ```
#[derive(Args)]
#[args(
    exclusive(
        "icmp_block",
        "icmp_block_inversion",
        "service",
        "protocol",
        "port",
        "port_forward",
        "rich_rule",
        "interface",
        "forward",
        "masquerade",
        "source",
        "target"
    ),
    required_by("interface", "zone"),
    required_by("target", "zone")
)]
pub struct Firewalld {
    /// A service, by its name in firewalld.
    service: Option<String>,
    /// A protocol, by its name in `/etc/protocols`.
    protocol: Option<String>,
    /// A port or a range, as `8081/tcp` or `161-162/udp`.
    port: Option<String>,
    /// A port that is passed on: `port`, `proto`, `toport`, and `toaddr` for another host. A list of one.
    port_forward: Option<Vec<Arguments>>,
    /// A rule in firewalld's rich language.
    rich_rule: Option<String>,
    /// A source address or network that belongs to the zone.
    source: Option<String>,
    /// An interface that belongs to the zone.
    interface: Option<String>,
    /// A type of ICMP messages to block.
    icmp_block: Option<String>,
    /// Whether all types of ICMP messages but those are blocked.
    icmp_block_inversion: Option<bool>,
    /// Whether packets within the zone are passed on.
    forward: Option<bool>,
    /// Whether addresses are masqueraded.
    masquerade: Option<bool>,
    /// What becomes of packets that nothing else is for; `default` again with `state: absent`.
    #[arg(choices("default", "ACCEPT", "DROP", "%%REJECT%%"))]
    target: Option<String>,
    /// The zone; the default zone where it is missing.
    zone: Option<String>,
    /// Whether it is let pass. `present` and `absent` are for a zone itself, and for its target.
    state: State,
    /// Changes the configuration that is loaded at start.
    permanent: Option<bool>,
    /// Changes what runs. Without `permanent` it always does.
    #[arg(default = false)]
    immediate: bool,
    /// With `permanent`, does without `immediate` while firewalld does not run.
    #[arg(default = false)]
    offline: bool,
    /// Seconds that a change of what runs lasts; 0 is for ever.
    #[arg(default = 0)]
    timeout: i64,
}

/// What is changed.
pub struct Plan {
    tool: Tool,
    zone: String,
    setting: Setting,
    /// Which of the configurations are to change.
    ways: Vec<Way>,
}

impl Module for Firewalld {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let tool = Tool::find(host)?;
        let ways = self.ways(&tool)?;
        self.check()?;
        let setting = self.setting()?;
        let zone = match &self.zone {
            Some(zone) => zone.clone(),
            None => tool.ask(Way::Permanent, &["--get-default-zone"], host)?.trim().to_owned(),
        };
        self.check_protocol()?;
        let wanted = self.is_wanted();
        let mut differing = Vec::new();
        for way in ways.iter().copied() {
            if setting.is_set(&tool, way, &zone, wanted, host)? != wanted {
                differing.push(way);
            }
        }
        if differing.is_empty() {
            let ways = if matches!(setting, Setting::Nothing) { &[] } else { ways.as_slice() };
            return Ok(Changes::none().with("msg", Self::message(&tool, ways, None)));
        }
        let said = Self::message(&tool, &ways, Some(&setting.message(&zone, wanted)));
        let changes = Changes::of(Plan { tool, zone, setting, ways: differing });
        Ok(if host.mode().check { changes } else { changes.with("msg", said) })
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let wanted = self.is_wanted();
        for way in plan.ways {
            plan.setting.set(&plan.tool, way, &plan.zone, wanted, self.timeout, host).map_err(|error| {
                let mut msg = format!("ERROR: Exception caught: {error} {}", self.operation());
                if matches!(plan.setting, Setting::Service(_)) {
                    msg += ", Services are defined by port/tcp relationship and named as they are in /etc/services (on most systems)";
                }
                Failure::new(msg)
            })?;
        }
        Ok(Fields::from_iter([("changed".to_owned(), json!(true))]))
    }
}

impl Firewalld {
    fn port(&self) -> Option<String> {
        self.port.as_ref().map(|port| port.trim().to_owned())
    }

    fn is_permanent(&self) -> bool {
        self.permanent.unwrap_or(false)
    }

    fn is_wanted(&self) -> bool {
        matches!(self.state, State::Enabled | State::Present)
    }

    fn check(&self) -> Result<(), Failure> {
        let is_port_missing_protocol =
            self.port().is_some_and(|port| port.split_once('/').is_none_or(|(_, protocol)| protocol.is_empty()));
        if is_port_missing_protocol {
            return Err(Failure::new("improper port format (missing protocol?)"));
        }
        if self.port_forward.as_ref().is_some_and(|all| all.len() > 1) {
            return Err(Failure::new("Only one port forward supported at a time"));
        }
        Ok(())
    }

    /// The protocol of a port has to be one of those that have ports.
    fn check_protocol(&self) -> Result<(), Failure> {
        let port = self.port().unwrap_or_default();
        let Some((_, protocol)) = port.split_once('/') else { return Ok(()) };
        if ["tcp", "udp", "sctp", "dccp"].contains(&protocol) {
            return Ok(());
        }
        let why = format!("INVALID_PROTOCOL: '{protocol}' not from {{'tcp'|'udp'|'sctp'|'dccp'}}");
        Err(Failure::new(format!("ERROR: Exception caught: {why} {}", self.operation())))
    }

    /// What is changed; a zone when nothing else is named.
    fn setting(&self) -> Result<Setting, Failure> {
        let port = self.port();
        let texts = [
            (&self.service, Setting::Service as fn(String) -> Setting),
            (&self.protocol, Setting::Protocol),
            (&port, Setting::Port),
            (&self.rich_rule, Setting::RichRule),
            (&self.source, Setting::Source),
            (&self.interface, Setting::Interface),
            (&self.icmp_block, Setting::IcmpBlock),
        ];
        let is_zone_state = matches!(self.state, State::Present | State::Absent);
        let found = texts.into_iter().find_map(|(text, make)| text.clone().map(make));
        let flags = [
            (self.masquerade, Setting::Masquerade as fn(bool) -> Setting),
            (self.forward, Setting::Forward),
            (self.icmp_block_inversion, Setting::IcmpBlockInversion),
        ];
        let found = found.or_else(|| flags.into_iter().find_map(|(flag, make)| flag.map(make)));
        let forward = self.port_forward.as_ref().and_then(|all| all.first()).map(Setting::port_forward).transpose()?;
        if let Some(found) = found.or(forward) {
            if is_zone_state {
                let msg = "absent and present state can only be used in zone level operations";
                return Err(Failure::new(msg));
            }
            return Ok(found);
        }
        if let Some(target) = &self.target {
            return Ok(Setting::Target(target.clone()));
        }
        if is_zone_state {
            if !self.is_permanent() {
                return Err(Failure::new(
                    "Zone operations must be permanent. Make sure you didn't set the 'permanent' flag to 'false' or the 'immediate' flag to 'true'.",
                ));
            }
            return Ok(Setting::Zone);
        }
        Ok(Setting::Nothing)
    }

    /// The configurations that are looked at.
    fn ways(&self, tool: &Tool) -> Result<Vec<Way>, Failure> {
        if self.offline && !self.is_permanent() {
            return Err(Failure::new("offline cannot be enabled unless permanent changes are allowed"));
        }
        let is_immediate = self.immediate || !self.is_permanent();
        if tool.is_running {
            let ways = [self.is_permanent().then_some(Way::Permanent), is_immediate.then_some(Way::Runtime)];
            return Ok(ways.into_iter().flatten().collect());
        }
        if is_immediate && !(self.offline && self.is_permanent()) {
            return Err(Failure::new(
                "firewall is not currently running, unable to perform immediate actions without a running firewall daemon",
            ));
        }
        Ok(vec![Way::Permanent])
    }

    fn operation(&self) -> &'static str {
        match (self.is_permanent(), self.immediate && !self.offline) {
            (true, true) => "Permanent and Non-Permanent(immediate) operation",
            (true, false) => "Permanent operation",
            (false, _) => "Non-permanent operation",
        }
    }

    fn message(tool: &Tool, ways: &[Way], done: Option<&str>) -> String {
        let operation = match ways {
            [] => None,
            [_, _, ..] => Some("Permanent and Non-Permanent(immediate) operation"),
            [Way::Runtime] => Some("Non-permanent operation"),
            [Way::Permanent] => Some("Permanent operation"),
        };
        let mut parts: Vec<&str> = operation.into_iter().chain(done).collect();
        if !tool.is_running {
            parts.push("(offline operation: only on-disk configs were altered)");
        }
        parts.join(", ")
    }
}

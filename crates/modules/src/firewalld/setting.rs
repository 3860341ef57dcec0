//! What can be set in a zone, and how the programs and messages name it.

use sutler_protocol::Arguments;

use super::tool::{Tool, Way, reason};
use crate::kit::{Failure, Reader, Writer, args::plain_text};

/// One thing that a zone has or has not.
pub enum Setting {
    Service(String),
    Protocol(String),
    Port(String),
    /// What is passed on, as the programs write it, and as messages do.
    PortForward(String, String),
    RichRule(String),
    Source(String),
    Interface(String),
    IcmpBlock(String),
    IcmpBlockInversion(bool),
    Masquerade(bool),
    Forward(bool),
    Target(String),
    /// The zone itself.
    Zone,
    /// Nothing is named.
    Nothing,
}

impl Setting {
    /// A port that is passed on.
    pub fn port_forward(value: &Arguments) -> Result<Self, Failure> {
        let text = |name: &str| value.get(name).filter(|value| !value.is_null()).map(plain_text);
        let required =
            |name: &str| text(name).ok_or_else(|| Failure::new(format!("{name} must be specified for port forward")));
        let [port, protocol, to_port] = ["port", "proto", "toport"].map(required);
        let (port, protocol, to_port) = (port?, protocol?, to_port?);
        let address = text("toaddr").unwrap_or_default();
        let mut words = format!("port={port}:proto={protocol}:toport={to_port}");
        if !address.is_empty() {
            words += &format!(":toaddr={address}");
        }
        let shown = format!("port={port}:proto={protocol}:toport={to_port}:toaddr={address}");
        Ok(Self::PortForward(words, shown))
    }

    /// The end of the options that ask, add and remove, and the value.
    fn option(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Service(name) => ("service", Some(name)),
            Self::Protocol(name) => ("protocol", Some(name)),
            Self::Port(port) => ("port", Some(port)),
            Self::PortForward(words, _) => ("forward-port", Some(words)),
            Self::RichRule(rule) => ("rich-rule", Some(rule)),
            Self::Source(source) => ("source", Some(source)),
            Self::Interface(name) => ("interface", Some(name)),
            Self::IcmpBlock(name) => ("icmp-block", Some(name)),
            Self::IcmpBlockInversion(_) => ("icmp-block-inversion", None),
            Self::Masquerade(_) => ("masquerade", None),
            Self::Forward(_) => ("forward", None),
            Self::Target(target) => ("target", Some(target)),
            Self::Zone | Self::Nothing => ("zone", None),
        }
    }

    fn words(&self, verb: &str, zone: &str) -> Vec<String> {
        let (name, value) = self.option();
        let option = match value {
            Some(value) => format!("--{verb}-{name}={value}"),
            None => format!("--{verb}-{name}"),
        };
        vec![format!("--zone={zone}"), option]
    }

    /// A flag that is given as false turns the state around.
    fn turned(&self, wanted: bool) -> bool {
        match self {
            Self::IcmpBlockInversion(flag) | Self::Masquerade(flag) | Self::Forward(flag) => *flag == wanted,
            _ => wanted,
        }
    }

    /// Whether it is as `wanted` says: true for what is there.
    pub fn is_set(&self, tool: &Tool, way: Way, zone: &str, wanted: bool, host: &Reader) -> Result<bool, Failure> {
        match self {
            Self::Nothing => Ok(wanted),
            Self::Zone => {
                let zones = tool.ask(way, &["--get-zones"], host)?;
                Ok(zones.split_whitespace().any(|known| known == zone))
            }
            Self::Target(target) => {
                let zone = format!("--zone={zone}");
                let current = tool.ask(Way::Permanent, &[zone.as_str(), "--get-target"], host)?;
                let current = current.trim();
                let is_this = current == target || (target == "%%REJECT%%" && current == "REJECT");
                Ok(is_this)
            }
            _ => {
                let is_there = tool.is(way, &self.words("query", zone), host)?;
                Ok(if self.turned(wanted) == wanted { is_there } else { !is_there })
            }
        }
    }

    /// Sets it, or takes it away; the error is firewalld's.
    pub fn set(
        &self,
        tool: &Tool,
        way: Way,
        zone: &str,
        wanted: bool,
        timeout: i64,
        host: &mut Writer,
    ) -> Result<(), Failure> {
        let adds = self.turned(wanted);
        let mut words = match self {
            Self::Zone => vec![format!("--{}-zone={zone}", if wanted { "new" } else { "delete" })],
            Self::Target(target) => {
                let target = if wanted { target.as_str() } else { "default" };
                vec![format!("--zone={zone}"), format!("--set-target={target}")]
            }
            Self::Interface(_) if adds => self.words("change", zone),
            // The short option is another one's there: of lokkit, which firewalld replaced.
            Self::Service(name) if !adds && !tool.is_running => {
                vec![format!("--zone={zone}"), format!("--remove-service-from-zone={name}")]
            }
            _ => self.words(if adds { "add" } else { "remove" }, zone),
        };
        let lasts =
            !matches!(self, Self::Interface(_) | Self::Source(_) | Self::Forward(_) | Self::IcmpBlockInversion(_));
        if way == Way::Runtime && adds && lasts && timeout > 0 {
            words.push(format!("--timeout={timeout}"));
        }
        let way = if matches!(self, Self::Zone | Self::Target(_)) { Way::Permanent } else { way };
        let strays = if matches!(self, Self::Zone) { tool.strays(host)? } else { Vec::new() };
        let finished = host.run(&tool.program(way, &words))?;
        strays.iter().try_for_each(|path| host.remove(path))?;
        if finished.success() { Ok(()) } else { Err(Failure::new(reason(&finished))) }
    }

    /// What results say about the change.
    pub fn message(&self, zone: &str, wanted: bool) -> String {
        let state = if wanted { "enabled" } else { "disabled" };
        let wanted = self.turned(wanted);
        let changed = |what: &str, value: &str| format!("Changed {what} {value} to {state}");
        let moved = |what: &str| {
            if wanted { format!("Added {what} to zone {zone}") } else { format!("Removed {what} from zone {zone}") }
        };
        match self {
            Self::Service(name) => changed("service", name),
            Self::Protocol(name) => changed("protocol", name),
            Self::Port(port) => changed("port", port),
            Self::PortForward(_, shown) => changed("port_forward", shown),
            Self::RichRule(rule) => changed("rich_rule", rule),
            Self::IcmpBlock(name) => changed("icmp-block", name),
            Self::IcmpBlockInversion(flag) => changed("icmp-block-inversion", if *flag { "True" } else { "False" }),
            Self::Source(source) => moved(source),
            Self::Interface(name) if wanted => format!("Changed {name} to zone {zone}"),
            Self::Interface(name) => moved(name),
            Self::Masquerade(_) => moved("masquerade"),
            Self::Forward(_) => moved("forward"),
            Self::Target(target) if wanted => format!("Set zone {zone} target to {target}"),
            Self::Target(_) => format!("Reset zone {zone} target to default"),
            Self::Zone if wanted => format!("Added zone {zone}, Changed zone {zone} to present"),
            Self::Zone | Self::Nothing => format!("Removed zone {zone}, Changed zone {zone} to absent"),
        }
    }
}

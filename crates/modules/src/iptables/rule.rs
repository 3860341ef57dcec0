//! A rule as words of the command line, in the order that Ansible has them.

use serde_json::Value;

use super::Syn;
use crate::kit::{
    ArgError, Args, Failure,
    args::{Suboptions, plain_text},
};

/// What packets a rule is for, and what it does with them.
#[derive(Args)]
pub struct Rule {
    /// The protocol, by name or number; all when it is missing.
    protocol: Option<String>,
    /// The source: an address, a network, or a host's name.
    source: Option<String>,
    /// The destination: an address, a network, or a host's name.
    destination: Option<String>,
    /// Extensions to load, as `conntrack`; those that other arguments need are loaded by themselves.
    #[arg(name = "match", default = "[]")]
    matches: Vec<String>,
    /// TCP flags: `flags` lists those to look at, `flags_set` those of them that are set.
    tcp_flags: Option<Suboptions>,
    /// The target: `ACCEPT`, `DROP`, another chain …
    jump: Option<String>,
    /// The chain where processing goes on, without coming back to this one.
    goto: Option<String>,
    /// With `jump: TEE`, the address that gets a copy.
    gateway: Option<String>,
    /// The interface that the packet came by; a `+` at its end stands for any rest of the name.
    in_interface: Option<String>,
    /// The interface that the packet leaves by; a `+` at its end stands for any rest of the name.
    out_interface: Option<String>,
    /// Second and further fragments of packets.
    fragment: Option<String>,
    /// The packet and byte counters that a new rule begins with.
    set_counters: Option<String>,
    /// The source port, or a range as `1024:2048`.
    source_port: Option<String>,
    /// The destination port, or a range as `1024:2048`.
    destination_port: Option<String>,
    /// Several destination ports and ranges.
    #[arg(default = "[]")]
    destination_ports: Vec<String>,
    /// With `REDIRECT` and `MASQUERADE`, the port or range of ports that replaces the packet's.
    to_ports: Option<String>,
    /// With `DNAT`, the address that replaces the destination.
    to_destination: Option<String>,
    /// With `SNAT`, the address that replaces the source.
    to_source: Option<String>,
    /// Packets that open a TCP connection.
    #[arg(default = "ignore")]
    syn: Syn,
    /// A DSCP mark to set; with `jump: DSCP`.
    set_dscp_mark: Option<String>,
    /// A DSCP class to set, as `CS1`; with `jump: DSCP`.
    set_dscp_mark_class: Option<String>,
    /// A comment.
    comment: Option<String>,
    /// States of connections: `NEW`, `ESTABLISHED`, `RELATED` …
    #[arg(default = "[]")]
    ctstate: Vec<String>,
    /// A range of source addresses, as `192.0.2.1-192.0.2.9`.
    src_range: Option<String>,
    /// A range of destination addresses.
    dst_range: Option<String>,
    /// A set that `ipset` made.
    match_set: Option<String>,
    /// Which address of the packet is looked for in the set.
    #[arg(choices("src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"))]
    match_set_flags: Option<String>,
    /// How many packets match on average, as `2/second`.
    limit: Option<String>,
    /// How many packets match before `limit` counts.
    limit_burst: Option<String>,
    /// The user whose process sent the packet.
    uid_owner: Option<String>,
    /// The group whose process sent the packet.
    gid_owner: Option<String>,
    /// The answer to a packet that is rejected; without `jump`, the target is `REJECT`.
    reject_with: Option<String>,
    /// The ICMP type, by number or name.
    icmp_type: Option<String>,
    /// What a logged line begins with; without `jump`, the target is `LOG`.
    log_prefix: Option<String>,
    /// The level that packets are logged at; without `jump`, the target is `LOG`.
    #[arg(choices(
        "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"
    ))]
    log_level: Option<String>,
}

/// The words of a rule as they are put together.
struct Words(Vec<String>);

impl Words {
    /// An option and its value, negated where the value begins with `!`.
    fn add(&mut self, option: &str, value: Option<&String>) {
        let Some(value) = value else { return };
        let value = match value.strip_prefix('!') {
            Some(value) => {
                self.0.push("!".into());
                value
            }
            None => value,
        };
        self.plain(option, value);
    }

    fn plain(&mut self, option: &str, value: &str) {
        self.0.extend([option.to_owned(), value.to_owned()]);
    }
}

impl Rule {
    /// Whether targets and options fit together.
    pub fn check(&self) -> Result<(), Failure> {
        let logs = self.log_prefix.is_some() || self.log_level.is_some();
        if logs && self.jump.as_ref().is_some_and(|jump| jump != "LOG") {
            return Err(Failure::new("Logging options can only be used with the LOG jump target."));
        }
        let Some(Suboptions(flags)) = &self.tcp_flags else { return Ok(()) };
        let names = ["flags", "flags_set"];
        let unknown: Vec<String> = flags
            .keys()
            .filter(|name| !names.contains(&name.as_str()))
            .map(|name| format!("tcp_flags.{name}"))
            .collect();
        if !unknown.is_empty() {
            let supported = names.join(", ");
            return Err(ArgError::Unknown { module: "iptables", names: unknown, supported }.into_failure());
        }
        let missing: Vec<&str> = names.into_iter().filter(|name| !flags.contains_key(*name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("missing required arguments: {} found in tcp_flags", missing.join(", "))))
    }

    /// The words; `complete` with the target that logging stands for, which results leave out.
    pub fn words(&self, is_v6: bool, complete: bool) -> Vec<String> {
        let mut words = Words(Vec::new());
        words.add("-p", self.protocol.as_ref());
        words.add("-s", self.source.as_ref());
        words.add("-d", self.destination.as_ref());
        for name in &self.matches {
            words.plain("-m", name);
        }
        if let Some(Suboptions(flags)) = &self.tcp_flags {
            let [looked, set] = ["flags", "flags_set"].map(|name| joined(flags.get(name)));
            words.0.extend(["--tcp-flags".to_owned(), looked, set]);
        }
        self.target(&mut words, complete);
        self.where_to(&mut words);
        self.matched(&mut words);
        if self.reject_with.is_some() && self.jump.is_none() {
            words.plain("-j", "REJECT");
        }
        words.add("--reject-with", self.reject_with.as_ref());
        words.add(if is_v6 { "--icmpv6-type" } else { "--icmp-type" }, self.icmp_type.as_ref());
        if let Some(comment) = &self.comment {
            words.plain("-m", "comment");
            words.plain("--comment", comment);
        }
        words.0
    }

    fn target(&self, words: &mut Words, complete: bool) {
        let logs = self.log_prefix.is_some() || self.log_level.is_some();
        match &self.jump {
            Some(jump) => words.plain("-j", jump),
            None if logs && complete => words.plain("-j", "LOG"),
            None => {}
        }
        if self.jump.as_deref().is_some_and(|jump| jump.eq_ignore_ascii_case("tee")) {
            words.add("--gateway", self.gateway.as_ref());
        }
        if let Some(prefix) = &self.log_prefix {
            words.plain("--log-prefix", prefix);
        }
        words.add("--log-level", self.log_level.as_ref());
        words.add("--to-destination", self.to_destination.as_ref());
    }

    fn where_to(&self, words: &mut Words) {
        if !self.destination_ports.is_empty() {
            words.plain("-m", "multiport");
            words.plain("--dports", &self.destination_ports.join(","));
        }
        words.add("--to-source", self.to_source.as_ref());
        words.add("-g", self.goto.as_ref());
        words.add("-i", self.in_interface.as_ref());
        words.add("-o", self.out_interface.as_ref());
        words.add("-f", self.fragment.as_ref());
        words.add("-c", self.set_counters.as_ref());
        words.add("--source-port", self.source_port.as_ref());
        words.add("--destination-port", self.destination_port.as_ref());
        words.add("--to-ports", self.to_ports.as_ref());
        for (option, value) in [("--set-dscp", &self.set_dscp_mark), ("--set-dscp-class", &self.set_dscp_mark_class)] {
            words.add(option, value.as_ref());
            // A target that was given already needs not be given again.
            if value.is_some() && self.jump.as_ref().is_none_or(|jump| !jump.eq_ignore_ascii_case("dscp")) {
                words.plain("-j", "DSCP");
            }
        }
        match self.syn {
            Syn::Ignore => {}
            Syn::Match => words.0.push("--syn".into()),
            Syn::Negate => words.0.extend(["!".into(), "--syn".into()]),
        }
    }

    fn matched(&self, words: &mut Words) {
        let has = |name: &str| self.matches.iter().any(|given| given == name);
        if !self.ctstate.is_empty() {
            let option = match (has("conntrack"), has("state")) {
                (false, true) => "--state",
                (true, _) => "--ctstate",
                (false, false) => {
                    words.plain("-m", "conntrack");
                    "--ctstate"
                }
            };
            words.plain(option, &self.ctstate.join(","));
        }
        if (self.src_range.is_some() || self.dst_range.is_some()) && !has("iprange") {
            words.plain("-m", "iprange");
        }
        words.add("--src-range", self.src_range.as_ref());
        words.add("--dst-range", self.dst_range.as_ref());
        if let (Some(set), Some(flags)) = (&self.match_set, &self.match_set_flags) {
            if !has("set") {
                words.plain("-m", "set");
            }
            words.add("--match-set", Some(set));
            words.0.push(flags.clone());
        }
        if self.limit.is_some() || self.limit_burst.is_some() {
            words.plain("-m", "limit");
        }
        words.add("--limit", self.limit.as_ref());
        words.add("--limit-burst", self.limit_burst.as_ref());
        for (option, owner) in [("--uid-owner", &self.uid_owner), ("--gid-owner", &self.gid_owner)] {
            if owner.is_some() {
                words.plain("-m", "owner");
            }
            words.add(option, owner.as_ref());
        }
    }
}

/// A list, or text that is one already, with commas.
fn joined(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(items)) => items.iter().map(plain_text).collect::<Vec<_>>().join(","),
        Some(other) => plain_text(other),
        None => String::new(),
    }
}

//! Network interfaces with their addresses, the default routes, and the resolver's configuration.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde_json::{Value, json};

use super::{
    host::Host,
    netlink::{self, Address, Link, Route},
};
use crate::kit::Fields;

/// Packets to these would leave through the default routes; none is sent.
const OUTSIDE: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(8, 8, 8, 8), Ipv6Addr::new(0x2404, 0x6800, 0x400a, 0x800, 0, 0, 0, 0x1012));

const LOCAL_TABLE: u32 = 255;
const LOCAL: u8 = 2;
const LOOPBACK: u32 = 8;

/// The interfaces, a dictionary for each, and what follows from them.
pub fn collect(host: &Host) -> Fields {
    let links = netlink::links();
    let addresses = netlink::addresses();
    let mut interfaces: BTreeMap<String, Fields> = BTreeMap::new();
    for link in &links {
        interfaces.insert(link.name.clone(), describe(host, link, &links));
    }
    let (mut all_ipv4, mut all_ipv6) = (Vec::new(), Vec::new());
    for address in &addresses {
        let Some(link) = links.iter().find(|link| link.index == address.index) else { continue };
        match address.ip {
            IpAddr::V4(ip) => {
                add_ipv4(&mut interfaces, link, address, ip);
                if !ip.is_loopback() {
                    all_ipv4.push(ip.to_string());
                }
            }
            IpAddr::V6(ip) => {
                let list = interfaces.entry(link.name.clone()).or_default().entry("ipv6").or_insert_with(|| json!([]));
                push(list, ipv6(address));
                if !ip.is_loopback() {
                    all_ipv6.push(ip.to_string());
                }
            }
        }
    }
    let mut facts = Fields::new();
    facts.insert("interfaces".into(), interfaces.keys().cloned().collect());
    facts.insert("default_ipv4".into(), default_ipv4(&links, &addresses).into());
    facts.insert("default_ipv6".into(), default_ipv6(&links, &addresses).into());
    facts.insert("all_ipv4_addresses".into(), all_ipv4.into());
    facts.insert("all_ipv6_addresses".into(), all_ipv6.into());
    facts.insert("locally_reachable_ips".into(), locally_reachable(&netlink::routes()));
    for (name, interface) in interfaces {
        facts.insert(name, interface.into());
    }
    facts
}

/// What is known of an interface beside its addresses.
fn describe(host: &Host, link: &Link, links: &[Link]) -> Fields {
    let mut facts = Fields::new();
    facts.insert("device".into(), json!(link.name));
    facts.insert("mtu".into(), json!(link.mtu));
    facts.insert("active".into(), json!(is_active(link)));
    facts.insert("promisc".into(), json!(link.is_promiscuous));
    facts.insert("type".into(), json!(kind(link)));
    if let Some(address) = mac(link) {
        facts.insert("macaddress".into(), json!(address));
    }
    let directory = format!("/sys/class/net/{}", link.name);
    // In a container `/sys` may be that of another network namespace: what it says is not ours then.
    if host.number(format!("{directory}/ifindex")) == Some(link.index.into()) {
        let path = |name: &str| format!("{directory}/{name}");
        if let Some(speed) = host.number(path("speed")) {
            facts.insert("speed".into(), json!(speed));
        }
        if let Some(module) = host.link_name(path("device/driver/module")) {
            facts.insert("module".into(), json!(module));
        }
        if let Some(id) = host.link_name(path("device")) {
            facts.insert("pciid".into(), json!(id));
        }
        bridge(host, &directory, link, links, &mut facts);
        bond(host, &directory, &mut facts);
        ethernet_features(host, link, &mut facts);
    }
    facts
}

fn is_active(link: &Link) -> bool {
    const DOWN: u8 = 2;
    link.state != DOWN
}

fn kind(link: &Link) -> &'static str {
    let directory = format!("/sys/class/net/{}", link.name);
    let has = |name: &str| std::path::Path::new(&directory).join(name).is_dir();
    match link.hardware {
        _ if has("bridge") => "bridge",
        _ if has("bonding") => "bonding",
        772 => "loopback",
        512 => "ppp",
        32 => "infiniband",
        65534 | 768 | 769 | 776 | 778 => "tunnel",
        1 => "ether",
        _ => "unknown",
    }
}

fn mac(link: &Link) -> Option<String> {
    let is_empty = link.address.iter().all(|byte| *byte == 0);
    let octets: Vec<String> = link.address.iter().map(|byte| format!("{byte:02x}")).collect();
    (!is_empty).then(|| octets.join(":"))
}

fn bridge(host: &Host, directory: &str, link: &Link, links: &[Link], facts: &mut Fields) {
    if !host.exists(format!("{directory}/bridge")) {
        return;
    }
    let members: Vec<&str> =
        links.iter().filter(|member| member.master == Some(link.index)).map(|member| member.name.as_str()).collect();
    facts.insert("interfaces".into(), json!(members));
    if let Some(id) = host.text(format!("{directory}/bridge/bridge_id")) {
        facts.insert("id".into(), json!(id));
    }
    if let Some(state) = host.text(format!("{directory}/bridge/stp_state")) {
        facts.insert("stp".into(), json!(state == "1"));
    }
}

fn bond(host: &Host, directory: &str, facts: &mut Fields) {
    let read = |name: &str| host.text(format!("{directory}/bonding/{name}"));
    let Some(mode) = read("mode") else { return };
    let first =
        |text: Option<String>| text.unwrap_or_default().split_whitespace().next().unwrap_or_default().to_owned();
    let slaves: Vec<String> = read("slaves").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let policy = read("all_slaves_active").is_some_and(|active| active == "1");
    facts.insert("mode".into(), json!(first(Some(mode))));
    facts.insert("slaves".into(), json!(slaves));
    facts.insert("miimon".into(), json!(read("miimon").unwrap_or_default()));
    facts.insert("lacp_rate".into(), json!(first(read("lacp_rate"))));
    facts.insert("primary".into(), json!(read("primary").unwrap_or_default()));
    facts.insert("all_slaves_active".into(), json!(policy));
}

/// What `ethtool` says, where there is one: offloads, and how packets are timestamped.
fn ethernet_features(host: &Host, link: &Link, facts: &mut Fields) {
    if link.hardware != 1 {
        return;
    }
    if let Some(text) = host.output("ethtool", &["-k", &link.name]) {
        let features: Fields = text
            .lines()
            .filter(|line| !line.trim_end().ends_with(':'))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().replace('-', "_"), json!(value.trim())))
            .collect();
        facts.insert("features".into(), features.into());
    }
    if let Some(text) = host.output("ethtool", &["-T", &link.name]) {
        let modes = text
            .lines()
            .filter_map(|line| line.split_once("SOF_TIMESTAMPING_"))
            .map(|(_, rest)| rest.trim_end_matches(')').to_lowercase());
        let modes: Vec<String> = modes.collect();
        if !modes.is_empty() {
            facts.insert("timestamping".into(), json!(modes));
        }
        let clock = text.lines().find_map(|line| line.split_once("PTP Hardware Clock:")?.1.trim().parse::<i64>().ok());
        if let Some(clock) = clock {
            facts.insert("phc_index".into(), json!(clock));
        }
    }
}

/// Adds an address where Ansible has it: under its label, and an alias that shares the interface's
/// network under the interface as well.
fn add_ipv4(interfaces: &mut BTreeMap<String, Fields>, link: &Link, address: &Address, ip: Ipv4Addr) {
    let label = address.label.clone().unwrap_or_else(|| link.name.clone());
    let facts = json!({
        "address": ip.to_string(),
        "broadcast": address.broadcast.map(|ip| ip.to_string()).unwrap_or_default(),
        "netmask": netmask(address.prefix).to_string(),
        "network": Ipv4Addr::from(u32::from(ip) & u32::from(netmask(address.prefix))).to_string(),
        "prefix": address.prefix.to_string(),
    });
    let named = interfaces.entry(label.replace(':', "_")).or_default();
    if !address.is_secondary && !named.contains_key("ipv4") {
        named.insert("ipv4".into(), facts);
        return;
    }
    push(named.entry("ipv4_secondaries").or_insert_with(|| json!([])), facts.clone());
    if address.is_secondary && label != link.name {
        let main = interfaces.entry(link.name.clone()).or_default();
        push(main.entry("ipv4_secondaries").or_insert_with(|| json!([])), facts);
    }
}

fn netmask(prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0))
}

fn ipv6(address: &Address) -> Value {
    json!({ "address": address.ip.to_string(), "prefix": address.prefix.to_string(), "scope": scope(address.scope) })
}

fn scope(scope: u8) -> String {
    match scope {
        0 => "global".into(),
        200 => "site".into(),
        253 => "link".into(),
        254 => "host".into(),
        other => other.to_string(),
    }
}

fn push(list: &mut Value, value: Value) {
    if let Value::Array(items) = list {
        items.push(value);
    }
}

/// The route to the outside with its interface and address; empty where there is none.
fn default_route<'a>(
    outside: IpAddr,
    links: &'a [Link],
    addresses: &'a [Address],
) -> Option<(Fields, &'a Link, Option<&'a Address>)> {
    let route = netlink::route_to(outside)?;
    let link = links.iter().find(|link| Some(link.index) == route.index)?;
    if link.flags & LOOPBACK != 0 {
        return None;
    }
    let mut facts = Fields::new();
    facts.insert("interface".into(), json!(link.name));
    if let Some(source) = route.source {
        facts.insert("address".into(), json!(source.to_string()));
    }
    if let Some(gateway) = route.gateway {
        facts.insert("gateway".into(), json!(gateway.to_string()));
    }
    facts.insert("mtu".into(), json!(link.mtu));
    facts.insert("type".into(), json!(kind(link)));
    if let Some(mac) = mac(link) {
        facts.insert("macaddress".into(), json!(mac));
    }
    let address = addresses.iter().find(|address| Some(address.ip) == route.source);
    Some((facts, link, address))
}

fn default_ipv4(links: &[Link], addresses: &[Address]) -> Fields {
    let Some((mut facts, link, address)) = default_route(OUTSIDE.0.into(), links, addresses) else {
        return Fields::new();
    };
    if let Some(address) = address {
        let mut labelled = BTreeMap::new();
        if let IpAddr::V4(ip) = address.ip {
            add_ipv4(&mut labelled, link, &Address { is_secondary: false, label: None, ..address.clone() }, ip);
        }
        if let Some(Value::Object(ipv4)) = labelled.remove(&link.name).and_then(|mut found| found.remove("ipv4")) {
            facts.extend(ipv4);
        }
        facts.insert("alias".into(), json!(address.label.as_ref().unwrap_or(&link.name)));
    }
    facts
}

fn default_ipv6(links: &[Link], addresses: &[Address]) -> Fields {
    let Some((mut facts, _, address)) = default_route(OUTSIDE.1.into(), links, addresses) else {
        return Fields::new();
    };
    if let Some(address) = address {
        facts.insert("prefix".into(), json!(address.prefix.to_string()));
        facts.insert("scope".into(), json!(scope(address.scope)));
    }
    facts
}

fn locally_reachable(routes: &[Route]) -> Value {
    let local = |want_v4: bool| -> Vec<String> {
        let routes = routes.iter().filter(|route| route.table == LOCAL_TABLE && route.kind == LOCAL);
        routes
            .filter_map(|route| Some((route.destination?, route.prefix)))
            .filter(|(ip, _)| ip.is_ipv4() == want_v4)
            .map(
                |(ip, prefix)| {
                    if prefix == if want_v4 { 32 } else { 128 } { ip.to_string() } else { format!("{ip}/{prefix}") }
                },
            )
            .collect()
    };
    json!({ "ipv4": local(true), "ipv6": local(false) })
}

/// `dns`: what `/etc/resolv.conf` says (`man 5 resolv.conf`).
pub fn dns(host: &Host) -> Fields {
    let mut dns = Fields::new();
    for line in host.lines("/etc/resolv.conf") {
        let mut words = line.split_whitespace();
        let Some(keyword) = words.next().filter(|word| !word.starts_with(['#', ';'])) else { continue };
        match keyword {
            "nameserver" => words.for_each(|ip| push(dns.entry("nameservers").or_insert_with(|| json!([])), json!(ip))),
            "domain" => {
                words.next().map(|name| dns.insert("domain".into(), json!(name)));
            }
            "search" => {
                dns.insert("search".into(), words.collect());
            }
            "sortlist" => {
                dns.insert("sortlist".into(), words.collect());
            }
            "options" => {
                let options = words.map(|option| match option.split_once(':') {
                    Some((name, value)) => (name.to_owned(), json!(value)),
                    None => (option.to_owned(), json!(true)),
                });
                dns.insert("options".into(), Value::Object(options.collect()));
            }
            _ => {}
        }
    }
    Fields::from_iter([("dns".to_owned(), dns.into())])
}

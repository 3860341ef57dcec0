//! Tests of `ansible.utils` on addresses and networks, and `fqdn_valid`.

use std::{collections::HashMap, net::ToSocketAddrs as _};

use super::super::{
    Arguments, TemplateError, Test,
    arguments::{integer, required},
    network::{Address, Network, Ranges, Version},
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    table.extend([
        ("ansible.utils.in_any_network", (|arguments| counted(arguments, |count| count > 0)) as Test),
        ("ansible.utils.in_one_network", |arguments| counted(arguments, |count| count == 1)),
        ("ansible.utils.in_network", |arguments| related(arguments, |a, b| b.covers(a))),
        ("ansible.utils.subnet_of", |arguments| related(arguments, |a, b| b.covers(a))),
        ("ansible.utils.supernet_of", |arguments| related(arguments, Network::covers)),
        ("ansible.utils.ip", |arguments| network(arguments, |_| true)),
        ("ansible.utils.ipv4", |arguments| network(arguments, |network| network.address.version == Version::V4)),
        ("ansible.utils.ipv6", |arguments| network(arguments, |network| network.address.version == Version::V6)),
        ("ansible.utils.ip_address", |arguments| address(arguments, |_| true)),
        ("ansible.utils.ipv4_address", |arguments| address(arguments, |address| address.version == Version::V4)),
        ("ansible.utils.ipv6_address", |arguments| address(arguments, |address| address.version == Version::V6)),
        ("ansible.utils.ipv4_hostmask", |arguments| mask(arguments, |bits| bits < u32::MAX && bits & (bits + 1) == 0)),
        ("ansible.utils.ipv4_netmask", |arguments| mask(arguments, |bits| bits.leading_ones() == bits.count_ones())),
        ("ansible.utils.ipv6_ipv4_mapped", |arguments| address(arguments, |address| address.mapped().is_some())),
        ("ansible.utils.ipv6_sixtofour", |arguments| address(arguments, |it| Ranges::SIX_TO_FOUR.contain(it))),
        ("ansible.utils.ipv6_teredo", |arguments| address(arguments, |address| Ranges::TEREDO.contain(address))),
        ("ansible.utils.loopback", |arguments| address(arguments, |address| Ranges::LOOPBACK.contain(address))),
        ("ansible.utils.multicast", |arguments| address(arguments, |address| Ranges::MULTICAST.contain(address))),
        ("ansible.utils.private", |arguments| address(arguments, is_private)),
        ("ansible.utils.public", |arguments| {
            address(arguments, |address| !is_private(address) && !Ranges::SHARED.contain(address))
        }),
        ("ansible.utils.reserved", |arguments| address(arguments, |address| Ranges::RESERVED.contain(address))),
        ("ansible.utils.unspecified", |arguments| address(arguments, |address| address.bits == 0)),
        ("ansible.utils.mac", mac),
        ("ansible.utils.resolvable", resolvable),
        ("community.general.fqdn_valid", fqdn_valid),
    ]);
}

fn subject(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [value] = arguments.bind(["ip"])?;
    required(value, name, "ip")
}

/// A network without host bits, or an address, which may name a zone.
fn read_network(value: &Value) -> Option<Network> {
    let text = value.as_str()?;
    let address = read_address(value).map(Network::host);
    address.or_else(|| Network::parse_strict(text))
}

fn read_address(value: &Value) -> Option<Address> {
    let text = value.as_str()?;
    let bare = text.split_once('%').filter(|(_, zone)| !zone.is_empty()).map_or(text, |(bare, _)| bare);
    Address::parse(bare).filter(|address| address.version == Version::V6 || bare == text)
}

fn network(arguments: Arguments<'_>, holds: fn(&Network) -> bool) -> Result<bool, TemplateError> {
    Ok(read_network(&subject(arguments)?).is_some_and(|network| holds(&network)))
}

fn address(arguments: Arguments<'_>, holds: fn(Address) -> bool) -> Result<bool, TemplateError> {
    Ok(read_address(&subject(arguments)?).is_some_and(holds))
}

fn mask(arguments: Arguments<'_>, holds: fn(u32) -> bool) -> Result<bool, TemplateError> {
    let address = read_address(&subject(arguments)?).filter(|address| address.version == Version::V4);
    Ok(address.is_some_and(|address| address.bits > 0 && holds(address.bits as u32)))
}

fn is_private(address: Address) -> bool {
    let address = address.mapped().unwrap_or(address);
    Ranges::PRIVATE.contain(address) && !Ranges::REACHABLE.contain(address)
}

fn related(arguments: Arguments<'_>, holds: fn(&Network, &Network) -> bool) -> Result<bool, TemplateError> {
    let name = arguments.name;
    let [a, b] = arguments.bind(["ip", "network"])?;
    let (a, b) = (required(a, name, "ip")?, required(b, name, "network")?);
    Ok(matches!((read_network(&a), read_network(&b)), (Some(a), Some(b)) if holds(&a, &b)))
}

/// Whether the number of networks that an address is in is as wanted.
fn counted(arguments: Arguments<'_>, holds: fn(usize) -> bool) -> Result<bool, TemplateError> {
    let name = arguments.name;
    let [ip, networks] = arguments.bind(["ip", "networks"])?;
    let ip = read_network(&required(ip, name, "ip")?);
    let networks = required(networks, name, "networks")?;
    if let Value::Dict(_) | Value::None = networks {
        let kind = networks.type_name();
        let why = format!("argument 'networks' is of type {kind} and we were unable to convert to list");
        return Err(TemplateError::raised(
            "AnsibleError",
            format!("{why}: <class '{kind}'> cannot be converted to a list"),
        ));
    }
    let networks = networks.iter()?;
    let inside = |network: &&Value| ip.zip(read_network(network)).is_some_and(|(ip, network)| network.covers(&ip));
    Ok(holds(networks.iter().filter(inside).count()))
}

/// Pairs of digits with `:`, `-` or nothing between them, or three groups of four with dots.
fn mac(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [value] = arguments.bind(["mac"])?;
    let value = required(value, "mac", "mac")?;
    let Some(text) = value.as_str() else {
        let kind = value.type_name();
        return Err(TemplateError::type_error(format!("expected string or bytes-like object, got '{kind}'")));
    };
    let is_hex = |text: &str, size: usize| text.len() == size && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let dotted: Vec<&str> = text.split('.').collect();
    if dotted.len() == 3 && dotted.iter().all(|group| is_hex(group, 4)) {
        return Ok(true);
    }
    let mut rest = text;
    for _ in 0..5 {
        let Some((pair, after)) = rest.split_at_checked(2).filter(|(pair, _)| is_hex(pair, 2)) else {
            return Ok(false);
        };
        let _ = pair;
        rest = after.strip_prefix([':', '-']).unwrap_or(after);
    }
    Ok(is_hex(rest, 2))
}

/// Whether a name has an address, as the controller finds them.
fn resolvable(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [host] = arguments.bind(["host"])?;
    let host = required(host, "resolvable", "host")?.to_str();
    Ok((host.as_str(), 0).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some()))
}

/// Whether a text can be a host's full name (RFC 1123 §2.1).
fn fqdn_valid(arguments: Arguments<'_>) -> Result<bool, TemplateError> {
    let [name, min_labels, allow_underscores] = arguments.bind(["name", "min_labels", "allow_underscores"])?;
    let name = required(name, "fqdn_valid", "name")?;
    let min_labels = min_labels.as_ref().map_or(Ok(1), integer)?;
    let underscores = allow_underscores.is_some_and(|allow| allow.is_truthy());
    let Some(text) = name.as_str().filter(|text| !text.is_empty()) else {
        return Err(TemplateError::value_error("fqdn must be str"));
    };
    let labels: Vec<&str> = text.strip_suffix('.').unwrap_or(text).split('.').collect();
    let is_label = |label: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || underscores && c == '_';
        (1..=63).contains(&label.len())
            && label.chars().all(|c| plain(c) || c == '-')
            && label.starts_with(plain)
            && label.ends_with(plain)
    };
    Ok(text.len() <= 253 && labels.iter().all(is_label) && labels.len() as i64 >= min_labels)
}

//! `ansible.utils.ipaddr` and its kin: addresses and networks, and what can be asked about them.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::required,
        network::{Address, Network, Ranges, Version},
    },
    failed, option,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    for (full, short, filter) in [
        ("ansible.utils.ipaddr", "ipaddr", ipaddr as Filter),
        ("ansible.utils.ipv4", "ipv4", |arguments| one_version(arguments, Version::V4)),
        ("ansible.utils.ipv6", "ipv6", |arguments| one_version(arguments, Version::V6)),
        ("ansible.utils.ipwrap", "ipwrap", ipwrap),
    ] {
        super::register_moved(table, full, short, filter);
    }
}

/// A value that is an address or network.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub(super) network: Network,
    /// Whether a prefix was written.
    pub(super) has_prefix: bool,
}

impl Subject {
    /// Reads text or a number, of the version that is asked for.
    pub(super) fn read(value: &Value, version: Option<Version>) -> Option<Self> {
        let text = match value {
            Value::Str(text) => text.to_string(),
            Value::Int(_) | Value::BigInt(_) => value.to_str(),
            _ => return None,
        };
        let (number, prefix) = text.split_once('/').map_or((&*text, None), |(number, rest)| (number, Some(rest)));
        let network = match number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten() {
            Some(number) => {
                let address = Address::from_number(number, version)?;
                prefix.map_or(Some(Network::host(address)), |prefix| Network::parse(&format!("{address}/{prefix}")))?
            }
            None => Network::parse(&text)?,
        };
        let fits = version.is_none_or(|version| version == network.address.version);
        fits.then_some(Self { network, has_prefix: prefix.is_some() })
    }

    fn address(&self) -> Address {
        self.network.address
    }

    /// As it was written, in its usual form.
    pub(super) fn text(&self) -> String {
        if self.has_prefix { self.network.to_string() } else { self.address().to_string() }
    }

    /// Whether it is named by its network's first address, and has more than one.
    fn is_network(&self) -> bool {
        self.network.span() > 0 && self.address() == self.network.first()
    }

    /// Whether it can be a host: one address, or one of two, or not the network's first.
    fn is_host(&self) -> bool {
        self.network.span() <= 1 || !self.is_network()
    }

    /// Whether its address lies between the first and the last that hosts can have.
    fn is_usable(&self) -> bool {
        self.network.usable().is_none_or(|(first, last)| first <= self.address() && self.address() <= last)
    }

    fn is_global(&self) -> bool {
        let address = self.address();
        let private = Ranges::PRIVATE.contain(address) || Ranges::SHARED.contain(address);
        !private || Ranges::REACHABLE.contain(address)
    }
}

fn ipaddr(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, query, version, _alias] = arguments.bind_first(["value", "query", "version", "alias"])?;
    let value = required(value, "ipaddr", "value")?;
    let query = option::text(query).unwrap_or_default();
    match option::integer(version, "version")? {
        None => asked(&value, &query, None, "ipaddr"),
        Some(4) => asked(&value, &query, Some(Version::V4), "ipaddr"),
        Some(6) => asked(&value, &query, Some(Version::V6), "ipaddr"),
        Some(_) => Ok(Value::Bool(false)),
    }
}

fn one_version(arguments: Arguments<'_>, version: Version) -> Result<Value, TemplateError> {
    let name = if version == Version::V4 { "ipv4" } else { "ipv6" };
    let [value, query] = arguments.bind_first(["value", "query"])?;
    asked(&required(value, name, "value")?, &option::text(query).unwrap_or_default(), Some(version), name)
}

fn unrecognized(value: &Value, name: &str) -> TemplateError {
    failed(format!("Unrecognized type <<class '{}'>> for {name} filter <value>", value.type_name()))
}

/// The answer to a query; of a list, those that are none of false, empty and `None`.
fn asked(value: &Value, query: &str, version: Option<Version>, name: &str) -> Result<Value, TemplateError> {
    match value {
        Value::List(items) => {
            let answers = items.to_vec().iter().map(|item| asked(item, query, version, name)).collect::<Vec<_>>();
            let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(answers.into_iter().filter(Value::is_truthy).collect())
        }
        Value::Bool(_) | Value::Int(0) => Ok(Value::Bool(false)),
        Value::Str(_) | Value::Int(_) | Value::BigInt(_) => match Subject::read(value, version) {
            Some(subject) => answer(subject, query, name),
            None => Ok(Value::Bool(false)),
        },
        other => Err(unrecognized(other, name)),
    }
}

/// Some text, or `None`.
fn some(holds: bool, text: impl FnOnce() -> String) -> Value {
    if holds { text().into() } else { Value::None }
}

fn answer(subject: Subject, query: &str, name: &str) -> Result<Value, TemplateError> {
    let network = subject.network;
    let address = network.address;
    let text = || subject.text();
    let whole = || network.to_string();
    Ok(match query {
        "" => text().into(),
        "bool" => Value::Bool(true),
        "address" | "ip" => some(subject.is_host() || address.version == Version::V6, || address.to_string()),
        "host" => some(subject.is_host(), whole),
        "hostnet" | "host/prefix" | "address/prefix" | "gateway" | "gw" | "router" => {
            if subject.is_usable() {
                whole().into()
            } else {
                Value::Bool(false)
            }
        }
        "ip/prefix" => some(subject.is_host() && network.span() > 0, whole),
        "ip_netmask" => some(subject.is_host() && network.span() > 0, || format!("{address} {}", network.netmask())),
        "net" => some(subject.is_network(), whole),
        "network" | "network_id" => network.first().to_string().into(),
        "network/prefix" | "subnet" => network.network().to_string().into(),
        "network_netmask" => format!("{} {}", network.first(), network.netmask()).into(),
        "network_wildcard" => format!("{} {}", network.first(), network.hostmask()).into(),
        "netmask" => network.netmask().to_string().into(),
        "hostmask" | "wildcard" => network.hostmask().to_string().into(),
        "prefix" => Value::Int(network.prefix.into()),
        "cidr" => whole().into(),
        "broadcast" => some(network.span() > 1, || network.last().to_string()),
        "size" => Value::from(BigInt::from(network.span()) + 1),
        "size_usable" => network
            .usable()
            .map_or(Value::Int(0), |(first, last)| Value::from(BigInt::from(last.bits - first.bits) + 1)),
        "type" => if subject.is_network() { "network" } else { "address" }.into(),
        "version" => Value::Int(address.version.number()),
        "int" if subject.has_prefix => format!("{}/{}", address.bits, network.prefix).into(),
        "int" => Value::from(BigInt::from(address.bits)),
        "revdns" => reverse_name(address).into(),
        "wrap" => wrapped(subject).into(),
        "loopback" | "lo" => some(Ranges::LOOPBACK.contain(address), text),
        "link-local" => some(Ranges::LINK_LOCAL.contain(address), text),
        "multicast" => some(Ranges::MULTICAST.cover(&network), text),
        "unicast" => some(!Ranges::MULTICAST.cover(&network), text),
        "private" => some(!subject.is_global(), text),
        "public" => some(subject.is_global() && !Ranges::MULTICAST.contain(address), text),
        "ipv4" => as_ipv4(subject),
        "ipv6" => as_ipv6(subject),
        "6to4" => six_to_four(subject),
        "first_usable" | "last_usable" | "range_usable" | "next_usable" | "previous_usable" | "peer" => {
            if !subject.has_prefix {
                return Err(failed(format!("{name}: {address} is not a network address")));
            }
            if query == "peer" { peer(&network, name)?.to_string().into() } else { usable(&network, query) }
        }
        _ => return by_place(subject, query, name),
    })
}

/// The first, last, next or previous address that a host can have, or all of them.
fn usable(network: &Network, query: &str) -> Value {
    let Some((first, last)) = network.usable() else { return Value::None };
    let near = |by| {
        let near = network.address.offset(by).filter(|near| first <= *near && *near <= last);
        near.map_or(Value::None, |near| near.to_string().into())
    };
    match query {
        "first_usable" => first.to_string().into(),
        "last_usable" => last.to_string().into(),
        "next_usable" => near(1),
        "previous_usable" => near(-1),
        _ => format!("{first}-{last}").into(),
    }
}

/// The other end of a link between two.
fn peer(network: &Network, name: &str) -> Result<Address, TemplateError> {
    let Address { version, bits } = network.address;
    match (network.span(), bits & network.span()) {
        (1, _) => Ok(Address { version, bits: bits ^ 1 }),
        (3, 1 | 2) => Ok(Address { version, bits: bits ^ 3 }),
        (3, 0) => Err(failed(format!("{name}: the network address of a /{} has no peer", network.prefix))),
        (3, _) => Err(failed(format!("{name}: the broadcast address of a /{} has no peer", network.prefix))),
        _ => Err(failed(format!("{name}: {network} is not a point-to-point network"))),
    }
}

/// An address by its place in the network, or the value if it lies in the network that the query is.
fn by_place(subject: Subject, query: &str, name: &str) -> Result<Value, TemplateError> {
    if let Ok(index) = query.trim().parse::<i128>() {
        if subject.network.span() == 0 {
            return Ok(subject.text().into());
        }
        let Some(address) = subject.network.nth(index) else { return Ok(Value::Bool(false)) };
        return Ok(Network { address, ..subject.network }.to_string().into());
    }
    match Network::parse(query) {
        Some(range) => Ok(some(range.covers(&subject.network), || subject.text())),
        None => Err(failed(format!("{name}: unknown filter type: {query}"))),
    }
}

fn as_ipv4(subject: Subject) -> Value {
    let Network { address, prefix } = subject.network;
    if address.version == Version::V4 {
        return subject.text().into();
    }
    let Some(address) = address.mapped().or_else(|| Address::from_number(address.bits, Some(Version::V4))) else {
        return Value::Bool(false);
    };
    match prefix.checked_sub(96) {
        Some(prefix) => Network { address, prefix }.to_string().into(),
        None => Value::Bool(false),
    }
}

fn as_ipv6(subject: Subject) -> Value {
    let Network { address, prefix } = subject.network;
    if address.version == Version::V6 {
        return subject.text().into();
    }
    let address = Address { version: Version::V6, bits: 0xffff << 32 | address.bits };
    Network { address, prefix: prefix + 96 }.to_string().into()
}

/// An IPv4 host's address in 6to4 (RFC 3056 §2), or an IPv6 address of it.
fn six_to_four(subject: Subject) -> Value {
    let address = subject.address();
    match address.version {
        _ if subject.is_network() || Ranges::MULTICAST.contain(address) => Value::Bool(false),
        Version::V6 if Ranges::SIX_TO_FOUR.contain(address) => subject.text().into(),
        Version::V6 => Value::Bool(false),
        Version::V4 => format!("2002:{:04x}:{:04x}::1/48", address.bits >> 16, address.bits & 0xffff).into(),
    }
}

/// The name that holds the host's name in the DNS (RFC 1035 §3.5, RFC 3596 §2.5).
fn reverse_name(address: Address) -> String {
    match address.version {
        Version::V4 => {
            let parts: Vec<String> = address.parts().iter().rev().map(u16::to_string).collect();
            format!("{}.in-addr.arpa.", parts.join("."))
        }
        Version::V6 => {
            let digits = (0..32).map(|index| format!("{:x}.", address.bits >> (4 * index) & 0xf));
            format!("{}ip6.arpa.", digits.collect::<String>())
        }
    }
}

/// An IPv6 address in brackets, as URLs and many configuration files want it.
fn wrapped(subject: Subject) -> String {
    match subject.address().version {
        Version::V6 if subject.has_prefix => format!("[{}]/{}", subject.address(), subject.network.prefix),
        Version::V6 => format!("[{}]", subject.address()),
        Version::V4 => subject.text(),
    }
}

fn wrap(value: &Value) -> Value {
    match (value, Subject::read(value, None)) {
        (Value::List(items), _) => items.to_vec().iter().map(wrap_item).collect(),
        (_, Some(subject)) if value.is_truthy() => wrapped(subject).into(),
        _ => value.clone(),
    }
}

/// An item of a list; a number is written with its prefix there.
fn wrap_item(value: &Value) -> Value {
    let text = value.to_str();
    let is_number = matches!(value, Value::Int(_) | Value::BigInt(_) | Value::Str(_))
        && text.bytes().all(|byte| byte.is_ascii_digit());
    match Subject::read(value, None).filter(|_| is_number && value.is_truthy()) {
        Some(subject) => wrapped(Subject { has_prefix: true, ..subject }).into(),
        None => wrap(value),
    }
}

fn ipwrap(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, _query] = arguments.bind_first(["value", "query"])?;
    match required(value, "ipwrap", "value")? {
        value @ (Value::List(_) | Value::Str(_) | Value::Bool(_)) => Ok(wrap(&value)),
        other => Err(unrecognized(&other, "ipwrap")),
    }
}

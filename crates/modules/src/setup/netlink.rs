//! Links, addresses and routes from the kernel itself (`man 7 rtnetlink`): right in every network
//! namespace, with any `ip` program or none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send, socket_with,
};

/// A network interface.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The kernel's type of its hardware (`ARPHRD_*`).
    pub hardware: u16,
    /// `IFF_*`.
    pub flags: u32,
    /// The largest packet, in bytes.
    pub mtu: u32,
    /// Its hardware address.
    pub address: Vec<u8>,
    /// RFC 2863 operational state; 6 is up, 0 is unknown.
    pub state: u8,
    /// It takes packets for any address, whoever asked for that.
    pub is_promiscuous: bool,
    /// The bridge or bond it belongs to.
    pub master: Option<u32>,
}

/// An address of an interface.
#[derive(Clone, Debug)]
pub struct Address {
    /// The interface's number.
    pub index: u32,
    /// The address.
    pub ip: IpAddr,
    /// The length of the network's prefix, in bits.
    pub prefix: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// Another address of the same network came first.
    pub is_secondary: bool,
    /// The broadcast address.
    pub broadcast: Option<Ipv4Addr>,
    /// The interface's name, or an alias as `eth0:1`.
    pub label: Option<String>,
}

/// A route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where it leads; `None` is everywhere.
    pub destination: Option<IpAddr>,
    /// The length of the destination's prefix, in bits.
    pub prefix: u8,
    /// The interface it uses.
    pub index: Option<u32>,
    /// The next host.
    pub gateway: Option<IpAddr>,
    /// The address that packets leave with.
    pub source: Option<IpAddr>,
    /// `RT_TABLE_*`.
    pub table: u32,
    /// `RTN_*`.
    pub kind: u8,
}

const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const GET_ADDRESS: u16 = 22;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const GET_ROUTE: u16 = 26;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const HEADER: usize = 16;
const SECONDARY: u32 = 1;

/// Every interface.
pub fn links() -> Vec<Link> {
    ask(GET_LINK, REQUEST | DUMP, &[0; 16])
        .iter()
        .filter(|(kind, _)| *kind == NEW_LINK)
        .filter_map(|(_, m)| link(m))
        .collect()
}

/// Every address.
pub fn addresses() -> Vec<Address> {
    let messages = ask(GET_ADDRESS, REQUEST | DUMP, &[0; 8]);
    messages.iter().filter(|(kind, _)| *kind == NEW_ADDRESS).filter_map(|(_, m)| address(m)).collect()
}

/// Every route of both families, all tables.
pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for family in [AddressFamily::INET, AddressFamily::INET6] {
        let mut request = [0; 12];
        request[0] = family.as_raw() as u8;
        let messages = ask(GET_ROUTE, REQUEST | DUMP, &request);
        routes.extend(messages.iter().filter(|(kind, _)| *kind == NEW_ROUTE).filter_map(|(_, m)| route(m)));
    }
    routes
}

/// The route that packets to `destination` take.
pub fn route_to(destination: IpAddr) -> Option<Route> {
    let (family, octets) = match destination {
        IpAddr::V4(ip) => (AddressFamily::INET, ip.octets().to_vec()),
        IpAddr::V6(ip) => (AddressFamily::INET6, ip.octets().to_vec()),
    };
    let mut request = vec![0; 12];
    request[0] = family.as_raw() as u8;
    request[1] = (octets.len() * 8) as u8;
    request.extend(((octets.len() + 4) as u16).to_ne_bytes());
    request.extend(1_u16.to_ne_bytes()); // RTA_DST
    request.extend(octets);
    ask(GET_ROUTE, REQUEST, &request).iter().find(|(kind, _)| *kind == NEW_ROUTE).and_then(|(_, m)| route(m))
}

/// Sends one request, and returns the type and content of every message of the answer; none when
/// the kernel has no netlink, or refuses.
fn ask(kind: u16, flags: u16, body: &[u8]) -> Vec<(u16, Vec<u8>)> {
    exchange(kind, flags, body).unwrap_or_default()
}

fn exchange(kind: u16, flags: u16, body: &[u8]) -> rustix::io::Result<Vec<(u16, Vec<u8>)>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, 0))?;
    let mut request = ((HEADER + body.len()) as u32).to_ne_bytes().to_vec();
    request.extend(kind.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    request.extend([1, 0, 0, 0, 0, 0, 0, 0]); // sequence, sender
    request.extend(body);
    send(&socket, &request, SendFlags::empty())?;
    let mut messages = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let (length, _) = recv(&socket, buffer.as_mut_slice(), RecvFlags::empty())?;
        if length == 0 || !take_messages(&buffer[..length], &mut messages) || flags & DUMP == 0 {
            return Ok(messages);
        }
    }
}

/// Splits a datagram into its messages; false when it ends the answer.
fn take_messages(mut rest: &[u8], messages: &mut Vec<(u16, Vec<u8>)>) -> bool {
    while rest.len() >= HEADER {
        let length = number(rest, 0) as usize;
        let kind = short(rest, 4);
        if kind == DONE || kind == ERROR || length < HEADER || length > rest.len() {
            return false;
        }
        messages.push((kind, rest[HEADER..length].to_vec()));
        rest = &rest[rest.len().min((length + 3) & !3)..];
    }
    true
}

fn link(message: &[u8]) -> Option<Link> {
    let mut link =
        Link { hardware: short(message, 2), index: number(message, 4), flags: number(message, 8), ..Link::default() };
    for (kind, value) in attributes(message.get(16..)?) {
        match kind {
            1 => link.address = value.to_vec(),
            3 => link.name = text(value),
            4 => link.mtu = number(value, 0),
            10 => link.master = Some(number(value, 0)),
            30 => link.is_promiscuous |= number(value, 0) > 0,
            16 => link.state = value.first().copied().unwrap_or_default(),
            _ => {}
        }
    }
    Some(link)
}

fn address(message: &[u8]) -> Option<Address> {
    let [_, prefix, flags, scope] = *message.first_chunk()?;
    let (mut local, mut other_end, mut broadcast, mut label) = (None, None, None, None);
    let mut flags = u32::from(flags);
    for (kind, value) in attributes(message.get(8..)?) {
        match kind {
            1 => other_end = ip(value),
            2 => local = ip(value),
            3 => label = Some(text(value)),
            4 => broadcast = <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from),
            8 => flags = number(value, 0),
            _ => {}
        }
    }
    let ip = local.or(other_end)?;
    let is_secondary = flags & SECONDARY != 0;
    let index = number(message, 4);
    Some(Address { index, ip, prefix, scope, is_secondary, broadcast, label })
}

fn route(message: &[u8]) -> Option<Route> {
    let &[_, prefix, _, _, table, _, _, kind] = message.first_chunk()?;
    let mut route =
        Route { destination: None, prefix, index: None, gateway: None, source: None, table: table.into(), kind };
    for (kind, value) in attributes(message.get(12..)?) {
        match kind {
            1 => route.destination = ip(value),
            4 => route.index = Some(number(value, 0)),
            5 => route.gateway = ip(value),
            7 => route.source = ip(value),
            15 => route.table = number(value, 0),
            // RTA_VIA: a gateway of the other family, after two bytes that name it.
            18 => route.gateway = value.get(2..).and_then(ip),
            _ => {}
        }
    }
    Some(route)
}

fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(short(rest, 0));
        let value = rest.get(4..length)?;
        let kind = short(rest, 2) & 0x3fff;
        rest = rest.get((length + 3) & !3..).unwrap_or_default();
        Some((kind, value))
    })
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_ne_bytes)
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => <[u8; 4]>::try_from(value).ok().map(|octets| Ipv4Addr::from(octets).into()),
        16 => <[u8; 16]>::try_from(value).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_found_with_its_address() {
        let lo = links().into_iter().find(|link| link.name == "lo").unwrap();
        assert_eq!(lo.hardware, 772);
        let ips: Vec<_> = addresses().into_iter().filter(|a| a.index == lo.index).map(|a| a.ip).collect();
        assert!(ips.contains(&Ipv4Addr::LOCALHOST.into()), "{ips:?}");
        assert_eq!(route_to(Ipv4Addr::LOCALHOST.into()).unwrap().index, Some(lo.index));
    }

    #[test]
    fn a_cut_message_is_no_panic() {
        assert!(address(&[2, 8]).is_none());
        assert!(route(&[2, 8, 0]).is_none());
        assert!(link(&[0; 8]).is_none());
        assert_eq!(attributes(&[9, 0, 1, 0, 1]).count(), 0);
        assert_eq!(attributes(&[0, 0, 1, 0]).count(), 0);
    }
}

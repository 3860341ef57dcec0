//! Names to addresses without libc: `/etc/hosts`, then `getent`, then DNS over UDP.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::Duration,
};

use crate::kit::{Program, Reader};

/// Whether nobody can be asked for addresses, as where there is no way to the first server of names.
pub fn nobody_answers(host: &Reader, timeout: Duration) -> bool {
    let servers = host.read_text("/etc/resolv.conf").ok().flatten().unwrap_or_default();
    let first = name_servers(&servers).into_iter().next();
    first.is_none_or(|server| answer(server, "localhost", 1, timeout.min(WAIT)).is_none())
}

/// The addresses of a host, in the order they are tried; none when the name is unknown.
pub fn resolve(host: &Reader, name: &str, timeout: Duration) -> Vec<IpAddr> {
    if let Ok(address) = name.parse() {
        return vec![address];
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let hosts = host.read_text("/etc/hosts").ok().flatten().unwrap_or_default();
    let local = in_hosts(&hosts, &name);
    if !local.is_empty() {
        return local;
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return vec![IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
    }
    if host.which("getent").is_some() {
        let program = Program::new("getent").args(["ahosts", "--", &name]).timeout(timeout.max(Duration::from_secs(5)));
        let answer = host.query(&program).map(|finished| finished.out()).unwrap_or_default();
        return unique(answer.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()));
    }
    let servers = host.read_text("/etc/resolv.conf").ok().flatten().unwrap_or_default();
    ask_dns(&servers, &name, timeout)
}

fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
    unique(text.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    }))
}

fn unique(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for address in addresses {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// How long a server of names may take.
const WAIT: Duration = Duration::from_secs(3);

/// For hosts without `getent`, as musl's: `A` and `AAAA` from the servers of `man 5 resolv.conf`.
fn ask_dns(config: &str, name: &str, timeout: Duration) -> Vec<IpAddr> {
    let servers = name_servers(config);
    let mut names: Vec<String> = words(config, "search").map(|domain| format!("{name}.{domain}")).collect();
    names.insert(if name.contains('.') { 0 } else { names.len() }, name.to_owned());
    let wait = timeout.min(WAIT);
    for name in &names {
        for server in &servers {
            let found: Vec<_> = [1, 28].into_iter().flat_map(|kind| query(*server, name, kind, wait)).collect();
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// What follows a word of a configuration.
fn words<'c>(config: &'c str, key: &'static str) -> impl Iterator<Item = &'c str> {
    config.lines().filter_map(move |line| line.trim().strip_prefix(key)).flat_map(str::split_whitespace)
}

fn name_servers(config: &str) -> Vec<IpAddr> {
    words(config, "nameserver").filter_map(|word| word.parse().ok()).take(3).collect()
}

fn query(server: IpAddr, name: &str, kind: u16, wait: Duration) -> Vec<IpAddr> {
    answer(server, name, kind, wait).and_then(|answer| records(&answer, kind)).unwrap_or_default()
}

/// What a server says to a question; `None` when it is silent.
fn answer(server: IpAddr, name: &str, kind: u16, wait: Duration) -> Option<Vec<u8>> {
    let local: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let id = super::random::bytes::<2>()?;
    let mut packet = id.to_vec();
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        packet.push(label.len() as u8);
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    packet.extend(kind.to_be_bytes());
    packet.extend([0, 1]);
    let mut answer = vec![0; 4096];
    let asked = UdpSocket::bind(SocketAddr::new(local, 0)).and_then(|socket| {
        socket.set_read_timeout(Some(wait))?;
        socket.connect(SocketAddr::new(server, 53))?;
        socket.send(&packet)?;
        socket.recv(&mut answer)
    });
    answer.truncate(asked.ok()?);
    answer.starts_with(&id).then_some(answer)
}

/// The addresses in an answer (RFC 1035 §4.1); `None` when it is cut short.
fn records(answer: &[u8], kind: u16) -> Option<Vec<IpAddr>> {
    let number = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    let skip_name = |mut at: usize| loop {
        match *answer.get(at)? {
            0 => return Some(at + 1),
            length if length >= 0xc0 => return Some(at + 2),
            length => at += usize::from(length) + 1,
        }
    };
    let mut at = 12;
    for _ in 0..number(4)? {
        at = skip_name(at)? + 4;
    }
    let mut found = Vec::new();
    for _ in 0..number(6)? {
        at = skip_name(at)?;
        let length = usize::from(number(at + 8)?);
        let record = answer.get(at + 10..at + 10 + length)?;
        if number(at)? == kind {
            let v4 = <[u8; 4]>::try_from(record).map(IpAddr::from);
            found.extend(v4.or_else(|_| <[u8; 16]>::try_from(record).map(IpAddr::from)));
        }
        at += 10 + length;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_files_are_read_as_hosts_5_says() {
        let text = "127.0.0.1 localhost\n# 1.1.1.1 web\n10.0.0.1\tweb.example Web # x\n::1 web\n10.0.0.1 web\n";
        assert_eq!(in_hosts(text, "web"), ["10.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        assert!(in_hosts(text, "x").is_empty());
    }

    #[test]
    fn dns_answers_give_their_addresses_and_short_ones_nothing() {
        let mut answer = vec![0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1];
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 1, 2, 3]);
        assert_eq!(records(&answer, 1), Some(vec![IpAddr::from([10, 1, 2, 3])]));
        assert_eq!(records(&answer[..answer.len() - 1], 1), None);
    }
}

//! The fully qualified name: `/etc/hosts` first, then `getent` (never the C library's resolver,
//! which a static program must not call).

use std::{net::IpAddr, time::Duration};

use super::host::Host;
use crate::kit::Program;

/// A resolver that does not answer holds the facts no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of `node` with its domain, as Python's `getfqdn` finds it: of the names that its
/// address has, the first with a dot, else the first. `node` itself when it has no address.
pub fn qualified(host: &Host, node: &str) -> String {
    let hosts = host.text("/etc/hosts").unwrap_or_default();
    let asks_others = asks_others(&host.text("/etc/nsswitch.conf").unwrap_or_default());
    let ask = |key: &str| if asks_others { getent(host, key) } else { None };
    let Some(address) = address_of(&hosts, node).or_else(|| names_of_line(&ask(node)?).map(|(ip, _)| ip)) else {
        return node.to_owned();
    };
    let names =
        names_of(&hosts, address).or_else(|| names_of_line(&ask(&address.to_string())?).map(|(_, names)| names));
    let names = names.unwrap_or_default();
    let dotted = names.iter().find(|name| name.contains('.'));
    dotted.or(names.first()).cloned().unwrap_or_else(|| node.to_owned())
}

/// The address of a name in the text of `/etc/hosts`.
fn address_of(hosts: &str, name: &str) -> Option<IpAddr> {
    let mut addresses = hosts
        .lines()
        .filter_map(names_of_line)
        .filter(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
        .map(|(address, _)| address);
    let first = addresses.next()?;
    // `::1` comes first where both are there: RFC 6724 prefers it to 127.0.0.1.
    Some(std::iter::once(first).chain(addresses).find(IpAddr::is_ipv6).unwrap_or(first))
}

fn names_of(hosts: &str, address: IpAddr) -> Option<Vec<String>> {
    hosts.lines().filter_map(names_of_line).find(|(known, _)| *known == address).map(|(_, names)| names)
}

/// A line of `man 5 hosts`, which is what `getent hosts` prints as well.
fn names_of_line(line: &str) -> Option<(IpAddr, Vec<String>)> {
    let mut words = line.split('#').next()?.split_whitespace();
    let address = words.next()?.parse().ok()?;
    Some((address, words.map(str::to_owned).collect()))
}

fn getent(host: &Host, key: &str) -> Option<String> {
    let program = Program::new(host.reader.which("getent")?).args(["hosts", key]);
    let finished = host.reader.query(&program.timeout(PATIENCE.min(host.timeout))).ok()?;
    finished.out().lines().next().map(str::to_owned)
}

/// Whether names are looked for anywhere but in files; as they are where nothing is said.
fn asks_others(nsswitch: &str) -> bool {
    let line = nsswitch.lines().find_map(|line| line.trim().strip_prefix("hosts:"));
    line.is_none_or(|services| services.split_whitespace().any(|s| !s.starts_with('[') && s != "files"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_with_a_dot_is_found_through_its_address() {
        let hosts = "127.0.0.1 localhost # loop\n127.0.1.1\tweb.example.org web\n";
        let address = address_of(hosts, "web").unwrap();
        assert_eq!(names_of(hosts, address).unwrap(), ["web.example.org", "web"]);
        assert!(address_of(hosts, "loop").is_none());
    }

    #[test]
    fn files_alone_need_no_getent() {
        assert!(!asks_others("passwd: files\nhosts: files\n"));
        assert!(asks_others("hosts:\tfiles dns\n"));
        assert!(asks_others(""));
    }
}

//! TCP connections as `/proc/net/tcp` and `/proc/net/tcp6` list them (`man 5 proc`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::kit::{Failure, Reader};

/// The states by their number in `/proc`, from 1 (`tcp_states.h`).
const STATES: [&str; 6] = ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"];

/// Whether it is a state that can be counted.
pub fn is_state(name: &str) -> bool {
    STATES.contains(&name)
}

/// How many connections in one of the states go to one of our addresses (`0.0.0.0` and `::` mean any) and port.
pub fn count(
    host: &Reader,
    ours: &[IpAddr],
    port: u16,
    excluded: &[IpAddr],
    states: &[String],
) -> Result<usize, Failure> {
    let mut count = 0;
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = host.read_text(file)?.unwrap_or_default();
        count += text
            .lines()
            .skip(1)
            .filter_map(Connection::parse)
            .filter(|connection| {
                connection.port == port
                    && ours.iter().any(|address| address.is_unspecified() || *address == connection.local)
                    && !excluded.contains(&connection.remote)
                    && states.iter().any(|state| state == connection.state)
            })
            .count();
    }
    Ok(count)
}

#[derive(Debug, PartialEq)]
struct Connection {
    local: IpAddr,
    port: u16,
    remote: IpAddr,
    state: &'static str,
}

impl Connection {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        let (local, port) = place(words.next()?)?;
        let (remote, _) = place(words.next()?)?;
        let number = usize::from_str_radix(words.next()?, 16).ok()?;
        Some(Self { local, port, remote, state: STATES.get(number.checked_sub(1)?)? })
    }
}

/// `0100007F:1F90`: words in the host's byte order; mapped IPv4 addresses as IPv4.
fn place(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let words: Option<Vec<[u8; 4]>> = (0..address.len() / 8)
        .map(|word| Some(u32::from_str_radix(address.get(word * 8..word * 8 + 8)?, 16).ok()?.to_ne_bytes()))
        .collect();
    let bytes = words?.concat();
    let address = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)).to_canonical(),
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn lines_of_proc_are_connections() {
        let line = "   1: 0100007F:1F90 0200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1";
        let wanted = Connection {
            local: "127.0.0.1".parse().unwrap(),
            port: 8080,
            remote: "127.0.0.2".parse().unwrap(),
            state: "ESTABLISHED",
        };
        assert_eq!(Connection::parse(line), Some(wanted));
        let mapped = place("0000000000000000FFFF00000100007F:0050");
        assert_eq!(mapped, Some(("127.0.0.1".parse().unwrap(), 80)));
        let listening = "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000";
        assert_eq!(Connection::parse(listening), None);
    }
}

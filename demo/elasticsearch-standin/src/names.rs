//! Host names and addresses, without libc's resolver: a static program must not ask it.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// This host's name.
pub fn own_hostname() -> Result<String, String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .map_err(|error| format!("cannot read this host's name: {error}"))
}

/// An address literal, a name in `/etc/hosts`, or what `getent` says.
pub fn resolve(host: &str) -> Option<IpAddr> {
    host.parse().ok().or_else(|| from_hosts_file(host)).or_else(|| from_getent(host))
}

/// The address this host would use to speak to others; loopback if it has none.
pub fn outward_address() -> IpAddr {
    // Connecting a datagram socket sends nothing; it only picks the route.
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| {
            socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
            socket.local_addr()
        })
        .map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

fn from_hosts_file(host: &str) -> Option<IpAddr> {
    let text = std::fs::read_to_string("/etc/hosts").ok()?;
    text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?;
        words.any(|word| word == host).then(|| address.parse().ok())?
    })
}

fn from_getent(host: &str) -> Option<IpAddr> {
    let output = std::process::Command::new("getent").args(["ahosts", host]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).split_whitespace().next()?.parse().ok()
}

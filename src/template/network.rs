//! Addresses and networks of IPv4 and IPv6: how they are read and written, and which ranges mean something.

mod range;

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

pub(super) use range::Ranges;

/// IPv4 or IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Version {
    V4,
    V6,
}

impl Version {
    /// How many bits an address has.
    pub(super) fn width(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// 4 or 6.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }

    /// The highest address.
    pub(super) fn last(self) -> u128 {
        u128::MAX >> (128 - self.width())
    }

    /// The mask of a prefix: ones, then zeros.
    pub(super) fn mask(self, prefix: u8) -> u128 {
        self.last() & !self.last().checked_shr(u32::from(prefix)).unwrap_or(0)
    }
}

/// One address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Address {
    pub(super) version: Version,
    pub(super) bits: u128,
}

impl Address {
    /// Reads an address as it is usually written: four decimal numbers, or IPv6's groups without a zone.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self { version: Version::V4, bits: u32::from(address).into() });
        }
        let address = text.parse::<Ipv6Addr>().ok()?;
        Some(Self { version: Version::V6, bits: address.into() })
    }

    /// The address of this number: IPv4 if it is small enough and no version is asked for.
    pub(super) fn from_number(bits: u128, version: Option<Version>) -> Option<Self> {
        let fitting = if bits <= Version::V4.last() { Version::V4 } else { Version::V6 };
        let version = version.unwrap_or(fitting);
        (bits <= version.last()).then_some(Self { version, bits })
    }

    /// The address this far away, if there is one.
    pub(super) fn offset(self, by: i128) -> Option<Self> {
        let bits = self.bits.checked_add_signed(by)?;
        (bits <= self.version.last()).then_some(Self { bits, ..self })
    }

    /// The same address where IPv6 is always written in groups (RFC 5952 without its section 5).
    pub(super) fn in_groups(self) -> String {
        match self.version {
            Version::V6 if self.bits >> 32 == 0xffff => {
                format!("::ffff:{:x}:{:x}", self.bits >> 16 & 0xffff, self.bits & 0xffff)
            }
            Version::V6 => Ipv6Addr::from(self.bits).to_string(),
            Version::V4 => self.to_string(),
        }
    }

    /// The eight groups of an IPv6 address, or the four bytes of an IPv4 one.
    pub(super) fn parts(self) -> Vec<u16> {
        match self.version {
            Version::V4 => Ipv4Addr::from(self.bits as u32).octets().into_iter().map(u16::from).collect(),
            Version::V6 => Ipv6Addr::from(self.bits).segments().to_vec(),
        }
    }

    /// The IPv4 address in a mapped IPv6 one (`::ffff:a.b.c.d`).
    pub(super) fn mapped(self) -> Option<Self> {
        let is_mapped = self.version == Version::V6 && self.bits >> 32 == 0xffff;
        is_mapped.then_some(Self { version: Version::V4, bits: self.bits & 0xffff_ffff })
    }
}

/// As `inet_ntop` of the C library writes it: an IPv6 address that holds an IPv4 one ends with its four numbers.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = Ipv4Addr::from(self.bits as u32);
        match self.version {
            Version::V4 => low.fmt(f),
            Version::V6 if self.bits >> 32 == 0xffff => write!(f, "::ffff:{low}"),
            Version::V6 if self.bits >> 32 == 0 && self.bits > 0xffff => write!(f, "::{low}"),
            Version::V6 => Ipv6Addr::from(self.bits).fmt(f),
        }
    }
}

/// An address with the length of its network's prefix. The address may be any of the network's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Network {
    pub(super) address: Address,
    pub(super) prefix: u8,
}

impl Network {
    /// Reads `ADDRESS`, `ADDRESS/PREFIX` or `ADDRESS/MASK`, where the mask is a netmask or its inverse.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address = Address::parse(address)?;
        let prefix = prefix.map_or(Some(address.version.width()), |prefix| read_prefix(prefix, address.version))?;
        Some(Self { address, prefix })
    }

    /// As `parse`, and no bit of the address may be set behind the prefix: a network, not a host in it.
    pub(super) fn parse_strict(text: &str) -> Option<Self> {
        Self::parse(text).filter(|network| network.address == network.first())
    }

    /// The network of one address.
    pub(super) fn host(address: Address) -> Self {
        Self { address, prefix: address.version.width() }
    }

    fn at(&self, bits: u128) -> Address {
        Address { version: self.address.version, bits }
    }

    /// The mask as an address.
    pub(super) fn netmask(&self) -> Address {
        self.at(self.address.version.mask(self.prefix))
    }

    /// The mask's inverse as an address.
    pub(super) fn hostmask(&self) -> Address {
        self.at(self.address.version.last() & !self.netmask().bits)
    }

    /// The lowest address.
    pub(super) fn first(&self) -> Address {
        self.at(self.address.bits & self.netmask().bits)
    }

    /// The highest address.
    pub(super) fn last(&self) -> Address {
        self.at(self.address.bits | self.hostmask().bits)
    }

    /// How many addresses it has, less one.
    pub(super) fn span(&self) -> u128 {
        self.hostmask().bits
    }

    /// The network itself, whatever address it was named by.
    pub(super) fn network(&self) -> Self {
        Self { address: self.first(), ..*self }
    }

    /// The lowest and highest addresses that hosts can have; none in the network of one address.
    pub(super) fn usable(&self) -> Option<(Address, Address)> {
        match self.span() {
            0 => None,
            1 => Some((self.first(), self.last())),
            _ => Some((self.first().offset(1)?, self.last().offset(-1)?)),
        }
    }

    /// Whether an address is in it.
    pub(super) fn contains(&self, address: Address) -> bool {
        self.address.version == address.version && self.first() <= address && address <= self.last()
    }

    /// Whether all of another network is in it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// The address at this place in it, counted from the end if negative.
    pub(super) fn nth(&self, index: i128) -> Option<Address> {
        let found = if index < 0 { self.last().offset(index + 1)? } else { self.first().offset(index)? };
        self.contains(found).then_some(found)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The length of a prefix, written as such or as a mask.
fn read_prefix(text: &str, version: Version) -> Option<u8> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|prefix| *prefix <= version.width());
    }
    let mask = Address::parse(text).filter(|mask| mask.version == version)?;
    let prefixes = || 0..=version.width();
    let netmask = prefixes().find(|prefix| version.mask(*prefix) == mask.bits);
    netmask.or_else(|| prefixes().find(|prefix| version.last() & !version.mask(*prefix) == mask.bits))
}

/// The fewest networks that hold exactly the same addresses, in order. One that nothing was merged into stays as it
/// was named.
pub(super) fn merge(networks: &[Network]) -> Vec<Network> {
    let mut sorted: Vec<Network> = networks.to_vec();
    sorted.sort_by_key(Network::network);
    let mut merged: Vec<Network> = Vec::new();
    for network in sorted {
        if let Some(last) = merged.last_mut().filter(|last| last.covers(&network)) {
            *last = last.network();
            continue;
        }
        let is_next = |last: &&mut Network| last.last().offset(1) == Some(network.first());
        match merged.last_mut().filter(is_next) {
            Some(last) => {
                *last = last.network();
                merged.push(network.network());
            }
            None => merged.push(network),
        }
        // Two halves of one network become that network, which may be a half of another.
        while let [.., low, high] = merged[..] {
            let whole = Network { prefix: low.prefix.saturating_sub(1), ..low }.network();
            if low.prefix != high.prefix
                || low.prefix == 0
                || !whole.covers(&high)
                || whole.address != low.first()
                || low.covers(&high)
            {
                break;
            }
            merged.truncate(merged.len() - 2);
            merged.push(whole);
        }
    }
    merged
}

/// The smallest network that holds all of these; none for an empty list or for both versions.
pub(super) fn span(networks: &[Network]) -> Option<Network> {
    let first = networks.first()?.network();
    if networks.iter().any(|network| network.address.version != first.address.version) {
        return None;
    }
    (0..=first.prefix)
        .rev()
        .map(|prefix| Network { prefix, ..first }.network())
        .find(|whole| networks.iter().all(|network| whole.covers(network)))
}

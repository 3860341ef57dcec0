//! Ranges of addresses that have a meaning (the special-purpose registries of the IANA).

use super::{Address, Network, Version};

/// A list of networks.
pub(in crate::template) struct Ranges(&'static [&'static str]);

impl Ranges {
    pub(in crate::template) const LOOPBACK: Self = Self(&["127.0.0.0/8", "::1/128"]);
    pub(in crate::template) const MULTICAST: Self = Self(&["224.0.0.0/4", "ff00::/8"]);
    pub(in crate::template) const LINK_LOCAL: Self = Self(&["169.254.0.0/16", "fe80::/10"]);
    pub(in crate::template) const SIX_TO_FOUR: Self = Self(&["2002::/16"]);
    pub(in crate::template) const TEREDO: Self = Self(&["2001::/32"]);
    pub(in crate::template) const SHARED: Self = Self(&["100.64.0.0/10"]);

    /// Not reachable from everywhere; `REACHABLE` holds what is all the same.
    pub(in crate::template) const PRIVATE: Self = Self(&[
        "0.0.0.0/8",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "240.0.0.0/4",
        "::/127",
        "::ffff:0:0/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
    ]);

    /// What lies in `PRIVATE` and can be reached from everywhere.
    pub(in crate::template) const REACHABLE: Self = Self(&[
        "192.0.0.9/32",
        "192.0.0.10/32",
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:20::/28",
        "2001:30::/28",
    ]);

    /// Set aside for later.
    pub(in crate::template) const RESERVED: Self = Self(&[
        "240.0.0.0/4",
        "::/8",
        "100::/8",
        "200::/7",
        "400::/6",
        "800::/5",
        "1000::/4",
        "4000::/3",
        "6000::/3",
        "8000::/3",
        "a000::/3",
        "c000::/3",
        "e000::/4",
        "f000::/5",
        "f800::/6",
        "fe00::/9",
    ]);

    /// Whether an address is in one of them.
    pub(in crate::template) fn contain(&self, address: Address) -> bool {
        self.networks(address.version).any(|network| network.contains(address))
    }

    /// Whether all of a network is in one of them.
    pub(in crate::template) fn cover(&self, network: &Network) -> bool {
        self.networks(network.address.version).any(|range| range.covers(network))
    }

    fn networks(&self, version: Version) -> impl Iterator<Item = Network> {
        let written = move |text: &&str| text.contains(':') == (version == Version::V6);
        self.0.iter().copied().filter(written).filter_map(Network::parse)
    }
}

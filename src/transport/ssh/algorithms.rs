//! Which algorithms are offered, and in which order.

use std::borrow::Cow;

use russh::{
    Preferred, cipher, client, compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg},
    mac,
};

use super::endpoint::Endpoint;
use crate::transport::{ConnectError, known_hosts::HostKeys, pattern::matches};

/// An open channel takes this many bytes before its reader has to follow: enough for a long way.
const WINDOW: u32 = 16 << 20;

/// The client's configuration for one server, of which `keys` are known.
pub fn config(endpoint: &Endpoint, keys: &HostKeys) -> Result<client::Config, ConnectError> {
    let settings = &endpoint.config;
    let alive = settings.number("serveralivecountmax")?.unwrap_or(3);
    // AES first: modern CPUs have instructions for it, and it carries files at twice the rate.
    let ciphers = choose(
        endpoint,
        "ciphers",
        &[
            &cipher::AES_128_GCM,
            &cipher::AES_256_GCM,
            &cipher::CHACHA20_POLY1305,
            &cipher::AES_128_CTR,
            &cipher::AES_192_CTR,
            &cipher::AES_256_CTR,
        ]
        .map(AsRef::<str>::as_ref),
        &cipher::ALL_CIPHERS
            .iter()
            .copied()
            .map(AsRef::as_ref)
            .filter(|name: &&str| !["none", "clear"].contains(name))
            .collect::<Vec<_>>(),
    )?;
    let macs = choose(
        endpoint,
        "macs",
        &Preferred::DEFAULT.mac.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        &mac::ALL_MAC_ALGORITHMS
            .iter()
            .copied()
            .map(AsRef::as_ref)
            .filter(|name: &&str| *name != "none")
            .collect::<Vec<_>>(),
    )?;
    let kexes = kex_names();
    let kexes = choose(
        endpoint,
        "kexalgorithms",
        &kexes,
        &kex::ALL_KEX_ALGORITHMS
            .iter()
            .copied()
            .map(AsRef::as_ref)
            .filter(|name: &&str| *name != "none")
            .collect::<Vec<_>>(),
    )?;
    let mut kex: Vec<kex::Name> = kexes.iter().filter_map(|name| kex::Name::try_from(name.as_str()).ok()).collect();
    kex.extend([kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT]);
    let known = host_keys();
    let names: Vec<&str> = known.iter().map(Algorithm::as_str).collect();
    let chosen = choose(endpoint, "hostkeyalgorithms", &names, &names)?;
    let mut offered: Vec<Algorithm> = chosen.iter().filter_map(|name| name.parse().ok()).collect();
    // A key that is known comes first: the server may have several.
    offered.sort_by_key(|algorithm| !keys.keys.iter().any(|line| same_kind(&line.key.algorithm(), algorithm)));
    let certificates = if keys.authorities.is_empty() { Vec::new() } else { offered.clone() };
    let compressions: &[compression::Name] = if settings.flag("compression", false) {
        &[compression::ZLIB_LEGACY, compression::ZLIB, compression::NONE]
    } else {
        &[compression::NONE]
    };
    Ok(client::Config {
        nodelay: true,
        window_size: WINDOW,
        keepalive_interval: endpoint.keepalive,
        keepalive_max: alive,
        preferred: Preferred {
            kex: Cow::Owned(kex),
            key: Cow::Owned(offered),
            host_key_certificates: Cow::Owned(certificates),
            cipher: Cow::Owned(ciphers.iter().filter_map(|name| cipher::Name::try_from(name.as_str()).ok()).collect()),
            mac: Cow::Owned(macs.iter().filter_map(|name| mac::Name::try_from(name.as_str()).ok()).collect()),
            compression: Cow::Owned(compressions.to_vec()),
        },
        ..client::Config::default()
    })
}

/// Key exchanges, the cheapest safe one first.
fn kex_names() -> Vec<&'static str> {
    let mut names = vec!["curve25519-sha256", "curve25519-sha256@libssh.org"];
    names.extend(Preferred::DEFAULT.kex.iter().map(|name| {
        kex::ALL_KEX_ALGORITHMS.iter().find(|known| **known == name).map_or("", |known| AsRef::<str>::as_ref(*known))
    }));
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !name.is_empty()
            && !name.starts_with("ext-info")
            && !name.starts_with("kex-strict")
            && !seen.contains(name);
        seen.push(*name);
        new
    });
    names
}

/// Host-key algorithms, as OpenSSH prefers them. SHA-1 is not among them.
fn host_keys() -> Vec<Algorithm> {
    let ecdsa = |curve| Algorithm::Ecdsa { curve };
    vec![
        Algorithm::Ed25519,
        ecdsa(EcdsaCurve::NistP256),
        ecdsa(EcdsaCurve::NistP384),
        ecdsa(EcdsaCurve::NistP521),
        Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    ]
}

fn same_kind(a: &Algorithm, b: &Algorithm) -> bool {
    a == b || matches!((a, b), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
}

/// What a keyword makes of the default: a list, or `+`, `-`, `^` and a list ("Ciphers" in
/// `man 5 ssh_config`). Names that this client lacks are passed over; fails when none is left.
fn choose(endpoint: &Endpoint, keyword: &str, default: &[&str], all: &[&str]) -> Result<Vec<String>, ConnectError> {
    let Some(value) = endpoint.config.value(keyword) else {
        return Ok(default.iter().map(|name| (*name).to_owned()).collect());
    };
    let (sign, list) = match value.chars().next() {
        Some(sign @ ('+' | '-' | '^')) => (sign, &value[1..]),
        _ => (' ', value),
    };
    let named = |name: &&str| list.split(',').any(|pattern| matches(pattern.trim(), name));
    let listed =
        || list.split(',').flat_map(|pattern| all.iter().copied().filter(move |name| matches(pattern.trim(), name)));
    let mut chosen: Vec<&str> = match sign {
        '-' => default.iter().copied().filter(|name| !named(name)).collect(),
        '+' => default.iter().copied().chain(listed()).collect(),
        '^' => listed().chain(default.iter().copied()).collect(),
        _ => listed().collect(),
    };
    let mut seen = Vec::new();
    chosen.retain(|name| {
        let new = !seen.contains(name);
        seen.push(*name);
        new
    });
    if chosen.is_empty() {
        return Err(endpoint.config.wrong(keyword, &format!("the ssh transport has none of `{value}` for {keyword}")));
    }
    Ok(chosen.into_iter().map(str::to_owned).collect())
}

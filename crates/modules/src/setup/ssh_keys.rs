//! The host's public SSH keys.

use serde_json::json;

use super::host::Host;
use crate::kit::Fields;

/// `ssh_host_key_*_public` and their types, up to the first that an earlier directory has.
pub fn collect(host: &Host) -> Fields {
    let mut facts = Fields::new();
    for directory in ["/etc/ssh", "/etc/openssh", "/etc"] {
        for algorithm in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let fact = format!("ssh_host_key_{algorithm}_public");
            if facts.contains_key(&fact) {
                return facts;
            }
            let Some(line) = host.text(format!("{directory}/ssh_host_{algorithm}_key.pub")) else { continue };
            let mut words = line.split_whitespace();
            if let (Some(kind), Some(key)) = (words.next(), words.next()) {
                facts.insert(format!("{fact}_keytype"), json!(kind));
                facts.insert(fact, json!(key));
            }
        }
    }
    facts
}

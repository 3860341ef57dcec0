//! Hardware addresses: `hwaddr`, `macaddr`, `slaac` of `ansible.utils`, and `random_mac`.

use std::collections::HashMap;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::required,
        network::{Address, Version},
        random::Random,
    },
    failed,
    ipaddr::Subject,
    option,
};
use crate::value::Value;

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    for (full, short, filter) in [
        ("ansible.utils.hwaddr", "hwaddr", hwaddr as Filter),
        ("ansible.utils.macaddr", "macaddr", hwaddr),
        ("ansible.utils.slaac", "slaac", slaac),
    ] {
        super::register_moved(table, full, short, filter);
    }
    table.extend([("random_mac", random_mac as Filter), ("community.general.random_mac", random_mac)]);
}

/// The bytes of an EUI-48 or EUI-64 in any of its usual spellings, or of a decimal number.
fn read(text: &str) -> Option<Vec<u8>> {
    let digits = |text: &str, size: usize| {
        let valid = (1..=size).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid.then(|| format!("{text:0>size$}"))
    };
    let groups: Vec<&str> = text.split([':', '-', '.']).collect();
    let separators = text.chars().filter(|c| !c.is_ascii_hexdigit());
    if separators.collect::<std::collections::HashSet<_>>().len() > 1 {
        return None;
    }
    let size = match groups.len() {
        1 if matches!(text.len(), 11 | 12) => 12,
        1 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let bytes = text.parse::<u64>().ok()?.to_be_bytes();
            return Some(if bytes[..2] == [0, 0] { bytes[2..].to_vec() } else { bytes.to_vec() });
        }
        1 if (14..=16).contains(&text.len()) => 16,
        2 if !text.contains('.') => 6,
        3 | 4 => 4,
        6 | 8 => 2,
        _ => return None,
    };
    let hex = groups.iter().map(|group| digits(group, size)).collect::<Option<String>>()?;
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}

fn hwaddr(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let filter = arguments.name.rsplit('.').next().unwrap_or_default().to_owned();
    let [value, query] = arguments.bind_first(["value", "query"])?;
    let text = option::text(value).unwrap_or_default();
    let query = option::text(query).unwrap_or_default();
    let Some(bytes) = read(&text) else {
        return match query.as_str() {
            "" | "bool" => Ok(Value::None),
            _ => Err(failed(format!("{filter}: not a hardware address: {text}"))),
        };
    };
    if bytes.len() > 6 && !matches!(query.as_str(), "" | "bool" | "int") {
        return Err(TemplateError::raised("IndexError", format!("{filter}: {text} has more than six bytes")));
    }
    let joined = |bytes: &[u8], size: usize, separator: &str| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        (0..hex.len()).step_by(size).map(|at| &hex[at..(at + size).min(hex.len())]).collect::<Vec<_>>().join(separator)
    };
    Ok(match query.as_str() {
        "" => text.into(),
        "bool" => Value::Bool(true),
        "int" => Value::Int(bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))),
        "bare" => joined(&bytes, 2, "").to_uppercase().into(),
        "cisco" => joined(&bytes, 4, ".").into(),
        "eui48" | "win" => joined(&bytes, 2, "-").to_uppercase().into(),
        "linux" => joined(&bytes, 2, ":").into(),
        "pgsql" | "postgresql" | "psql" => joined(&bytes, 6, ":").into(),
        "unix" => bytes.iter().map(|byte| format!("{byte:x}")).collect::<Vec<_>>().join(":").into(),
        other => return Err(failed(format!("{filter}: unknown filter type: {other}"))),
    })
}

/// The address that a host with this hardware address gives itself in an IPv6 network (RFC 4862, RFC 4291 appendix A).
fn slaac(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, query] = arguments.bind_first(["value", "query"])?;
    let value = required(value, "slaac", "value")?;
    let mac = option::text(query).and_then(|query| read(&query)).filter(|bytes| bytes.len() == 6);
    let subject = Subject::read(&value, None).filter(|subject| subject.network.address.version == Version::V6);
    let (Some(subject), Some(mac)) = (subject, mac) else {
        return Ok(Value::Bool(false));
    };
    let id = [mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]];
    let bits = subject.network.address.bits >> 64 << 64 | u128::from(u64::from_be_bytes(id));
    Ok(Address { version: Version::V6, bits }.to_string().into())
}

fn random_mac(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, seed] = arguments.bind(["value", "seed"])?;
    let value = required(value, "random_mac", "value")?;
    let Some(text) = value.as_str() else {
        let shown = value.repr();
        return Err(failed(format!("Invalid value type (<class '{}'>) for random_mac ({shown})", value.type_name())));
    };
    let text = text.to_lowercase();
    let invalid = |why: &str| failed(format!("Invalid value ({text}) for random_mac: {why}"));
    let items: Vec<&str> = text.split(':').collect();
    if items.len() > 5 {
        return Err(invalid("5 colon(:) separated items max"));
    }
    for item in &items {
        if item.is_empty() {
            return Err(invalid("empty item"));
        }
        if item.len() < 2 || !item.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()) {
            return Err(invalid(&format!("{item} not hexa byte")));
        }
    }
    // Five bytes whose first digit is not zero; as many as are missing are taken.
    let (low, high) = (0x10_0000_0000, 0xff_ffff_ffff);
    let mut random = Random::seeded(seed.as_ref())?;
    let digits = format!("{:x}", low + random.below(high - low + 1));
    let rest = (0..6 - items.len()).map(|index| &digits[2 * index..2 * index + 2]);
    Ok(items.iter().copied().chain(rest).collect::<Vec<_>>().join(":").into())
}

//! `ansible.utils` filters that calculate with addresses and networks.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::{
    super::{
        Arguments, Filter, TemplateError,
        arguments::required,
        network::{self, Address, Network, Version},
    },
    failed,
    ipaddr::Subject,
    option,
};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    for (full, short, filter) in [
        ("ansible.utils.cidr_merge", "cidr_merge", cidr_merge as Filter),
        ("ansible.utils.ip4_hex", "ip4_hex", ip4_hex),
        ("ansible.utils.ipmath", "ipmath", ipmath),
        ("ansible.utils.ipsubnet", "ipsubnet", ipsubnet),
        ("ansible.utils.network_in_network", "network_in_network", network_in_network),
        ("ansible.utils.network_in_usable", "network_in_usable", network_in_usable),
        ("ansible.utils.next_nth_usable", "next_nth_usable", |arguments| near(arguments, 1)),
        ("ansible.utils.nthhost", "nthhost", nthhost),
        ("ansible.utils.previous_nth_usable", "previous_nth_usable", |arguments| near(arguments, -1)),
        ("ansible.utils.reduce_on_network", "reduce_on_network", reduce_on_network),
    ] {
        super::register_moved(table, full, short, filter);
    }
    table.extend([
        ("ansible.utils.ipcut", ipcut as Filter),
        ("ansible.utils.ipv6form", ipv6form),
        ("ansible.utils.usable_range", usable_range),
    ]);
}

fn invalid(value: &str) -> TemplateError {
    failed(format!("You must pass a valid IP address; {value} is invalid"))
}

fn subject(value: Option<Value>, filter: &str) -> Result<Option<Subject>, TemplateError> {
    let value = required(value, filter, "value")?;
    Ok(Subject::read(&value, None).filter(|_| value.is_truthy()))
}

fn optional(address: Option<Address>) -> Value {
    address.map_or(Value::None, |address| address.to_string().into())
}

fn cidr_merge(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, action] = arguments.bind_first(["value", "action"])?;
    let items = option::needed(option::list(value, "value")?, "value")?;
    let action = action.map_or_else(|| "merge".to_owned(), |action| option::text(Some(action)).unwrap_or_default());
    let networks = items
        .iter()
        .map(|item| item.as_str().and_then(Network::parse))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| failed("cidr_merge: not all of the values are addresses or networks"))?;
    match action.as_str() {
        "merge" => Ok(network::merge(&networks).iter().map(|network| Value::from(network.to_string())).collect()),
        "span" if networks.is_empty() => Ok(Value::None),
        "span" if networks.len() == 1 => Ok(networks[0].to_string().into()),
        "span" => match network::span(&networks) {
            Some(whole) => Ok(whole.to_string().into()),
            None => Err(failed("cidr_merge: no network spans both IPv4 and IPv6")),
        },
        other => Err(failed(format!("cidr_merge: invalid action '{other}'"))),
    }
}

fn ip4_hex(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, delimiter] = arguments.bind_first(["arg", "delimiter"])?;
    let text = required(value, "ip4_hex", "arg")?.to_str();
    let address = Address::parse(&text).filter(|address| address.version == Version::V4);
    let bytes = address.ok_or_else(|| invalid(&text))?.parts();
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(bytes.join(&option::text(delimiter).unwrap_or_default()).into())
}

fn ipmath(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, amount] = arguments.bind_first(["value", "amount"])?;
    let amount = option::integer(amount, "amount")?;
    let is_text = value.as_ref().is_some_and(|value| value.as_str().is_some());
    let text = option::text(value).unwrap_or_default();
    let subject = Subject::read(&Value::from(text.as_str()), None).filter(|_| is_text);
    let address = subject.ok_or_else(|| invalid(&text))?.network.address;
    let amount =
        amount.ok_or_else(|| failed("You must pass an integer for arithmetic; None is not a valid integer"))?;
    match address.offset(amount.into()) {
        Some(found) => Ok(found.to_string().into()),
        None => Err(TemplateError::raised("IndexError", "result outside valid IP address boundary!")),
    }
}

fn ipsubnet(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, query, index] = arguments.bind_first(["value", "query", "index"])?;
    let query = option::text(query).unwrap_or_default();
    let index = option::integer(index, "index")?;
    let Some(subject) = value.as_ref().and_then(|value| Subject::read(value, None)) else {
        return Ok(Value::Bool(false));
    };
    let network = subject.network.network();
    if query.is_empty() {
        return Ok(network.to_string().into());
    }
    let Ok(prefix) = query.parse::<u8>() else { return rank(&network, &query) };
    if prefix > network.address.version.width() {
        return Ok(Value::Bool(false));
    }
    let found = match (network.span(), index) {
        (0, _) if prefix == network.prefix => {
            return Err(TemplateError::raised("IndexError", format!("{network} is in no larger network of its size")));
        }
        (0, None) => Some(Network { prefix, ..network }.network()),
        (0, Some(index)) => {
            let count = i64::from(network.prefix - prefix);
            if index == count {
                return Err(TemplateError::raised(
                    "IndexError",
                    format!("{network} is in no larger network at {index}"),
                ));
            }
            let place = if index < 0 { count + index } else { index };
            let longer = u8::try_from(place).ok().filter(|_| place < count).map(|place| prefix + place);
            longer.map(|prefix| Network { prefix, ..network }.network())
        }
        (_, None) => return count(&network, prefix),
        (_, Some(index)) => nth_subnet(&network, prefix, index.into()),
    };
    Ok(found.map_or(Value::Bool(false), |network| network.to_string().into()))
}

/// How many subnets of this prefix a network has.
fn count(network: &Network, prefix: u8) -> Result<Value, TemplateError> {
    match prefix.checked_sub(network.prefix) {
        Some(bits) => Ok((BigInt::from(1) << bits).to_string().into()),
        None => Err(failed(format!("Requested subnet size of {prefix} is invalid"))),
    }
}

/// One of a network's subnets by its place, counted from the end if negative.
fn nth_subnet(network: &Network, prefix: u8, index: i128) -> Option<Network> {
    if prefix < network.prefix {
        return (index == 0).then_some(Network { prefix, ..*network });
    }
    let bits = u32::from(prefix - network.prefix);
    let count = 1_i128.checked_shl(bits)?;
    let place = if index < 0 { count + index } else { index };
    if place < 0 || place >= count {
        return None;
    }
    let step = u32::from(network.address.version.width().checked_sub(prefix)?);
    let address = network.address.offset(place.checked_shl(step).unwrap_or(0))?;
    Some(Network { address, prefix })
}

/// The place, from 1, that a network has among those of its size in a larger one.
fn rank(network: &Network, query: &str) -> Result<Value, TemplateError> {
    let Some(whole) = Network::parse(query) else {
        return Err(failed(format!("You must pass a valid subnet or IP address; {query} is invalid")));
    };
    let whole = whole.network();
    if !whole.covers(network) {
        return Err(failed(format!("{network} is not in the subnet {whole}")));
    }
    let size = u32::from(network.address.version.width() - network.prefix);
    let before = (network.address.bits - whole.address.bits).checked_shr(size).unwrap_or(0);
    Ok((before + 1).to_string().into())
}

fn near(arguments: Arguments<'_>, direction: i128) -> Result<Value, TemplateError> {
    let filter = arguments.name;
    let [value, offset] = arguments.bind_first(["value", "offset"])?;
    let offset = option::integer(offset, "offset")?;
    let Some(subject) = subject(value, filter)? else { return Ok(Value::Bool(false)) };
    let offset = offset.ok_or_else(|| failed("Must pass in an integer"))?;
    let Some((first, last)) = subject.network.usable() else { return Ok(Value::None) };
    let found = subject.network.address.offset(i128::from(offset) * direction);
    Ok(optional(found.filter(|found| first <= *found && *found <= last)))
}

fn nthhost(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, query] = arguments.bind_first(["value", "query"])?;
    let index = option::text(query).and_then(|query| query.trim().parse::<i128>().ok());
    let found = match (subject(value, "nthhost")?, index) {
        (Some(subject), Some(index)) => subject.network.nth(index),
        _ => None,
    };
    Ok(found.map_or(Value::Bool(false), |address| address.to_string().into()))
}

fn network_in_network(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, test] = arguments.bind_first(["value", "test"])?;
    let (Some(whole), Some(part)) =
        (subject(value, "network_in_network")?, test.and_then(|test| Subject::read(&test, None)))
    else {
        return Ok(Value::Bool(false));
    };
    Ok(Value::Bool(whole.network.covers(&part.network)))
}

fn network_in_usable(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, test] = arguments.bind_first(["value", "test"])?;
    let usable = subject(value, "network_in_usable")?.and_then(|subject| subject.network.usable());
    let (Some((first, last)), Some(part)) = (usable, test.and_then(|test| Subject::read(&test, None))) else {
        return Ok(Value::Bool(false));
    };
    Ok(Value::Bool(first <= part.network.first() && part.network.last() <= last))
}

fn reduce_on_network(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, network] = arguments.bind_first(["value", "network"])?;
    let items = option::needed(option::list(value, "value")?, "value")?;
    let Some(whole) = network.and_then(|network| Subject::read(&network, None)) else {
        return Ok(Vec::new().into());
    };
    let inside = |item: &Value| Subject::read(item, None).is_some_and(|part| whole.network.covers(&part.network));
    Ok(items.into_iter().filter(inside).collect())
}

fn ipv6form(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, format] = arguments.bind_first(["value", "format"])?;
    let forms = [("compress", 0), ("expand", 1), ("x509", 2)];
    let format = option::choice(format, "format", &forms)?;
    let text = option::text(value).unwrap_or_default();
    let address = Address::parse(&text).ok_or_else(|| invalid(&text))?;
    let groups = |write: fn(&u16) -> String| address.parts().iter().map(write).collect::<Vec<_>>().join(":");
    match (format, address.version) {
        (None, _) => Err(failed("You must pass valid format; None is not a valid format")),
        (Some(2), Version::V4) => Err(invalid(&text)),
        (Some(0), _) | (_, Version::V4) => Ok(address.in_groups().into()),
        (Some(1), _) => Ok(groups(|group| format!("{group:04x}")).into()),
        _ => Ok(groups(|group| format!("{group:x}")).into()),
    }
}

/// The first bits of an address, or its last ones if the amount is negative, as the parts that it is written in.
fn ipcut(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value, amount] = arguments.bind_first(["value", "amount"])?;
    let amount = option::integer(amount, "amount")?;
    let text = option::text(value).unwrap_or_default();
    let address = Address::parse(&text).ok_or_else(|| invalid(&text))?;
    let amount =
        amount.ok_or_else(|| failed("You must pass an integer for arithmetic; None is not a valid integer"))?;
    let width = u64::from(address.version.width());
    let count = amount.unsigned_abs().min(width) as usize;
    let digits = format!("{:0width$b}", address.bits, width = width as usize);
    let digits = if amount < 0 { &digits[digits.len() - count..] } else { &digits[..count] };
    let (size, separator) = if address.version == Version::V4 { (8, ".") } else { (16, ":") };
    let parts: Vec<String> = digits
        .as_bytes()
        .chunks(size)
        .map(|chunk| {
            let number = chunk.iter().fold(0_u32, |number, digit| number << 1 | u32::from(digit - b'0'));
            if size == 8 { number.to_string() } else { format!("{number:x}") }
        })
        .collect();
    Ok(parts.join(separator).into())
}

fn usable_range(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [value] = arguments.bind(["ip"])?;
    let value = required(value, "usable_range", "ip")?;
    let fails = |why: String| failed(format!("Error while using plugin 'usable_range': {why}"));
    let Some(text) = value.as_str() else {
        return Err(fails(format!("not expecting type '<class '{}'>'", value.type_name())));
    };
    let network =
        Network::parse(text).ok_or_else(|| fails(format!("'{text}' does not appear to be an IPv4 or IPv6 network")))?;
    if network.address != network.first() {
        return Err(fails(format!("{text} has host bits set")));
    }
    if network.span() >= 1 << 20 {
        return Err(fails(format!("{text} has more than a million addresses")));
    }
    let addresses = (0..=network.span() as i128).filter_map(|by| network.address.offset(by));
    let addresses: Vec<Value> = addresses.map(|address| address.in_groups().into()).collect();
    let result = Dict::new();
    let count = addresses.len() as i64;
    result.insert("usable_ips", addresses);
    result.insert("number_of_ips", Value::Int(count));
    Ok(Value::Dict(result))
}

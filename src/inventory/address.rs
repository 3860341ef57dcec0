//! `host:2222` and `[2001:db8::1]:22`: a name with a port behind it.

use std::net::Ipv6Addr;

/// The name, which may hold ranges, and the port if there is one. A text that is no address with a port
/// is a name as a whole.
pub fn split_port(text: &str) -> (&str, Option<u16>) {
    let Some((base, digits)) = text.rsplit_once(':') else { return (text, None) };
    let Ok(port) = digits.parse::<u16>() else { return (text, None) };
    let inner = base.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = inner.filter(|inner| inner.parse::<Ipv6Addr>().is_ok() || is_name(inner)) {
        return (inner, Some(port));
    }
    if is_name(base) { (base, Some(port)) } else { (text, None) }
}

/// Whether a text as a whole is an address: a name with an optional port, or an IPv6 address. Such a
/// text is one pattern, although it holds colons.
pub fn is_address(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok() || split_port(text).1.is_some() || is_name(text)
}

/// Letters, digits, `_`, `-`, `.` and ranges in brackets.
fn is_name(text: &str) -> bool {
    let mut inside = false;
    for c in text.chars() {
        match c {
            '[' if !inside => inside = true,
            ']' if inside => inside = false,
            ':' if inside => {}
            _ if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') => {}
            _ => return false,
        }
    }
    !inside && !text.is_empty()
}

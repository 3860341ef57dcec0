//! The kernel, the machine, the host's names, and what the kernel was started with.

use std::ffi::CStr;

use serde_json::json;

use super::{host::Host, hostname};
use crate::kit::Fields;

/// The kernel and the machine.
pub fn collect(host: &Host) -> Fields {
    let uname = rustix::system::uname();
    let machine = text(uname.machine());
    let is_x86 = matches!(machine.as_str(), "x86_64" | "i386" | "i486" | "i586" | "i686");
    let bits = userspace_bits(host);
    let architecture = if is_x86 && machine != "x86_64" { "i386" } else { &machine };
    let userspace = match bits {
        "64" if is_x86 => "x86_64",
        "32" if is_x86 => "i386",
        _ => architecture,
    };
    let mut facts = Fields::new();
    facts.insert("system".into(), json!(text(uname.sysname())));
    facts.insert("kernel".into(), json!(text(uname.release())));
    facts.insert("kernel_version".into(), json!(text(uname.version())));
    facts.insert("machine".into(), json!(machine));
    facts.insert("architecture".into(), json!(architecture));
    facts.insert("userspace_bits".into(), json!(bits));
    facts.insert("userspace_architecture".into(), json!(userspace));
    let id = ["/var/lib/dbus/machine-id", "/etc/machine-id"].iter().find_map(|path| host.text(path));
    if let Some(id) = id.filter(|id| !id.is_empty()) {
        facts.insert("machine_id".into(), json!(id));
    }
    let node = text(uname.nodename());
    facts.insert("hostname".into(), json!(node.split('.').next()));
    facts.insert("nodename".into(), json!(node));
    facts
}

/// The names that a resolver may have to be asked for.
pub fn names(host: &Host) -> Fields {
    let fqdn = hostname::qualified(host, &text(rustix::system::uname().nodename()));
    let mut facts = Fields::new();
    facts.insert("domain".into(), json!(fqdn.split_once('.').map_or("", |(_, domain)| domain)));
    facts.insert("fqdn".into(), json!(fqdn));
    facts
}

/// `cmdline`, where the last of several values counts, and `proc_cmdline`, which has them all.
pub fn command_line(host: &Host) -> Fields {
    let (mut last, mut all) = (Fields::new(), Fields::new());
    for word in words(&host.text("/proc/cmdline").unwrap_or_default()) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, json!(value)),
            None => (word.as_str(), json!(true)),
        };
        last.insert(name.to_owned(), value.clone());
        match all.get_mut(name) {
            None => drop(all.insert(name.to_owned(), value)),
            Some(serde_json::Value::Array(values)) => values.push(value),
            Some(earlier) => *earlier = json!([earlier.clone(), value]),
        }
    }
    Fields::from_iter([("cmdline".to_owned(), last.into()), ("proc_cmdline".to_owned(), all.into())])
}

/// Splits at white space outside quotes, which stay where they are.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match quote {
            None if letter.is_whitespace() => words.push(String::new()),
            None if letter == '"' || letter == '\'' => {
                quote = Some(letter);
                words.last_mut().into_iter().for_each(|word| word.push(letter));
            }
            _ => {
                quote = quote.filter(|open| *open != letter);
                words.last_mut().into_iter().for_each(|word| word.push(letter));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The word size of the host's programs, which need not be the kernel's: that of its shell.
fn userspace_bits(host: &Host) -> &'static str {
    use std::io::Read;
    let mut header = [0; 5];
    let read = host.reader.open("/bin/sh").ok().and_then(|mut file| file.read_exact(&mut header).ok());
    match (read, header) {
        (Some(()), [0x7f, b'E', b'L', b'F', 1]) => "32",
        (Some(()), [0x7f, b'E', b'L', b'F', 2]) => "64",
        _ if cfg!(target_pointer_width = "64") => "64",
        _ => "32",
    }
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words("quiet a=\"b c\" -- x"), ["quiet", "a=\"b c\"", "--", "x"]);
    }
}

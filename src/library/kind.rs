//! What a module is: told from its bytes, as Ansible tells it ("Ansible module architecture" in the manual).

use super::imports;

/// How much of a file is looked at to see whether it is text.
const START: usize = 1024;
/// The line that Python modules once had in place of an import.
pub const COMMON: &str = "#<<INCLUDE_ANSIBLE_MODULE_COMMON>>";
/// Marks that arguments take the place of.
const FILLED: [&str; 2] = ["<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", "<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>"];

/// What a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program: a file with its arguments as JSON.
    Binary,
    /// A script that has `WANT_JSON` somewhere: the same.
    WantJson,
    /// Any other script: a file with `name=value` pairs.
    Old,
    /// A script with marks that its arguments take the place of.
    Filled,
    /// A module that imports what ansible-core has for modules.
    Python,
    /// One for Windows.
    PowerShell,
}

impl Kind {
    /// What a file is.
    pub fn of(bytes: &[u8]) -> Self {
        let is_text = |byte: &u8| matches!(byte, 7..=10 | 12 | 13 | 27) || *byte >= 0x20 && *byte != 0x7f;
        if !bytes[..bytes.len().min(START)].iter().all(is_text) {
            return Self::Binary;
        }
        let text = String::from_utf8_lossy(bytes);
        match () {
            () if text.contains(COMMON) || imports::uses_utilities(&text) => Self::Python,
            () if is_power_shell(&text) => Self::PowerShell,
            () if FILLED.iter().any(|mark| text.contains(mark)) => Self::Filled,
            () if text.contains("WANT_JSON") => Self::WantJson,
            () => Self::Old,
        }
    }
}

fn is_power_shell(text: &str) -> bool {
    let begins = |line: &str| {
        let line = line.trim_start().to_ascii_lowercase();
        line.starts_with("#ansiblerequires")
            || line.starts_with("#requires -module")
            || line.contains("# powershell_common")
    };
    text.lines().any(begins)
}

/// The interpreter and its arguments in the first line of a script.
pub fn shebang(bytes: &[u8]) -> Option<Vec<String>> {
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let words: Vec<String> = String::from_utf8_lossy(line).split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_content() {
        let table: [(&[u8], Kind); 9] = [
            (b"\x7fELF\0\0", Kind::Binary),
            (b"#!/bin/sh\n# WANT_JSON\n", Kind::WantJson),
            (b"#!/bin/sh\n. $1\n", Kind::Old),
            (b"#!/usr/bin/python\nargs = '''<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>'''\n", Kind::Filled),
            (b"#!/usr/bin/python\nfrom ansible.module_utils.basic import *\n", Kind::Python),
            (b"#!/usr/bin/python\ndef main():\n  pass\n#<<INCLUDE_ANSIBLE_MODULE_COMMON>>\n", Kind::Python),
            (b"from ..module_utils.x import y\n", Kind::Python),
            (b"#!/usr/bin/python\nimport json\n# from ansible.module_utils.basic import *\n", Kind::Old),
            (b"#!powershell\n#AnsibleRequires -CSharpUtil Ansible.Basic\n", Kind::PowerShell),
        ];
        for (bytes, kind) in table {
            assert_eq!(Kind::of(bytes), kind, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_shebang_has_words() {
        let words = |text: &str| shebang(text.as_bytes()).unwrap_or_default().join("|");
        assert_eq!(words("#!/usr/bin/env python3\nx"), "/usr/bin/env|python3");
        assert_eq!(words("#! /bin/sh -e"), "/bin/sh|-e");
        assert_eq!(words("echo"), "");
    }
}

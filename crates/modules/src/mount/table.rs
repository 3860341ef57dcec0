//! `/etc/fstab` as text (`man 5 fstab`), and what is mounted.

/// One file system of the table, with its blanks as themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is mounted.
    pub src: String,
    /// Where.
    pub path: String,
    /// Its type.
    pub fstype: String,
    /// Its options.
    pub opts: String,
    /// Whether it is dumped.
    pub dump: String,
    /// When it is checked.
    pub passno: String,
}

impl Entry {
    /// The line that stands for it.
    pub fn line(&self) -> String {
        let fields = [&self.src, &self.path, &self.fstype, &self.opts, &self.dump, &self.passno];
        fields.map(|field| escape(field)).join(" ")
    }

    /// Whether a line of the table is about the same: the mount point tells, or for swap space the device.
    fn is_meant_by(&self, line: &str) -> bool {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if !(4..=6).contains(&fields.len()) || fields[1] != escape(&self.path) {
            return false;
        }
        let is_swap = fields[1] == "none" && fields[2] == "swap";
        !is_swap || self.src.is_empty() || fields[0] == escape(&self.src)
    }

    /// The text with this entry; equal to the old one when it has it.
    pub fn added_to(&self, text: &str) -> String {
        let line = self.line();
        let mut lines = Vec::new();
        let mut is_there = false;
        for old in text.lines() {
            let without_comment = old.split('#').next().unwrap_or_default();
            let is_same = without_comment.split_whitespace().eq(line.split_whitespace());
            let is_meant = self.is_meant_by(without_comment);
            is_there |= is_meant;
            lines.push(if is_meant && !is_same { line.as_str() } else { old });
        }
        if !is_there {
            lines.push(&line);
        }
        if is_there && lines.iter().copied().eq(text.lines()) {
            return text.to_owned();
        }
        lines.concat_lines()
    }

    /// The text without this entry; equal to the old one when it has none.
    pub fn removed_from(&self, text: &str) -> String {
        let is_meant = |line: &str| !line.trim_start().starts_with('#') && self.is_meant_by(line);
        let kept: Vec<&str> = text.lines().filter(|line| !is_meant(line)).collect();
        if kept.len() == text.lines().count() { text.to_owned() } else { kept.concat_lines() }
    }
}

trait ConcatLines {
    fn concat_lines(&self) -> String;
}

impl ConcatLines for Vec<&str> {
    fn concat_lines(&self) -> String {
        self.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// Blanks would end a field; the other two are written so by Ansible.
fn escape(field: &str) -> String {
    field.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('&', "\\046")
}

/// A field of a table of the kernel, with its blanks as themselves.
pub fn unescape(field: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.filter(|_| first == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is mounted on a path now, of the text of `/proc/self/mounts`: the device of the last mount there.
pub fn mounted(mounts: &str, path: &str) -> Option<String> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let mut entries = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?))
    });
    entries.rfind(|(_, at)| unescape(at) == path).map(|(device, _)| unescape(device))
}

/// What a bind mount shows there, of the text of `/proc/self/mountinfo`: the path in the file system around it, as
/// long as that is mounted too. Otherwise the device.
pub fn bound(mountinfo: &str, path: &str) -> Option<String> {
    let records: Vec<Vec<&str>> = mountinfo.lines().map(|line| line.split_whitespace().collect()).collect();
    let records: Vec<&[&str]> = records.iter().map(Vec::as_slice).filter(|fields| fields.len() > 8).collect();
    let mount = records.iter().rfind(|fields| unescape(fields[4]) == path)?;
    let around = records.iter().find(|fields| fields[0] == mount[1] && fields[0] != "1");
    let Some(around) = around else { return Some(unescape(mount[mount.len() - 2])) };
    let (root, outer) = (unescape(mount[3]), unescape(around[3]));
    let root = root.strip_prefix(&outer).filter(|rest| outer.len() > 1 && rest.starts_with('/')).unwrap_or(&root);
    let at = unescape(around[4]);
    Some(if at == "/" { root.to_owned() } else { format!("{at}{root}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_written_as_numbers() {
        assert_eq!(escape("a b\tc"), "a\\040b\\011c");
        assert_eq!(unescape("a\\040b\\011c\\"), "a b\tc\\");
        let mountinfo = "42 60 0:35 / /tmp rw - tmpfs tmpfs rw\n78 42 0:35 /aaa /tmp/b rw shared:1 - tmpfs tmpfs rw\n";
        assert_eq!(bound(mountinfo, "/tmp/b").as_deref(), Some("/tmp/aaa"));
        assert_eq!(bound(mountinfo, "/tmp").as_deref(), Some("tmpfs"));
        assert_eq!(mounted("x /a\\040b tmpfs rw 0 0\ny /a\\040b tmpfs rw 0 0\n", "/a b/").as_deref(), Some("y"));
    }
}

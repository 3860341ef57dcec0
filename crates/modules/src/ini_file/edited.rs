//! The text of an INI file with an option set or removed.

use super::{
    IniFile, State,
    section::{Condition, Setting, content, find, says_nothing},
};
use crate::edit::Text;

/// What is edited: the lines of a section without its head, and what came of them.
struct Body<'a> {
    module: &'a IniFile,
    lines: Vec<String>,
    /// Lines that have their value already.
    done: Vec<bool>,
    /// Values that have no line yet.
    values: Vec<String>,
    /// How new lines end.
    end: &'static str,
    msg: &'static str,
    is_changed: bool,
}

impl IniFile {
    /// The new text, and what the result says of it.
    pub(super) fn edited(&self, text: &Text, conditions: Option<&[Condition]>) -> (String, &'static str) {
        // A byte order mark does not survive a change.
        let unmarked = text.text.strip_prefix('\u{feff}').unwrap_or(&text.text);
        let mut lines: Vec<String> = unmarked.split_inclusive('\n').map(str::to_owned).collect();
        let end = if lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
        if lines.is_empty() {
            lines.push("\n".into());
        }
        let mut is_changed = false;
        if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push_str(end);
            is_changed = true;
        }
        let name = self.section.as_deref().filter(|name| !name.is_empty()).map(|name| text.form(name));
        let conditions = conditions.unwrap_or_default();
        let found = find(&lines, name.as_deref(), conditions);
        let head = usize::from(name.is_some());
        let body = found.map(|(start, end)| lines[start + head..end].to_vec()).unwrap_or_default();
        let mut body = Body {
            module: self,
            done: vec![false; body.len()],
            lines: body,
            values: self.wanted().iter().map(|value| text.form(value)).collect(),
            end,
            msg: "OK",
            is_changed,
        };
        let option = self.option.as_deref().filter(|option| !option.is_empty()).map(|option| text.form(option));
        match (found, &option, self.state) {
            (Some((start, end)), None, State::Absent) => {
                body.is_changed = true;
                body.msg = "section removed";
                drop(lines.drain(start..end));
            }
            (Some((start, end)), Some(option), state) => {
                match state {
                    State::Present => body.set(option),
                    State::Absent => body.unset(option),
                }
                lines.splice(start + head..end, body.lines.drain(..));
            }
            (None, option, State::Present) => {
                if let Some(name) = name {
                    lines.extend(body.new_section(&name, option.as_deref(), conditions));
                }
            }
            (Some(_), None, State::Present) | (None, _, State::Absent) => {}
        }
        let after = if body.is_changed { lines.concat() } else { text.text.clone() };
        (after, body.msg)
    }

    /// The wanted values, each once.
    fn wanted(&self) -> Vec<String> {
        let mut wanted: Vec<String> = Vec::new();
        for value in self.value.iter().chain(self.values.iter().flatten()) {
            if !wanted.contains(value) {
                wanted.push(value.clone());
            }
        }
        wanted
    }

    fn assignment(&self, option: &str, value: &str) -> String {
        if self.no_extra_spaces { format!("{option}={value}") } else { format!("{option} = {value}") }
    }
}

impl Body<'_> {
    /// Whether a line is one of the option's that may be written over.
    fn setting<'l>(&self, line: &'l str, option: &str) -> Option<Setting<'l>> {
        Setting::of(line, option).filter(|setting| self.module.modify_inactive_option || !setting.is_inactive)
    }

    fn set(&mut self, option: &str) {
        let has_bare = self.keep(option);
        if self.module.exclusive && !self.module.allow_no_value {
            self.replace(option);
        }
        let last = self.lines.iter().rposition(|line| !says_nothing(line));
        let at = last.map_or(0, |last| last + 1);
        let mut new: Vec<String> = self.values.drain(..).map(|value| self.module.assignment(option, &value)).collect();
        if new.is_empty() && self.module.wanted().is_empty() && self.module.allow_no_value && !has_bare {
            new.push(option.to_owned());
        }
        if !new.is_empty() {
            (self.msg, self.is_changed) = ("option added", true);
        }
        let end = self.end;
        self.lines.splice(at..at, new.into_iter().map(|line| line + end));
    }

    /// Writes lines that have a wanted value as they should be. Tells whether the option stands alone in one.
    fn keep(&mut self, option: &str) -> bool {
        let mut has_bare = false;
        for at in 0..self.lines.len() {
            let Some(value) = self.setting(&self.lines[at], option).map(|setting| setting.value.to_owned()) else {
                continue;
            };
            if let Some(place) = self.values.iter().position(|wanted| *wanted == value) {
                let is_bare = value.is_empty() && self.module.allow_no_value;
                has_bare |= is_bare;
                let line = if is_bare { option.to_owned() } else { self.module.assignment(option, &value) };
                self.write(at, option, &line);
                self.values.remove(place);
            } else if self.module.allow_no_value
                && self.values.is_empty()
                && (self.module.exclusive || self.module.wanted().is_empty())
            {
                self.write(at, option, option);
                return true;
            }
        }
        has_bare
    }

    /// Gives other lines of the option the values that are left, and removes the rest of them.
    fn replace(&mut self, option: &str) {
        for at in 0..self.lines.len() {
            if self.values.is_empty() {
                break;
            }
            if self.is_left(at, option) {
                let value = self.values.remove(0);
                let line = self.module.assignment(option, &value);
                self.write(at, option, &line);
            }
        }
        for at in (0..self.lines.len()).rev() {
            if self.is_left(at, option) {
                self.lines.remove(at);
                self.done.remove(at);
                (self.msg, self.is_changed) = ("option changed", true);
            }
        }
    }

    /// Whether a line is one of the option's that has no wanted value. A comment of its name alone explains it.
    fn is_left(&self, at: usize, option: &str) -> bool {
        let setting = self.setting(&self.lines[at], option).filter(|_| !self.done[at]);
        setting.is_some_and(|setting| setting.is_assignment || !setting.is_inactive)
    }

    /// Puts a line in the place of another one, which keeps its end.
    fn write(&mut self, at: usize, option: &str, line: &str) {
        self.done[at] = true;
        let old = content(&self.lines[at]);
        let active = Setting::of(old, option).filter(|old| self.module.ignore_spaces && !old.is_inactive);
        let differs = match active {
            Some(old) => Setting::of(line, option).is_none_or(|new| new.value != old.value),
            None => old != line,
        };
        if differs {
            let end = &self.lines[at][old.len()..];
            self.lines[at] = format!("{line}{end}");
            (self.msg, self.is_changed) = ("option changed", true);
        }
    }

    fn unset(&mut self, option: &str) {
        let goes = |line: &String| {
            let setting = Setting::of(line, option).filter(|setting| !setting.is_inactive);
            setting
                .is_some_and(|setting| self.module.exclusive || self.values.iter().any(|value| value == setting.value))
        };
        let kept: Vec<String> = self.lines.iter().filter(|line| !goes(line)).cloned().collect();
        if kept.len() < self.lines.len() {
            self.lines = kept;
            (self.msg, self.is_changed) = ("option changed", true);
        }
    }

    /// A section of its own, with what it was looked for by.
    fn new_section(&mut self, name: &str, option: Option<&str>, conditions: &[Condition]) -> Vec<String> {
        let mut lines = vec![format!("[{name}]")];
        for condition in conditions {
            if Some(condition.option.as_str()) != option {
                let values = condition.values.iter();
                lines.extend(values.map(|value| self.module.assignment(&condition.option, value)));
                if condition.values.is_empty() && self.module.allow_no_value {
                    lines.push(condition.option.clone());
                }
            } else if !self.module.exclusive {
                let new: Vec<String> =
                    condition.values.iter().filter(|value| !self.values.contains(value)).cloned().collect();
                self.values.extend(new);
            }
        }
        self.msg = "section and option added";
        match option {
            Some(option) if !self.values.is_empty() => {
                lines.extend(self.values.iter().map(|value| self.module.assignment(option, value)));
            }
            Some(option) if self.module.allow_no_value => lines.push(option.to_owned()),
            _ => self.msg = "only section added",
        }
        self.is_changed = true;
        let end = self.end;
        lines.into_iter().map(|line| line + end).collect()
    }
}

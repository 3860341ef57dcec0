//! `locale_gen`: the locales that a Debian host has.

use std::path::Path;

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::kit::{
    Args, Changes, Failure, Fields, Module, Program, Reader, Writer, failure::errno_text, file_args::Attributes,
    state::AbsentPresent as State,
};

/// Generates locales, or removes them, by `/etc/locale.gen` and `locale-gen` (Debian, Ubuntu).
///
/// ```yaml
/// - locale_gen:
///     name: de_CH.UTF-8
/// - locale_gen:
///     name: [en_GB.UTF-8, nl_NL.UTF-8]
///     state: absent
/// ```
#[derive(Args)]
pub struct LocaleGen {
    /// The locales, with their encoding, as `en_GB.UTF-8`.
    name: Vec<String>,
    /// Whether they are there.
    #[arg(default = "present")]
    state: State,
}

const LIST: &str = "/etc/locale.gen";
const SUPPORTED: &str = "/usr/share/i18n/SUPPORTED";
/// What is always there.
const BUILT_IN: [&str; 3] = ["C", "C.utf8", "POSIX"];

impl Module for LocaleGen {
    type Plan = String;

    fn inspect(&self, host: &Reader) -> Result<Changes<String>, Failure> {
        let Some(text) = host.read_utf8(LIST)? else {
            let msg =
                "/var/lib/locales/supported.d and /etc/locale.gen are missing. Is the package \"locales\" installed?";
            return Err(self.failure(msg, json!({ "name": self.name })));
        };
        let available: Vec<&str> = text.lines().filter_map(|line| entry(line).map(|(name, _)| name)).collect();
        let supported = host.read_text(SUPPORTED)?.ok_or_else(|| {
            let why = errno_text(&Errno::NOENT.into(), SUPPORTED);
            self.failure(&format!("Module failed with exception: {why}"), self.facts())
        })?;
        let listed = host.query(&Program::new(host.required("locale")?).arg("-a").plain_locale())?.out();
        let present: Vec<String> = listed.lines().map(normal).collect();
        let more = supported.lines().filter_map(|line| line.split_whitespace().next());
        let known: Vec<String> = available.into_iter().chain(more).map(normal).chain(present.iter().cloned()).collect();
        let missing: Vec<&str> =
            self.name.iter().map(String::as_str).filter(|name| !known.contains(&normal(name))).collect();
        if !missing.is_empty() {
            let names = missing.join(", ");
            let msg = format!("The following locales you have entered are not available on your system: {names}");
            return Err(self.failure(&msg, self.facts()));
        }
        let differs = self.name.iter().map(|name| normal(name)).any(|name| match self.state {
            State::Present => !present.contains(&name),
            State::Absent => present.contains(&name) && !BUILT_IN.contains(&name.as_str()),
        });
        Ok(Changes::when(differs, self.edited(&text, &supported))
            .with("name", json!(self.name))
            .with("mechanism", "glibc")
            .with("ubuntu_mode", false))
    }

    fn apply(&self, text: String, host: &mut Writer) -> Result<Fields, Failure> {
        let program = Program::new(host.required("locale-gen")?);
        host.write(Path::new(LIST), text.as_str().into(), &Attributes::default())?;
        let finished = host.run(&program.plain_locale())?;
        if finished.success() {
            return Ok(Fields::new());
        }
        let (rc, out, err) = (finished.rc, finished.out(), finished.err());
        let failure = self.failure("locale-gen failed", self.facts());
        Err(failure.with("rc", rc).with("stdout", out).with("stderr", err))
    }
}

impl LocaleGen {
    fn facts(&self) -> Value {
        json!({ "name": self.name, "mechanism": "glibc", "ubuntu_mode": false })
    }

    /// A failure, with what was found out until then.
    fn failure(&self, msg: &str, facts: Value) -> Failure {
        let mut output = facts.clone();
        output["diff"] = json!({});
        let fields = facts.as_object().cloned().unwrap_or_default();
        Failure { msg: msg.to_owned(), fields }.with("output", output).with("vars", facts)
    }

    /// The list with the lines of the locales made comments, or none.
    fn edited(&self, text: &str, supported: &str) -> String {
        let is_present = self.state == State::Present;
        let mut missing: Vec<String> = self.name.iter().map(|name| normal(name)).collect();
        let mut edited = String::new();
        for line in text.lines() {
            let found = entry(line).filter(|(name, _)| self.name.iter().any(|wanted| normal(wanted) == normal(name)));
            let Some((name, charset)) = found else {
                edited += line;
                edited.push('\n');
                continue;
            };
            missing.retain(|wanted| *wanted != normal(name));
            edited += &format!("{}{name} {charset}\n", if is_present { "" } else { "# " });
        }
        let lines = supported.lines().filter_map(entry);
        for (name, charset) in lines.filter(|(name, _)| is_present && missing.contains(&normal(name))) {
            edited += &format!("{name} {charset}\n");
        }
        edited
    }
}

/// A locale and its character set, of a line that may be a comment.
fn entry(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start_matches(['#', ' ', '\t']);
    let (name, charset) = line.split_once(char::is_whitespace)?;
    let is_locale = !charset.trim().contains(char::is_whitespace) && name.len() > 1;
    is_locale.then(|| (name, charset.trim()))
}

/// `de_CH.UTF-8` and `de_CH.utf8` are the same locale.
fn normal(name: &str) -> String {
    match name.split_once('.') {
        Some((language, encoding)) => {
            let (encoding, modifier) = encoding.split_at(encoding.find('@').unwrap_or(encoding.len()));
            let encoding: String = encoding.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("{language}.{}{modifier}", encoding.to_lowercase())
        }
        None => name.to_owned(),
    }
}

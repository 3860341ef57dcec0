//! What holds for every module that edits a file, whatever is in it and whatever is asked: check mode predicts and
//! writes nothing, the second run changes nothing, a failure leaves the file alone, and lines that are not meant
//! keep every byte.
//!
//! Files are made of chunks: those of the module, which its arguments may mean, and bystanders, which they never
//! do. A module is one entry of [`SUBJECTS`].

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use serde_json::{Map, Value, json};
use sutler_modules::kit::{Context, Failure, engine, users};
use sutler_protocol::{Content, Mode};

/// How many files are made for each module.
const ROUNDS: u64 = 250;

/// A module, and what is done with it.
struct Subject {
    module: &'static str,
    /// Pieces of files that the arguments may mean.
    chunks: &'static [&'static str],
    /// Arguments for the file at a path.
    arguments: fn(&mut Random, &str) -> Value,
}

const SUBJECTS: &[Subject] = &[
    Subject {
        module: "lineinfile",
        chunks: &["alpha=1", "alpha = 2", "#alpha", "beta", "gamma"],
        arguments: lineinfile,
    },
    Subject {
        module: "blockinfile",
        chunks: &["# BEGIN x\nold\n# END x", "alpha", "beta", ""],
        arguments: blockinfile,
    },
    Subject { module: "replace", chunks: &["alpha", "beta gamma", "alpha alpha", "# live"], arguments: replace },
    Subject {
        module: "ini_file",
        chunks: &["[a]", "[b]", "x = 1", "x=2", "#x = 1", "; x", "x", "y=1", "", "# text"],
        arguments: ini_file,
    },
    Subject {
        module: "authorized_key",
        chunks: &["ssh-rsa AAAA me", "no-pty ssh-rsa AAAA", "ssh-ed25519 BBBB you", "# text", "", "  ssh-rsa CCCC  "],
        arguments: authorized_key,
    },
    Subject {
        module: "known_hosts",
        chunks: &[
            "h ssh-rsa AAAA",
            "h,i ssh-ed25519 BBBB",
            "h ssh-rsa BBBB c",
            "@revoked h ssh-rsa AAAA",
            "# h",
            "* ssh-dss C",
        ],
        arguments: known_hosts,
    },
    Subject {
        module: "cron",
        chunks: &[
            "#Ansible: a\n* * * * * root x",
            "#Ansible: b\n#@daily root y",
            "0 0 * * * root z",
            "* * * * * root x",
            "A=1",
            "PATH=\"/bin\"",
            "# text",
            "",
        ],
        arguments: cron,
    },
    Subject {
        module: "pam_limits",
        chunks: &["joe soft nofile 5", "joe\thard\tnofile\t9 # text", "# joe", "", "* - nice unlimited more"],
        arguments: pam_limits,
    },
];

/// Lines that nothing means: blanks at both ends, no UTF-8, other line ends within.
const BYSTANDERS: [&[u8]; 5] =
    [b"keep me", b"  keep = 1  ", b"\tkeep \xff\xfe\x80", b"keep\x0c\x0b", "keep \u{e9} \u{2028}".as_bytes()];

#[test]
fn edits_hold_what_they_promise() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("file");
    // `cron` wants it on the host, and does not run it for a file.
    std::os::unix::fs::symlink("/bin/false", directory.path().join("crontab")).expect("a link");
    for subject in SUBJECTS {
        let rounds: Vec<Result<bool, String>> = (0..ROUNDS).map(|round| try_one(subject, round, &path)).collect();
        let problems: Vec<&str> = rounds.iter().filter_map(|round| round.as_ref().err()).map(String::as_str).collect();
        assert!(problems.is_empty(), "{}", problems[..problems.len().min(3)].join("\n\n"));
        let done = rounds.iter().filter(|round| **round == Ok(true)).count();
        assert!(done > rounds.len() / 2, "{}: only {done} runs succeeded", subject.module);
    }
}

/// One file and one set of arguments; whether the module took them.
fn try_one(subject: &Subject, round: u64, path: &Path) -> Result<bool, String> {
    let mut random = Random::new(round);
    let before = file(&mut random, subject.chunks);
    let arguments = (subject.arguments)(&mut random, &path.to_string_lossy());
    let told = |what: &str, after: &[u8]| {
        let shown = [before.as_slice(), after].map(|bytes| bytes.escape_ascii().to_string());
        format!("{} {arguments}: {what}\nbefore: {}\nafter:  {}", subject.module, shown[0], shown[1])
    };
    std::fs::write(path, &before).map_err(|error| error.to_string())?;
    let read = || std::fs::read(path).unwrap_or_default();
    let programs = path.parent().map_or_else(String::new, |directory| directory.to_string_lossy().into_owned());
    let run = |check| run(subject.module, &arguments, check, &programs);
    let checked = run(true);
    if read() != before {
        return Err(told("check mode writes", &read()));
    }
    let first = run(false);
    let after = read();
    if first["failed"] == true {
        return if after == before {
            Ok(false)
        } else {
            Err(told(&format!("fails and writes: {}", first["msg"]), &after))
        };
    }
    if checked["changed"] != first["changed"] {
        return Err(told(&format!("check mode says {}, the run {}", checked["changed"], first["changed"]), &after));
    }
    if (first["changed"] == true) != (after != before) {
        return Err(told(&format!("says `changed: {}`", first["changed"]), &after));
    }
    if !stayed(&bystanders(&before), &bystanders(&after)) {
        return Err(told("touches what is not meant", &after));
    }
    let second = run(false);
    if second["changed"] != false || read() != after {
        return Err(told(&format!("a second run changes it again: {}", read().escape_ascii()), &after));
    }
    Ok(true)
}

/// A file of some chunks, with the line ends of one system or of both, and perhaps without the last one.
fn file(random: &mut Random, chunks: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let ends: &[&[u8]] = match random.below(3) {
        0 => &[b"\n"],
        1 => &[b"\r\n"],
        _ => &[b"\n", b"\r\n"],
    };
    for _ in 0..random.below(9) {
        if random.below(3) == 0 {
            bytes.extend_from_slice(random.pick(&BYSTANDERS));
            bytes.extend_from_slice(random.pick(ends));
            continue;
        }
        for line in random.pick(chunks).split('\n') {
            bytes.extend_from_slice(line.as_bytes());
            bytes.extend_from_slice(random.pick(ends));
        }
    }
    if random.below(3) == 0 {
        bytes.truncate(bytes.trim_ascii_end().len());
    }
    bytes
}

/// The lines that nothing means, with their ends.
fn bystanders(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.windows(4).any(|part| part == b"keep")).collect()
}

/// Whether lines are what they were; the last line of a file may have got an end.
fn stayed(before: &[&[u8]], after: &[&[u8]]) -> bool {
    let is_same = |(before, after): (&&[u8], &&[u8])| match after.strip_prefix(*before) {
        Some(more) => more.is_empty() || !before.ends_with(b"\n") && matches!(more, b"\n" | b"\r\n"),
        None => false,
    };
    before.len() == after.len() && before.iter().zip(after).all(is_same)
}

fn run(module: &str, arguments: &Value, check: bool, programs: &str) -> Value {
    let entry = sutler_modules::find(module).expect("a module");
    let arguments: Map<String, Value> =
        arguments.as_object().cloned().unwrap_or_default().into_iter().filter(|(_, value)| !value.is_null()).collect();
    let context = Context {
        mode: Mode { check, diff: true, ..Mode::default() },
        environment: vec![("PATH".into(), programs.into())],
        bodies: Arc::new(NoBodies),
        cancelled: Arc::new(AtomicBool::new(false)),
        predicted: Arc::default(),
    };
    (entry.run)(arguments, &Arc::new(context)).into()
}

struct NoBodies;

impl engine::Bodies for NoBodies {
    fn open(&self, _: &Content) -> Result<Box<dyn std::io::Read + Send>, Failure> {
        Err(Failure::new("there are no contents"))
    }
}

/// Numbers that are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// One of these texts, or nothing.
    fn maybe(&mut self, texts: &[&str]) -> Value {
        if self.below(2) == 0 { Value::Null } else { json!(self.pick(texts)) }
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }
}

fn lineinfile(random: &mut Random, path: &str) -> Value {
    // What is looked for is found again in the line.
    let (key, pattern, line) = match random.below(4) {
        0 => ("regexp", "^#?alpha ?=", "alpha=3"),
        1 => ("search_string", "beta", "a beta line"),
        2 => ("regexp", "^(gam|bet)", "beta"),
        _ => ("firstmatch", "yes", "delta"),
    };
    let mut arguments = json!({ "path": path, "line": line, "state": random.pick(&["present", "present", "absent"]) });
    arguments[key] = json!(pattern);
    let place = random.pick(&["insertafter", "insertbefore"]);
    arguments[place] = random.maybe(&["EOF", "BOF", "beta", "^alpha", "nowhere"]);
    if key == "regexp" && line == "alpha=3" && random.flag() {
        arguments["regexp"] = json!("^#?(alpha) ?=.*");
        arguments["line"] = json!(r"\1=4");
        arguments["backrefs"] = json!(arguments["state"] == "present");
    }
    arguments
}

fn blockinfile(random: &mut Random, path: &str) -> Value {
    let place = random.pick(&["insertafter", "insertbefore"]);
    let mut arguments = json!({
        "path": path, "marker": "# {mark} x", "block": random.pick(&["new", "new\nlines\n", "", "\n", "\u{e9}"]),
        "state": random.pick(&["present", "present", "absent"]),
        "append_newline": random.flag(), "prepend_newline": random.flag(),
    });
    arguments[place] = random.maybe(&["EOF", "BOF", "beta", "^alpha", "(?m)alpha$", "nowhere"]);
    arguments
}

fn replace(random: &mut Random, path: &str) -> Value {
    let (regexp, new) = match random.below(4) {
        0 => ("alpha", "omega"),
        1 => ("^(b[a-z]+) .*$", r"\1"),
        2 => ("\\balpha$", ""),
        _ => ("g(a)mma", r"d\g<1>mma \u{e9}"),
    };
    json!({
        "path": path, "regexp": regexp, "replace": new,
        "after": random.maybe(&["beta", "# live"]), "before": random.maybe(&["# live", "nowhere"]),
    })
}

fn ini_file(random: &mut Random, path: &str) -> Value {
    let mut arguments = json!({
        "path": path, "section": random.maybe(&["a", "b", "c"]), "option": random.pick(&["x", "y", "z"]),
        "state": random.pick(&["present", "present", "absent"]), "exclusive": random.flag(),
        "no_extra_spaces": random.flag(), "ignore_spaces": random.flag(), "allow_no_value": random.flag(),
        "modify_inactive_option": random.flag(),
    });
    match random.below(4) {
        0 => arguments["value"] = json!("1"),
        1 => arguments["values"] = json!(["2", "3"]),
        2 => {
            // With `allow_no_value` a second run makes `x` of `x = `, as in Ansible.
            arguments["value"] = json!("");
            arguments["allow_no_value"] = json!(false);
        }
        _ => {}
    }
    if random.below(4) == 0 {
        arguments["section_has_values"] = json!([{ "option": "y", "value": "1" }]);
    }
    arguments
}

fn authorized_key(random: &mut Random, path: &str) -> Value {
    let user = users::user_by_id(rustix::process::geteuid().as_raw()).map(|user| user.name);
    json!({
        "path": path, "user": user, "manage_dir": false, "state": random.pick(&["present", "present", "absent"]),
        "key": random.pick(&["ssh-rsa AAAA me", "ssh-rsa AAAA", "ssh-rsa AAAA me\nssh-ed25519 BBBB you", "ssh-rsa CCCC \u{e9}"]),
        "key_options": random.maybe(&["no-pty", "no-pty,from=\"a,b\"", ""]), "comment": random.maybe(&["other", ""]),
    })
}

fn known_hosts(random: &mut Random, path: &str) -> Value {
    let key = random.pick(&["h ssh-rsa AAAA", "h ssh-ed25519 BBBB", "@revoked h ssh-rsa AAAA", "* ssh-dss C"]);
    let state = random.pick(&["present", "present", "absent"]);
    let key = if state == "absent" && random.flag() { Value::Null } else { json!(key) };
    json!({ "path": path, "name": "h", "key": key, "state": state })
}

fn cron(random: &mut Random, path: &str) -> Value {
    let state = random.pick(&["present", "present", "absent"]);
    let mut arguments = json!({ "cron_file": path, "user": "root", "state": state });
    if random.below(3) == 0 {
        arguments["env"] = json!(true);
        arguments["name"] = json!(random.pick(&["A", "B", "PATH"]));
        arguments["job"] = json!(random.pick(&["1", "/bin", "\u{e9}"]));
        let place = random.pick(&["insertafter", "insertbefore"]);
        arguments[place] = random.maybe(&["A", "PATH", "NOWHERE"]);
        return arguments;
    }
    arguments["name"] = json!(random.pick(&["a", "b", "c"]));
    arguments["job"] = json!(random.pick(&["x", "y", "\nz\n", "\u{e9}"]));
    arguments["disabled"] = json!(random.flag());
    let time = random.pick(&["minute", "special_time"]);
    arguments[time] = random.maybe(&[if time == "minute" { "5" } else { "daily" }]);
    arguments
}

fn pam_limits(random: &mut Random, path: &str) -> Value {
    let keeps = random.pick(&["use_max", "use_min"]);
    let mut arguments = json!({
        "dest": path, "domain": "joe", "limit_type": random.pick(&["soft", "hard", "-"]), "limit_item": "nofile",
        "value": random.pick(&["5", "7", "unlimited"]), "comment": random.maybe(&["text"]),
    });
    arguments[keeps] = json!(random.flag());
    arguments
}

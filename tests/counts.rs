//! What a run costs, in counts that are the same on every machine: round trips and bytes to a host,
//! and allocations of the controller.
//!
//! Each `tests/counts/NAME.yml` is run on one host whose `ssh` is this program: it starts the command
//! here and counts what passes. `tests/counts/figures.txt` has a line for each: what passed may not be
//! more than that. `BLESS=1 cargo test --test counts` writes the lines anew.
//!
//! A round trip begins where the controller speaks after the host has spoken. The start of the helper
//! is in it, its upload is not: the host has it already.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use libtest_mimic::{Arguments, Trial};

/// The first argument of this program when it stands for `ssh`.
const AS_SSH: &str = "--as-ssh";
/// The folder that has a file for each session with its counts.
const COUNTS: &str = "SUTLER_COUNTS";
/// Allocations and bytes depend a little on lengths of temporary names and on timing; parts of a hundred.
const TOLERANCE: u64 = 3;

fn main() -> ExitCode {
    let own: Vec<String> = env::args().skip(1).collect();
    if own.first().is_some_and(|first| first == AS_SSH) {
        return ssh(&own[1..]);
    }
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/counts");
    let place = Arc::new(Place::new(&folder));
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder is there")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".yml")?.to_owned()))
        .collect();
    names.sort();
    let trials = names.into_iter().map(|name| {
        let place = Arc::clone(&place);
        Trial::test(name.clone(), move || place.check(&name).map_err(Into::into))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Where the playbooks run.
struct Place {
    folder: PathBuf,
    work: tempfile::TempDir,
    figures: Mutex<BTreeMap<String, Figures>>,
}

/// What one playbook cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figures {
    round_trips: u64,
    sent: u64,
    received: u64,
    allocations: u64,
}

impl Place {
    fn new(folder: &Path) -> Self {
        let work = tempfile::tempdir().expect("a temporary folder");
        let ssh = work.path().join("ssh");
        let exe = env::current_exe().expect("this program has a path");
        fs::write(&ssh, format!("#!/bin/sh\nexec '{}' {AS_SSH} \"$@\"\n", exe.display())).expect("room for a script");
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("the script is ours");
        let host = format!("here ansible_connection=openssh ansible_ssh_executable={}\n", ssh.display());
        fs::write(work.path().join("hosts.ini"), host).expect("room for an inventory");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(work.path().join("count.so"))
            .arg(folder.join("allocations.c"))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cc builds a shared library");
        let figures = fs::read_to_string(folder.join("figures.txt")).unwrap_or_default();
        let figures = figures.lines().filter_map(Figures::parse).collect();
        let place = Self { folder: folder.to_owned(), work, figures: Mutex::new(figures) };
        // The upload of the helper, and whatever else happens once.
        let _ = place.run("twenty_tasks");
        place
    }

    /// Runs a playbook and compares what it cost with its line.
    fn check(&self, name: &str) -> Result<(), String> {
        let found = self.run(name)?;
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        if env::var_os("BLESS").is_some() {
            figures.insert(name.to_owned(), found);
            let lines: String = figures.iter().map(|(name, figures)| figures.line(name)).collect();
            return fs::write(self.folder.join("figures.txt"), lines).map_err(|e| e.to_string());
        }
        let wanted = figures.get(name).copied().ok_or("figures.txt has no line for it: BLESS=1 writes it")?;
        let more = found.exceed(wanted);
        if more.is_empty() { Ok(()) } else { Err(format!("more than {}: {}", wanted.line(name), more.join(", "))) }
    }

    fn run(&self, name: &str) -> Result<Figures, String> {
        let own = self.work.path().join(name);
        let _ = fs::remove_dir_all(&own);
        fs::create_dir_all(own.join("counts")).map_err(|e| e.to_string())?;
        let (counts, allocations) = (own.join("counts"), own.join("allocations"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sutler"));
        let output = command
            .current_dir(&self.folder)
            .arg("playbook")
            .arg("-i")
            .arg(self.work.path().join("hosts.ini"))
            .arg(format!("{name}.yml"))
            .arg("-e")
            .arg(format!("place={}", own.display()))
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", &own)
            .env("NO_COLOR", "1")
            .env("TOKIO_WORKER_THREADS", "1")
            .env(COUNTS, &counts)
            .env("SUTLER_ALLOCATIONS", &allocations)
            .env("LD_PRELOAD", self.work.path().join("count.so"))
            .stdin(Stdio::null())
            .output()
            .map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned());
        }
        let number = |text: &str| text.trim().parse::<u64>().map_err(|e| format!("{text:?}: {e}"));
        let mut figures = Figures {
            allocations: number(&fs::read_to_string(&allocations).map_err(|e| e.to_string())?)?,
            ..Figures::default()
        };
        for session in fs::read_dir(&counts).map_err(|e| e.to_string())? {
            let line = fs::read_to_string(session.map_err(|e| e.to_string())?.path()).map_err(|e| e.to_string())?;
            let numbers = line.split(' ').map(number).collect::<Result<Vec<u64>, String>>()?;
            let [round_trips, sent, received] = numbers[..] else { return Err(format!("{line:?} is no count")) };
            figures.round_trips += round_trips;
            figures.sent += sent;
            figures.received += received;
        }
        Ok(figures)
    }
}

impl Figures {
    fn parse(line: &str) -> Option<(String, Self)> {
        let mut words = line.split_whitespace();
        let name = words.next()?.strip_suffix(':')?.to_owned();
        let mut number = || words.find_map(|word| word.parse().ok());
        let (round_trips, sent, received, allocations) = (number()?, number()?, number()?, number()?);
        Some((name, Self { round_trips, sent, received, allocations }))
    }

    fn line(self, name: &str) -> String {
        let Self { round_trips, sent, received, allocations } = self;
        format!(
            "{name}: {round_trips} round trips, {sent} bytes sent, {received} received, {allocations} allocations\n"
        )
    }

    /// What is more than in `limit`.
    fn exceed(self, limit: Self) -> Vec<String> {
        let near = |limit: u64| limit + limit * TOLERANCE / 100 + 16;
        let all = [
            ("round trips", self.round_trips, limit.round_trips),
            ("bytes sent", self.sent, near(limit.sent)),
            ("bytes received", self.received, near(limit.received)),
            ("allocations", self.allocations, near(limit.allocations)),
        ];
        all.into_iter()
            .filter(|(_, found, limit)| found > limit)
            .map(|(what, found, _)| format!("{found} {what}"))
            .collect()
    }
}

/// Stands for `ssh`: a master that only marks its socket, or a session that is a command here.
fn ssh(arguments: &[String]) -> ExitCode {
    let value = |option: &str| arguments.iter().skip_while(|argument| *argument != option).nth(1);
    if arguments.iter().any(|argument| argument == "-O") {
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "-N") {
        let marked = value("-S").is_some_and(|socket| fs::write(socket, "").is_ok());
        return if marked { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let command = arguments.last().expect("ssh is given a command");
    // The helper is not to be counted, nor what it starts.
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env_remove("LD_PRELOAD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let host_spoke = Arc::new(AtomicBool::new(true));
    let (round_trips, sent) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (spoke, trips, up) = (Arc::clone(&host_spoke), Arc::clone(&round_trips), Arc::clone(&sent));
    // It ends with this program, at the latest.
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = std::io::stdin().read(&mut buffer) {
            if spoke.swap(false, Ordering::SeqCst) {
                trips.fetch_add(1, Ordering::SeqCst);
            }
            up.fetch_add(count as u64, Ordering::SeqCst);
            if stdin.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    });
    let counts = env::var_os(COUNTS).map(|folder| PathBuf::from(folder).join(std::process::id().to_string()));
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = stdout.read(&mut buffer) {
        host_spoke.store(true, Ordering::SeqCst);
        received += count as u64;
        // Before the controller has it: it may end this program as soon as it has all.
        if let Some(counts) = &counts {
            let line = format!("{} {} {received}\n", round_trips.load(Ordering::SeqCst), sent.load(Ordering::SeqCst));
            let _ = fs::write(counts, line);
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(&buffer[..count]).and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    let status = child.wait().expect("sh ends");
    ExitCode::from(u8::try_from(status.code().unwrap_or(255)).unwrap_or(255))
}

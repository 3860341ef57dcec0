//! Fresh hosts for one test, through the `fleet` script; they are gone when it ends.

use std::{
    cell::Cell,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Condvar, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many tests have hosts at a time: they wait more than they compute.
const FLEETS: usize = 2;

/// The fleets that no test has at this moment.
static FREE: LazyLock<Mutex<Vec<&'static Fleet>>> =
    LazyLock::new(|| Mutex::new((0..FLEETS).map(|at| &*Box::leak(Box::new(Fleet::new(at)))).collect()));
/// Tells tests that wait that there is one more.
static FREED: Condvar = Condvar::new();

thread_local! {
    /// That of the test which this thread runs.
    static FLEET: Cell<Option<&'static Fleet>> = const { Cell::new(None) };
}

/// Where hosts of one test are.
struct Fleet {
    folder: PathBuf,
    /// Part of every address.
    number: u32,
    _locks: [File; 2],
}

impl Fleet {
    /// Waits for other processes with the same fleet, and removes what a killed one left.
    fn new(at: usize) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fleet-{at}"));
        fs::create_dir_all(&folder).expect("the target directory can be written");
        let own = File::create(folder.join("tests.lock")).expect("the target directory can be written");
        own.lock().expect("a file of ours can be locked");
        let (number, numbered) = Self::take_number(&folder);
        let fleet = Self { folder, number, _locks: [own, numbered] };
        fleet.script(&["down"]);
        fleet
    }

    /// The first number from 9 that no other fleet has.
    ///
    /// Between two tests there is no bridge that shows who has the number, so a lock keeps it for as
    /// long as this process lives: tests of another checkout may run at the same time.
    fn take_number(folder: &Path) -> (u32, File) {
        let is_free = |number: &u32| match fs::read_to_string(format!("/sys/class/net/sutler{number}/ifalias")) {
            Ok(owner) => Path::new(owner.trim()) == folder,
            Err(_) => true,
        };
        let take = |number: u32| {
            let lock = File::create(format!("/run/sutler-fleet.{number}.lock")).expect("root can write to /run");
            lock.try_lock().ok().map(|()| (number, lock))
        };
        (9..100).filter(is_free).find_map(take).expect("not every number is taken")
    }

    /// That of the test which this thread runs.
    fn current() -> &'static Self {
        FLEET.get().expect("this thread has booted hosts")
    }

    /// Waits until one is free.
    fn take() -> &'static Self {
        // A test that failed has left nothing that matters to the next one.
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREED.wait_while(free, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let fleet = free.pop().expect("it was waited for");
        FLEET.set(Some(fleet));
        fleet
    }

    fn give_back(&'static self) {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
        FREED.notify_one();
    }

    /// Runs the script; what it prints, or a panic with what it says.
    fn script(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("bash is there");
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "fleet {}: {status}\n{stderr}", arguments.join(" "));
        String::from_utf8_lossy(&stdout).into_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fleet/fleet"));
        command.args(arguments).stdin(Stdio::null());
        command.env("SUTLER_FLEET_NUMBER", self.number.to_string()).env("SUTLER_FLEET_DIR", &self.folder);
        command
    }
}

/// Hosts that are up, as new.
pub struct Hosts {
    names: Vec<String>,
    fleet: &'static Fleet,
}

impl Hosts {
    /// Boots hosts of these names; the test fails where that cannot be done.
    pub fn boot(names: &[&str]) -> Self {
        Self::boot_with(&[], names)
    }

    /// The same, with the packages of `tests/fleet/lib/packages.list` for their apt.
    pub fn boot_with_packages(names: &[&str]) -> Self {
        Self::boot_with(&["--packages"], names)
    }

    fn boot_with(options: &[&str], names: &[&str]) -> Self {
        let root = rustix::process::geteuid().is_root();
        assert!(root, "only root can boot the hosts of this test; `cargo test -- --skip fleet::` leaves it out");
        let hosts = Self { names: names.iter().map(|name| (*name).to_owned()).collect(), fleet: Fleet::take() };
        hosts.fleet.script(&[&["up"], options, names].concat());
        hosts
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// A host's address.
    pub fn address(&self, name: &str) -> String {
        let file = self.fleet.folder.join("hosts").join(name).join("address");
        fs::read_to_string(file).expect("the fleet notes each address").trim().to_owned()
    }

    /// Powers a host off without warning.
    pub fn kill(&self, name: &str) {
        self.fleet.script(&["kill", name]);
    }

    /// Pulls a host's network cable.
    pub fn cut(&self, name: &str) {
        self.fleet.script(&["cut", name]);
    }

    /// Plugs it in again.
    pub fn mend(&self, name: &str) {
        self.fleet.script(&["mend", name]);
    }

    /// Mounts a file system of a size such as `2M` on a host.
    pub fn tiny_disk(&self, name: &str, path: &str, size: &str) {
        self.fleet.script(&["tinydisk", name, path, size]);
    }

    /// All that a run could have changed on a host, but for what is at these paths.
    ///
    /// Left out is what the fleet script leaves out (logs, temporary folders, and with `/var/tmp`
    /// the helper's cache) and the mark that sudo makes on its first success, and nothing else.
    pub fn snapshot_without(&self, name: &str, paths: &[&str]) -> String {
        let skipped = ["/home/*/.sudo_as_admin_successful"].iter().chain(paths).flat_map(|path| ["--exclude", path]);
        self.fleet.script(&["snapshot", name].into_iter().chain(skipped).collect::<Vec<_>>())
    }

    /// Waits until a command on a host prints what is expected; the test fails when it does not within a minute.
    pub fn wait_for(&self, name: &str, command: &str, expected: &str) {
        let end = Instant::now() + Duration::from_mins(1);
        while self.shell(name, command) != expected {
            assert!(Instant::now() < end, "{command} on {name} does not print {expected:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Where the controller sees a host's file system while the host runs.
    pub fn root(&self, name: &str) -> PathBuf {
        self.fleet.folder.join("hosts").join(name).join("root")
    }

    /// What a shell command prints, run by root on a host without sutler.
    pub fn shell(&self, name: &str, command: &str) -> String {
        self.fleet.script(&["ssh", &format!("root@{name}"), command])
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _ = self.fleet.command(&["down"]).args(&self.names).output();
        self.fleet.give_back();
    }
}

/// Where the fleet keeps its state.
pub fn folder() -> PathBuf {
    Fleet::current().folder.clone()
}

/// The controller's address on the hosts' network.
pub fn controller() -> String {
    format!("10.77.{}.1", Fleet::current().number)
}

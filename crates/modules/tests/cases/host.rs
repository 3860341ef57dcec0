//! Hosts that cases run on: overlays over the image that `tests/modules/image` builds.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use crate::{on_host, oracle, servers};

/// What kind of host a case asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A fresh root in namespaces of its own; nothing runs there but the case.
    Fresh,
    /// A host that systemd booted, shared by the cases of a file.
    Booted,
}

impl Kind {
    /// As cases name it.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name {
            "debian" => Ok(Self::Fresh),
            "booted" => Ok(Self::Booted),
            other => Err(format!("`{other}` is no host: `debian` or `booted`")),
        }
    }
}

/// Longer than any case takes on a busy machine, in seconds.
const LIMIT: &str = "300";

/// Makes an overlay at `/mnt/root`, in a mount namespace that nobody else sees.
const OVERLAY: &str = r#"
set -e
image=$1 exe=$2 tls=$3 venv=$4
shift 4
mount -t tmpfs -o mode=0755 room /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay twin /mnt/root -o "lowerdir=$image,upperdir=/mnt/upper,workdir=/mnt/work"
root=/mnt/root
[ -z "$venv" ] || mkdir -p "$root$venv"
"#;

/// What a container has of `/dev`, and the case itself on it.
const ENTER: &str = r#"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=0755 dev "$root/dev"
for name in null zero full random urandom tty loop-control loop0 loop1 loop2 loop3 loop4 loop5 loop6 loop7; do
    [ ! -e "/dev/$name" ] || { : >"$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name"; }
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=0755 run "$root/run"
mkdir "$root/run/lock"
: >"$root/run/cases"
mkdir "$root/run/tls"
mount --bind "$exe" "$root/run/cases"
mount --bind "$tls" "$root/run/tls"
[ -z "$venv" ] || mount --bind "$venv" "$root$venv"
ip link set lo up
# What a network namespace begins with is what the machine has.
echo 0 >/proc/sys/net/ipv4/ip_forward
hostname twin
exec 7</mnt/upper 8<"$image"
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 ORACLE="$ORACLE" \
    chroot "$root" /run/cases "$@"
"#;

/// Boots the overlay, in a cgroup of its own.
const BOOT: &str = r#"
for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ ! -e "$top/cgroup.procs" ] || { mkdir -p "$top/$1" && echo 0 >"$top/$1/cgroup.procs"; }
done
printf '%s' "$1" | sha256sum | cut -c1-32 >"$root/etc/machine-id"
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes SYSTEMD_NSPAWN_LOCK=0
exec systemd-nspawn --quiet --register=no --keep-unit --private-network --resolv-conf=off --timezone=off \
    --link-journal=no --console=read-only --directory="$root" --machine=twin --hostname=twin \
    --bind-ro="$exe:/run/cases" --bind-ro="$tls:/run/tls" ${venv:+--bind-ro="$venv"} --boot
"#;

/// Runs this program on a host of that kind, with `input`; its output.
///
/// `file` is whose host that is, when it is one that several cases share.
pub fn run(kind: Kind, file: &Path, input: &str) -> Result<String, String> {
    match kind {
        Kind::Fresh => {
            let mut command = Command::new("timeout");
            command.args(["-k", "5", LIMIT, "unshare", "--mount", "--pid", "--net", "--uts", "--ipc"]);
            command.args(["--fork", "--kill-child", "--propagation", "private", "sh", "-c"]);
            command.arg(format!("{OVERLAY}{ENTER}")).arg("sh").args(overlay_arguments()?);
            converse(command.arg(on_host::ARGUMENT), input)
        }
        Kind::Booted => {
            let host = booted(file);
            let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
            if host.is_none() {
                *host = Some(Booted::new(file)?);
            }
            host.as_ref().map_or_else(|| Err("there is no host".into()), |host| host.run(input))
        }
    }
}

/// Ends the hosts that were booted.
pub fn power_off() {
    let hosts = std::mem::take(&mut *hosts().lock().unwrap_or_else(PoisonError::into_inner));
    for host in hosts.into_values() {
        drop(host.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

type Shared = Arc<Mutex<Option<Booted>>>;

fn hosts() -> &'static Mutex<HashMap<PathBuf, Shared>> {
    static HOSTS: OnceLock<Mutex<HashMap<PathBuf, Shared>>> = OnceLock::new();
    HOSTS.get_or_init(Mutex::default)
}

fn booted(file: &Path) -> Shared {
    let mut hosts = hosts().lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(hosts.entry(file.to_owned()).or_default())
}

/// A host that systemd runs.
struct Booted {
    supervisor: Child,
    init: u32,
    image: String,
    cgroup: String,
}

impl Booted {
    fn new(file: &Path) -> Result<Self, String> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let cgroup = format!("sutler-case-{stem}-{}", std::process::id());
        let arguments = overlay_arguments()?;
        let console = std::fs::File::create(console_of(&cgroup));
        let console = console.map_err(|e| e.to_string())?;
        let supervisor = Command::new("unshare")
            .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"])
            .args(["sh", "-c", &format!("{OVERLAY}{BOOT}"), "sh"])
            .args(&arguments)
            .arg(&cgroup)
            .stdin(Stdio::null())
            .stdout(console.try_clone().map_err(|e| e.to_string())?)
            .stderr(console)
            .spawn()
            .map_err(|e| format!("unshare: {e}"))?;
        let [image, ..] = arguments;
        let mut host = Self { supervisor, init: 0, image, cgroup };
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(2) {
            host.init = init_below(host.supervisor.id()).unwrap_or(0);
            if host.init != 0 && host.is_up() {
                return Ok(host);
            }
            if host.supervisor.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        // Its console is kept.
        host.init = 0;
        Err(format!("the host did not boot; its console is in {}", host.console().display()))
    }

    fn console(&self) -> PathBuf {
        console_of(&self.cgroup)
    }

    fn is_up(&self) -> bool {
        let output = self.enter().args(["systemctl", "is-system-running"]).output();
        output.is_ok_and(|o| matches!(String::from_utf8_lossy(&o.stdout).trim(), "running" | "degraded"))
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", LIMIT, "nsenter", "--target", &self.init.to_string()]);
        command.args(["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd=/"]);
        command
    }

    fn run(&self, input: &str) -> Result<String, String> {
        let upper = format!("/proc/{}/root/mnt/upper", parent_of(self.init).unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", "exec 7<\"$1\" 8<\"$2\"; shift 2; exec \"$@\"", "sh", &upper, &self.image]);
        let enter = self.enter();
        command.arg(enter.get_program()).args(enter.get_args());
        converse(command.args(["/run/cases", on_host::ARGUMENT]), input)
    }
}

/// Where what a host prints while it runs is written.
fn console_of(cgroup: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{cgroup}.log"))
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
        if self.init != 0 {
            let _ = std::fs::remove_file(self.console());
        }
        for top in ["systemd", "unified", "."] {
            let place = Path::new("/sys/fs/cgroup").join(top).join(&self.cgroup);
            let _ =
                Command::new("find").arg(place).args(["-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]).output();
        }
    }
}

/// The image, this program, the servers' certificates, and the folder of the oracle's virtual environment or nothing.
fn overlay_arguments() -> Result<[String; 4], String> {
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    Ok([image()?, exe.to_string_lossy().into_owned(), servers::CERTIFICATES.into(), oracle::environment()])
}

/// The image's path; built when it is missing.
fn image() -> Result<String, String> {
    static IMAGE: OnceLock<Result<String, String>> = OnceLock::new();
    let build = || {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/modules/image");
        let output = Command::new(program).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("no image: {}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    IMAGE.get_or_init(build).clone()
}

/// The process below `ancestor` that is the first one of the innermost namespace.
fn init_below(ancestor: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{ancestor}/task/{ancestor}/children")).ok()?;
    children.split_whitespace().filter_map(|child| child.parse().ok()).find_map(|child| {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let ids: Vec<&str> = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().collect();
        let own = std::fs::read_to_string("/proc/self/status").ok()?;
        let depth = own.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().count();
        if ids.len() == depth + 2 && ids.last() == Some(&"1") { Some(child) } else { init_below(child) }
    })
}

fn parent_of(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// Runs a program to its end; a failure says what it wrote.
fn converse(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", command.get_program().display()))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let input = input.to_owned();
    // A thread of its own: neither side may wait for the other.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let _ = writer.join();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("the host ended with {}: {}", output.status, said.trim()))
}

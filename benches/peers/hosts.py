"""Hosts to measure on: one sshd in a network namespace that answers for a thousand addresses, and six that boot."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAMESPACE = "sutler-bench"
FLEET = Path(__file__).resolve().parents[2] / "tests/fleet/fleet"
NAMES = ["one", "two", "three", "four", "five", "six"]


def quiet(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Hosts:
    """What both kinds have."""

    # What a command begins with that talks to the hosts.
    prefix = []
    port = 22

    def floor_of_all(self, count):
        """The handshakes that nobody can avoid: fifty at a time."""
        names = self.folder / "names"
        names.write_text("\n".join(self.names(count)) + "\n")
        ssh = f"ssh -F {self.folder}/ssh -p {self.port} -o KexAlgorithms=curve25519-sha256"
        return [*self.prefix, "sh", "-c", f"xargs -a {names} -P 50 -I HOST {ssh} HOST true"]

    def inventory(self, count):
        """An inventory file that all of them read."""
        path = self.folder / f"hosts-{count}.ini"
        lines = [
            *self.names(count),
            "",
            "[all:vars]",
            f"ansible_user={self.user}",
            f"ansible_port={self.port}",
            f"ansible_ssh_private_key_file={self.key}",
            f"ansible_ssh_common_args=-F {self.folder}/ssh",
            "ansible_python_interpreter=/usr/bin/python3",
            f"bench={self.folder}/work",
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    def bytes_of(self, interface):
        """What passed an interface so far."""
        command = [*self.prefix, "cat", "/proc/net/dev"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{interface}:"))
        received, sent = (int(line.split(":")[1].split()[field]) for field in (0, 8))
        return received if interface == "lo" else received + sent

    def clean(self):
        """Forgets what the work left."""
        shutil.rmtree(self.folder / "work", ignore_errors=True)
        shutil.rmtree(self.folder / "source", ignore_errors=True)


class Fleet(Hosts):
    """Six hosts of the test fleet with an init and a sshd each, and Python for those who need it."""

    user = "admin"

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sutler-bench-"))
        number = "8"
        self.environment = {**os.environ, "SUTLER_FLEET_NUMBER": number, "SUTLER_FLEET_DIR": str(self.folder / "fleet")}
        self.addresses = []
        subprocess.run([str(FLEET), "up", "--python", *NAMES], check=True, env=self.environment, stdout=subprocess.DEVNULL)
        config = (self.folder / "fleet/ssh_config").read_text()
        self.addresses = [line.split()[1] for line in config.splitlines() if line.split()[:1] == ["HostName"]]
        self.key = self.folder / "fleet/id_ed25519"
        self.bridge = f"sutler{number}"
        (self.folder / "ssh").write_text(
            f"IdentityFile {self.key}\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder}/fleet/known_hosts\n"
            "User admin\nBatchMode yes\nLogLevel ERROR\n"
        )

    def names(self, count):
        return self.addresses[:count]

    def delay(self, milliseconds):
        """They are as far away as they are."""

    def bytes(self):
        return self.bytes_of(self.bridge)

    def clean(self):
        super().clean()
        left = "/opt/bench /etc/bench /etc/systemd/system/bench.service* ~/.cache/sutler /root/.cache/sutler ~/.ansible"
        script = f"systemctl disable --now bench; rm -rf {left}; systemctl daemon-reload; userdel bench; true"
        for name in self.addresses:
            quiet("ssh", "-F", str(self.folder / "ssh"), name, "sudo", "sh", "-c", f"'{script}'")

    def close(self):
        subprocess.run([str(FLEET), "down"], check=False, env=self.environment, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Loopback(Hosts):
    """Addresses 127.1.x.y of a namespace, all of one sshd; only what the controller costs is measured there."""

    user = "root"
    prefix = ["ip", "netns", "exec", NAMESPACE]

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sutler-bench-"))
        self.key = self.folder / "key"
        quiet("ip", "netns", "del", NAMESPACE, check=False)
        quiet("ip", "netns", "add", NAMESPACE)
        self.inside("ip", "link", "set", "lo", "up")
        quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        quiet("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "host"))
        home = self.folder / "home"
        home.mkdir()
        public = (self.folder / "host.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"* {' '.join(public)}\n[*]:2222 {' '.join(public)}\n")
        (self.folder / "sshd").write_text(
            f"Port 22\nListenAddress 0.0.0.0\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.key}.pub\n"
            f"StrictModes no\nUsePAM no\nPidFile none\nMaxStartups 500:30:1000\nMaxSessions 100\nPermitRootLogin yes\n"
            f"PrintMotd no\nSetEnv HOME={home}\nSubsystem sftp internal-sftp\n"
        )
        (self.folder / "ssh").write_text(
            f"IdentityFile {self.key}\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder}/known_hosts\n"
            "User root\nBatchMode yes\nLogLevel ERROR\n"
        )
        self.port, self.wire = 22, None
        os.makedirs("/run/sshd", exist_ok=True)
        sshd = shutil.which("sshd") or "/usr/sbin/sshd"
        self.server = subprocess.Popen(
            [*self.prefix, sshd, "-D", "-f", str(self.folder / "sshd")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait()

    def inside(self, *command):
        return quiet(*self.prefix, *command)

    def wait(self):
        for _ in range(100):
            if quiet(*self.floor_command("127.1.0.1"), check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("the sshd of the benchmark does not answer")

    def floor_command(self, host):
        ssh = ["ssh", "-F", str(self.folder / "ssh"), "-p", str(self.port), "-o", "KexAlgorithms=curve25519-sha256", host, "true"]
        return [*self.prefix, *ssh]

    def names(self, count):
        return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]

    def delay(self, milliseconds):
        """Sets the round-trip time that the next inventories and floors go through."""
        if self.wire:
            self.wire.terminate()
            self.wire.wait()
        self.port, self.wire = (2222, None) if milliseconds else (22, None)
        if milliseconds:
            wire = str(Path(__file__).with_name("delay.py"))
            command = [*self.prefix, sys.executable, wire, "2222", "22", str(milliseconds)]
            self.wire = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            self.wait()

    def bytes(self):
        return self.bytes_of("lo")

    def close(self):
        self.delay(0)
        self.server.terminate()
        self.server.wait()
        quiet("pkill", "-f", str(self.folder / "sshd"), check=False)
        quiet("ip", "netns", "del", NAMESPACE, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

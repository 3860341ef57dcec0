"""Hosts to measure on: one sshd in a network namespace of its own that answers for a thousand addresses."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAMESPACE = "sutler-bench"


def quiet(*command, check=True):
    return subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Loopback:
    """Addresses 127.1.x.y of a namespace, all of one sshd; only what the controller costs is measured there."""

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
            ["ip", "netns", "exec", NAMESPACE, sshd, "-D", "-f", str(self.folder / "sshd")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.wait()

    def inside(self, *command):
        return quiet("ip", "netns", "exec", NAMESPACE, *command)

    def wait(self):
        for _ in range(100):
            if quiet(*self.floor_command("127.1.0.1"), check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("the sshd of the benchmark does not answer")

    def floor_command(self, host):
        ssh = ["ssh", "-F", str(self.folder / "ssh"), "-p", str(self.port), "-o", "KexAlgorithms=curve25519-sha256", host, "true"]
        return ["ip", "netns", "exec", NAMESPACE, *ssh]

    def floor_of_all(self, count):
        """The handshakes that nobody can avoid: fifty at a time."""
        names = self.folder / "names"
        names.write_text("\n".join(self.names(count)) + "\n")
        ssh = f"ssh -F {self.folder}/ssh -p {self.port} -o KexAlgorithms=curve25519-sha256"
        xargs = f"xargs -a {names} -P 50 -I HOST {ssh} HOST true"
        return ["ip", "netns", "exec", NAMESPACE, "sh", "-c", xargs]

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
            command = ["ip", "netns", "exec", NAMESPACE, sys.executable, wire, "2222", "22", str(milliseconds)]
            self.wire = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            self.wait()

    def bytes(self):
        """What passed the interface so far."""
        text = subprocess.run(
            ["ip", "netns", "exec", NAMESPACE, "cat", "/proc/net/dev"], check=True, capture_output=True, text=True
        ).stdout
        line = next(line for line in text.splitlines() if line.strip().startswith("lo:"))
        return int(line.split(":")[1].split()[0])

    def inventory(self, count):
        """An inventory file that all of them read."""
        path = self.folder / f"hosts-{count}.ini"
        lines = [
            *self.names(count),
            "",
            "[all:vars]",
            "ansible_user=root",
            f"ansible_port={self.port}",
            f"ansible_ssh_private_key_file={self.key}",
            f"ansible_ssh_common_args=-F {self.folder}/ssh",
            "ansible_python_interpreter=/usr/bin/python3",
            f"bench={self.folder}/work",
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    def clean(self):
        """Forgets what the work left."""
        shutil.rmtree(self.folder / "work", ignore_errors=True)
        shutil.rmtree(self.folder / "source", ignore_errors=True)

    def close(self):
        self.delay(0)
        self.server.terminate()
        self.server.wait()
        quiet("pkill", "-f", str(self.folder / "sshd"), check=False)
        quiet("ip", "netns", "del", NAMESPACE, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

"""What a command costs: wall time, CPU of all that it waits for, and the most memory that its processes had together.

The `ssh` processes that Ansible leaves behind for later connections are not among them, in its favour.
"""

import os
import resource
import subprocess
import threading
import time
from dataclasses import asdict, dataclass


@dataclass
class Cost:
    """Seconds, and bytes."""

    wall: float
    cpu: float
    memory: int

    def as_dict(self):
        return asdict(self)


def memory_of(pid):
    """Bytes of a process and all below it; memory that several share is divided among them."""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as sizes:
            total = next(int(line.split()[1]) for line in sizes if line.startswith("Pss:")) * 1024
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as children:
                total += sum(memory_of(child) for child in children.read().split())
    except (OSError, StopIteration):
        pass
    return total


def run(command, environment=None, expected=(0,)):
    """Runs a command to its end; anything but an expected exit code ends the benchmark with what it said."""
    peak = 0
    over = threading.Event()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def sample():
        nonlocal peak
        while not over.wait(0.1):
            peak = max(peak, memory_of(process.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    said = process.communicate()[0].decode(errors="replace")
    wall = time.monotonic() - start
    over.set()
    sampler.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in expected:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peak), said

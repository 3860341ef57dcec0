"""What is measured: each workload is a playbook, for pyinfra the same in its own words, and how many hosts do it."""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Peers take minutes for what has thousands of tasks; a row that would is not measured for them. A round-trip time
# counts as more of them.
MOST = {"ansible": 700, "mitogen": 1100, "pyinfra": 1100}


@dataclass
class Workload:
    """One of the rows."""

    name: str
    play: str
    full: list = field(default_factory=lambda: [(1, 0)])
    quick: list = field(default_factory=lambda: [(1, 0)])
    # Tasks and items that a host does.
    steps: int = 1
    extra: tuple = ()
    # Whether a first run, which is not measured, makes the hosts what they shall be.
    warms_up: bool = True
    # Whether no host is asked anything.
    is_local: bool = False
    # Whether its hosts are those that boot.
    is_fleet: bool = False
    # What is asked instead of running the playbook.
    flags: tuple = ()
    # Whether the inventory is printed, and no playbook read.
    is_inventory: bool = False
    files: int = 0
    large: int = 0
    roles: int = 0

    def playbook(self, hosts):
        return str(self.source(hosts) / self.play) if self.roles else str(HERE / "play" / self.play)

    @property
    def deploy(self):
        return str(HERE / "deploy" / f"{Path(self.play).stem}.py")

    def sizes(self, quick):
        return self.quick if quick else self.full

    def suits(self, peer, count, delay):
        """Whether a peer has the workload, and an end of it in sight."""
        # What only reads starts no strategy; neither does a play with one of its own.
        if peer == "mitogen" and (self.flags or self.is_inventory or self.play.endswith("_free.yml")):
            return False
        if peer == "pyinfra" and not Path(self.deploy).exists():
            return False
        return count * self.steps * (1 + delay / 50) <= MOST.get(peer, 1 << 30)

    def source(self, hosts):
        return hosts.folder / "source"

    def variables(self, hosts):
        found = list(self.extra)
        if self.files:
            found.append(f"tree={self.source(hosts)}")
        if self.large:
            found.append(f"large={self.source(hosts)}/large")
        return found

    def prepare(self, hosts):
        """Makes what is copied."""
        (hosts.folder / "work").mkdir(exist_ok=True)
        source = self.source(hosts)
        if self.files and not source.exists():
            for number in range(self.files):
                place = source / f"{number // 100}"
                place.mkdir(parents=True, exist_ok=True)
                (place / f"{number}").write_text(f"file {number}\n" * 40)
        if self.large and not (source / "large").exists():
            source.mkdir(exist_ok=True)
            with open(source / "large", "wb") as file:
                with open("/dev/urandom", "rb") as random:
                    for _ in range(self.large >> 20):
                        file.write(random.read(1 << 20))

        for number in range(self.roles):
            tasks = source / "roles" / f"role{number}" / "tasks"
            tasks.mkdir(parents=True)
            lines = [f"- name: Task {task}\n  command: echo {{{{ item }}}}\n  loop: [1, 2]\n" for task in range(20)]
            (tasks / "main.yml").write_text("".join(lines))
        if self.roles:
            names = "".join(f"    - role{number}\n" for number in range(self.roles))
            (source / self.play).write_text(f"- hosts: all\n  gather_facts: false\n  roles:\n{names}")

    def reference(self, hosts):
        """A command that does the same with nothing but ssh, where there is one."""
        ssh = f"ip netns exec sutler-bench ssh -F {hosts.folder}/ssh -o KexAlgorithms=curve25519-sha256 -p {hosts.port} 127.1.0.1"
        if self.files:
            place = f"{hosts.folder}/work/tree"
            return ["sh", "-c", f"tar -C {self.source(hosts)} -cf - . | {ssh} 'mkdir -p {place} && tar -C {place} -xf -'"]
        if self.large:
            return ["sh", "-c", f"{ssh} 'cat > {hosts.folder}/work/large' < {self.source(hosts)}/large"]
        return None


def loop(name, steps=500):
    """Five hundred items of a module, all of them there already."""
    sizes = [(1, 0), (1, 100)]
    return Workload(f"loop of 500, {name}", f"loop_{name}.yml", sizes, [(1, 0)], steps=steps)


WORKLOADS = [
    Workload("role of 20 tasks, new", "role.yml", [(6, 0)], [(6, 0)], steps=20, is_fleet=True, warms_up=False),
    Workload("role of 20 tasks, same", "role.yml", [(6, 0)], [(6, 0)], steps=20, is_fleet=True),
    Workload("ten tasks", "ten_tasks.yml", [(20, 0), (20, 25), (20, 100), (100, 0), (1000, 0)], [(20, 0)], steps=10),
    Workload("ten tasks, free", "ten_tasks_free.yml", [(20, 100)], [], steps=10),
    Workload("facts", "facts.yml", [(20, 0), (20, 100), (100, 0)], [(20, 0)], steps=3),
    loop("file"),
    loop("lineinfile"),
    loop("command"),
    # Each item is two requests for ansible-core.
    loop("copy", steps=1000),
    loop("template", steps=1000),
    Workload("tree of 500 files, new", "tree.yml", files=500, warms_up=False, steps=500),
    Workload("tree of 500 files, same", "tree.yml", files=500, steps=1000),
    Workload("tree of 5000 files, new", "tree.yml", [(1, 0)], [], files=5000, warms_up=False, steps=5000),
    Workload("500 MiB, new", "large.yml", [(1, 0), (6, 0)], [], large=500 << 20, warms_up=False, steps=200),
    Workload("20 tasks, all skipped", "skipped.yml", [(100, 0), (1000, 0)], [(100, 0)], steps=6, is_local=True, warms_up=False),
    Workload("everybody's hostvars", "everybody.yml", [(100, 0), (1000, 0)], [(100, 0)], steps=6, is_local=True, warms_up=False),
    Workload("inventory, printed", "", [(1000, 0)], [(1000, 0)], is_local=True, is_inventory=True, warms_up=False),
    Workload("100 roles, listed", "site.yml", is_local=True, flags=("--list-tasks",), roles=100, warms_up=False),
]

"""The role of twenty tasks in pyinfra's words."""

from io import StringIO
from pathlib import Path

from pyinfra import host
from pyinfra.operations import files, server, systemd

program = Path(__file__).resolve().parent.parent / "play/roles/service/files/program"
home, user = "/opt/bench", "bench"
lines = "\n".join(f"line.{number} = {number * 2}" for number in range(30))
unit = (
    f"[Unit]\nDescription=A service to measure with\n\n[Service]\nUser={user}\nExecStart={home}/bin/program\n\n"
    "[Install]\nWantedBy=multi-user.target\n"
)

server.group(name="The group", group=user, system=True)
server.user(
    name="The user", user=user, group=user, system=True, home=home, create_home=False, shell="/usr/sbin/nologin",
    ensure_home=False,
)
files.directory(name="Its folder", path=home, mode="755")
files.directory(name="The folder of programs", path=f"{home}/bin", mode="755")
files.directory(name="The folder of data", path=f"{home}/data", user=user, group=user, mode="750")
files.directory(name="The folder of settings", path="/etc/bench", mode="755")
files.put(name="The program", src=str(program), dest=f"{home}/bin/program", mode="755")
files.put(name="The settings", src=StringIO(f"host = {host.name}\n{lines}\n"), dest="/etc/bench/settings", mode="644")
files.put(name="The environment", src=StringIO(f"HOME={home}\n"), dest="/etc/bench/environment", mode="640")
files.put(name="The unit", src=StringIO(unit), dest="/etc/systemd/system/bench.service", mode="644")
files.directory(name="The folder of the unit", path="/etc/systemd/system/bench.service.d", mode="755")
files.put(
    name="Limits of the unit", src=StringIO("[Service]\nLimitNOFILE=4096\n"),
    dest="/etc/systemd/system/bench.service.d/limits.conf", mode="644",
)
files.file(name="A file of settings", path="/etc/bench/lines", present=True, mode="644")
files.line(name="A line of settings", path="/etc/bench/lines", line="level = info", ensure_newline=True)
files.block(name="A block of settings", path="/etc/bench/lines", content="a = 1\nb = 2", try_prevent_shell_expansion=True)
files.link(name="A link to the newest settings", path=f"{home}/settings", target="/etc/bench/settings")
systemd.service(name="The service", service="bench", running=True, enabled=True, daemon_reload=True)
files.file(name="What the program is", path=f"{home}/bin/program", present=True)
server.shell(name="What it says", commands=[f"{home}/bin/program version"])

"""The ten small tasks in pyinfra's words."""

from io import StringIO

from pyinfra import host
from pyinfra.operations import files, server

place = f"{host.data.bench}/{host.name}"
lines = "\n".join(f"line.{number} = {number * 2}" for number in range(20))

files.directory(name="A directory", path=place, mode="755")
files.put(name="A file of the controller", src=StringIO(f"{host.name}\n"), dest=f"{place}/name", mode="644")
files.put(name="A template", src=StringIO(f"name = {host.name}\n{lines}\n"), dest=f"{place}/ten.conf", mode="644")
files.file(name="A file of lines", path=f"{place}/lines", present=True, mode="644")
files.line(name="A line", path=f"{place}/lines", line="a=1", ensure_newline=True)
files.block(name="A block", path=f"{place}/lines", content="b=2", try_prevent_shell_expansion=True)
files.link(name="A link", path=f"{place}/link", target="name")
server.shell(name="A command", commands=["true"])
files.replace(name="Something is replaced", path=f"{place}/lines", text="^a=0", replace="a=1")
files.file(name="What is there", path=f"{place}/name", present=True)

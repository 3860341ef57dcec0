"""Five hundred lines."""

from pyinfra import host
from pyinfra.operations import files

files.file(path=f"{host.data.bench}/loop/lines", present=True)
for number in range(500):
    files.line(path=f"{host.data.bench}/loop/lines", line=f"line {number}", ensure_newline=True)

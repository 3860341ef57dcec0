"""Five hundred files that are there."""

from pyinfra import host
from pyinfra.operations import files

for number in range(500):
    files.file(path=f"{host.data.bench}/loop/{number}", present=True, mode="644")

"""Five hundred commands."""

from pyinfra.operations import server

for number in range(500):
    server.shell(commands=["true"])

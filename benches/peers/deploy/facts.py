"""What a host is, as far as pyinfra asks at once."""

from pyinfra import host
from pyinfra.facts import hardware, server

for fact in (
    server.Hostname, server.Kernel, server.KernelVersion, server.LinuxDistribution, server.Mounts, server.Users,
    server.Arch, hardware.Cpus, hardware.Memory, hardware.BlockDevices, hardware.NetworkDevices,
):
    host.get_fact(fact)

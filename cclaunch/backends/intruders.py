"""
Somebody else on the port that claude's telemetry is sent to.

The problem it owns: every verb that tells what was recorded has to say so, so it is looked at for next to nothing: the kernel
is asked, and nothing that could start, judge or end a collector is loaded.
"""

from cclaunch.backends.listeners import strangers, whose
from cclaunch.config.model import Config
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import adopted_ports, collector_ports
from cclaunch.hot.reading import numbers, read_flat


def intruder(paths: Paths, config: Config) -> str:
    """
    Return the sentence on somebody else who holds the port that claude's telemetry is sent to, or an empty string.

    A launch goes another way then; but a shell's variables and a bare claude keep to the port.
    """
    containers = read_flat(paths.stack_ports)
    ports = collector_ports(paths) or adopted_ports(paths)
    name = "grpc" if config.telemetry.protocol == "grpc" else "http"
    number = getattr(ports, name) if ports else containers.get(name) or str(getattr(config.ports, name))
    others = strangers(numbers(number), numbers(f"{containers.get('engine', '')} {ports.uids if ports else ''}"))
    return f"port {number} ({name}) is held by {whose(others)}: what is sent there is theirs to read" if others else ""

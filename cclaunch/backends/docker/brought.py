"""
The stack as it runs, whoever brought it up: `stack up`, a launch, or `docker compose up` with our own file.

What carries our project and our labels is ours. Its ports are those that its containers publish: the file may be older
than config.toml.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cclaunch.backends.docker import health
from cclaunch.backends.protocol import Started
from cclaunch.config.model import Config, PortNumbers
from cclaunch.hot.ports import Ports

if TYPE_CHECKING:
    from cclaunch.backends.docker.engine import Engine, Found

COLLECTOR = "collector"
KNOCK_S = 0.2
ENGINE_S = 5.0
COMING_UP_S = 5.0
"""Seconds that a launch waits for a collector that somebody else is bringing up."""


def ports_of(engine: "Engine", found: Mapping[str, "Found"], config: Config) -> PortNumbers:
    """Return where the services are: what the containers *found* publish, else what *config* says."""
    return config.ports._replace(**published(engine, found))


def published(engine: "Engine", found: Mapping[str, "Found"]) -> dict[str, int]:
    """Return the port of the host by name, of every container that runs."""
    ports: dict[str, int] = {}
    for service in engine.stack.services:
        if one := found.get(service.name):
            names = {inner: name for name, inner in service.ports.values()}
            ports |= {names[inner]: outer for inner, outer in one.published.items() if inner in names}
    return ports


def as_it_runs(engine: "Engine", found: Mapping[str, "Found"], config: Config, until: float) -> Started | None:
    """
    Return the collector among *found* when it runs and is well, whatever its settings; None otherwise.

    A launch changes nothing of it: sessions send to it.
    """
    collector = found.get(COLLECTOR)
    if collector is None or collector.state != "running":
        return None
    ports = ports_of(engine, found, config)
    until = min(until, time.monotonic() + COMING_UP_S)
    if health.wait([COLLECTOR], ports, until, lambda _: False):
        return None
    return Started(Ports(str(ports.grpc), str(ports.http), str(ports.metrics)), [])

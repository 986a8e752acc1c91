"""
The stack as it runs, whoever brought it up: `stack up`, a launch, or `docker compose up` with our own file.

What carries our project and our labels is ours. Its ports are those that its containers publish: the file may be older
than config.toml. They are written down where a launch and `usage` look, the engine is asked only when that
is missing or wrong and somebody does listen.
"""

import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cclaunch.backends import Started, chosen
from cclaunch.backends.docker import health, record
from cclaunch.backends.embedded import collector as embedded
from cclaunch.config.model import Config, PortNumbers
from cclaunch.errors import CclaunchError
from cclaunch.hot import probe
from cclaunch.hot.paths import Directories
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


def notice(where: Directories, config: Config, environ: Mapping[str, str]) -> bool:
    """
    Write down a stack of ours that runs and that nobody wrote down, or not where it is now; say whether one does.

    An engine is asked only where VictoriaLogs or the collector would be and somebody listens who is not the embedded one.
    """
    if probe.listens(record.port(where, "victorialogs"), KNOCK_S):
        return True
    likely = [config.ports.victorialogs] if embedded.running(where) else [config.ports.victorialogs, config.ports.grpc]
    if not any(probe.listens(port, KNOCK_S) for port in likely):
        return False
    from cclaunch.backends.docker.backend import DockerBackend

    backend = DockerBackend(where, config, environ)
    with contextlib.suppress(CclaunchError), backend.engine(ENGINE_S) as engine:
        found = engine.containers()
        if any(one.state == "running" for one in found.values()):
            backend.write_down(engine, found)
            return True
    return False


def in_force(where: Directories, config: Config, environ: Mapping[str, str]) -> str:
    """
    Return the name of the backend that is meant: the chosen one, but ``docker`` where its collector runs in its place.

    Whoever has brought up the compose file has not been asked for `stack use docker`: while the containers have the ports,
    they are what there is to look at and to stop.
    """
    name = chosen(where, config)
    if name == "docker" or embedded.running(where) is not None:
        return name
    if not probe.listens(config.ports.grpc, KNOCK_S) or not notice(where, config, environ):
        return name
    return "docker" if health.ask(COLLECTOR, record.port(where, "health")) is None else name

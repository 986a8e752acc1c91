"""
Which backend is meant: the chosen one, unless containers of ours run that nobody has asked for by `stack use`.

An engine is asked only where what was written down is missing or wrong and somebody does listen.
"""

import contextlib
from collections.abc import Mapping

from cclaunch.backends.docker import record
from cclaunch.collector.process import KEEPER
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.serving.holder import holder

KNOCK_S = 0.2
ENGINE_S = 5.0


def notice(paths: Paths, config: Config, environ: Mapping[str, str]) -> bool:
    """
    Write down a stack of ours that runs and that nobody wrote down, or not where it is now; say whether one does.

    An engine is asked only where VictoriaLogs or the collector would be and somebody listens who is not the embedded one.
    """
    if probe.listens(record.port(paths, "victorialogs"), KNOCK_S):
        return True
    likely = [config.ports.victorialogs] if _collects(paths) else [config.ports.victorialogs, config.ports.grpc]
    if not any(probe.listens(port, KNOCK_S) for port in likely):
        return False
    from cclaunch.backends.docker.backend import DockerBackend  # nearly nobody comes as far

    backend = DockerBackend(paths, config, environ)
    with contextlib.suppress(CclaunchError), backend.engine(ENGINE_S) as engine:
        found = engine.containers()
        if any(one.state == "running" for one in found.values()):
            backend.write_down(engine, found)
            return True
    return False


def in_force(paths: Paths, config: Config, environ: Mapping[str, str]) -> str:
    """
    Return the name of the backend that is meant: the chosen one, but ``docker`` where its collector runs in its place.

    Whoever has brought up the compose file has not been asked for `stack use docker`: while the containers have the ports,
    they are what there is to look at and to stop.
    """
    from cclaunch.backends.chosen import chosen

    name = chosen(paths, config)
    if name == "docker" or _collects(paths):
        return name
    if not probe.listens(config.ports.grpc, KNOCK_S) or not notice(paths, config, environ):
        return name
    from cclaunch.backends.docker import health
    from cclaunch.backends.docker.brought import COLLECTOR

    return "docker" if health.ask(COLLECTOR, record.port(paths, "health")) is None else name


def _collects(paths: Paths) -> bool:
    """Say whether a collector of ours lives; a keeper lives beside containers."""
    found = holder(paths.collector_lock)
    return found is not None and found.role != KEEPER

"""How the stack is: every service with its health, as values for a table, for JSON and for one sentence."""

import time
from typing import Any, NamedTuple

from cclaunch.backends.embedded import collector as embedded
from cclaunch.backends.every import backend
from cclaunch.backends.in_force import in_force
from cclaunch.backends.intruders import intruder
from cclaunch.backends.protocol import ServiceStatus
from cclaunch.hot.paths import Environ, Paths


class StackState(NamedTuple):
    """
    The whole stack: healthy when its collector is; *pid* is the embedded collector's, None while it does not run.

    *keeper* is our program beside the containers, None where there are none: telemetry does not depend on it.
    """

    backend: str
    healthy: bool
    pid: int | None
    trouble: str
    services: list[ServiceStatus]
    keeper: ServiceStatus | None = None

    @property
    def parts(self) -> list[ServiceStatus]:
        """Return the services, and the keeper behind them."""
        return [*self.services, *([self.keeper] if self.keeper else [])]

    def document(self) -> dict[str, Any]:
        """Return it as ``--json`` has it; a container's image, age in seconds and bytes of data only where there is one."""
        found = {
            "backend": self.backend,
            "healthy": self.healthy,
            "pid": self.pid,
            "services": [_document(service) for service in self.services],
        }
        return found if self.keeper is None else {**found, "keeper": _document(self.keeper)}


def _document(service: ServiceStatus) -> dict[str, Any]:
    made = {"name": service.name, "healthy": service.healthy, "url": service.url, "detail": service.detail}
    if service.image:
        made |= {
            "image": service.image,
            "age_seconds": round(time.time() - service.made),
            "data_bytes": service.data if service.data >= 0 else None,
        }
    return made


def stack_state(paths: Paths, environ: Environ) -> StackState:
    """Ask every service of the stack how it is."""
    from cclaunch.config.model import configuration

    config = configuration(paths)
    used = backend(in_force(paths, config, environ), paths, config, environ)
    running = embedded.running(paths)
    services = used.status()
    if intruded := intruder(paths, config):
        services = [one._replace(healthy=False, detail=intruded) if one.name == "collector" else one for one in services]
    collector = next((service for service in services if service.name == "collector"), None)
    healthy = collector is not None and collector.healthy
    trouble = "" if healthy else (collector.detail if collector and collector.detail else "it does not run")
    return StackState(used.name, healthy, running.pid if running else None, trouble, services, _keeper(used.name, paths))


def _keeper(backend: str, paths: Paths) -> ServiceStatus | None:
    if backend != "docker" or embedded.running(paths) is not None:
        return None
    from cclaunch.backends.docker import keeper

    return keeper.status(paths)

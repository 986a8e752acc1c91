"""The state of the stack as ``status`` and ``stack status`` tell it, to programs and to people."""

import time
from typing import Any, NamedTuple

from cclaunch import console
from cclaunch.backends import ServiceStatus, backend
from cclaunch.backends.docker.brought import in_force
from cclaunch.backends.embedded import collector as embedded
from cclaunch.backends.embedded.foreign import intruder
from cclaunch.commands.moments import span
from cclaunch.hot.paths import Directories, Environ


class StackState(NamedTuple):
    """The whole stack: healthy when its collector is; *pid* is the embedded collector's, None while it does not run."""

    backend: str
    healthy: bool
    pid: int | None
    trouble: str
    services: list[ServiceStatus]

    def document(self) -> dict[str, Any]:
        """Return it as ``--json`` has it; a container's image, age in seconds and bytes of data only where there is one."""
        return {
            "backend": self.backend,
            "healthy": self.healthy,
            "pid": self.pid,
            "services": [_document(service) for service in self.services],
        }


def _document(service: ServiceStatus) -> dict[str, Any]:
    made = {"name": service.name, "healthy": service.healthy, "url": service.url, "detail": service.detail}
    if service.image:
        made |= {
            "image": service.image,
            "age_seconds": round(time.time() - service.made),
            "data_bytes": service.data if service.data >= 0 else None,
        }
    return made


def stack_state(where: Directories, environ: Environ) -> StackState:
    """Ask every service of the stack how it is."""
    from cclaunch.config.model import configuration

    config = configuration(where)
    used = backend(in_force(where, config, environ), where, config, environ)
    running = embedded.running(where)
    services = used.status()
    if intruded := intruder(where, config):
        services = [one._replace(healthy=False, detail=intruded) if one.name == "collector" else one for one in services]
    collector = next((service for service in services if service.name == "collector"), None)
    healthy = collector is not None and collector.healthy
    trouble = "" if healthy else (collector.detail if collector and collector.detail else "it does not run")
    return StackState(used.name, healthy, running.pid if running else None, trouble, services)


def revealed(state: StackState, where: Directories) -> StackState:
    """Return *state* with the password that was made for Grafana in the place of the file that keeps it."""
    from cclaunch.backends.docker import login
    from cclaunch.config.model import configuration

    config = configuration(where)
    before, after = login.told(where, config), login.told(where, config, clear=True)
    services = [one._replace(detail=after) if one.detail == before else one for one in state.services]
    return state._replace(services=services)


def show_services(state: StackState, environ: Environ) -> None:
    """Write the services as a table; with columns for the containers where there are some."""
    titles = ["service", "state", "url", "detail"]
    rows = [
        [service.name, "healthy" if service.healthy else "down", service.url or console.NOTHING, service.detail]
        for service in state.services
    ]
    if any(service.image for service in state.services):
        titles[2:2] = ["age", "data"]
        titles.append("image")
        for row, service in zip(rows, state.services, strict=True):
            age = span(time.time() - service.made) if service.made else console.NOTHING
            row[2:2] = [age, console.size(service.data) if service.data >= 0 else console.NOTHING]
            row.append(service.image or console.NOTHING)
    console.table(titles, rows, environ)

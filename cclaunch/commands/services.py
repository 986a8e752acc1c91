"""The state of the stack as ``status`` and ``stack status`` tell it, to programs and to people."""

from typing import Any, NamedTuple

from cclaunch import console
from cclaunch.backends import embedded
from cclaunch.commands.context import Environ
from cclaunch.plan import Directories


class Service(NamedTuple):
    """One service of the stack: *detail* says what is wrong, or what else is worth knowing."""

    name: str
    healthy: bool
    url: str
    detail: str


class StackState(NamedTuple):
    """The whole stack: healthy when its collector is; *pid* is the collector's, None while it does not run."""

    backend: str
    healthy: bool
    pid: int | None
    trouble: str
    services: list[Service]

    def document(self) -> dict[str, Any]:
        """Return it as ``--json`` has it."""
        return {
            "backend": self.backend,
            "healthy": self.healthy,
            "pid": self.pid,
            "services": [service._asdict() for service in self.services],
        }


def stack_state(where: Directories) -> StackState:
    """Ask every service of the stack how it is."""
    running = embedded.running(where)
    services = [Service(one.name, one.healthy, one.url, one.detail) for one in embedded.status(where)]
    collector = next((service for service in services if service.name == "collector"), None)
    healthy = collector is not None and collector.healthy
    trouble = "" if healthy else (collector.detail if collector and collector.detail else "it does not run")
    return StackState("embedded", healthy, running.pid if running else None, trouble, services)


def show_services(state: StackState, environ: Environ) -> None:
    """Write the services as a table."""
    rows = [
        [service.name, "healthy" if service.healthy else "down", service.url or console.NOTHING, service.detail]
        for service in state.services
    ]
    console.table(["service", "state", "url", "detail"], rows, environ)

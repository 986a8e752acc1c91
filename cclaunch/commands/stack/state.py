"""The state of the stack as ``status`` and ``stack status`` tell it, to programs and to people."""

import time

from cclaunch import console, layout
from cclaunch.backends.state import StackState
from cclaunch.hot.paths import Environ, Paths
from cclaunch.reports.dates import span


def revealed(state: StackState, paths: Paths) -> StackState:
    """Return *state* with the password that was made for Grafana in the place of the file that keeps it."""
    from cclaunch.backends.docker import login
    from cclaunch.config.model import configuration

    config = configuration(paths)
    before, after = login.told(paths, config), login.told(paths, config, clear=True)
    services = [one._replace(detail=after) if one.detail == before else one for one in state.services]
    return state._replace(services=services)


def show_services(state: StackState, environ: Environ) -> None:
    """Write the services as a table; with columns for the containers where there are some."""
    titles = ["service", "state", "url", "detail"]
    rows = [
        [service.name, "healthy" if service.healthy else "down", service.url or console.NOTHING, service.detail]
        for service in state.parts
    ]
    below = 1
    if any(service.image for service in state.services):
        below = 2
        titles[2:2] = ["age", "data"]
        titles.append("image")
        for row, service in zip(rows, state.parts, strict=True):
            age = span(time.time() - service.made) if service.made else console.NOTHING
            row[2:2] = [age, layout.size(service.data) if service.data >= 0 else console.NOTHING]
            row.append(service.image or console.NOTHING)
    console.table(titles, rows, environ, below=below)

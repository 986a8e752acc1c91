"""Where the verbs find what was recorded, and what shows it: every store on this machine that may have data, and Grafana."""

from typing import TYPE_CHECKING

from cclaunch.backends.docker import record
from cclaunch.hot.paths import Directories, Environ, database
from cclaunch.hot.ports import collector_ports

if TYPE_CHECKING:
    from cclaunch.store.stores import Places


def vlogs_url(where: Directories) -> str:
    """Return the URL of the VictoriaLogs of our stack, or an empty text where there is none."""
    return record.url(where, "victorialogs")


def metrics_url(where: Directories) -> str:
    """Return the URL of the metrics page of our stack's collector, or an empty text where there is none."""
    if collector_ports(where.data) is not None:  # the embedded collector has that port now, and its own database
        return ""
    found = record.url(where, "metrics")
    return f"{found}/metrics" if found else ""


def grafana_url(where: Directories) -> str:
    """Return the URL of the Grafana of our stack, or an empty text where there is none."""
    return record.url(where, "grafana")


def notice(where: Directories, environ: Environ) -> None:
    """Find a stack of ours that `docker compose` has brought up, so that the other functions know where it is."""
    from cclaunch.backends import in_force
    from cclaunch.config.model import configuration

    in_force.notice(where, configuration(where), environ)


def places_of(where: Directories) -> "Places":
    """Return all places that may hold events."""
    from cclaunch.store.stores import Places

    return Places(database(where), vlogs_url(where), metrics_url(where))

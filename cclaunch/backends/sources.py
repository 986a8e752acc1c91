"""Where the verbs find what was recorded, and what shows it: every store on this machine that may have data, and Grafana."""

from typing import TYPE_CHECKING

from cclaunch.backends.docker import record
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.ports import collector_ports

if TYPE_CHECKING:
    from cclaunch.store.places import Places


def vlogs_url(paths: Paths) -> str:
    """Return the URL of the VictoriaLogs of our stack, or an empty text where there is none."""
    return record.url(paths, "victorialogs")


def metrics_url(paths: Paths) -> str:
    """Return the URL of the metrics page of our stack's collector, or an empty text where there is none."""
    if collector_ports(paths) is not None:  # the embedded collector has that port now, and its own database
        return ""
    found = record.url(paths, "metrics")
    return f"{found}/metrics" if found else ""


def grafana_url(paths: Paths) -> str:
    """Return the URL of the Grafana of our stack, or an empty text where there is none."""
    return record.url(paths, "grafana")


def notice(paths: Paths, environ: Environ) -> None:
    """Find a stack of ours that `docker compose` has brought up, so that the other functions know where it is."""
    from cclaunch.backends import in_force
    from cclaunch.config.model import configuration

    in_force.notice(paths, configuration(paths), environ)


def places_of(paths: Paths) -> "Places":
    """Return all places that may hold events."""
    from cclaunch.store.places import local_places

    return local_places(paths, vlogs_url(paths), metrics_url(paths))

"""The dashboards that a person added: one file each in data/stack/dashboards, named by the uid, which Grafana is given."""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch.errors import DashboardMissing, DashboardRefused
from cclaunch.files.atomic import make_directory, remove, write_atomic
from cclaunch.files.lock import locked
from cclaunch.grafana import foreign
from cclaunch.grafana.shipped import shipped
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small

PATIENCE_S = 5.0


class Listed(NamedTuple):
    """One dashboard: its *name* (uid), *title*, number of *panels*, and whether it is ours."""

    name: str
    title: str
    panels: int
    ours: bool


def added(paths: Paths) -> Mapping[str, bytes]:
    """Return file name -> content of every dashboard that was added; one that cannot be read is left out."""
    place = paths.dashboards
    try:
        names = sorted(name for name in os.listdir(place) if name.endswith(".json") and not name.startswith("."))
    except OSError:
        return {}
    read = ((name, read_small(f"{place}/{name}", foreign.SIZE_LIMIT * 2)) for name in names)
    return {name: content for name, content in read if content is not None}


def listed(paths: Paths) -> list[Listed]:
    """Return all dashboards, ours first."""
    return [
        *(_listed(name, content, ours=True) for name, content in shipped().items()),
        *(_listed(name, content, ours=False) for name, content in added(paths).items()),
    ]


def _listed(file_name: str, content: bytes, *, ours: bool) -> Listed:
    name = file_name.removesuffix(".json")
    try:
        found: Any = json.loads(content)
        panels = [panel for panel in found["panels"] if panel.get("type") != "row"]
        return Listed(name, str(found["title"]), len(panels) + _folded(found["panels"]), ours)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Listed(name, "(damaged)", 0, ours)


def _folded(panels: list[Any]) -> int:
    return sum(len(panel.get("panels") or ()) for panel in panels)


def add(paths: Paths, content: bytes, source: str) -> tuple[Listed, bool]:
    """
    Keep the dashboard in *content*, which comes from *source*; return it, and whether it replaced an older form of itself.

    Raises:
        DashboardRefused: It is none, or it would take the place of one of ours.
        FileTrouble, Busy: It cannot be written.
    """
    dashboard = foreign.read_dashboard(content, source)
    name = f"{dashboard['uid']}.json"
    if name in shipped():
        raise DashboardRefused(
            f"`{dashboard['uid']}` is a dashboard of cclaunch's own and is not replaced",
            hint='change "uid" in the file, then add it',
        )
    text = json.dumps(dashboard, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
    place = paths.dashboards
    make_directory(place)
    with locked(f"{place}/.lock", PATIENCE_S):
        known = os.path.exists(f"{place}/{name}")
        write_atomic(f"{place}/{name}", text)
    return _listed(name, text, ours=False), known


def discard(paths: Paths, name: str) -> None:
    """
    Delete the added dashboard *name*.

    Raises:
        DashboardRefused: It is one of ours.
        DashboardMissing: There is none of that name.
        FileTrouble, Busy: It cannot be deleted.
    """
    if f"{name}.json" in shipped():
        raise DashboardRefused(f"`{name}` is a dashboard of cclaunch's own and stays", hint="cclaunch dashboard list")
    place = paths.dashboards
    if not foreign.UID.match(name) or not os.path.isdir(place):
        raise _missing(name)
    with locked(f"{place}/.lock", PATIENCE_S):
        if not remove(f"{place}/{name}.json"):
            raise _missing(name)


def _missing(name: str) -> DashboardMissing:
    return DashboardMissing(f"there is no added dashboard `{name}`", hint="cclaunch dashboard list")

"""Our own dashboards: made by code, kept as files beside it, so that they can be read, compared and imported by hand."""

import json
from collections.abc import Mapping
from pathlib import Path

from cclaunch.grafana.cost import cost_dashboard
from cclaunch.grafana.session import session_dashboard
from cclaunch.grafana.tools import tools_dashboard

HERE = Path(__file__).resolve().parent / "dashboards"
MAKERS = (cost_dashboard, tools_dashboard, session_dashboard)


def made() -> Mapping[str, bytes]:
    """Return file name -> the dashboard as the code makes it now."""
    dashboards = [maker() for maker in MAKERS]
    return {f"{one['uid']}.json": json.dumps(one, indent=1, ensure_ascii=False).encode() + b"\n" for one in dashboards}


def shipped() -> Mapping[str, bytes]:
    """Return file name -> the dashboard as it is installed."""
    return {path.name: path.read_bytes() for path in sorted(HERE.glob("*.json"))}


if __name__ == "__main__":  # python -m cclaunch.grafana.shipped: after a change of the code
    for name, content in made().items():
        (HERE / name).write_bytes(content)

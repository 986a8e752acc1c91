"""
The files below Grafana's provisioning directory: datasources, the dashboards, and where to look for them.

Pure: the same settings are the same bytes, so a hash over them tells whether Grafana has to be made anew. The files are
JSON, which is YAML too.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch.grafana.panels import PROMETHEUS, VLOGS
from cclaunch.grafana.shipped import shipped

OURS, ADDED = "Claude Code", "Added"
"""Folders of Grafana: our dashboards, and those that a person added."""

ALIASES = ("prometheus", "PBFA97CFB590B2093")
"""Other uids under which public dashboards look for Prometheus; the second is what Grafana makes of its name."""


class Settings(NamedTuple):
    """
    What the files depend on.

    Attributes:
        prometheus, vlogs: URLs as Grafana reaches them.
        scrape_interval: Prometheus' own, as it is written there.
        directory: Where Grafana finds these files.
        added: File name -> a dashboard that a person added.
    """

    prometheus: str = "http://prometheus:9090"
    vlogs: str = "http://victorialogs:9428"
    scrape_interval: str = "15s"
    directory: str = "/etc/cclaunch/provisioning"
    added: Mapping[str, bytes] = {}


def files(settings: Settings) -> dict[str, bytes]:
    """Return path below the provisioning directory -> content."""
    return {
        "datasources/cclaunch.yaml": _document(_datasources(settings)),
        "dashboards/cclaunch.yaml": _document(_providers(settings)),
        **{f"json/ours/{name}": content for name, content in shipped().items()},
        **{f"json/added/{name}": content for name, content in settings.added.items()},
        "json/added/README": b"Dashboards that `cclaunch dashboard add` put here.\n",
    }


def _document(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def _datasources(settings: Settings) -> dict[str, Any]:
    prometheus = {
        "type": PROMETHEUS["type"],
        "access": "proxy",
        "url": settings.prometheus,
        "editable": False,
        "jsonData": {"httpMethod": "POST", "prometheusType": "Prometheus", "timeInterval": settings.scrape_interval},
    }
    vlogs = {"type": VLOGS["type"], "access": "proxy", "url": settings.vlogs, "editable": False, "jsonData": {"maxLines": "1000"}}
    return {
        "apiVersion": 1,
        "prune": True,
        "datasources": [
            {"name": "Prometheus", "uid": PROMETHEUS["uid"], "isDefault": True, **prometheus},
            {"name": "VictoriaLogs", "uid": VLOGS["uid"], **vlogs},
            *({"name": f"Prometheus, also known as {uid}", "uid": uid, **prometheus} for uid in ALIASES),
        ],
    }


def _providers(settings: Settings) -> dict[str, Any]:
    def provider(name: str, folder: str, path: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": "file",
            "folder": folder,
            "folderUid": f"cclaunch-{path}",
            "disableDeletion": True,
            "allowUiUpdates": False,
            "updateIntervalSeconds": 10,
            "options": {"path": f"{settings.directory}/json/{path}", "foldersFromFilesStructure": False},
        }

    return {"apiVersion": 1, "providers": [provider("cclaunch", OURS, "ours"), provider("cclaunch-added", ADDED, "added")]}

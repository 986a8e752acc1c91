"""
A dashboard of somebody else's, read and made to ask our datasources. Pure.

Shared dashboards name their datasources in three ways: as inputs that an import would ask for (`__inputs` and `${DS_NAME}`),
by an identifier of the installation they come from, or by a variable that offers what there is. The first two become
ours; the third one works as it is.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from cclaunch.errors import DashboardRefused
from cclaunch.grafana.panels import PROMETHEUS, VLOGS

SIZE_LIMIT = 4 << 20
LONGEST_UID = 40
DEEPEST = 100
"""Levels of lists and objects."""

UID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_UID}}}\Z")
INPUT = re.compile(r"\$\{(\w+)\}")
OURS = {PROMETHEUS["type"]: PROMETHEUS, VLOGS["type"]: VLOGS}
"""Type of a datasource -> ours."""

BUILT_IN = ("grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --")
KNOWN = frozenset((PROMETHEUS["uid"], VLOGS["uid"], "prometheus", "PBFA97CFB590B2093", *BUILT_IN))

Json = dict[str, Any]


def read_dashboard(content: bytes, source: str) -> Json:
    """
    Return the dashboard in *content*, which comes from *source*, with a uid and our datasources.

    Raises:
        DashboardRefused: It is too large, no JSON, no dashboard, or asks for what the stack does not have.
    """
    if len(content) > SIZE_LIMIT:
        raise DashboardRefused(f"{source} is larger than {SIZE_LIMIT >> 20} MiB, which no dashboard is")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DashboardRefused(f"{source} is no JSON: {error}", hint="give the dashboard's JSON, not its page") from error
    if isinstance(found, dict) and isinstance(found.get("dashboard"), dict):
        found = found["dashboard"]  # as Grafana's API gives it
    if not isinstance(found, dict) or not isinstance(found.get("panels"), list) or not _text(found.get("title")):
        raise DashboardRefused(
            f"{source} is no dashboard: it has no title or no panels",
            hint="in Grafana: Share, Export, Save to file (the classic form, not V2)",
        )
    inputs = _inputs(found, source)
    if _is_deep(found, DEEPEST):
        raise DashboardRefused(f"{source} is nested deeper than any dashboard")
    dashboard: Json = _mapped({key: value for key, value in found.items() if not key.startswith("__")}, inputs)
    return {**dashboard, "id": None, "uid": _uid(found)}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _uid(found: Mapping[str, Any]) -> str:
    """Return the uid that it has, or one made of its title: a link, and our file, rest on it."""
    uid = _text(found.get("uid"))
    if UID.match(uid):
        return uid
    slug = re.sub(r"[^a-z0-9]+", "-", _text(found["title"]).lower()).strip("-")[:LONGEST_UID].strip("-")
    return slug or "dashboard"


def _inputs(found: Mapping[str, Any], source: str) -> dict[str, str]:
    """Return input -> what stands for it here."""
    values: dict[str, str] = {}
    inputs = found.get("__inputs")
    for one in inputs if isinstance(inputs, list) else []:
        name, kind = (_text(one.get(key)) for key in ("name", "type")) if isinstance(one, dict) else ("", "")
        if name and kind == "datasource":
            plugin = _text(one.get("pluginId"))
            if plugin not in OURS:
                have = " and ".join(OURS)
                raise DashboardRefused(f"{source} needs a datasource of type `{plugin}`", cause=f"the stack has {have}")
            values[name] = OURS[plugin]["uid"]
        elif name:
            values[name] = str(one.get("value", ""))
    return values


def _is_deep(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not left or any(_is_deep(one, left - 1) for one in inner)


def _mapped(value: Any, inputs: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        made = {key: _mapped(inner, inputs) for key, inner in value.items()}
        if "datasource" in made:
            made["datasource"] = _datasource(made["datasource"])
        return made
    if isinstance(value, list):
        return [_mapped(inner, inputs) for inner in value]
    return INPUT.sub(lambda found: inputs.get(found[1], found[0]), value) if isinstance(value, str) else value


def _datasource(value: Any) -> Any:
    """Return ours where one of another installation is named: its type tells which, or the name of an input."""
    uid, kind = (value.get("uid"), value.get("type")) if isinstance(value, dict) else (value, None)
    if not isinstance(uid, str) or uid in KNOWN:
        return value
    found = INPUT.fullmatch(uid)
    if found and found[1].upper().startswith("DS_"):  # an input that the file does not declare
        logs = "LOGS" in found[1].upper() or kind == VLOGS["type"]
        return VLOGS if logs else PROMETHEUS
    if uid.startswith("$") or kind not in OURS:
        return value
    return OURS[kind]


def datasources(dashboard: Any) -> Collection[str]:
    """Return the types of datasources that a dashboard asks and that the stack does not have."""
    found: set[str] = set()
    if isinstance(dashboard, dict):
        one = dashboard.get("datasource")
        if isinstance(one, dict) and _text(one.get("type")) not in ("", "grafana", "datasource", *OURS):
            found.add(one["type"])
        for inner in dashboard.values():
            found |= set(datasources(inner))
    elif isinstance(dashboard, list):
        for inner in dashboard:
            found |= set(datasources(inner))
    return found

"""
Panels and dashboards as Grafana's JSON wants them, so that a dashboard is a list of questions and not 5,000 lines.

Every panel has a title and a description; where it stands and its number are worked out when the dashboard is made.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]

SCHEMA_VERSION = 42
COLUMNS = 24

PROMETHEUS: Json = {"type": "prometheus", "uid": "ds-prometheus"}
VLOGS: Json = {"type": "victoriametrics-logs-datasource", "uid": "ds-vlogs"}

DOLLARS, NUMBER, SHARE, SECONDS, MILLISECONDS = "currencyUSD", "short", "percentunit", "s", "ms"

LOGS, STATS, STATS_RANGE = "instant", "stats", "statsRange"
"""Kinds of questions to VictoriaLogs: rows, one value for the whole time, values over time."""


class Panel(NamedTuple):
    """A panel without its place: *width* of 24 columns, *height* in rows of Grafana's grid."""

    json: Json
    width: int
    height: int


class Row(NamedTuple):
    """A heading, and the panels below it from left to right."""

    title: str
    panels: Sequence[Panel]


def logs(query: str, kind: str, legend: str = "", *, lines: int = 0) -> Json:
    """Return a question to VictoriaLogs."""
    target = {"datasource": VLOGS, "editorMode": "code", "expr": query, "queryType": kind, "legendFormat": legend}
    return {**target, "maxLines": lines} if lines else target


def prometheus(query: str, legend: str = "", *, over_time: bool) -> Json:
    """Return a question to Prometheus: *over_time*, or one value at the end of the time that is shown."""
    kind = {"range": True, "instant": False} if over_time else {"range": False, "instant": True}
    return {"datasource": PROMETHEUS, "editorMode": "code", "expr": query, "legendFormat": legend, **kind}


def _panel(
    kind: str, title: str, description: str, targets: Sequence[Json], unit: str, options: Json, custom: Json | None = None
) -> Json:
    numbered = [{**target, "refId": chr(ord("A") + number)} for number, target in enumerate(targets)]
    defaults: Json = {"color": {"mode": "palette-classic"}, "unit": unit}
    if custom:
        defaults["custom"] = custom
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": targets[0]["datasource"],
        "targets": numbered,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
    }


def stat(title: str, description: str, target: Json, unit: str = NUMBER, *, time_from: str = "", width: int = 4) -> Panel:
    """Return a panel of one number; *time_from* (``now/d``) replaces the time that the dashboard shows."""
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value",
    }
    json = _panel("stat", title, description, [target], unit, options)
    json["fieldConfig"]["defaults"]["color"] = {"mode": "fixed", "fixedColor": "text"}
    json["fieldConfig"]["defaults"]["noValue"] = "0"
    return Panel({**json, "timeFrom": time_from} if time_from else json, width, 4)


def over_time(
    title: str,
    description: str,
    targets: Sequence[Json],
    unit: str = NUMBER,
    *,
    bars: bool = True,
    width: int = 12,
    interval: str = "",
) -> Panel:
    """Return a panel of values over time, stacked bars or lines; *interval* is the shortest step."""
    custom = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 70 if bars else 0,
        "lineWidth": 1,
        "showPoints": "never" if bars else "auto",
        "spanNulls": not bars,
        "stacking": {"mode": "normal" if bars else "none", "group": "A"},
    }
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "right",
            "showLegend": True,
            "calcs": ["sum"] if bars else ["lastNotNull"],
        },
        "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": True},
    }
    json = _panel("timeseries", title, description, targets, unit, options, custom)
    json["maxDataPoints"] = 60
    return Panel({**json, "interval": interval} if interval else json, width, 8)


def ranking(title: str, description: str, target: Json, unit: str = NUMBER, *, width: int = 8) -> Panel:
    """Return a panel of one bar for each value, the longest first."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": False,
        "valueMode": "text",
    }
    return Panel(_panel("bargauge", title, description, [target], unit, options), width, 8)


def table(
    title: str,
    description: str,
    target: Json,
    *,
    columns: Mapping[str, str],
    units: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    width: int = COLUMNS,
    height: int = 10,
) -> Panel:
    """
    Return a panel of the rows that VictoriaLogs finds.

    Args:
        columns: Field -> heading, in the order in which they stand; what is not named is left out.
        units: Heading -> unit.
        links: Heading -> the address behind its cells.
    """
    json = _panel("table", title, description, [target], NUMBER, {"showHeader": True, "cellHeight": "sm"})
    names = [*columns]
    extract = {"source": "labels", "format": "auto", "replace": False, "keepTime": True}
    organize = {
        "includeByName": dict.fromkeys(names, True),
        "indexByName": {name: number for number, name in enumerate(names)},
        "renameByName": dict(columns),
    }
    json["transformations"] = [{"id": "extractFields", "options": extract}, {"id": "organize", "options": organize}]
    properties: dict[str, list[Json]] = {}
    for heading, unit in (units or {}).items():
        properties.setdefault(heading, []).append({"id": "unit", "value": unit})
    for heading, address in (links or {}).items():
        properties.setdefault(heading, []).append({"id": "links", "value": [{"title": heading, "url": address}]})
    json["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": heading}, "properties": found} for heading, found in properties.items()
    ]
    return Panel(json, width, height)


def choice(name: str, field: str, query: str, *, several: bool = True) -> Json:
    """
    Return a variable that offers the values of *field* among the events that *query* finds.

    All of them is `.*`, which a matcher of Prometheus takes as it is and the datasource of VictoriaLogs as `in(*)`: also
    what lacks the field is shown then.
    """
    variable: Json = {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": VLOGS,
        "query": {"type": "fieldValue", "field": field, "query": query, "limit": 1000, "refId": f"variable-{name}"},
        "definition": f"{field} of {query}",
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
    }
    if several:
        variable |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return variable


def dashboard(
    uid: str, title: str, description: str, rows: Sequence[Row], variables: Sequence[Json], *, since: str = "now-7d"
) -> Json:
    """Return a dashboard: its panels numbered and laid out row by row."""
    placed: list[Json] = []
    number, y = 1, 0
    for row in rows:
        placed.append(
            {"type": "row", "id": number, "title": row.title, "collapsed": False, "panels": [], "gridPos": _at(0, y, COLUMNS, 1)}
        )
        number, y, x, tallest = number + 1, y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                y, x, tallest = y + tallest, 0, 0
            placed.append({**panel.json, "id": number, "gridPos": _at(x, y, panel.width, panel.height)})
            number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
        y += tallest
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["claude-code", "cclaunch"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "id": None,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "title": "Claude Code", "tags": ["cclaunch"], "asDropdown": True, "keepTime": True}],
        "templating": {"list": list(variables)},
        "panels": placed,
    }


def _at(x: int, y: int, width: int, height: int) -> Json:
    return {"x": x, "y": y, "w": width, "h": height}

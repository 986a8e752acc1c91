"""
What Grafana would ask: the queries of a dashboard with their variables filled in, put to the real services.

The problem it owns: there is no Grafana in the tests. Its datasources send these requests; the rules of filling in are those
of Grafana for Prometheus and of the plugin for VictoriaLogs (several values of `in($name)` as JSON texts, `.*` as `*`).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stackproc import Stack

VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)")
Values = Mapping[str, Sequence[str]]


class Span(NamedTuple):
    """The time that a dashboard shows, in whole seconds, and the step of what is shown over time."""

    begin: int
    end: int
    step: int = 60


class Sample(NamedTuple):
    """One answer: labels (of a row: its fields), and the values over time, the only one of them, or none for a row."""

    labels: dict[str, str]
    values: list[float]


def targets(dashboard: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield (panel, target) of all questions of a dashboard, those of folded rows too."""
    for panel in dashboard["panels"]:
        for inner in (panel, *panel.get("panels", ())):
            for target in inner.get("targets", ()):
                yield inner, target


def variables(text: str) -> set[str]:
    """Return the names of the variables in *text*, Grafana's own left out."""
    return {name for found in VARIABLE.findall(text) for name in found if name and not name.startswith("__")}


def filled(query: str, values: Values, span: Span, *, logsql: bool) -> str:
    """Return *query* with its variables filled in; a variable that has no values stands for all."""
    query = query.replace("$__range", f"{span.end - span.begin}s").replace("$__interval", f"{span.step}s")
    for name in sorted(variables(query), key=len, reverse=True):
        chosen = values.get(name, ())
        if logsql:
            listed = ",".join(json.dumps(value) for value in chosen) or "*"
            query = query.replace(f"in(${name})", f"in({listed})").replace(f"${name}", chosen[0] if chosen else "*")
        else:
            query = query.replace(f"${name}", "|".join(re.escape(value).replace("\\", "\\\\") for value in chosen) or ".*")
    return query


def ask(stack: Stack, target: Mapping[str, Any], span: Span, values: Values) -> list[Sample]:
    """Return what the target's datasource answers."""
    if target["datasource"]["uid"] == "ds-prometheus":
        return _ask_prometheus(stack, target, span, values)
    query = filled(target["expr"], values, span, logsql=True)
    kind = target["queryType"]
    if kind == "instant":
        found = stack.vlogs.lines(
            "/select/logsql/query", query=query, start=str(span.begin), end=str(span.end), limit=str(target.get("maxLines", 1000))
        )
        return [Sample(row, []) for row in found]
    if kind == "stats":
        bounded = f"_time:[{span.begin}, {span.end}] {query}"
        return _samples(stack.vlogs.get("/select/logsql/stats_query", query=bounded, time=str(span.end)))
    over_time = {"start": str(span.begin), "end": str(span.end), "step": f"{span.step}s"}
    return _samples(stack.vlogs.get("/select/logsql/stats_query_range", query=query, **over_time))


def _ask_prometheus(stack: Stack, target: Mapping[str, Any], span: Span, values: Values) -> list[Sample]:
    query = filled(target["expr"], values, span, logsql=False)
    if target.get("range"):
        steps = -(-(span.end - span.begin) // span.step)  # the last one is whole as soon as its time has come
        over_time = {"start": str(span.begin), "end": str(span.begin + steps * span.step), "step": str(span.step)}
        return _samples(stack.prometheus.get("/api/v1/query_range", query=query, **over_time))
    return _samples(stack.prometheus.get("/api/v1/query", query=query, time=str(span.end)))


def _samples(answer: Mapping[str, Any]) -> list[Sample]:
    found = []
    for one in answer["data"]["result"]:
        pairs = one["values"] if "values" in one else [one["value"]]
        found.append(Sample(one["metric"], [float(value) for _, value in pairs]))
    return found


def offered(stack: Stack, variable: Mapping[str, Any], span: Span, values: Values) -> set[str]:
    """Return the values that a variable offers."""
    query = variable["query"]
    text = filled(query["query"], values, span, logsql=True)
    times = {"start": str(span.begin), "end": str(span.end)}
    answer = stack.vlogs.get("/select/logsql/field_values", query=text, field=query["field"], limit=str(query["limit"]), **times)
    return {one["value"] for one in answer["values"]}

"""The dashboard that answers what claude's tools did, how long things took, and what went wrong."""

from cclaunch.grafana.cost import EXACT, NO_MODEL, variables
from cclaunch.grafana.panels import (
    LOGS,
    MILLISECONDS,
    STATS,
    STATS_RANGE,
    Json,
    Row,
    dashboard,
    logs,
    over_time,
    prometheus,
    ranking,
    table,
)
from cclaunch.grafana.queries import count, events, grown, quantiles, quoted

UID = "cclaunch-tools"
EVENTS = "From the events in VictoriaLogs."
ERRORS = ("api_error", "api_retries_exhausted", "api_refusal")


def tools_dashboard() -> Json:
    """Return the dashboard."""
    return dashboard(
        UID,
        "Claude Code: tools and errors",
        "What the tools of Claude Code did, how long they and the API took, and what failed. Made by cclaunch; changes made"
        " here are not kept.",
        [_decisions(), _results(), _api()],
        variables(),
    )


def _decisions() -> Row:
    decisions = events("tool_decision", model=False)
    edits = grown("claude_code.code_edit_tool.decision", "$__interval", "tool_name", "decision")
    return Row(
        "Decisions",
        [
            over_time(
                "Tool decisions",
                f"Accepted and rejected calls of tools. {EVENTS} {NO_MODEL}",
                [logs(count(decisions, "decision"), STATS_RANGE, "{{decision}}")],
            ),
            over_time(
                "Decisions on edits",
                f"Decisions on the tools that change files. {EXACT} {NO_MODEL}",
                [prometheus(edits, "{{tool_name}} {{decision}}", over_time=True)],
                interval="1m",
            ),
            ranking(
                "Decisions by source",
                f"Who or what decided: a setting, a hook, a person. {EVENTS} {NO_MODEL}",
                logs(count(decisions, "decision", "source"), STATS, "{{decision}} by {{source}}"),
                width=12,
            ),
            ranking(
                "Decisions by tool",
                f"What was decided on each tool. {EVENTS} {NO_MODEL}",
                logs(count(decisions, "tool_name", "decision"), STATS, "{{tool_name}} {{decision}}"),
                width=12,
            ),
        ],
    )


def _results() -> Row:
    results = events("tool_result", model=False)
    failed = f'{results} "success":=false'
    return Row(
        "Tools",
        [
            over_time(
                "Tool calls",
                f"Calls that ended, well or not, by tool. {EVENTS} {NO_MODEL}",
                [logs(count(results, "tool_name"), STATS_RANGE, "{{tool_name}}")],
            ),
            over_time(
                "Tool failures",
                f"Calls that failed, by tool. {EVENTS} {NO_MODEL}",
                [logs(count(failed, "tool_name"), STATS_RANGE, "{{tool_name}}")],
            ),
            ranking(
                "Failures by kind",
                f"Failed calls by tool and kind of error. {EVENTS} {NO_MODEL}",
                logs(count(failed, "tool_name", "error_type"), STATS, "{{tool_name}} {{error_type}}"),
                width=12,
            ),
            ranking(
                "Duration of tools",
                f"Half of the calls took at most p50, 95 of 100 at most p95. {EVENTS} {NO_MODEL}",
                logs(quantiles(results, "duration_ms", "tool_name"), STATS, "{{tool_name}} {{__name__}}"),
                MILLISECONDS,
                width=12,
            ),
        ],
    )


def _api() -> Row:
    answered = events("api_request")
    fields = quoted(
        ("_time", "event.name", "model", "status_code", "error", "attempt", "duration_ms", "request_id", "session.id")
    )
    return Row(
        "API",
        [
            over_time(
                "Latency of requests",
                f"How long answered requests took: the median and the 95th percentile. {EVENTS}",
                [logs(quantiles(answered, "duration_ms"), STATS_RANGE)],
                MILLISECONDS,
                bars=False,
            ),
            over_time(
                "API errors",
                f"Requests that failed for good, by status; none is a connection that failed. {EVENTS}",
                [logs(count(events("api_error"), "status_code"), STATS_RANGE, "{{status_code}}")],
            ),
            ranking(
                "Latency by model",
                f"The median and the 95th percentile of answered requests. {EVENTS}",
                logs(quantiles(answered, "duration_ms", "model"), STATS, "{{model}} {{__name__}}"),
                MILLISECONDS,
                width=12,
            ),
            ranking(
                "Errors by kind",
                f"Failed requests, retries that were given up, and refusals, by model. {EVENTS}",
                logs(count(events(*ERRORS), "event.name", "model"), STATS, "{{event.name}} {{model}}"),
                width=12,
            ),
            table(
                "Last API errors",
                f"The newest failures with their words. {EVENTS}",
                logs(f"{events(*ERRORS)} | fields {fields}", LOGS, lines=100),
                columns={
                    "Time": "Time",
                    "event.name": "Event",
                    "model": "Model",
                    "status_code": "Status",
                    "error": "Error",
                    "attempt": "Attempts",
                    "duration_ms": "Duration",
                    "request_id": "Request",
                    "session.id": "Session",
                },
                units={"Duration": MILLISECONDS},
            ),
        ],
    )

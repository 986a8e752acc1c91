"""The dashboard of one session: its events in order, and what it cost."""

from cclaunch.grafana.cost import MONEY
from cclaunch.grafana.panels import (
    COLUMNS,
    DOLLARS,
    LOGS,
    MILLISECONDS,
    NUMBER,
    STATS,
    STATS_RANGE,
    Json,
    Row,
    choice,
    dashboard,
    logs,
    over_time,
    ranking,
    stat,
    table,
)
from cclaunch.grafana.queries import NOT_CHECKS, VARIABLES, cost, count, events, quoted, requests, tokens

UID = "cclaunch-session"
EVENTS = "From the events in VictoriaLogs."
COLUMNS_OF_EVENTS = {
    "Time": "Time",
    "event.sequence": "#",
    "event.name": "Event",
    "model": "Model",
    "cost_usd": "Cost",
    "input_tokens": "In",
    "output_tokens": "Out",
    "tool_name": "Tool",
    "decision": "Decision",
    "success": "Success",
    "status_code": "Status",
    "error": "Error",
    "duration_ms": "Duration",
    "prompt": "Prompt",
    "response": "Response",
}
MOST_EVENTS = 1000


def session_dashboard() -> Json:
    """Return the dashboard."""
    narrowed = " ".join(f'"{field}":in(${name})' for name, field in VARIABLES.items() if name != "model")
    outer = [choice(name, field, NOT_CHECKS) for name, field in VARIABLES.items() if name != "model"]
    all_events = events(session=True)
    fields = quoted(["_time", *(name for name in COLUMNS_OF_EVENTS if name != "Time")])
    head = Row(
        "Session $session",
        [
            stat("Cost", f"Dollars. {MONEY}", logs(cost(session=True), STATS, "cost"), DOLLARS, width=6),
            stat("Requests", "Answered requests, each once.", logs(requests(session=True), STATS, "requests"), width=6),
            stat("Tokens", f"Tokens of all four kinds. {MONEY}", logs(tokens(session=True), STATS, "tokens"), width=6),
            stat("Events", f"All events of the session. {EVENTS}", logs(count(all_events), STATS, "events"), width=6),
            over_time(
                "What happened when",
                f"Events by name. {EVENTS}",
                [logs(count(all_events, "event.name"), STATS_RANGE, "{{event.name}}")],
                width=16,
            ),
            ranking(
                "Tools",
                f"Calls of tools by outcome. {EVENTS}",
                logs(
                    count(events("tool_result", session=True), "tool_name", "success"),
                    STATS,
                    "{{tool_name}} success={{success}}",
                ),
            ),
        ],
    )
    timeline = Row(
        "Timeline",
        [
            table(
                "Events",
                f"The newest {MOST_EVENTS:,} events, the newest first. Prompts and responses are there only"
                f" when their recording was asked for. {EVENTS}",
                logs(f"{all_events} | fields {fields}", LOGS, lines=MOST_EVENTS),
                columns=COLUMNS_OF_EVENTS,
                units={"Cost": DOLLARS, "Duration": MILLISECONDS, "In": NUMBER, "Out": NUMBER},
                width=COLUMNS,
                height=24,
            )
        ],
    )
    return dashboard(
        UID,
        "Claude Code: one session",
        "Everything that one session of Claude Code did, in order. Made by cclaunch; changes made here are not kept.",
        [head, timeline],
        [*outer, choice("session", "session.id", f"{NOT_CHECKS} {narrowed}", several=False)],
        since="now-24h",
    )

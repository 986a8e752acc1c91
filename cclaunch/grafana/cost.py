"""The dashboard that answers what it cost, who for, and what came of it."""

from cclaunch.grafana.panels import (
    DOLLARS,
    SECONDS,
    SHARE,
    STATS,
    STATS_RANGE,
    Json,
    Panel,
    Row,
    choice,
    dashboard,
    logs,
    over_time,
    prometheus,
    ranking,
    stat,
    table,
)
from cclaunch.grafana.queries import (
    NOT_CHECKS,
    VARIABLES,
    cache_hits,
    cost,
    grown,
    requests,
    sessions_table,
    token_kinds,
    tokens,
)

UID = "cclaunch-cost"
SESSION_URL = "/d/cclaunch-session?var-session=${__value.raw}&${__url_time_range}"
MONEY = "From the api_request events in VictoriaLogs, each request once, added up in micro-dollars."
EXACT = (
    "From Prometheus without increase(), which extrapolates and misses the first value of a series: the last value of each"
    " series in the window, less its last value before the window (0 where there was none)."
)
NO_MODEL = "The model that is chosen above has no say here: this counter does not know it."
CHOICES = f'"event.name":=api_request {NOT_CHECKS}'


def variables() -> list[Json]:
    """Return the variables that narrow a dashboard."""
    return [choice(name, field, CHOICES) for name, field in VARIABLES.items()]


def _by(noun: str, field: str) -> Panel:
    legend = f"{{{{{field}}}}}"
    return ranking(f"Cost by {noun}", f"Dollars by `{field}`. {MONEY}", logs(cost(field), STATS, legend), DOLLARS)


def cost_dashboard() -> Json:
    """Return the dashboard."""
    now = Row(
        "At a glance",
        [
            stat("Cost today", f"Dollars since midnight. {MONEY}", logs(cost(), STATS, "today"), DOLLARS, time_from="now/d"),
            stat("Cost", f"Dollars in the time shown. {MONEY}", logs(cost(), STATS, "cost"), DOLLARS),
            stat(
                "Requests", "Requests to the model that were answered, each once.", logs(requests(), STATS, "requests"), width=3
            ),
            stat("Tokens", f"Tokens of all four kinds. {MONEY}", logs(tokens(), STATS, "tokens"), width=3),
            stat(
                "Cache hit rate",
                "Share of the tokens sent to the model that were read from its cache, of input, cache_read and cache_write.",
                logs(cache_hits(), STATS, "hits"),
                SHARE,
                width=3,
            ),
            stat(
                "Sessions",
                f"Sessions that were started, continued or resumed. {EXACT} {NO_MODEL}",
                prometheus(grown("claude_code.session.count", "$__range"), "sessions", over_time=False),
                width=3,
            ),
            stat(
                "Active time",
                f"Time in which claude worked or a person typed. {EXACT} {NO_MODEL}",
                prometheus(grown("claude_code.active_time.total", "$__range"), "active", over_time=False),
                SECONDS,
            ),
        ],
    )
    money = Row(
        "Cost",
        [
            over_time(
                "Cost over time", f"Dollars by model. {MONEY}", [logs(cost("model"), STATS_RANGE, "{{model}}")], DOLLARS, width=24
            ),
            _by("model", "model"),
            _by("profile", "cclaunch.profile"),
            _by("team", "team"),
            _by("project", "project"),
            _by("repository", "vcs.repository.name"),
            ranking("Requests by team", "Answered requests by `team`, each once.", logs(requests("team"), STATS, "{{team}}")),
            table(
                "Dearest sessions",
                f"The 25 sessions that cost most in the time shown. {MONEY}",
                logs(sessions_table(), "instant", lines=25),
                columns={
                    "session.id": "Session",
                    "cclaunch.profile": "Profile",
                    "team": "Team",
                    "project": "Project",
                    "requests": "Requests",
                    "cost": "Cost",
                },
                units={"Cost": DOLLARS},
                links={"Session": SESSION_URL},
            ),
        ],
    )
    used = Row(
        "Tokens",
        [
            over_time(
                "Tokens by type",
                f"Input, output, read from the cache and written to it. {MONEY}",
                [logs(token_kinds(), STATS_RANGE)],
            ),
            over_time(
                "Cache hit rate over time",
                "Share of the tokens sent to the model that were read from its cache.",
                [logs(cache_hits(), STATS_RANGE, "hits")],
                SHARE,
                bars=False,
            ),
            ranking(
                "Tokens by model", f"Tokens of all kinds by `model`. {MONEY}", logs(tokens("model"), STATS, "{{model}}"), width=12
            ),
            ranking(
                "Tokens by team", f"Tokens of all kinds by `team`. {MONEY}", logs(tokens("team"), STATS, "{{team}}"), width=12
            ),
        ],
    )
    return dashboard(
        UID,
        "Claude Code: cost and use",
        "What Claude Code cost, for whom, and what was done with it. Made by cclaunch; changes made here are not kept.",
        [now, money, used, _work()],
        variables(),
    )


def _work() -> Row:
    """Return what the metrics alone know: sessions, time, lines, commits."""

    def counter(title: str, description: str, metric: str, label: str, unit: str = "short") -> Panel:
        target = prometheus(grown(metric, "$__interval", label), f"{{{{{label}}}}}", over_time=True)
        return over_time(title, f"{description} {EXACT} {NO_MODEL}", [target], unit, interval="1m")

    landed = {"commits": "claude_code.commit.count", "pull requests": "claude_code.pull_request.count"}
    targets = [prometheus(grown(metric, "$__interval"), name, over_time=True) for name, metric in landed.items()]
    totals = [
        stat(
            name.capitalize(),
            f"The number of {name} that claude made in the time shown. {EXACT} {NO_MODEL}",
            prometheus(grown(metric, "$__range"), name, over_time=False),
            width=12,
        )
        for name, metric in landed.items()
    ]
    return Row(
        "Sessions and work",
        [
            counter(
                "Sessions over time", "By how they began: fresh, continue or resume.", "claude_code.session.count", "start_type"
            ),
            counter(
                "Active time over time",
                "By who was at work: `cli` is claude, `user` the keyboard.",
                "claude_code.active_time.total",
                "type",
                SECONDS,
            ),
            counter(
                "Lines of code", "Lines that claude's own tools added and removed.", "claude_code.lines_of_code.count", "type"
            ),
            over_time(
                "Commits and pull requests",
                f"What claude committed and opened. {EXACT} {NO_MODEL}",
                targets,
                interval="1m",
            ),
            *totals,
        ],
    )

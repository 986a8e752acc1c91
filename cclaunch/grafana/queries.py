"""
The questions that panels ask: money and tokens of VictoriaLogs, counts of Prometheus. Pure text.

Money is added up from `api_request` events, each request once, in micro-dollars. A count is never estimated:
Prometheus' own `increase()` guesses what lies beyond the first and the last sample, and misses a series' first value.
"""

from collections.abc import Iterable, Sequence

from cclaunch import otel

VARIABLES = {"profile": "cclaunch.profile", "team": "team", "project": "project", "model": "model"}
"""Variable of a dashboard -> the attribute that it narrows."""

LOOK_BACK = "7d"
"""How far back a series' last value is looked for, so that one which slept (a closed laptop) is not taken for a new one."""

NOT_CHECKS = f'"{otel.CHECK_ATTRIBUTE}":""'
MICROS = 1_000_000

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
SHORT = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache_read",
    "cache_creation_tokens": "cache_write",
}


def quoted(names: Iterable[str]) -> str:
    """Return field names for a list of LogsQL."""
    return ", ".join(f'"{name}"' for name in names)


def events(*names: str, model: bool = True, session: bool = False) -> str:
    """
    Return the filter of events called one of *names* (all when none is given), narrowed by the dashboard's variables.

    Args:
        model: By the model too; older releases add a suffix to its name on some events, so it is taken off first.
        session: By the variable `session` instead of all others.
    """
    called = [f'"event.name":in({quoted(names)})'] if names else []
    if session:
        return " ".join([*called, NOT_CHECKS, '"session.id":in($session)'])
    narrowed = [f'"{field}":in(${name})' for name, field in VARIABLES.items() if name != "model"]
    text = " ".join([*called, NOT_CHECKS, *narrowed])
    return f'{text} | replace ("[1m]", "") at model | filter "model":in($model)' if model else text


def _once(by: Sequence[str], *, session: bool) -> str:
    """Return the requests, each once; *by* are the fields that are kept of each."""
    least = ", ".join(f"max({name}) as {name}" for name in ("cost_usd_micros", *TOKENS))
    same = 'format if (request_id:"") "<session.id>/<event.sequence>" as request_id'
    return f"{events('api_request', session=session)} | {same} | stats by ({quoted(['request_id', *by])}) {least}"


def cost(*by: str, session: bool = False) -> str:
    """Return the query of the dollars that requests cost, as `cost`, for each value of the fields *by*."""
    return (
        f"{_once(by, session=session)} | stats{_by(by)} sum(cost_usd_micros) as micros"
        f" | math (micros default 0) / {MICROS} as cost | delete micros"
    )


def requests(*by: str, session: bool = False) -> str:
    """Return the query of the number of requests."""
    return f"{_once(by, session=session)} | stats{_by(by)} count() as requests"


def tokens(*by: str, session: bool = False) -> str:
    """Return the query of the tokens, all kinds together."""
    total = " + ".join(f"({kind} default 0)" for kind in SHORT.values())
    return f"{token_kinds(*by, session=session)} | math {total} as tokens | delete {quoted(SHORT.values())}"


def token_kinds(*by: str, session: bool = False) -> str:
    """Return the query of the tokens by kind: `input`, `output`, `cache_read`, `cache_write`."""
    sums = ", ".join(f"sum({name}) as {short}" for name, short in SHORT.items())
    return f"{_once(by, session=session)} | stats{_by(by)} {sums}"


def cache_hits(*by: str) -> str:
    """Return the query of the share of the tokens sent to the model that came out of its cache."""
    share = "cache_read / (input + cache_read + cache_write)"
    return f"{token_kinds(*by)} | math ({share}) default 0 as hits | delete {quoted(SHORT.values())}"


def sessions_table() -> str:
    """Return the query of the dearest sessions: cost and requests of each."""
    by = ("session.id", "cclaunch.profile", "team", "project")
    return (
        f"{_once(by, session=False)} | stats{_by(by)} sum(cost_usd_micros) as micros, count() as requests"
        f" | math micros / {MICROS} as cost | delete micros | sort by (cost desc) | limit 25"
    )


def count(of: str, *by: str, name: str = "count") -> str:
    """Return the query of the number of events that the filter *of* finds."""
    return f"{of} | stats{_by(by)} count() as {name}"


def quantiles(of: str, field: str, *by: str) -> str:
    """Return the query of the median and the 95th percentile of *field*."""
    return f"{of} | stats{_by(by)} quantile(0.5, {field}) as p50, quantile(0.95, {field}) as p95"


def _by(fields: Sequence[str]) -> str:
    return f" by ({quoted(fields)})" if fields else ""


def grown(metric: str, window: str, *by: str) -> str:
    """
    Return the query of how much a counter grew in *window* (`$__range` or `$__interval`), without extrapolation.

    Of each series: its last value in the window, less its last value before. A series that was not there before began
    at 0 (each process of claude has its own); one that is lower than before began anew.
    """
    matchers = [f'{_label(field)}=~"${name}"' for name, field in VARIABLES.items() if name != "model"]
    matchers.append(f'{_label(otel.CHECK_ATTRIBUTE)}=""')
    selector = f"{otel.METRICS[metric]}{{{','.join(matchers)}}}"
    last = f"last_over_time({selector}[{window}])"
    before = f"last_over_time({selector}[{LOOK_BACK}] offset {window})"
    grouping = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouping} ({last} - ({before} <= {last} or {last} * 0))"


def _label(attribute: str) -> str:
    return attribute.replace(".", "_")

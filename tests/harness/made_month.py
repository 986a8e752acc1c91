"""
Requests of some months, made up one by one with everything that a figure depends on.

The problem it owns: what goes wrong lies at the edges. So there is a request at each border of a day, a week and a month and
just before it, at the present moment and behind it; some cost nothing, some lack what others have, and a session goes on
elsewhere, with another branch.
"""

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

NS = 1_000_000_000
DAYS = 75
SESSIONS = 60
EDGES = 16
"""Days at whose beginning something happens; and the first days of months are among them."""

MODELS = {"claude-opus-5-5": 4_000_000, "claude-sonnet-5-20260101": 600_000, "claude-haiku-5": 900}
"""Model -> what a request costs about, in micro-dollars."""

WORK: tuple[dict[str, str], ...] = (
    {"cclaunch.profile": "data-eng", "team": "data", "project": "ingestion", "vcs.repository.name": "acme/ingestion"},
    {"cclaunch.profile": "shop", "team": "web", "project": "webshop", "vcs.repository.name": "acme/webshop"},
    {"cclaunch.profile": "shop", "team": "web", "vcs.repository.name": "acme/catalogue"},
    {"cclaunch.profile": "ops", "vcs.repository.name": "acme/ingestion"},
    {"vcs.repository.name": "acme/notes"},
    {},
)
BRANCHES = ("main", "feature/login", "fix-1", None)
SOURCES = ("repl_main_thread", "agent:builtin:Explore", "compact", None)
OF_SOME = {
    "agent.name": ("Explore", "Plan", None, None),
    "skill.name": ("review", None, None, None),
    "mcp_server.name": ("github", "jira", None, None, None),
    "effort": ("high", "low", None),
}
"""Attribute of a request -> its values, as often as they come; None: it is not sent."""


class Made(NamedTuple):
    """
    One request.

    Attributes:
        time_ns: When, in nanoseconds since the epoch.
        names: Its attributes that are texts.
        micros: What it cost, in micro-dollars; None: that was not sent.
        input, output, cache_read: Tokens.
        written_5m, written_1h: Tokens written to the cache, for five minutes and for an hour.
    """

    time_ns: int
    names: dict[str, str]
    micros: int | None
    input: int
    output: int
    cache_read: int
    written_5m: int
    written_1h: int


def made(seed: int, now_ns: int, zone: ZoneInfo) -> list[Made]:
    """Return the requests of the DAYS before *now_ns*, and of the hour behind it."""
    chance = random.Random(seed)
    moments = edges(now_ns, zone)
    found = []
    for number in range(SESSIONS):
        began = now_ns - chance.randrange(DAYS * 86_400 * NS)
        work = chance.choice(WORK)
        name = f"{number:04d}-{chance.getrandbits(48):012x}" if number % 11 else None
        for _ in range(chance.choice((1, 1, 2))):  # one that is resumed goes on with another branch
            launch = {**work, "session.id": name, "vcs.ref.head.name": chance.choice(BRANCHES)}
            for _ in range(chance.randrange(1, 7)):
                began += chance.randrange(1, 1800 * NS)
                if began < now_ns:
                    found.append(_request(chance, began, launch))
            if moments:
                found.append(_request(chance, moments.pop(), launch))
            began += chance.randrange(3 * 86_400 * NS)
    assert not moments, "too few sessions for what happens at borders"
    return found


def edges(now_ns: int, zone: ZoneInfo) -> list[int]:
    """Return the moments at which, and a nanosecond before which, something may be counted to another day or time."""
    now = datetime.fromtimestamp(now_ns // NS, zone)
    last_month = (now.replace(day=1) - timedelta(days=1)).date()
    days = [now.date() - timedelta(days=ago) for ago in range(EDGES)]
    days += [now.date().replace(day=1), last_month, last_month.replace(day=1)]
    begins = [int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * NS for day in days]
    week_ago = int((now - timedelta(days=7)).timestamp()) * NS + now_ns % NS  # the same time on the clock
    found = [moment - before for moment in begins for before in (0, 1)]
    return sorted({*found, now_ns, now_ns + 1, now_ns + 3600 * NS, week_ago, week_ago + 1})


def _request(chance: random.Random, time_ns: int, launch: dict[str, str | None]) -> Made:
    model = chance.choice(list(MODELS))
    names = {**launch, "model": model, "query_source": chance.choice(SOURCES)}
    names |= {key: chance.choice(values) for key, values in OF_SOME.items()}
    cost = chance.choice((None, 0, *[chance.randrange(1, 2 * MODELS[model]) for _ in range(8)]))
    cached = chance.randrange(200_000) if chance.random() < 0.9 else 0
    written = chance.randrange(9_000), chance.randrange(4_000) if chance.random() < 0.3 else 0
    told = {key: value for key, value in names.items() if value is not None}
    return Made(time_ns, told, cost, chance.randrange(1, 3_000), chance.randrange(4_000), cached, *written)


def record(number: int, one: Made) -> dict[str, Any]:
    """Return the attributes of *one* as claude sends them, and its ``time`` (ns)."""
    cost = {} if one.micros is None else {"cost_usd_micros": one.micros, "cost_usd": one.micros / 1e6}
    return {
        **one.names,
        **cost,
        "service.name": "claude-code",
        "event.sequence": number,
        "request_id": f"req_{number:06d}",
        "input_tokens": one.input,
        "output_tokens": one.output,
        "cache_read_tokens": one.cache_read,
        "cache_creation_tokens": one.written_5m + one.written_1h,
        "cache_creation_1h_tokens": one.written_1h,
        "time": one.time_ns,
    }

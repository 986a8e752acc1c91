"""
A month of work as a team's ledger has it: the same figures every time, for screens that are looked at.

The problem it owns: a picture of a screen is worth something only where each of its figures can be worked out again.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stored import SECOND_NS, events_of, store

NOW = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)
NOW_NS = round(NOW.timestamp()) * SECOND_NS
DAYS = 60
MODELS = (("claude-opus-5-5-20261001", 97_000, 3), ("claude-sonnet-5", 31_000, 4), ("claude-haiku-5", 2_100, 2))
"""Name, micro-dollars of a request, and how many of nine requests it answers."""

WORK = (
    ("data-eng", "data", "log-ingestion", "log-ingestion", "main"),
    ("data-eng", "data", "log-ingestion", "log-ingestion", "feature/late-arrivals-and-duplicates"),
    ("shop", "storefront", "webshop", "webshop", "fix/cart"),
)
"""Profile, team, project, repository, branch."""


def spend(database: Path) -> None:
    """Record the month in a store at *database*; its days are those of UTC."""
    store(database, events_of(*records(), time_ns=NOW_NS))


def records() -> list[dict[str, Any]]:
    """Return all requests, each with when it was (``time``, ns) and its attributes."""
    return [record for day in range(DAYS) for record in _day(day)]


def _day(ago: int) -> list[dict[str, Any]]:
    """Return the requests of the day that was *ago* days before: fewer at the week's end, and one day off."""
    day = (NOW - timedelta(days=ago)).replace(hour=8, minute=0)
    count = 0 if ago == 9 else 6 if day.weekday() >= 5 else 90 + 37 * (ago % 5)
    if ago == 0:
        count = 70
    return [_request(ago, number, day + timedelta(seconds=number * 90)) for number in range(count)]


def _request(ago: int, number: int, at: datetime) -> dict[str, Any]:
    profile, team, project, repository, branch = WORK[(ago + number // 40) % len(WORK)]
    model, micros = _model(number)
    return {
        "time": round(at.timestamp()) * SECOND_NS,
        "request_id": f"req_{ago}_{number}",
        "model": model,
        "cost_usd_micros": micros,
        "cost_usd": micros / 1e6,
        "input_tokens": 310,
        "output_tokens": 820,
        "cache_read_tokens": 81_000,
        "cache_creation_tokens": 4_900,
        "session.id": f"{ago:02x}{number // 40:02x}c0de-0000-4000-8000-{number // 40:012d}",
        "cclaunch.profile": profile,
        "team": team,
        "project": project,
        "vcs.repository.name": repository,
        "vcs.ref.head.name": branch,
        "query_source": "agent" if number % 7 == 0 else "repl_main_thread",
        **({"agent.name": "reviewer"} if number % 7 == 0 else {}),
        **({"skill.name": "deploy"} if number % 11 == 0 else {}),
        **({"mcp_server.name": "github"} if number % 13 == 0 else {}),
    }


def _model(number: int) -> tuple[str, int]:
    at = number % sum(share for _, _, share in MODELS)
    for name, micros, share in MODELS:
        if at < share:
            return name, micros + 40 * (number % 50)
        at -= share
    raise AssertionError

"""
A month of work, made up: the same each time, whatever the day on which it is made.

The problem it owns: a picture has to look like what people have. Weekdays have more than weekends, a session some requests with
a context that grows, and most of what is sent comes from the cache. Prices are those of the list.
"""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 25, 16, 40, tzinfo=UTC)
"""When the picture is taken: a Wednesday."""

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 8
NS = 1_000_000_000

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5", "claude-haiku-4-5-20251001"
PRICES = {OPUS: (400, 2000, 20, 500), SONNET: (300, 1500, 30, 375), HAIKU: (100, 500, 10, 125)}
"""Model -> hundredths of a micro-dollar a token: in, out, read from the cache, written to it."""

WORK = (("log-ingestion", "data-eng", "data"), ("webshop", "shop", "retail"), ("billing-api", "shop", "retail"))
"""Repository, profile, team; the first has most of it."""

TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


def cost(model: str, *counts: int) -> int:
    """Return what tokens cost by the list, in micro-dollars."""
    return round(sum(price * count for price, count in zip(PRICES[model], counts, strict=True)) / 100)


def month() -> Iterator[list[dict[str, Any]]]:
    """Yield the requests of each session, from the first of the month until ``NOW``."""
    chance = random.Random(SEED)
    day = FIRST
    while day < NOW:
        for _ in range(_sessions(chance, day)):
            start = day + timedelta(hours=8, seconds=int(chance.random() * 9.5 * 3600))
            made = [one for one in _session(chance, start) if one["time"] <= NOW.timestamp() * NS]
            if made:
                yield made
        day += timedelta(days=1)


def _sessions(chance: random.Random, day: datetime) -> int:
    if day.weekday() >= 5:
        return int(chance.random() * 3)
    return 5 + int(chance.random() * 8)


def _session(chance: random.Random, start: datetime) -> Iterator[dict[str, Any]]:
    repository, profile, team = WORK[(chance.random() > 0.58) + (chance.random() > 0.85)]
    usual = OPUS if chance.random() < 0.6 else SONNET
    of_all = {
        "session.id": str(uuid.UUID(int=int(chance.random() * 2**53) << 70 | int(chance.random() * 2**53))),
        "cclaunch.profile": profile,
        "team": team,
        "vcs.repository.name": repository,
        "vcs.ref.head.name": f"work-{start.isocalendar()[1]}",
    }
    at, context = start.timestamp(), 30_000 + int(chance.random() * 30_000)
    for number in range(8 + int(chance.random() * 26)):
        at += 4 + chance.random() * 50
        side = chance.random() < 0.08
        added = 0 if side else 400 + int(chance.random() * 7000)
        counts = (900, 150, 0, 0) if side else (4, 60 + int(chance.random() * 1900), context if number else 14_000, added)
        context += added
        model = HAIKU if side else usual
        yield {
            **of_all,
            "request_id": f"req_{of_all['session.id'][:8]}_{number}",
            "model": model,
            "cost_usd_micros": cost(model, *counts),
            **dict(zip(TOKENS, counts, strict=True)),
            "time": int(at) * NS,
        }

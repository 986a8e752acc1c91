"""
A year of work, made up: sessions with their requests, the same each time.

The problem it owns: what is measured has to look like what is met. A person has some profiles, each with its repositories;
a repository has a branch for each week's work; a release of claude comes every other week; a session takes some minutes, and
most of its requests are of one model. And it is told in a stream: a million requests fit into no memory.
"""

import random
import uuid
from collections.abc import Iterator
from typing import NamedTuple

SEED = 14
DAY_NS = 86_400 * 10**9
YEAR_NS = 365 * DAY_NS
SEASON_NS = 90 * DAY_NS
PER_SESSION = 40
PAUSE_NS = 12 * 10**9
PROFILES = 5
REPOSITORIES = 20
RELEASES = 26
LEAST_RELEASE = 307
MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
PRICES = {"claude-opus-4-8": (5.0, 25.0), "claude-sonnet-4-6": (3.0, 15.0), "claude-haiku-4-5": (1.0, 5.0)}
"""Model -> dollars per million tokens, in and out: what is written to the cache costs 1.25 times that in, what is read 0.1."""

SOURCES = ("repl_main_thread", "agent:builtin:general-purpose", "compact")


class Made(NamedTuple):
    """One request: when it ended, who was asked, what it took, and the ids that the API gave it."""

    time_ns: int
    sequence: int
    model: str
    source: str
    micros: int
    read_in: int
    out: int
    cached: int
    written: int
    request_id: str
    message_id: str


class Session(NamedTuple):
    """One session: its *name*, the *resource* that its launch has, the release of claude, and its requests."""

    name: str
    resource: dict[str, str]
    version: str
    requests: list[Made]


def year(number: int, end_ns: int, length_ns: int = YEAR_NS) -> Iterator[Session]:
    """Yield sessions of *number* requests (a multiple of PER_SESSION), as they begin, in the time before *end_ns*."""
    chance = random.Random(SEED)
    sessions = number // PER_SESSION
    for index in range(sessions):
        yield _session(chance, index / sessions, end_ns, length_ns)


def _session(chance: random.Random, part: float, end_ns: int, length_ns: int) -> Session:
    """Return the session that begins when so large a *part* of the time is over."""
    repository = chance.randrange(REPOSITORIES)
    week, release = int(part * 52), LEAST_RELEASE + int(part * RELEASES)
    resource = {
        "service.name": "claude-code",
        "service.version": f"2.1.{release}",
        "service.instance.id": str(uuid.UUID(int=chance.getrandbits(128))),
        "cclaunch.profile": f"profile-{repository % PROFILES}",
        "team": f"team-{repository % PROFILES}",
        "project": f"project-{repository % 10}",
        "vcs.repository.name": f"repository-{repository}",
        "vcs.ref.head.name": "main" if chance.random() < 0.5 else f"work-{week}",
    }
    usual = MODELS[chance.randrange(2)]
    last = end_ns - (PER_SESSION + 1) * PAUSE_NS * 3  # the last session ends within the year
    time_ns = last - length_ns + int(part * length_ns)
    requests = []
    for sequence in range(PER_SESSION):
        time_ns += 1_000_000 * int(chance.expovariate(1e6 / PAUSE_NS)) + 1_000_000
        requests.append(_request(chance, time_ns, sequence, usual))
    return Session(str(uuid.UUID(int=chance.getrandbits(128))), resource, f"2.1.{release}", requests)


def _request(chance: random.Random, time_ns: int, sequence: int, usual: str) -> Made:
    kind = chance.random()
    model = usual if kind < 0.9 else MODELS[2]
    source = SOURCES[0] if kind < 0.7 else SOURCES[1] if kind < 0.99 else SOURCES[2]
    read_in, out = chance.randrange(1, 3_000), chance.randrange(20, 4_000)
    cached, written = chance.randrange(150_000), chance.randrange(9_000)
    price_in, price_out = PRICES[model]
    micros = round(price_in * (read_in + 1.25 * written + 0.1 * cached) + price_out * out)
    ids = f"req_011C{chance.getrandbits(80):020x}", f"msg_01{chance.getrandbits(88):022x}"
    return Made(time_ns, sequence, model, source, micros, read_in, out, cached, written, *ids)

"""What happens now, held against the same questions asked one by one."""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from ledgers import places_at
from stored import request, store

from cclaunch.reports.live import RECENT_NS, Live, live
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.opening import reading
from cclaunch.store.usage import Ledger

NS = 1_000_000_000
NOW = int(time.mktime((2026, 11, 25, 15, 30, 0, 0, 0, -1))) * NS
"""Half past three by the clock on the wall, wherever that hangs."""

MINUTE = 60 * NS
NONE: Mapping[str, str] = {}
MADE = (
    ("a", 1, "opus", 10_000, "shop"),
    ("a", 3, "haiku", 1_000, "shop"),
    ("a", 90, "sonnet", 500_000, "shop"),
    ("b", 9, "opus", 20_000, "log"),
    ("c", 20, "opus", 40_000, "log"),
    ("d", 60 * 24, "opus", 80_000, "log"),
)
"""Session, minutes before now, model, micro-dollars, repository."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a store with these requests."""
    found = tmp_path / "telemetry.db"
    store(
        found,
        *(
            request(
                at, NOW - ago * MINUTE, micros=micros, model=f"claude-{model}-5", session__id=session, vcs__repository__name=where
            )
            for at, (session, ago, model, micros, where) in enumerate(MADE)
        ),
    )
    return found


def asked(path: Path, running: tuple[str, ...] = (), count: int = 10, where: Mapping[str, str] = NONE) -> Live:
    """Return what the ledger beside *path* says of NOW."""
    places = places_at(path)
    catch_up(places)
    named = {key: [value] for key, value in where.items()}
    with reading(places.ledger) as connection:
        return live(Ledger(connection), NOW, named, running, count)


def test_today_and_an_hour_are_added_up(path: Path) -> None:
    """Today from midnight on; an hour at the pace of the last minutes."""
    found = asked(path)

    assert found.today.micros == 571_000
    assert found.recent.micros == 31_000
    assert found.hourly_micros == 31_000 * 6


def test_a_session_is_live_for_some_minutes_and_its_cost_is_all_of_it(path: Path) -> None:
    """Also what it cost before; the dearest comes first."""
    found = asked(path)

    assert [(one.name, one.figures.micros, one.repository) for one in found.sessions] == [
        ("a", 511_000, "shop"),
        ("b", 20_000, "log"),
    ]
    assert [one.last_ns for one in found.sessions] == [NOW - MINUTE, NOW - 9 * MINUTE]


def test_the_model_is_what_it_uses_now(path: Path) -> None:
    """Not what cost most an hour ago, nor what made a title."""
    assert asked(path).sessions[0].models == ["claude-opus-5", "claude-sonnet-5", "claude-haiku-5"]


def test_a_session_whose_process_lives_is_live_though_it_is_quiet(path: Path) -> None:
    """With when it said something last, to the nanosecond; one that is not known yet is not there."""
    found = asked(path, ("d", "c", "unheard"))

    assert [(one.name, one.last_ns) for one in found.sessions] == [
        ("a", NOW - MINUTE),
        ("d", NOW - 24 * 60 * MINUTE),
        ("c", NOW - 20 * MINUTE),
        ("b", NOW - 9 * MINUTE),
    ]


def test_the_last_requests_come_first(path: Path) -> None:
    """With all that a line says of them."""
    first, *rest = asked(path, count=3).requests

    assert first == (NOW - MINUTE, "a", "claude-opus-5", "shop", None, 10_000, False, 100)
    assert [one.session for one in rest] == ["a", "b"]


@pytest.mark.parametrize(
    ("where", "today", "sessions", "requests"),
    [
        ({"vcs.repository.name": "log"}, 60_000, ["b"], ["b", "c"]),
        ({"session.id": "a"}, 511_000, ["a"], ["a", "a", "a"]),
        ({"session.id": "a", "model": "claude-haiku-5"}, 1_000, ["a"], ["a"]),
        ({"team": "x"}, 0, [], []),
        ({"team": ""}, 571_000, ["a", "b"], ["a", "a", "b", "c", "a"]),
    ],
    ids=["repository", "session", "session and model", "nobody", "without a team"],
)
def test_only_a_part_is_asked_for(
    path: Path, where: dict[str, str], today: int, sessions: list[str], requests: list[str]
) -> None:
    """All of it is of that part alone; of requests those of the last day, without the present moment a day ago."""
    found = asked(path, where=where)

    assert found.today.micros == today
    assert [one.name for one in found.sessions] == sessions
    assert [one.session for one in found.requests if one.time_ns > NOW - 24 * 60 * MINUTE] == requests


def test_what_is_ahead_of_the_clock_is_not_now(path: Path) -> None:
    """Another machine's clock is no reason to count tomorrow."""
    store(path, request(99, NOW + 2 * RECENT_NS, micros=7_000_000, session__id="ahead"))
    found = asked(path)

    assert found.today.micros == 571_000
    assert "ahead" not in [one.session for one in found.requests]


def test_requests_without_a_session_are_counted_and_listed(path: Path) -> None:
    """They are no live session: nobody knows how many there are of it."""
    store(path, request(99, NOW - 1, micros=7_000))
    found = asked(path)

    assert found.recent.micros == 38_000
    assert [one.name for one in found.sessions] == ["a", "b"]
    assert found.requests[0].session is None


def test_an_empty_ledger_is_told_from_one_that_is_quiet(tmp_path: Path) -> None:
    """Where nothing was ever recorded, something else is said."""
    store(tmp_path / "telemetry.db")
    assert asked(tmp_path / "telemetry.db").empty

    store(tmp_path / "telemetry.db", request(1, NOW - 30 * 24 * 60 * MINUTE))
    found = asked(tmp_path / "telemetry.db")
    assert not found.empty
    assert found.sessions == []
    assert len(found.requests) == 1

"""How a plan's windows stood last: the newest of each, with its age, and nothing of what cannot be true."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import places_at
from posted import batch, plan_windows, posted
from stored import SECOND_NS, event, store

from cclaunch.reports.windows import SpendLimit, Window, Windows, windows
from cclaunch.store.ledger.opening import only
from cclaunch.store.newest import NEWEST

NOW_S = 1_795_700_000
NOW = NOW_S * SECOND_NS
HOUR = 3600 * SECOND_NS


def found(tmp_path: Path, *bodies: bytes) -> Windows | None:
    """Return what is known from these."""
    path = tmp_path / "telemetry.db"
    store(path, *map(batch, bodies), event("user_prompt", NOW - 1, session__id="s"))
    return windows(places_at(path), NOW)


def test_the_newest_event_tells(tmp_path: Path) -> None:
    """Whatever was stored last."""
    newer = plan_windows(NOW - HOUR, 42, 13.4, resets=NOW_S + 60, week_resets=NOW_S + 90_000)
    older = plan_windows(NOW - 2 * HOUR, 30, 12, resets=NOW_S + 60, week_resets=NOW_S + 90_000)
    told = found(tmp_path, newer, older)

    assert told is not None
    assert told[:3] == (Window(42, NOW_S + 60, NOW - HOUR), Window(13.4, NOW_S + 90_000, NOW - HOUR), None)
    assert told.seen == NOW - HOUR


def test_each_is_of_the_newest_event_that_has_it(tmp_path: Path) -> None:
    """Standard input may have one and not the other."""
    whole = plan_windows(NOW - 2 * HOUR, 30, 12, resets=NOW_S + 60, week_resets=NOW_S + 90_000)
    part = posted("plan_windows", NOW - HOUR, five_hour_used_percentage=42)
    told = found(tmp_path, whole, part)

    assert told is not None
    assert told[:3] == (Window(42, None, NOW - HOUR), Window(12, NOW_S + 90_000, NOW - 2 * HOUR), None)


def test_a_window_that_has_begun_anew_is_known_as_such(tmp_path: Path) -> None:
    """Its reset has passed."""
    told = found(tmp_path, plan_windows(NOW - 6 * HOUR, 42, 13, resets=NOW_S, week_resets=NOW_S + 1))

    assert told is not None
    assert told.five_hour is not None
    assert told.five_hour.is_over(NOW)
    assert told.seven_day is not None
    assert not told.seven_day.is_over(NOW)


def test_a_limit_in_dollars_is_told(tmp_path: Path) -> None:
    """As a gateway has one."""
    said: dict[str, Any] = {"spend_limit_used_usd": 12.5, "spend_limit_limit_usd": 50, "spend_limit_period": "monthly"}
    told = found(tmp_path, posted("plan_windows", NOW - HOUR, **said))

    assert told is not None
    assert told[:3] == (None, None, SpendLimit(12.5, 50, "monthly", NOW - HOUR))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"five_hour_used_percentage": "many"},
        {"five_hour_used_percentage": -1.0},
        {"five_hour_used_percentage": 1e300},
        {"seven_day_resets_at": 5},
        {"spend_limit_used_usd": 3.0},
    ],
)
def test_what_cannot_be_true_is_nothing(tmp_path: Path, said: dict[str, Any]) -> None:
    """Whoever has sent it."""
    assert found(tmp_path, posted("plan_windows", NOW - HOUR, **said)) is None


@pytest.mark.parametrize("when", [NOW - 9 * 24 * HOUR, NOW + HOUR])
def test_what_is_older_than_any_window_or_yet_to_come_is_nothing(tmp_path: Path, when: int) -> None:
    """A clock that goes before ours does not stop the line."""
    assert found(tmp_path, plan_windows(when, 42, 13, resets=NOW_S + 60, week_resets=NOW_S + 60)) is None


def test_no_store_is_no_error(tmp_path: Path) -> None:
    """Nor is one that nobody can read."""
    assert windows(places_at(tmp_path / "none.db"), NOW) is None
    (tmp_path / "broken.db").write_bytes(b"no database" * 500)
    assert windows(places_at(tmp_path / "broken.db"), NOW) is None


def test_it_is_found_by_its_name_and_not_among_all_events(tmp_path: Path) -> None:
    """SQLite goes to the newest of that name."""
    path = tmp_path / "telemetry.db"
    store(path, event("user_prompt", NOW))
    with closing(only(str(path))) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {NEWEST}", ("plan_windows", 1, NOW, 5))]

    assert any("events_by_name (name=? AND time_ns>?" in one for one in plan)
    assert not any("B-TREE" in one for one in plan)

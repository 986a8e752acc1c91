"""What was spent, as it is written down, held against the requests of the ledger: wherever a border cuts, in every zone."""

import os
import sqlite3
import zoneinfo
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some
from two_witnesses import ledger

from cclaunch.hot.paths import our_paths
from cclaunch.hot.spending import DAY, MONTH, WEEK, Spending, Spent, parsed, read_spending
from cclaunch.store.ledger import spent
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.periods import date_of
from cclaunch.store.ledger.request import BY_EVENT, BY_TABLE, EVENT, LAUNCH, OTHER, TRANSCRIPT, UNKNOWN, Request
from cclaunch.store.ledger.schema import HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.spent import AGAIN_NS, spans_at, spent_in, write_down

NS = 1_000_000_000
NOW = 1_790_000_000 * NS
DAY_NS = 24 * HOUR_NS
ZONES = [*sorted(zoneinfo.available_timezones() - {"localtime", "Factory"}), "XXX-5:07:11", "XXX+11:59"]


def made(number: int, time_ns: int, **changes: object) -> Request:
    """Return the request *number*, of a launch with the profile ``shop``, that cost a micro-dollar times a power of two."""
    profile = changes.pop("profile", "shop")
    attributes = f'{{"cclaunch.profile":"{profile}"}}' if profile else "{}"
    one = Request(time_ns, number, "s", attributes, None, 1 << number, 1, 1, 1, 1, 0, BY_EVENT, EVENT, LAUNCH)
    return one._replace(**changes)  # type: ignore[arg-type]


def holding(*requests: Request) -> sqlite3.Connection:
    """Return a ledger with these requests."""
    connection = ledger()
    add_up(connection, insert_requests(connection, requests))
    return connection


def alone(number: int, time_ns: int) -> Request:
    """Return a request that only a transcript told of: an estimate."""
    return made(number, time_ns, origin=BY_TABLE, witnesses=TRANSCRIPT)


def micros(found: Spending) -> dict[str, int]:
    """Return what was spent of each kind, by the name that it has in the file."""
    named = {f"{period}.{profile}": one.micros for (period, profile), one in found.by.items()}
    return named if found.today is None else {"today": found.today.micros, **named}


@given(
    name=some.sampled_from(ZONES),
    now=some.integers(1_425_000_000, 4_000_000_000),
    week_start=some.integers(0, 6),
    offsets=some.lists(some.integers(-40 * 86_400, 40 * 86_400), max_size=8),
)
@example(name="Africa/Cairo", now=1_682_640_000, week_start=6, offsets=[0, -1, 1])
@example(name="XXX-5:07:11", now=1_790_000_000, week_start=0, offsets=[0, -86_400, 86_400])
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_period_has_what_was_spent_in_it(
    zone: Callable[[str], None], name: str, now: int, week_start: int, offsets: list[int]
) -> None:
    """At its borders as well, which cut a quarter of an hour in odd zones."""
    zone(name)
    spans = spans_at(now * NS, week_start)
    borders = [end + shift for span in spans.values() for end in span for shift in (-1, 0)]
    times = [*borders, *((now + offset) * NS for offset in offsets)]
    found = spent_in(holding(*(made(number, when) for number, when in enumerate(times))), now * NS, week_start)
    for period, (begin, end) in spans.items():
        meant = sum(1 << number for number, when in enumerate(times) if begin <= when < end)
        assert found.by[period, ""].micros == meant
        assert (found.by[period, ""].begin, found.by[period, ""].end) == (begin, end)
    assert found.by[MONTH, "shop"].micros == found.by[MONTH, ""].micros
    assert found.today is not None
    assert found.today.micros == found.by[DAY, ""].micros


@given(name=some.sampled_from(ZONES), now=some.integers(1_425_000_000, 4_000_000_000), week_start=some.integers(0, 6))
@example(name="Pacific/Apia", now=1_325_239_000, week_start=0)
@example(name="America/St_Johns", now=1_289_101_000, week_start=0)
@example(name="America/Havana", now=1_741_496_400, week_start=6)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_present_is_in_its_periods(zone: Callable[[str], None], name: str, now: int, week_start: int) -> None:
    """In every zone, whatever the clocks do; and a period begins on the day of its name."""
    zone(name)
    spans = spans_at(now * NS, week_start)
    for begin, end in spans.values():
        assert begin <= now * NS < end or name == "America/St_Johns"  # there an evening came twice, after midnight
    assert date_of(spans[MONTH][0] // NS).day == 1
    assert date_of(spans[WEEK][0] // NS).weekday() == week_start or name == "Pacific/Apia"


def test_a_budget_counts_what_events_of_launches_tell_and_nothing_else() -> None:
    """Not other senders, not who is not known, not what a transcript alone told; today has all of it."""
    found = spent_in(
        holding(
            made(0, NOW),
            made(1, NOW, sender=OTHER),
            made(2, NOW, sender=UNKNOWN),
            alone(3, NOW),
            made(4, NOW, witnesses=EVENT | TRANSCRIPT),
            made(5, NOW, profile=""),
            made(6, NOW, micros=None, origin=0),
        ),
        NOW,
    )
    assert micros(found) == dict.fromkeys((f"{one}." for one in (DAY, WEEK, MONTH)), 0b110001) | {
        "today": 0b111111,
        "month.shop": 0b010001,
    }
    assert found.today is not None
    assert found.today.estimated == 0b001000


def test_what_was_never_launched_is_nothing_spent() -> None:
    """All periods are there."""
    assert micros(spent_in(holding(), NOW)) == {"today": 0, "day.": 0, "week.": 0, "month.": 0}


@pytest.mark.parametrize("name", ["a b", "a\\nmonth.=0 9 9 9", "é", "", "a" * 101, "a=b", "-a", "../x"])
def test_what_cannot_be_a_profile_counts_for_all_launches(name: str) -> None:
    """Whoever sends it; the file stays whole."""
    found = spent_in(holding(made(3, NOW, profile=name)), NOW)
    assert micros(found) == {"today": 8, "day.": 8, "week.": 8, "month.": 8}


def test_profiles_beyond_the_bound_are_those_that_spent_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file stays small."""
    monkeypatch.setattr(spent, "MOST", 2)
    found = spent_in(holding(*(made(number, NOW, profile=f"p{number}") for number in range(5))), NOW)
    assert [profile for _, profile in found.by if profile] == ["p4", "p3"]


def test_a_ledger_that_nobody_has_written_to_for_long_tells_today_alone() -> None:
    """It has no column for what launches spent."""
    connection = holding(made(3, NOW))
    connection.execute("ALTER TABLE quarters DROP COLUMN launched")
    connection.execute("PRAGMA user_version = 2")
    assert micros(spent_in(connection, NOW)) == {"today": 8}
    connection.execute("ALTER TABLE quarters DROP COLUMN estimated")
    connection.execute("PRAGMA user_version = 1")
    assert micros(spent_in(connection, NOW)) == {"today": 8}


def test_it_reads_quarters_and_the_ends_that_a_border_cuts() -> None:
    """Never all requests: of a month, they are many."""
    connection = holding(*(made(0, NOW - number * QUARTER_NS, key=number) for number in range(300)))
    told: list[str] = []
    connection.set_trace_callback(told.append)
    spent_in(connection, NOW)
    assert not [query for query in told if " FROM requests " in query]


def some_spending(made_ns: int, amount: int = 5) -> Spending:
    """Return what was spent, in one period around *NOW*."""
    span = NOW - DAY_NS, NOW + DAY_NS
    return Spending(made_ns, Spent(*span, amount, 1), {(MONTH, ""): Spent(*span, amount)})


def test_what_is_written_down_is_read(tmp_path: Path) -> None:
    """By whoever cannot ask the ledger, and only by this user."""
    paths = our_paths({"HOME": str(tmp_path)})
    write_down(paths.spending, some_spending(NOW))
    found = read_spending(paths, NOW)
    assert found is not None
    assert micros(found) == {"today": 5, "month.": 5}
    assert Path(paths.spending).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("later", "amount", "is_written"),
    [(1, 5, False), (AGAIN_NS - 1, 5, False), (AGAIN_NS, 5, True), (1, 6, True), (-1, 5, True)],
    ids=["same", "not old", "old", "more", "clock set back"],
)
def test_it_is_written_when_it_has_changed_or_is_old(tmp_path: Path, later: int, amount: int, is_written: bool) -> None:
    """Else the file is left alone."""
    path = tmp_path / "spending"
    write_down(str(path), some_spending(NOW))
    before = path.stat().st_ino, path.read_bytes()
    write_down(str(path), some_spending(NOW + later, amount))
    assert ((path.stat().st_ino, path.read_bytes()) != before) == is_written


@pytest.mark.parametrize("junk", [b"", b"format=1\n", b"format=1\nmade=x\n", b"made=" + b"9" * 5000, b"\0" * 300_000])
def test_what_stands_in_its_place_is_replaced(tmp_path: Path, junk: bytes) -> None:
    """Whatever somebody, or a power failure, has made of it."""
    path = tmp_path / "spending"
    path.write_bytes(junk)
    write_down(str(path), some_spending(NOW))
    found = parsed(path.read_bytes(), NOW)
    assert found is not None
    assert micros(found) == {"today": 5, "month.": 5}


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk."""
    path = tmp_path / "spending"
    write_down(str(path), some_spending(NOW))
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_down(str(path), some_spending(NOW, 6))
    assert b"5 1" in path.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["spending"]

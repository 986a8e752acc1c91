"""That `--since` and `--until` mean the days that `--by day` shows, in every time zone there is."""

import itertools
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cclaunch.reports.dates import parse_moment
from cclaunch.store.ledger.periods import LABELS, NS, Period, date_of, days, periods
from cclaunch.store.ledger.schema import QUARTER_NS

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
DAY_NS = 86_400 * NS
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def around(day: date, many: int) -> tuple[int, int]:
    """Return a range of time that holds *many* whole days before and behind *day*, wherever that is."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * NS
    return noon - (many + 2) * DAY_NS, noon + (many + 2) * DAY_NS


def asked(day: date) -> tuple[int, int]:
    """Return what `--since DAY --until DAY` asks for."""
    return parse_moment(day.isoformat(), NOW), parse_moment(day.isoformat(), NOW, end=True)


def shown(day: date, many: int = 1) -> list[Period]:
    """Return the whole days around *day*, as `--by day` makes them."""
    return list(days(*around(day, many)))[1:-1]


def assert_agree(day: date) -> None:
    """Assert that the days around *day* follow one another, and that each is what is asked for by its date."""
    found = shown(day)
    for before, after in itertools.pairwise(found):
        assert before.until == after.since
        assert before.day < after.day
    for one in found:
        assert asked(one.day) == (one.since, one.until), one.day
        assert date_of(one.since // NS) == date_of(one.until // NS - 1) == one.day


@given(name=st.sampled_from(ZONES), day=st.dates(date(2015, 1, 2), date(2099, 12, 1)))
@example(name="Pacific/Apia", day=date(2011, 12, 30))
@example(name="Pacific/Kwajalein", day=date(1993, 8, 21))
@example(name="America/Scoresbysund", day=date(2024, 3, 31))
@example(name="Asia/Pyongyang", day=date(2018, 5, 5))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_days_agree_in_every_zone(zone: Callable[[str], None], name: str, day: date) -> None:
    """Whatever the clocks do on them."""
    zone(name)
    assert_agree(day)


@pytest.mark.parametrize("name", ZONES)
def test_days_agree_whenever_the_clocks_of_a_zone_are_set(zone: Callable[[str], None], name: str) -> None:
    """Each day of a year that is longer or shorter than others; and no border cuts a quarter of an hour."""
    zone(name)
    found = list(days(*around(date(2025, 7, 1), 200)))[1:-1]
    assert all(one.since % QUARTER_NS == 0 for one in found)
    odd = [one.day for one in found if one.until - one.since != DAY_NS]
    assert len(odd) <= 6
    for day in odd:
        assert_agree(day)


MIDNIGHTS = [
    ("Africa/Cairo", date(2025, 4, 25), 23),
    ("Africa/Cairo", date(2025, 10, 30), 25),
    ("Asia/Beirut", date(2025, 3, 30), 23),
    ("Asia/Beirut", date(2025, 10, 25), 25),
    ("America/Santiago", date(2025, 9, 7), 23),
    ("America/Santiago", date(2025, 4, 5), 25),
    ("America/Havana", date(2025, 3, 9), 23),
    ("America/Havana", date(2025, 11, 2), 25),
    ("America/Scoresbysund", date(2025, 3, 29), 23),
    ("Australia/Lord_Howe", date(2025, 4, 6), 24.5),
    ("Europe/Berlin", date(2025, 3, 30), 23),
    ("Asia/Kathmandu", date(2025, 3, 30), 24),
]


@pytest.mark.parametrize(("name", "day", "hours"), MIDNIGHTS)
def test_a_day_without_a_midnight_or_with_two_is_as_long_as_it_was(
    zone: Callable[[str], None], name: str, day: date, hours: float
) -> None:
    """The database says how long."""
    zone(name)
    (one,) = [one for one in shown(day) if one.day == day]
    assert (one.until - one.since) / 3600 / NS == hours
    assert_agree(day)


def test_a_day_that_was_left_out_has_no_moment(zone: Callable[[str], None]) -> None:
    """Apia went from the 29th to the 31st, over the line of dates."""
    zone("Pacific/Apia")
    missing = date(2011, 12, 30)
    found = [one for one in shown(missing) if abs(one.day - missing) <= timedelta(1)]
    assert [one.day for one in found] == [missing - timedelta(1), missing + timedelta(1)]
    since, until = asked(missing)
    assert since == until
    assert since == found[0].until


@given(
    name=st.sampled_from(ZONES), year=st.integers(2015, 2099), month=st.integers(1, 12), key=st.sampled_from(["week", "month"])
)
@example(name="Pacific/Apia", year=2011, month=12, key="month")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_weeks_and_months_are_made_of_their_days(zone: Callable[[str], None], name: str, year: int, month: int, key: str) -> None:
    """And `--since 2026-11` means the month that `--by month` shows."""
    zone(name)
    since, until = around(date(year, month, 15), 45)
    label = LABELS[key]
    found = list(periods(since, until, {key}))
    assert [label(one, 0) for one in found] == list(dict.fromkeys(label(one, 0) for one in days(since, until)))
    assert [found[0].since, *(one.until for one in found)] == [*(one.since for one in found), until]
    if key == "month":
        (one,) = [one for one in found if label(one, 0) == f"{year}-{month:02d}"]
        text = f"{year}-{month:02d}"
        assert (parse_moment(text, NOW), parse_moment(text, NOW, end=True)) == (one.since, one.until)

"""The first screen's values, held against the same questions asked one by one."""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from ledgers import places_at
from stored import request, store

from cclaunch.reports.calendar import days_left, same_span_before
from cclaunch.reports.figures import Figures, together
from cclaunch.reports.overview import DAYS, Overview, overview
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.periods import begin_of
from cclaunch.store.spending import Group
from cclaunch.store.usage import Ledger

NS = 1_000_000_000


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose clocks were set back on 25 October 2026."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


def at(*moment: int) -> int:
    """Return a moment of the clock on the wall in ns since the epoch."""
    return int(datetime(*moment).timestamp()) * NS  # type: ignore[arg-type]


NOW = at(2026, 11, 25, 15, 30)  # a Wednesday


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A request each six hours since September, each dearer than the one before."""
    found = tmp_path_factory.mktemp("month") / "telemetry.db"
    begin = int(datetime(2026, 9, 1).astimezone().timestamp()) * NS
    batches = [
        request(
            number,
            begin + number * 6 * 3600 * NS,
            micros=1000 + number,
            model=("claude-opus-5-5", "claude-haiku-4-5")[number % 2],
            session__id=f"s-{number // 10}",
            vcs__repository__name=("acme/shop", "acme/log")[number % 3 == 0],
            **({"cclaunch__profile": "p"} if number % 5 else {}),
        )
        for number in range(360)
    ]
    store(found, *batches)
    return found


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """The ledger of it."""
    catch_up(places_at(path))
    with reading(places_at(path).ledger) as connection:
        yield Ledger(connection)


@pytest.fixture
def found(ledger: Ledger) -> Overview:
    """The first screen at NOW."""
    assert ledger.extent is not None
    return overview(ledger.groups, ledger.extent[0], NOW)


def asked(ledger: Ledger, since: int, until: int) -> Figures:
    """Return what was used between two moments."""
    return together(Figures(*group.sums) for group in ledger.groups(since, until, []))


def test_today_and_this_month_are_what_is_asked_since_their_beginning(ledger: Ledger, found: Overview) -> None:
    """Until now, and not a moment longer."""
    assert found.today == asked(ledger, at(2026, 11, 25), NOW + 1)
    assert found.month == asked(ledger, at(2026, 11, 1), NOW + 1)


def test_the_last_week_is_looked_at_up_to_the_same_time(ledger: Ledger, found: Overview) -> None:
    """Half a week is not compared with a whole one."""
    assert found.week == asked(ledger, at(2026, 11, 23), NOW + 1)
    assert found.before == asked(ledger, at(2026, 11, 16), at(2026, 11, 18, 15, 30) + 1)


def test_a_week_may_begin_on_sunday(ledger: Ledger) -> None:
    """As the person has it."""
    assert overview(ledger.groups, at(2026, 9, 1), NOW, week_start=6).week == asked(ledger, at(2026, 11, 22), NOW + 1)


def test_every_day_is_what_is_asked_for_it(ledger: Ledger, found: Overview) -> None:
    """Fourteen, today the last; together they are `recent`."""
    assert [day for day, _ in found.days] == [date(2026, 11, 12) + timedelta(days=number) for number in range(DAYS)]
    assert [figures for _, figures in found.days] == [
        asked(ledger, begin_of(day) * NS, min(begin_of(day + timedelta(days=1)) * NS, NOW + 1)) for day, _ in found.days
    ]
    assert together(figures for _, figures in found.days) == found.recent


def test_the_pace_is_what_was_spent_and_the_mean_for_each_day_that_is_left(found: Overview) -> None:
    """25 November: five days are left."""
    assert found.pace_micros == found.month.micros + round(found.recent.micros / 14 * 5)


@pytest.mark.parametrize(("moment", "told"), [((2026, 11, 2, 12), False), ((2026, 11, 3, 12), True), ((2026, 11, 30, 12), True)])
def test_a_pace_is_told_from_the_third_day_on(ledger: Ledger, moment: tuple[int, ...], told: bool) -> None:
    """Before, one dear morning would make a month."""
    assert (overview(ledger.groups, at(2026, 9, 1), at(*moment)).pace_micros is not None) is told


def test_who_has_begun_two_days_ago_has_no_pace_and_then_one_of_his_own_days() -> None:
    """Days on which nothing could be recorded are no part of the mean."""

    def ask(since: int | None, until: int | None, by: Sequence[str]) -> list[Group]:
        values = {"day": "2026-11-25"}
        return [Group(tuple(values.get(key) for key in by), (1, 3_000_000, 1, 1, 1, 1))]

    assert overview(ask, at(2026, 11, 24), NOW).pace_micros is None
    assert overview(ask, at(2026, 11, 23), NOW).pace_micros == 3_000_000 + 5 * 1_000_000


def test_what_the_days_went_for_adds_up_to_them(found: Overview) -> None:
    """By model, by repository where no project is told, by profile; what has none is a share of its own."""
    assert [top.key for top in found.tops] == ["model", "vcs.repository.name", "cclaunch.profile"]
    for top in found.tops:
        assert together(share.figures for share in top.shares) == found.recent
        assert [share.figures.micros for share in top.shares] == sorted((one.figures.micros for one in top.shares), reverse=True)
    assert {share.value for share in found.tops[2].shares} == {"p", None}


def test_the_same_span_is_by_the_clock_also_where_it_was_set(found: Overview) -> None:
    """A week that has an hour more ends at the same time of the day."""
    now = at(2026, 10, 28, 9)  # the clocks went back on the 25th
    assert same_span_before(date(2026, 10, 26), now) == (at(2026, 10, 19), at(2026, 10, 21, 9) + 1)


@pytest.mark.parametrize(("day", "left"), [(date(2026, 2, 1), 27), (date(2028, 2, 28), 1), (date(2026, 12, 31), 0)])
def test_days_that_are_left_are_those_after_today(day: date, left: int) -> None:
    """Whatever the month."""
    assert days_left(day) == left

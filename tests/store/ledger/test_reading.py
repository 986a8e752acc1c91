"""Answers of the ledger, held against its requests one by one: wherever a border cuts, whatever the tokens."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledgers import places_at
from stored import SECOND_NS, events_of, request, store

from cclaunch.store.ledger import reading
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.request import BY_EVENT, NO_COST
from cclaunch.store.ledger.schema import QUARTER_NS

BEGIN = 1_990_000 * QUARTER_NS
TIMES = [BEGIN + offset for offset in (0, 1, QUARTER_NS - 1, QUARTER_NS, 2 * QUARTER_NS + 7, 5 * QUARTER_NS, 90 * QUARTER_NS + 1)]
"""At the borders of quarters of an hour, between them, and on the next day."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A ledger with a request at each of TIMES, each twice as dear as the one before."""
    places = places_at(tmp_path_factory.mktemp("reading") / "telemetry.db")
    batches = [request(number, when, micros=1 << number, session__id=f"s{number % 2}") for number, when in enumerate(TIMES)]
    store(Path(places.database), *batches)
    catch_up(places)
    with closing(sqlite3.connect(places.ledger)) as connection:
        yield connection


MOMENTS = st.sampled_from(TIMES).flatmap(lambda when: st.sampled_from([when - 1, when, when + 1, when + QUARTER_NS // 2]))


@given(
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
    by=st.sampled_from([[], ["day"], ["model"], ["session"], ["day", "model"]]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_time_has_the_requests_that_are_in_it(
    ledger: sqlite3.Connection, since: int | None, until: int | None, by: list[str]
) -> None:
    """From the first moment on, before the last; quarters that a border cuts are read one request at a time."""
    meant = sum(1 << number for number, when in enumerate(TIMES) if (since or 0) <= when < (until or TIMES[-1] + 1))

    assert sum(group.sums[1] for group in reading.groups(ledger, since, until, by, {})) == meant


def test_each_day_has_its_own_requests(ledger: sqlite3.Connection) -> None:
    """Also where the first of them lies in one quarter of an hour, and more days follow."""
    first = reading.groups(ledger, TIMES[5], None, ["day"], {})

    assert [group.sums[0] for group in first] == [1, 1]


def test_sessions_are_told_apart_and_filtered(ledger: sqlite3.Connection) -> None:
    """By their names."""
    found = {group.values[0]: group.sums[1] for group in reading.groups(ledger, None, None, ["session"], {})}

    assert found == {"s0": 0b1010101, "s1": 0b0101010}
    assert [group.sums[1] for group in reading.groups(ledger, None, None, [], {"session": ["s1"]})] == [0b0101010]


def test_what_was_written_to_the_cache_is_one_whichever_way(tmp_path: Path) -> None:
    """For five minutes and for an hour; in the row they are apart, and so are what costs and what says no cost."""
    places = places_at(tmp_path / "telemetry.db")
    written = {"cache_creation_tokens": 700, "cache_creation_1h_tokens": 300}
    store(Path(places.database), events_of({"cost_usd_micros": 5, **written}, {"input_tokens": 1}, time_ns=BEGIN + SECOND_NS))
    catch_up(places)
    with closing(sqlite3.connect(places.ledger)) as connection:
        (group,) = reading.groups(connection, None, None, [], {})
        rows = connection.execute("SELECT cache_5m, cache_1h, origin FROM requests ORDER BY origin DESC").fetchall()

    assert group.sums == (2, 5, 1, 0, 0, 700)
    assert rows == [(400, 300, BY_EVENT), (None, None, NO_COST)]
    assert NO_COST != BY_EVENT

"""What our status line posts, by way of VictoriaLogs: the same pull requests and windows as from our own database."""

import time
from pathlib import Path
from typing import Any

import pytest
from ledger_rows import killed_at_each_moment, rows_of
from ledgers import places_at
from posted import batch, plan_windows, pull_request, request_of
from required import missing
from stackproc import Collector, Vlogs, program
from stored import export_of, store

from cclaunch.otlp.decode import decode_logs
from cclaunch.reports.windows import windows
from cclaunch.store import forgetting, stores
from cclaunch.store.ledger import reading
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.opening import reading as opened
from cclaunch.store.ledger.wanted import Wanted
from cclaunch.store.places import Places

SECOND = 1_000_000_000
NOW = time.time_ns()
START = NOW - 3600 * SECOND
REQUESTS = export_of(
    *(
        {
            "request_id": f"req_{n}",
            "cost_usd_micros": 5,
            "session.id": f"s-{n % 2}",
            "event.sequence": n,
            "time": START + n * SECOND,
        }
        for n in range(20)
    ),
    time_ns=NOW,
)
PULLS = [pull_request(START + 4 * SECOND, 7), pull_request(START + 11 * SECOND, 8)]
WINDOWS = plan_windows(NOW - 60 * SECOND, 42, 13.5, resets=NOW // SECOND + 60, week_resets=NOW // SECOND + 90_000)
WANTED = {None: 12, "owner/name#7": 3, "owner/name#8": 5}


@pytest.fixture
def places(tmp_path: Path, there: Vlogs) -> Places:
    """Where the ledger is, and that VictoriaLogs."""
    return places_at(tmp_path / "telemetry.db", there.url)._replace(copies=str(tmp_path / "copies"))


def by_pull_request(places: Places, **words: Any) -> dict[str | None, int]:
    """Return pull request -> requests, after reading all there is."""
    catch_up(places, everything=True)
    with opened(places.ledger) as connection:
        groups = reading.groups(connection, None, None, ["pr"], words)
    return {group.values[0]: group.sums[0] for group in groups}


@pytest.mark.parametrize("is_late", [False, True])
def test_pull_requests_are_those_of_our_own_database(there: Vlogs, places: Places, tmp_path: Path, *, is_late: bool) -> None:
    """Also where they come after the requests were read."""
    there.take(REQUESTS)
    if is_late:
        catch_up(places)
    there.take(*map(request_of, PULLS))
    own = places_at(tmp_path / "own.db")
    store(Path(own.database), decode_logs(REQUESTS), *map(batch, PULLS))

    assert by_pull_request(places) == by_pull_request(own) == WANTED
    assert rows_of(places.ledger)[3] == rows_of(own.ledger)[3]


def test_one_that_lies_in_both_counts_once(there: Vlogs, places: Places) -> None:
    """An export that was repeated while the backend was changed."""
    there.take(REQUESTS, *map(request_of, PULLS), *map(request_of, PULLS))
    store(Path(places.database), decode_logs(REQUESTS), *map(batch, PULLS))

    assert by_pull_request(places) == WANTED


def test_killed_anywhere_the_ledger_is_the_same(there: Vlogs, places: Places) -> None:
    """Before each fifth statement."""
    there.take(REQUESTS, *map(request_of, PULLS))

    assert killed_at_each_moment(places, 5) > 3


def test_what_was_forgotten_stays_away(there: Vlogs, places: Places) -> None:
    """Though VictoriaLogs has it still; also from a ledger that is filled anew."""
    there.take(REQUESTS, *map(request_of, PULLS))
    catch_up(places)
    found = forgetting.look(places, Wanted(where={"pr": ["owner/name#8"]}), time.time_ns())
    assert (found.gone.requests, found.troubles) == (5, [])
    forgetting.forget(places, found.rules)
    left = {None: 12, "owner/name#7": 3}

    assert by_pull_request(places) == left
    for suffix in ("", "-wal", "-shm"):
        Path(places.ledger + suffix).unlink(missing_ok=True)
    assert by_pull_request(places) == left


def test_the_windows_are_known(there: Vlogs, places: Places) -> None:
    """Numbers come back as numbers."""
    there.take(request_of(WINDOWS))
    found = windows(places, time.time_ns())

    assert found is not None
    assert found.five_hour is not None
    assert found.seven_day is not None
    assert (found.five_hour.used, found.five_hour.resets) == (42, NOW // SECOND + 60)
    assert found.seven_day.used == 13.5


def test_the_last_event_is_claudes(there: Vlogs, places: Places) -> None:
    """However many of ours came behind it."""
    there.take(REQUESTS, request_of(WINDOWS), *map(request_of, PULLS))
    last = stores.last_event(places)

    assert last is not None
    assert (last.name, last.time_ns) == ("api_request", START + 19 * SECOND)


def test_the_stacks_collector_lets_them_through(there: Vlogs, places: Places, tmp_path: Path) -> None:
    """As JSON over HTTP, as they are posted."""
    path = program("otelcol-contrib")
    if path is None:
        missing("otelcol-contrib")
    with Collector(path, tmp_path / "collector", there) as collector:
        bodies = [REQUESTS.SerializeToString(), *PULLS, WINDOWS]
        for body, kind in zip(bodies, ["application/x-protobuf", *["application/json"] * 3], strict=True):
            post(collector.http, body, kind)
        there.flush(23)

    assert by_pull_request(places) == WANTED
    assert windows(places, time.time_ns()) is not None


def post(port: int, body: bytes, kind: str) -> None:
    """Post *body* to the collector at *port*, as curl does."""
    import urllib.request

    asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/logs", body, {"Content-Type": kind})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 200

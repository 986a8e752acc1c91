"""The ledger from VictoriaLogs: each request once, whatever is late, repeated, slow or strange, and whenever it is killed."""

import http.server
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from ledger_rows import counted, killed_at_each_moment, rows_of
from ledgers import places_at
from stackproc import Vlogs
from stored import export_of, store
from two_witnesses import file_of, told

from cclaunch.errors import StoreUnreachable
from cclaunch.otlp.decode import decode_logs
from cclaunch.store.ledger import from_vlogs
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.insert import insert_requests
from cclaunch.store.ledger.vlogs_read import begin_anew
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.vlogs import http as asking
from cclaunch.store.vlogs import requests

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
QUARTER = 15 * MINUTE
NOW = time.time_ns()


@pytest.fixture
def places(tmp_path: Path, there: Vlogs) -> Places:
    """Where the ledger is, and that VictoriaLogs."""
    return places_at(tmp_path / "telemetry.db", there.url)


def one(number: int, time_ns: int, **more: Any) -> dict[str, Any]:
    """Return the record of a request."""
    return {
        "request_id": f"req_{number}",
        "cost_usd_micros": number,
        "input_tokens": 3,
        "event.sequence": number,
        "session.id": f"s{number % 3}",
        "service.instance.id": f"i{number % 3}",
        "time": time_ns,
        **more,
    }


def send(there: Vlogs, *records: dict[str, Any]) -> None:
    """Have VictoriaLogs take *records*."""
    there.take(export_of(*records, time_ns=NOW))


def long_ago(places: Places, *names: str) -> None:
    """Have the looks back called *names* be due again."""
    with closing(sqlite3.connect(places.ledger)) as connection, connection:
        for name in names:
            assert connection.execute("UPDATE cursors SET position = 1 WHERE source = ?", (f"vlogs {name}",)).rowcount


@contextmanager
def questions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int | None]]]:
    """Note the times whose requests are read."""
    asked: list[tuple[int, int | None]] = []
    real = requests.between

    def noted(url: str, begin: int, end: int | None) -> Any:
        asked.append((begin, end))
        return real(url, begin, end)

    with monkeypatch.context() as patch:
        patch.setattr(requests, "between", noted)
        yield asked


def test_what_is_new_is_read_at_each_turn(there: Vlogs, places: Places) -> None:
    """Ten seconds before the newest, again: exporters of two processes take turns."""
    send(there, one(1, NOW - 20 * SECOND))
    catch_up(places)
    send(there, one(2, NOW - 25 * SECOND), one(3, NOW))
    catch_up(places)

    assert counted(places.ledger) == 3


def test_what_comes_minutes_late_is_found_within_a_minute(there: Vlogs, places: Places) -> None:
    """The collector's queue was full for a while."""
    send(there, one(1, NOW))
    catch_up(places)
    send(there, one(2, NOW - 40 * MINUTE))
    catch_up(places)
    before = counted(places.ledger)
    long_ago(places, "hour")
    catch_up(places)

    assert (before, counted(places.ledger)) == (1, 2)


def test_what_comes_days_late_is_found_within_a_day(there: Vlogs, places: Places) -> None:
    """A laptop was closed over the weekend."""
    send(there, one(1, NOW))
    catch_up(places)
    send(there, one(2, NOW - 50 * HOUR))
    long_ago(places, "hour")
    catch_up(places)
    before = counted(places.ledger)
    long_ago(places, "hour", "all")
    catch_up(places)

    assert (before, counted(places.ledger)) == (1, 2)


def test_everything_is_looked_at_when_that_is_asked_for(there: Vlogs, places: Places) -> None:
    """Before volumes are deleted."""
    send(there, one(1, NOW))
    catch_up(places)
    send(there, one(2, NOW - 50 * HOUR))
    catch_up(places, everything=True)

    assert counted(places.ledger) == 2


def test_a_look_back_reads_only_where_something_came(there: Vlogs, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year is counted, not read."""
    send(there, *(one(number, NOW - number * 24 * HOUR) for number in range(20)))
    catch_up(places)
    late = NOW - 10 * 24 * HOUR
    send(there, one(50, late))
    with questions(monkeypatch) as asked:
        catch_up(places, everything=True)

    begin = late // QUARTER * QUARTER
    assert asked == [(begin, begin + QUARTER)]
    assert counted(places.ledger) == 21


def test_what_was_sent_to_both_backends_is_there_once(there: Vlogs, places: Places) -> None:
    """A move from one to the other in the middle of an export."""
    records = [one(number, NOW - number * MINUTE, model="m", duration_ms="12") for number in range(30)]
    store(Path(places.database), decode_logs(export_of(*records[:20], time_ns=NOW)))
    send(there, *records[10:])
    catch_up(places)
    send(there, *records[:5])
    catch_up(places, everything=True)

    assert counted(places.ledger) == 30


def test_in_turns_that_are_too_short_it_comes_to_an_end_too(there: Vlogs, places: Places) -> None:
    """Each reads one quarter of an hour at least, and none twice."""
    send(there, *(one(number, NOW - number * HOUR) for number in range(6)))
    left: list[int] = []
    while not left or left[-1]:
        assert len(left) < 10
        left.append(catch_up(places, 0).left)

    assert left == [5, 4, 3, 2, 1, 0]
    assert counted(places.ledger) == 6


def test_a_busy_quarter_is_read_in_parts_and_written_a_few_at_a_time(
    there: Vlogs, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is, little of it is in memory."""
    monkeypatch.setattr(from_vlogs, "MOST_AT_ONCE", 10)
    monkeypatch.setattr(from_vlogs, "TOGETHER", 4)
    together: list[int] = []
    real = insert_requests

    def noted(connection: sqlite3.Connection, made: Any, forgotten: Any) -> set[int]:
        together.append(len(made))
        return real(connection, made, forgotten)

    monkeypatch.setattr(from_vlogs, "insert_requests", noted)
    begin = NOW // QUARTER * QUARTER - QUARTER
    send(there, *(one(number, begin + number * 30 * SECOND) for number in range(25)))
    with questions(monkeypatch) as asked:
        catch_up(places)

    assert [ends[0] for ends in asked] == [begin, begin + QUARTER // 3, begin + QUARTER * 2 // 3]
    assert max(together) == 4
    assert counted(places.ledger) == 25


def test_killed_at_any_moment_it_goes_on_to_the_same_ledger(there: Vlogs, places: Places) -> None:
    """Kill -9 before any statement of the database's: what is read again changes nothing."""
    send(there, *(one(number, NOW - number * 7 * MINUTE) for number in range(20)))

    assert killed_at_each_moment(places, 7) > 10
    assert counted(places.ledger) == 20


def test_an_event_with_a_value_of_a_megabyte_is_counted(there: Vlogs, places: Places) -> None:
    """The largest that VictoriaLogs takes; nothing of it is kept."""
    send(there, one(1, NOW, team="t", note="x" * 1_000_000))
    catch_up(places)

    rows, *_ = rows_of(places.ledger)
    assert counted(places.ledger) == 1
    assert "xxx" not in rows[0]


class Scripted:
    """A VictoriaLogs that answers what it is told: *counts* to the one kind of question, *rows* to the other."""

    def __init__(self, counts: bytes, rows: bytes, *, promised: int = 0) -> None:
        scripted = self
        self.rows = rows
        self.hangs = threading.Event()
        self.asked = threading.Event()
        self.goes_on = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if scripted.hangs.is_set():
                    scripted.asked.set()
                    scripted.goes_on.wait(60)
                    return
                is_count = b"stats+by" in query
                body = counts if is_count else scripted.rows
                self.send_response(200)
                self.send_header("Content-Length", str(len(body) if is_count else max(promised, len(body))))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        """Answer."""
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.goes_on.set()
        self.server.shutdown()
        self.server.server_close()


BEGIN = NOW // QUARTER * QUARTER


def lines(*rows: dict[str, Any]) -> bytes:
    """Return *rows* as VictoriaLogs answers."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def lying(number: int, **more: Any) -> dict[str, Any]:
    """Return a request as it lies in VictoriaLogs."""
    return {
        "_time": "2026-11-20T10:00:00.5Z",
        "_msg": "claude_code.api_request",
        "event.name": "api_request",
        "request_id": f"r{number}",
        "cost_usd_micros": "7",
        **more,
    }


COUNTS = lines({"_time": "2026-11-20T10:00:00Z", "rows": "3"})

STRANGE: dict[str, Callable[[], bytes]] = {
    "no JSON": lambda: lines(lying(1)) + b"<html>\n",
    "no object": lambda: lines(lying(1)) + b"[1]\n",
    "no time": lambda: lines(lying(1), {"event.name": "api_request"}),
    "a time that is none": lambda: lines(lying(1), lying(2, _time="yesterday")),
    "a number where a text lies": lambda: lines(lying(1), lying(2, **{"session.id": 5, "_msg": 7})),
    "a list where a text lies": lambda: lines(lying(1), lying(2, model=["a"], request_id={"b": 1})),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_an_answer_that_is_not_its_own_is_an_error_of_one_line(tmp_path: Path, kind: str) -> None:
    """Another program may have its port. Nothing of ours breaks, and the same is asked again the next time."""
    with Scripted(COUNTS, STRANGE[kind]()) as service:
        places = places_at(tmp_path / "telemetry.db", service.url)
        with pytest.raises(StoreUnreachable) as caught:
            catch_up(places)
        assert "\n" not in caught.value.message + caught.value.cause
        with closing(sqlite3.connect(places.ledger)) as connection:
            assert connection.execute("SELECT count(*) FROM cursors WHERE source LIKE 'vlogs quarter %'").fetchone() == (0,)


@pytest.mark.parametrize("counts", [b"oops\n", lines({"rows": "1"}), lines({"_time": "x", "rows": "1"}), lines({"_time": 1})])
def test_counts_that_are_not_its_own_are_an_error_of_one_line(tmp_path: Path, counts: bytes) -> None:
    """As of the requests themselves."""
    with Scripted(counts, b"") as service, pytest.raises(StoreUnreachable):
        catch_up(places_at(tmp_path / "telemetry.db", service.url))


def test_what_is_counted_and_not_given_out_yet_is_read_later(tmp_path: Path) -> None:
    """So it is for a second after a new session's first request: VictoriaLogs counts it, and has not indexed its stream."""
    with Scripted(COUNTS, lines(lying(1))) as service:
        places = places_at(tmp_path / "telemetry.db", service.url)
        first = catch_up(places, everything=True)
        service.rows = lines(lying(1), lying(2), lying(3))
        second = catch_up(places, everything=True)

    assert (first.missing, second.missing) == (2, 0)
    assert counted(places.ledger) == 3


def test_a_moment_that_no_ledger_can_hold_is_left_out(tmp_path: Path) -> None:
    """The others are counted."""
    with Scripted(COUNTS, lines(lying(1), lying(2, _time="9999-01-01T00:00:00Z"))) as service:
        places = places_at(tmp_path / "telemetry.db", service.url)
        catch_up(places)

    assert counted(places.ledger) == 1


def test_an_answer_that_breaks_off_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had arrived is counted, once."""
    monkeypatch.setattr(from_vlogs, "TOGETHER", 1)
    with Scripted(COUNTS, lines(lying(1), lying(2)), promised=100_000) as service:
        places = places_at(tmp_path / "telemetry.db", service.url)
        with pytest.raises(StoreUnreachable):
            catch_up(places)
        arrived = counted(places.ledger)
    with Scripted(COUNTS, lines(lying(1), lying(2), lying(3))) as service:
        catch_up(places._replace(vlogs=service.url))

    assert (arrived, counted(places.ledger)) == (2, 3)


def test_while_it_hangs_nobody_waits_for_the_ledger(tmp_path: Path) -> None:
    """The lock is held only while something is written."""
    raised: list[BaseException] = []
    with Scripted(COUNTS, b"") as service:
        service.hangs.set()
        places = places_at(tmp_path / "telemetry.db", service.url)

        def ask() -> None:
            try:
                catch_up(places)
            except StoreUnreachable as error:
                raised.append(error)

        asker = threading.Thread(target=ask)
        asker.start()
        assert service.asked.wait(60)
        with writing(places, 60) as connection:
            assert connection.execute("SELECT count(*) FROM requests").fetchone() == (0,)
        service.goes_on.set()
        asker.join(60)

    assert len(raised) == 1


def test_one_that_hangs_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked gets his error when the time is over."""
    monkeypatch.setattr(asking, "SILENCE_S", 0.1)
    with Scripted(COUNTS, b"") as service:
        service.hangs.set()
        with pytest.raises(StoreUnreachable):
            catch_up(places_at(tmp_path / "telemetry.db", service.url))


def test_without_one_our_own_database_is_read_all_the_same(tmp_path: Path) -> None:
    """Docker does not run."""
    places = places_at(tmp_path / "telemetry.db", "http://127.0.0.1:1")
    store(Path(places.database), decode_logs(export_of(one(1, NOW), time_ns=NOW)))
    with pytest.raises(StoreUnreachable):
        catch_up(places)

    assert counted(places.ledger) == 1


def test_after_its_data_was_deleted_another_one_is_read_from_its_start(places: Places, there: Vlogs) -> None:
    """Under the same name, with as many requests in the same quarter of an hour as were read of the one before."""
    send(there, one(1, NOW - 2 * HOUR))
    catch_up(places, everything=True)
    with writing(places) as connection, connection:  # what was read of the one before: one request, another one
        connection.execute("DELETE FROM requests")
        connection.execute("DELETE FROM quarters")
    catch_up(places, everything=True)
    assert counted(places.ledger) == 0

    begin_anew(places)
    catch_up(places)

    assert counted(places.ledger) == 1


def test_what_a_transcript_told_before_is_joined_with_it(places: Places, there: Vlogs) -> None:
    """Whichever of both was read first; without a transcript of it, it is telemetry's alone."""
    when = NOW - HOUR
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        tokens = {"input": 3, "output": 4, "cache_read": 5, "cache_5m": 6}
        line = told(1, time_ns=when + SECOND, session="s1", **tokens)
        take(connection, [(file_of(), [line, line._replace(key=2, request="req_9", session="bare")])])
    counts = {"output_tokens": 4, "cache_read_tokens": 5, "cache_creation_tokens": 6}
    send(there, one(1, when, **counts), one(2, when + 1, **counts))
    catch_up(places)
    with closing(sqlite3.connect(places.ledger)) as connection:
        found = connection.execute("SELECT request, witnesses, micros FROM requests ORDER BY request").fetchall()
    assert found == [("req_1", 3, 1), ("req_2", 1, 2), ("req_9", 2, 900)]

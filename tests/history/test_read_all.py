"""One pass over all transcripts: what has changed is read and taken, each request once, and nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import places_at
from transcript_lines import MOMENT_NS, SESSION, record, write

from cclaunch.history import read_all as passing
from cclaunch.history.read_all import before, read_all
from cclaunch.history.rows import Rows
from cclaunch.history.turns import Turns
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.forget_transcripts import FORGOTTEN
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.transcripts.seen import Left


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where nothing was recorded yet."""
    return places_at(tmp_path / "telemetry.db")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory of transcripts."""
    return tmp_path / "projects"


def run(places: Places, *roots: Path) -> int:
    """Make a pass; return how many requests were handed over."""
    return read_all([str(one) for one in roots], Rows(), Turns(places, 5), before(places))


def requests(places: Places, columns: str = "request") -> list[Any]:
    """Return the requests of the ledger, in the order of time."""
    with closing(sqlite3.connect(places.ledger)) as connection:
        return connection.execute(f"SELECT {columns} FROM requests ORDER BY time_ns, request").fetchall()


def left(places: Places) -> dict[str, int]:
    """Return what the ledger counts as left out."""
    with closing(sqlite3.connect(places.ledger)) as connection:
        query = "SELECT j.key, sum(j.value) FROM files, json_each(files.left_out) j GROUP BY 1"
        return dict(connection.execute(query).fetchall())


def test_a_request_is_taken_with_tokens_price_and_session(places: Places, root: Path) -> None:
    """What the ledger shows of it."""
    write(root / "x" / f"{SESSION}.jsonl", record())
    assert run(places, root) == 1
    columns = "time_ns, request, input, output, cache_read, cache_5m, cache_1h, micros"
    assert requests(places, columns) == [(MOMENT_NS, "req_1", 120, 60, 3100, 500, 40, 5120)]


def test_what_has_not_changed_is_not_read_again(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at its state is all."""
    write(root / "x" / f"{SESSION}.jsonl", record())
    run(places, root)
    monkeypatch.setattr(passing, "read", lambda *_: pytest.fail("a file was opened"))
    assert run(places, root) == 0


def test_what_has_not_changed_writes_nothing(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No lock, no transaction: every few minutes."""
    write(root / "x" / f"{SESSION}.jsonl", record())
    run(places, root)
    monkeypatch.setattr("cclaunch.history.turns.writing", lambda *_: pytest.fail("the ledger was written to"))
    run(places, root)


def test_what_was_added_is_read(places: Places, root: Path) -> None:
    """From where it was left off."""
    path = write(root / "x" / f"{SESSION}.jsonl", record(1))
    run(places, root)
    write(path, record(1), record(2))
    assert run(places, root) == 1
    assert requests(places) == [("req_1",), ("req_2",)]


def test_a_file_that_is_gone_leaves_what_was_read(places: Places, root: Path) -> None:
    """Claude deletes what is older than a month."""
    path = write(root / "x" / f"{SESSION}.jsonl", record())
    run(places, root)
    path.unlink()
    run(places, root)
    assert requests(places) == [("req_1",)]


def test_a_file_with_another_name_is_not_read_again(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same one: a directory was moved."""
    write(root / "x" / "a.jsonl", record())
    run(places, root)
    (root / "x").rename(root / "y")
    monkeypatch.setattr(passing, "read", lambda *_: pytest.fail("a file was opened"))
    assert run(places, root) == 0


def test_a_copy_of_a_request_is_the_request(places: Places, root: Path) -> None:
    """A fork has all that its parent had."""
    write(root / "x" / "a.jsonl", record(1))
    write(root / "x" / "b.jsonl", record(1, sessionId="fork"), record(2, sessionId="fork"))
    run(places, root)
    assert requests(places) == [("req_1",), ("req_2",)]


def test_a_pass_that_ends_half_way_leaves_whole_turns(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one goes on: each request is there once."""
    for number in range(6):
        write(root / "x" / f"{number}.jsonl", record(number))
    monkeypatch.setattr("cclaunch.history.turns.FILES", 2)
    turns = Turns(places, 5)

    def die(took: float) -> None:
        raise KeyboardInterrupt

    turns._rested = die  # as a signal would between two turns
    with pytest.raises(KeyboardInterrupt):
        read_all([str(root)], Rows(), turns, before(places))
    assert len(requests(places)) == 2
    assert not passes.was_finished(places.ledger)
    run(places, root)
    assert len(requests(places)) == 6
    assert passes.was_finished(places.ledger)


def finished(places: Places) -> int | None:
    """Return when the last pass that was finished began, as the ledger keeps it."""
    return before(places).finished


def test_when_a_pass_began_is_kept_where_it_has_found_something(places: Places, root: Path) -> None:
    """Or where the last one is old."""
    write(root / "x" / "a.jsonl", record(1))
    run(places, root)
    first = finished(places)
    run(places, root)
    assert first is not None
    assert finished(places) == first
    write(root / "x" / "b.jsonl", record(2))
    run(places, root)
    second = finished(places)
    assert second is not None
    assert second > first
    with writing(places) as connection:
        passes.finish(connection, second - passes.FRESH_NS)
    run(places, root)
    assert (finished(places) or 0) > second


def test_a_file_that_cannot_be_read_is_counted_once(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is tried; and read when it can be."""
    write(root / "x" / "a.jsonl", record())
    monkeypatch.setattr("cclaunch.transcripts.reading._open", _refuse)
    run(places, root)
    run(places, root)
    assert left(places) == {Left.UNREADABLE.value: 1}
    monkeypatch.undo()
    run(places, root)
    assert (left(places), requests(places)) == ({}, [("req_1",)])


def _refuse(path: str, flags: int) -> int:
    raise PermissionError(13, "Permission denied", path)


def test_a_line_that_is_left_out_is_counted(places: Places, root: Path) -> None:
    """By its reason."""
    write(root / "x" / "a.jsonl", record(1, usage={"input_tokens": -1}), record(2))
    run(places, root)
    assert (left(places), requests(places)) == ({Left.TOKENS.value: 1}, [("req_2",)])


def test_a_file_of_somebody_else_is_counted_once(places: Places, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no line of its own."""
    write(root / "x" / "a.jsonl", record())
    monkeypatch.setattr("os.geteuid", lambda: 1_000_001)
    run(places, root)
    run(places, root)
    assert (left(places), requests(places)) == ({Left.OTHERS.value: 1}, [])


def test_what_was_forgotten_of_transcripts_is_not_read_again(places: Places, root: Path) -> None:
    """What came later is."""
    write(root / "x" / "a.jsonl", record(1), record(2, timestamp="2026-11-26T13:23:47.692Z"))
    with writing(places) as connection:
        query = "INSERT INTO cursors (source, database, position) VALUES (?, '', ?)"
        connection.execute(query, (FORGOTTEN, MOMENT_NS + 1))
    run(places, root)
    assert requests(places) == [("req_2",)]


def test_the_bar_is_told_of_bytes(places: Places, root: Path) -> None:
    """At the end, all of them."""
    sizes = [write(root / "x" / f"{number}.jsonl", record(number)).stat().st_size for number in range(3)]
    told: list[tuple[int, int]] = []
    read_all([str(root)], Rows(), Turns(places, 5), before(places), lambda *one: told.append(one))
    assert told[-1] == (sum(sizes), sum(sizes))


def test_an_empty_file_in_the_place_of_the_ledger_counts_as_none(places: Places, root: Path) -> None:
    """Whoever was to make it was killed."""
    Path(places.ledger).touch()
    write(root / "x" / f"{SESSION}.jsonl", record())
    assert run(places, root) == 1

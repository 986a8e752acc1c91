"""
A pass over files that no claude has written like that: each costs itself at most, and the file beside it is read.

The problem it owns: one file that ends a pass ends every pass, and every answer that begins with one.
"""

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import places_at
from transcript_lines import line, record, write

from cclaunch.history import known
from cclaunch.history.read_all import before, read_all
from cclaunch.history.rows import Rows
from cclaunch.history.turns import Turns
from cclaunch.store.places import Places
from cclaunch.transcripts.finding import state_of
from cclaunch.transcripts.reading import Known


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Where nothing was recorded yet."""
    return places_at(tmp_path / "telemetry.db")


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A directory of transcripts with one good one; the path of another, which is not there yet."""
    return write(tmp_path / "projects" / "x" / "good.jsonl", record(1)).with_name("odd.jsonl")


def run(places: Places, odd: Path) -> list[str]:
    """Make two passes, of which the second one finds nothing new; return the ids of what the ledger has then."""
    for number in range(2):
        count = read_all([str(odd.parent.parent)], Rows(), Turns(places, 5), before(places))
        assert number == 0 or count == 0
    with closing(sqlite3.connect(places.ledger)) as connection:
        return [row[0] for row in connection.execute("SELECT request FROM requests ORDER BY request")]


@pytest.mark.parametrize("stamp", ["9999-12-31T00:00:00Z", "2300-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "nothing", "é"])
def test_a_session_that_says_of_itself_to_begin_in_another_age_is_read(places: Places, odd: Path, stamp: str) -> None:
    """As if it said nothing; in a century that ours cannot count, too."""
    write(odd, {"type": "queue-operation", "operation": "enqueue", "timestamp": stamp}, record(2))
    assert run(places, odd) == ["req_1", "req_2"]


@pytest.mark.parametrize("seconds", [-(2**31), 0, 15_032_385_535, 2**40], ids=str)
def test_a_file_of_another_age_is_read(places: Places, odd: Path, seconds: int) -> None:
    """What its file system keeps of that."""
    write(odd, record(2))
    os.utime(odd, (seconds, seconds))
    assert run(places, odd) == ["req_1", "req_2"]


@pytest.mark.parametrize("number", [-(2**63), -1, 2**63, 2**80])
def test_what_is_known_of_a_file_can_be_kept_whatever_it_is(number: int) -> None:
    """Numbers of file systems that are not here."""
    there = Known(number, 5, number, 5, b"x" * 8, b"y" * 8, 0)
    found = known.unpacked(known.packed(there))
    assert found is not None
    assert found._replace(inode=0, mtime_ns=0) == there._replace(inode=0, mtime_ns=0)
    status = os.stat_result((0o100600, number, 1, 1, 0, 0, 5, 0, 0, 0, 0, 0, 0, number, number, number))
    assert status.st_mtime_ns == number
    assert state_of(status) in known.states([known.packed(there)])


def fifo(path: Path) -> None:
    """Make one, into which nobody writes."""
    os.mkfifo(path)


def listening(path: Path) -> None:
    """Make a socket."""
    there = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{there}/{path.name}")  # a name of its own may be too long
    os.close(there)


def into_itself(path: Path) -> None:
    """Make a link to its own directory, and one to itself."""
    path.symlink_to(path.name)
    path.with_suffix("").symlink_to(path.parent)


ODD: dict[str, Callable[[Path], object]] = {
    "a FIFO": fifo,
    "a socket": listening,
    "a directory": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "links that go round": into_itself,
    "nothing": Path.touch,
    "zeros": lambda path: path.write_bytes(bytes(3 << 20)),
    "UTF-16": lambda path: path.write_bytes(line(record(2)).decode().encode("utf-16")),
    "another link to the good one": lambda path: path.hardlink_to(path.with_name("good.jsonl")),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_transcript_costs_nothing(places: Places, odd: Path, make: Callable[[Path], object]) -> None:
    """Whatever its name is."""
    make(odd)
    assert run(places, odd) == ["req_1"]


ENDS: dict[str, bytes] = {
    "a carriage return": line(record(2)) + b"\r\n" + line(record(3)) + b"\r\n",
    "zeros before": bytes(9000) + line(record(2)) + b"\n" + bytes(9000) + b"\n" + line(record(3)),
    "no end": b"\n\n" + line(record(2)) + b"\n\n" + line(record(3)),
}


@pytest.mark.parametrize("content", ENDS.values(), ids=ENDS)
def test_lines_with_other_ends_are_read(places: Places, odd: Path, content: bytes) -> None:
    """Of another system, of a machine that went down, of a file that is not finished."""
    odd.write_bytes(content)
    assert run(places, odd) == ["req_1", "req_2", "req_3"]


def test_names_that_are_no_text_are_read(places: Places, odd: Path) -> None:
    """A file system takes any bytes."""
    folder = odd.parent.parent / os.fsdecode(b"\xff\xfe")
    write(folder / os.fsdecode(b"\xff\n.jsonl"), record(2))
    assert run(places, odd) == ["req_1", "req_2"]

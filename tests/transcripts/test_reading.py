"""
A transcript is read once, from where it was left off, for as long as it is the same file.

The problem it owns: whatever happens to a file between two readings, each request comes at least once, and only what is new is
read.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any

import pytest
from transcript_lines import MOMENT_NS, line, record, text, write

from cclaunch.transcripts import lines, reading
from cclaunch.transcripts.lines import Block
from cclaunch.transcripts.reading import Known, Part
from cclaunch.transcripts.seen import Left


def read(path: Path, known: Known | None = None) -> list[Part]:
    """Return what is new in the file at *path*."""
    return list(reading.read(str(path), known))


def ids(parts: list[Part]) -> list[str | None]:
    """Return the ids of the requests in *parts*."""
    return [row.request for part in parts for row in part.rows]


def left(parts: list[Part]) -> Counter[Left]:
    """Return what was left out of *parts*."""
    return sum((part.left for part in parts), Counter())


def known(parts: list[Part]) -> Known:
    """Return what is known after *parts*."""
    found = parts[-1].known
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A transcript of three requests, with what stands around them."""
    other = {"type": "attachment", "text": 'x"output_tokens"' * 900}
    return write(tmp_path / "one.jsonl", {"type": "mode"}, record(1), other, record(2), record(3), other)


def append(path: Path, *values: Any) -> None:
    """Append lines to the file at *path*."""
    with open(path, "ab") as file:
        file.write(text(*values))


def test_a_file_is_read_once(path: Path) -> None:
    """All of it, and nothing of it again."""
    parts = read(path)
    assert (ids(parts), [part.anew for part in parts], left(parts)) == (["req_1", "req_2", "req_3"], [True], Counter())
    assert known(parts).offset == path.stat().st_size
    assert read(path, known(parts)) == []


def test_only_what_was_added_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that grows costs what it grows by, and two marks."""
    first = read(path)
    append(path, record(4))
    sizes: list[int] = []

    def spied(file: FileIO) -> Iterator[Block]:
        for block in lines.blocks(file):
            sizes.append(block.size)
            yield block

    monkeypatch.setattr(reading, "blocks", spied)
    parts = read(path, known(first))
    assert (ids(parts), [part.anew for part in parts]) == (["req_4"], [False])
    assert sizes == [len(line(record(4))) + 1]


def test_lines_of_one_answer_are_one_request(path: Path) -> None:
    """The greatest output and the last time, whichever line has them; another answer under the same request's id is another."""
    later, cut = "2026-11-26T13:23:49.692Z", {"usage": {"output_tokens": 1}, "timestamp": "2026-11-26T13:23:40Z"}
    same = record(4, message={"id": "msg_other"})
    write(path, record(4, **cut), record(4), record(4, timestamp=later, usage={"output_tokens": 9}), same)
    parts = read(path)
    assert [(row.message, row.output, row.time_ns) for row in parts[0].rows] == [
        ("msg_4", 60, MOMENT_NS + 3_000_000_000),
        ("msg_other", 60, MOMENT_NS),
    ]


def cut_short(path: Path) -> None:
    """Cut the file."""
    write(path, record(8))


def written_anew(path: Path) -> None:
    """Write another beginning in place, and more behind it, so that its size says nothing."""
    write(path, record(7), *(record(number) for number in range(20, 40)))


def another_end(path: Path) -> None:
    """Change what stands right before the offset, and keep size and inode."""
    data = path.read_bytes()
    changed = data[:-2000] + b"y" * 1999 + b"\n"
    path.write_bytes(changed)
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [cut_short, written_anew, another_end])
def test_another_file_is_read_from_its_beginning(path: Path, change: Callable[[Path], None]) -> None:
    """An offset is no proof: the bytes at the beginning and before it are compared."""
    first = read(path)
    change(path)
    parts = read(path, known(first))
    assert [part.anew for part in parts] == [True]
    assert ids(parts) == ids(read(path))


def test_a_copy_of_a_file_is_the_same_file(path: Path, tmp_path: Path) -> None:
    """It has another inode, and the same bytes: nothing of it is read again, and its new marks are handed out."""
    first = read(path)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    parts = read(copy, known(first))
    assert ids(parts) == []
    assert known(parts).inode == copy.stat().st_ino


@pytest.mark.parametrize("cut", [1, 300, len(line(record(5))) - 1])
def test_a_line_that_is_written_just_now_is_read_the_next_time(path: Path, cut: int) -> None:
    """It is no damage, and not lost."""
    first = read(path)
    whole = line(record(5))
    with open(path, "ab") as file:
        file.write(whole[:cut])
    second = read(path, known(first))
    assert (ids(second), left(second)) == ([], Counter())
    with open(path, "ab") as file:
        file.write(whole[cut:] + b"\n")
    third = read(path, known(second))
    assert (ids(third), left(third)) == (["req_5"], Counter())


def test_a_last_line_without_an_end_is_read_once(path: Path) -> None:
    """When it is whole; its end comes later."""
    with open(path, "ab") as file:
        file.write(line(record(6)))
    first = read(path)
    append(path, b"", record(7))
    second = read(path, known(first))
    assert (ids(first)[-1], ids(second)) == ("req_6", ["req_7"])


def test_damage_costs_its_line_alone(path: Path) -> None:
    """Each is counted with its reason, and what stands beside it is read."""
    deep = b'{"a":' * 200_000 + line(record(9))
    long = line(record(9, message={"content": "x" * (17 << 20)}))
    bad = record(9, usage={"input_tokens": -1})
    write(
        path,
        record(1),
        line(record(9))[:-9],
        record(2),
        deep,
        record(3),
        long,
        record(4),
        bad,
        line(record(9)) + b"\xff",
        record(5),
    )
    parts = read(path)
    assert ids(parts) == [f"req_{number}" for number in range(1, 6)]
    assert left(parts) == Counter([Left.DAMAGED, Left.TOO_DEEP, Left.TOO_LONG, Left.TOKENS, Left.NOT_TEXT])


def test_a_long_file_comes_in_parts_that_can_be_stored_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed between two goes on behind the last that was stored; only the first says that the file is read anew."""
    monkeypatch.setattr(reading, "TOGETHER", 40)
    monkeypatch.setattr(reading, "blocks", partial(lines.blocks, block=8 << 10))
    write(path, *(record(number) for number in range(500)))
    parts = read(path)
    assert len(parts) > 5
    assert [part.anew for part in parts] == [True] + [False] * (len(parts) - 1)
    for number, part in enumerate(parts[:-1]):
        rest = [row.request for later in parts[number + 1 :] for row in later.rows]
        assert ids(read(path, part.known and part.known._replace(size=0))) == rest


def test_the_beginning_of_a_session_is_remembered(tmp_path: Path) -> None:
    """A fork's copies are told by it, also when the file is read on."""
    asked = {"type": "queue-operation", "operation": "enqueue", "timestamp": "2026-11-26T13:24:00Z", "content": "x" * 50_000}
    path = write(tmp_path / "fork.jsonl", {"type": "mode"}, asked, record(1), record(2, timestamp="2026-11-26T13:25:00Z"))
    first = read(path)
    append(path, record(3))
    second = read(path, known(first))
    assert [row.copied for part in first + second for row in part.rows] == [True, False, True]


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    """Nobody waits for a FIFO; what cannot be read is said."""
    os.mkfifo(tmp_path / "fifo")
    assert read(tmp_path / "fifo") == []
    assert left(read(tmp_path / "gone")) == Counter([Left.UNREADABLE])
    assert read(tmp_path) == []


def test_another_users_file_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not this person's work."""
    there = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: there + 1)
    parts = read(path)
    assert (ids(parts), left(parts), parts[0].known) == ([], Counter([Left.OTHERS]), None)
    assert ids(list(reading.read(str(path), own_only=False))) == ["req_1", "req_2", "req_3"]

"""A damaged database is put aside whole, a new one begun, and what can be read of the old one taken over."""

import contextlib
import hashlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stored
from collector_client import wait_until
from ledgers import places_at, usage

from cclaunch.errors import StoreBroken
from cclaunch.store import set_aside
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.reader import events, open_reader, reading
from cclaunch.store.retention import RETENTION_NS
from cclaunch.store.rows import Batch
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000
PAGE = 4096
MANY = 600


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of 600 requests of today and 40 series; of 30 old requests, only the space that they took is left."""
    path = tmp_path_factory.mktemp("model") / "telemetry.db"
    writer = Writer(str(path))
    writer.start()
    old = [stored.request(number, NOW - RETENTION_NS - 10**15, micros=7) for number in range(30)]
    new = [
        stored.request(1000 + number, NOW + number, micros=1000, session__id=f"session-{number % 200}", message__uuid="x" * 500)
        for number in range(MANY)
    ]
    costs = [stored.cost(f"session-{number}", 1.0 + number, NOW) for number in range(40)]
    for waiting in [writer.submit(batch) for batch in [*old, *new, *costs]]:
        waiting.result(20)
    writer.maintain(NOW, 1 << 62)
    writer.close()
    return path


@pytest.fixture
def path(model: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    copy = tmp_path / "telemetry.db"
    copy.write_bytes(model.read_bytes())
    return copy


class Held:
    """What a database holds: *requests* by id, how many of them are *whole* with what they share, how many *points*."""

    def __init__(self, path: Path) -> None:
        with contextlib.closing(open_reader(str(path))) as connection:
            self.requests = [row[0] for row in connection.execute("SELECT request_id FROM events WHERE name = 'api_request'")]
            self.points = connection.execute("SELECT count(*) FROM points").fetchone()[0]
            found = [event.attributes for event in events(connection) if "message.uuid" in event.attributes]
            self.whole_events = sum("session.id" in one and "model" in one for one in found)
            self.own_alone = len(found) - self.whole_events
            self.whole = connection.execute("PRAGMA integrity_check").fetchall()[0][0]


def pages_of(path: Path, name: str, kind: str) -> list[int]:
    """Return the numbers of the pages of a table or index, *kind* being leaf or internal."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno"
        return [row[0] for row in connection.execute(query, (name, kind))]


def garble(path: Path, page: int, begin: int = 0, size: int = PAGE) -> None:
    """Write noise over a page, or a part of it."""
    noise = random.Random(page).randbytes(size)
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE + begin)
        file.write(noise)


def first_page(path: Path) -> None:
    """All of the first page: no header, no tables."""
    garble(path, 1)


def header(path: Path) -> None:
    """The hundred bytes that say what the file is."""
    garble(path, 1, size=100)


def schema(path: Path) -> None:
    """The tables' names and places, behind a header that is whole."""
    garble(path, 1, begin=100, size=PAGE - 100)


def a_leaf(path: Path) -> None:
    """One page of events."""
    pages = pages_of(path, "events", "leaf")
    garble(path, pages[len(pages) // 2])


def three_leaves(path: Path) -> None:
    """Three pages of events, not side by side, the last of all among them."""
    pages = pages_of(path, "events", "leaf")
    for number in (len(pages) // 4, len(pages) // 2, -1):
        garble(path, pages[number])


def the_root(path: Path) -> None:
    """The root of the events: nothing leads to any page of them."""
    garble(path, pages_of(path, "events", "internal")[0])


def an_index(path: Path) -> None:
    """Two pages of indexes: nothing of the events is lost."""
    garble(path, pages_of(path, "sqlite_autoindex_events_1", "leaf")[1])
    garble(path, pages_of(path, "events_by_time", "leaf")[0])


def the_points(path: Path) -> None:
    """A page of the points."""
    garble(path, pages_of(path, "points", "leaf")[0])


def the_shared(path: Path) -> None:
    """All that the events share: their own attributes and their columns are left."""
    for kind in ("leaf", "internal"):
        for page in pages_of(path, "shared", kind):
            garble(path, page)


def the_root_of_the_shared(path: Path) -> None:
    """Nothing leads to what the events share."""
    garble(path, pages_of(path, "shared", "internal")[0])


def cut_in_two(path: Path) -> None:
    """A disk that lost the second half."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // PAGE * PAGE)


def cut_anywhere(path: Path) -> None:
    """Not at the end of a page."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 3 // 4 + 777)


def zeros(path: Path) -> None:
    """A page of zeros, as after the loss of power."""
    pages = pages_of(path, "events", "leaf")
    with path.open("r+b") as file:
        file.seek((pages[3] - 1) * PAGE)
        file.write(bytes(PAGE))


def text(path: Path) -> None:
    """Something else altogether."""
    path.write_text("this is no database at all\n" * 1000)


DAMAGES: dict[Callable[[Path], None], tuple[int, bool]] = {
    first_page: (MANY, True),
    header: (MANY, True),
    schema: (MANY, True),
    a_leaf: (MANY - 20, True),
    three_leaves: (MANY - 60, True),
    the_root: (MANY, True),
    an_index: (MANY, True),
    the_points: (MANY, True),
    the_shared: (MANY, False),
    the_root_of_the_shared: (MANY, True),
    cut_in_two: (MANY // 4, False),
    cut_anywhere: (MANY // 2, False),
    zeros: (MANY - 20, True),
    text: (0, False),
}
"""Damage -> (so many of the requests must be there at least, whether each has all of its attributes)."""


def taken_over(path: Path) -> set_aside.Aside | None:
    """Return what was put aside, once it is taken over."""
    found = set_aside.all_aside(str(path))
    return found[0] if found and found[0].over else None


@contextlib.contextmanager
def running(path: Path) -> Iterator[Writer]:
    """A writer on *path*, for the length of the block."""
    writer = Writer(str(path))
    writer.start()
    try:
        yield writer
    finally:
        writer.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_can_be_read_of_a_damaged_database_is_taken_over(path: Path, damage: Callable[[Path], None]) -> None:
    """Noticed at a commit or by a reader; what is sent meanwhile is stored, once; the old file stays as it was."""
    damage(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with contextlib.suppress(StoreBroken), reading(str(path)) as connection:
        for table in ("events", "points", "shared"):
            connection.execute(f"SELECT * FROM {table}").fetchall()
            connection.execute(f"SELECT count(*) FROM {table}").fetchall()
        connection.execute("PRAGMA integrity_check").fetchall()
        Path(f"{path}-suspect").touch()  # as a reader does that meets damage in its question
    with running(path) as writer:
        writer.submit(stored.request(9999, NOW)).result(20)
        assert wait_until(lambda: taken_over(path), 60)
        writer.submit(stored.request(9998, NOW)).result(20)
    least, whole = DAMAGES[damage]
    held = Held(path)

    assert held.whole == "ok"
    assert held.requests.count("req_9999") == held.requests.count("req_9998") == 1
    assert len(held.requests) == len(set(held.requests))
    assert len(held.requests) - 2 >= least
    assert not (whole and held.own_alone)
    (aside,) = set_aside.all_aside(str(path))
    assert hashlib.sha256(Path(aside.path).read_bytes()).hexdigest() == digest
    assert Path(aside.path).stat().st_mode & 0o777 == 0o600
    assert aside.events == len(held.requests) - 2
    assert aside.path in set_aside.sentence(str(path))
    assert not list(path.parent.glob("*.reading*"))


def test_what_is_taken_over_reaches_the_ledger_however_far_it_had_read(path: Path) -> None:
    """The newest row comes first, and the others lie before it: a cursor that has passed them must not be believed."""
    first_page(path)
    places = places_at(path)
    writer = Writer(str(path))
    writer.start()
    writer.close()
    catch_up(places)
    with running(path):
        assert wait_until(lambda: taken_over(path), 60)
    assert catch_up(places).left == 0
    with contextlib.closing(open_reader(str(path))) as connection:
        assert usage(connection).total["requests"] == MANY


def test_damage_under_the_writer_costs_no_commit(path: Path) -> None:
    """A page is written over while it runs; each commit that was promised is in the new database."""
    with running(path) as writer:
        writer.submit(stored.request(5000, NOW)).result(20)
        assert wait_until(lambda: writer._database.clean)
        a_leaf(path)
        acknowledged = []
        for number in range(5001, 5020):
            if writer.submit(stored.request(number, NOW)).exception(20) is None:
                acknowledged.append(f"req_{number}")
        assert wait_until(lambda: taken_over(path), 60)
        assert wait_until(lambda: not writer.trouble)
        assert wait_until(lambda: not writer.waiting)
    held = Held(path)

    assert {"req_5000", *acknowledged} <= set(held.requests)
    assert len(held.requests) == len(set(held.requests)) > MANY - 20
    assert held.whole == "ok"


def test_new_rows_are_numbered_behind_the_old_ones(path: Path) -> None:
    """Who follows the events goes on from a number."""
    first_page(path)
    with running(path) as writer:
        writer.submit(stored.request(9999, NOW)).result(20)
        assert wait_until(lambda: taken_over(path), 60)
    with contextlib.closing(open_reader(str(path))) as connection:
        last = connection.execute("SELECT request_id FROM events ORDER BY id DESC LIMIT 1").fetchone()[0]
        first = connection.execute("SELECT request_id FROM events ORDER BY id LIMIT 1").fetchone()[0]
    assert (first, last) == ("req_1000", "req_9999")


def test_a_taking_over_that_was_cut_short_is_gone_on_with(path: Path) -> None:
    """The collector was ended in the middle: the next one begins again, and nothing is there twice."""
    first_page(path)
    writer = Writer(str(path))
    writer.start()
    writer.close()
    assert taken_over(path) is None
    with running(path):
        assert wait_until(lambda: taken_over(path), 60)

    assert len(Held(path).requests) == MANY
    assert Held(path).whole_events == MANY
    assert Held(path).points == 40


def test_the_log_goes_with_the_damaged_database(path: Path) -> None:
    """What was committed and not yet folded back is taken over, too."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
        with running(path) as writer:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            writer.submit(stored.request(7777, NOW)).result(20)
            a_leaf(path)
            Path(f"{path}-suspect").touch()
            writer.look_after()
            assert wait_until(lambda: taken_over(path), 60)
        reader.execute("COMMIT")
    assert "req_7777" in Held(path).requests


def test_a_log_that_is_garbage_is_put_aside(path: Path) -> None:
    """SQLite would pass over it in silence."""
    Path(f"{path}-wal").write_bytes(b"garbage" * 1000)
    with running(path) as writer:
        writer.submit(stored.request(9999, NOW)).result(20)
    (log,) = set_aside.logs_aside(str(path))

    assert Path(log).read_bytes() == b"garbage" * 1000
    assert log in set_aside.sentence(str(path))
    assert len(Held(path).requests) == MANY + 1


def test_an_empty_file_is_an_empty_database(path: Path) -> None:
    """`> telemetry.db`: the person's will, and no damage."""
    path.write_bytes(b"")
    with running(path) as writer:
        writer.submit(stored.request(9999, NOW)).result(20)
    assert Held(path).requests == ["req_9999"]
    assert set_aside.sentence(str(path)) == ""


def test_a_reader_that_meets_damage_has_the_writer_look(path: Path) -> None:
    """`usage` cannot mend anything; who owns the file does, within seconds."""
    with running(path) as writer:
        before = path.stat()
        a_leaf(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # no write of anybody's: the disk itself
        with pytest.raises(StoreBroken, match="malformed"), reading(str(path)) as connection:
            connection.execute("SELECT * FROM events").fetchall()
        deadline = time.monotonic() + 120
        while not taken_over(path) and time.monotonic() < deadline:
            writer.look_after()
            time.sleep(0.1)
        assert taken_over(path)
    assert len(Held(path).requests) > MANY - 20


def test_damage_is_told_until_the_file_is_deleted(path: Path) -> None:
    """By its name alone: no other record can be lost or be wrong."""
    text(path)
    with running(path):
        assert wait_until(lambda: taken_over(path), 60)
    (aside,) = set_aside.all_aside(str(path))
    assert "damaged" in set_aside.sentence(str(path))
    Path(aside.path).unlink()
    assert set_aside.sentence(str(path)) == ""


def test_two_damaged_databases_in_one_second_are_both_kept(tmp_path: Path) -> None:
    """Nothing that was put aside is written over."""
    path = tmp_path / "telemetry.db"
    for number in range(3):
        path.write_text(f"{number}" * 5000)
        with running(path):
            assert wait_until(lambda: all(one.over for one in set_aside.all_aside(str(path))), 30)
    kept = {Path(one.path).read_text()[0] for one in set_aside.all_aside(str(path))}
    assert kept == {"0", "1", "2"}


def test_an_empty_batch_proves_that_the_disk_takes_something(path: Path) -> None:
    """It is committed, and changes nothing."""
    with running(path) as writer:
        assert writer.submit(Batch()).exception(20) is None
    assert len(Held(path).requests) == MANY

"""Every state of the ledger's file is met with one line, and nothing is lost by it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledgers import places_at
from other_user import UID, need_root, told_by
from stored import request, store

from cclaunch.errors import StoreBroken, StoreError, StoreTooNew
from cclaunch.files.lock import locked
from cclaunch.store import set_aside
from cclaunch.store.ledger import catch_up as catching
from cclaunch.store.ledger import copies, opening, other_seen
from cclaunch.store.ledger.care import look_after
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.schema import VERSION
from cclaunch.store.places import Places
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
WEEK_NS = 7 * 86_400 * 1_000_000_000


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places with five requests in telemetry.db and in the ledger, and with a copy that has the first three."""
    found = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))
    store(tmp_path / "telemetry.db", *(request(number, NOW + number, session__id="s") for number in range(3)))
    catch_up(found)
    look_after(found, 0, NOW)
    store(tmp_path / "telemetry.db", *(request(number, NOW + number, session__id="s") for number in range(3, 5)))
    catch_up(found)
    return found


def answer(places: Places) -> tuple[int, list[str]]:
    """Return (how many requests are counted, what is said beside it)."""
    found = usage(places, None, None, ("session",), {})
    assert found.usage is not None
    return found.usage.total["requests"], found.troubles


def lose_raw(places: Places) -> None:
    """Delete telemetry.db: what it held stands in the ledger and its copies alone."""
    for path in Path(places.database).parent.glob("telemetry.db*"):
        if not path.name.startswith("telemetry.db-ledger"):
            path.unlink()


def lose_ledger(places: Places) -> None:
    """Delete the ledger, whole."""
    for suffix in ("", "-wal", "-shm"):
        Path(places.ledger + suffix).unlink(missing_ok=True)


def damage(path: str) -> None:
    """Write over all pages but the first."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def test_a_missing_ledger_is_filled_again_at_once(places: Places) -> None:
    """From the raw events, and from the copy."""
    lose_ledger(places)

    assert answer(places) == (5, [])
    assert Path(places.ledger).exists()


def test_what_only_the_copy_knows_comes_back(places: Places) -> None:
    """The raw events are gone: what is older than 90 days stands nowhere else."""
    lose_ledger(places)
    lose_raw(places)

    assert answer(places) == (3, [])


def test_without_a_copy_the_raw_events_are_enough(places: Places) -> None:
    """All of them are read."""
    lose_ledger(places)
    shutil.rmtree(places.copies)

    assert answer(places) == (5, [])


def test_a_log_beside_a_missing_ledger_is_not_replayed_over_the_copy(places: Places) -> None:
    """It is put aside: it belongs to a file that is gone."""
    log = Path(places.ledger + "-wal")
    with closing(opening.open_to_write(places.ledger)) as connection:
        connection.execute("INSERT INTO launches (instance, sender, seen_ns) VALUES (1, 0, 0)")
        kept = log.read_bytes()
    lose_ledger(places)
    log.write_bytes(kept)

    assert answer(places)[0] == 5
    assert [Path(path).read_bytes() for path in set_aside.logs_aside(places.ledger)] == [kept]


def test_an_empty_file_counts_as_none(places: Places) -> None:
    """Zero bytes."""
    lose_ledger(places)
    Path(places.ledger).touch()

    assert answer(places) == (5, [])


@pytest.mark.parametrize("how", ["pages", "header"])
def test_a_damaged_ledger_is_put_aside_whole_and_filled_again(places: Places, how: str) -> None:
    """From the copy and from the raw events; it is said until the person deletes what was put aside."""
    with closing(opening.open_to_write(places.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if how == "pages":
        damage(places.ledger)
    else:
        Path(places.ledger).write_bytes(b"this is no database " * 1000)
    was = Path(places.ledger).read_bytes()
    store(Path(places.database), request(9, NOW + 9, session__id="s"))

    assert answer(places) == (6, [])
    (aside,) = set_aside.all_aside(places.ledger)
    assert Path(aside.path).read_bytes() == was
    assert aside.path in set_aside.sentence_of_ledger(places.ledger)
    for path in set_aside.everything_aside(places.ledger):
        Path(path).unlink()
    assert set_aside.sentence_of_ledger(places.ledger) == ""


def test_what_can_be_read_of_a_damaged_one_is_taken_over(places: Places, tmp_path: Path) -> None:
    """No copy, no raw event: what stands before and behind the damage is all there is."""
    with closing(opening.open_to_write(places.ledger)) as connection:
        rows = [(NOW + 100 + number, number, 1, 1, 0, 1, 0) for number in range(20_000)]
        connection.execute("BEGIN")
        connection.executemany(
            'INSERT INTO requests (time_ns, key, session, "set", origin, witnesses, sender) VALUES (?, ?, ?, ?, ?, ?, ?)', rows
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    shutil.rmtree(places.copies)
    lose_raw(places)
    with open(places.ledger, "r+b") as file:
        file.seek(4096 * (pages // 2))
        file.write(b"\xa5" * 4096)
    Path(places.ledger + "-suspect").touch()

    number, troubles = answer(places)

    assert 19_000 < number < 20_005
    assert troubles == []
    assert len(set_aside.all_aside(places.ledger)) == 1


def test_money_is_taken_over_also_where_what_it_was_for_cannot_be_read(places: Places) -> None:
    """Of what is older than any raw event nothing else tells; what is newer comes whole from there."""
    old = NOW - 90 * 86_400 * 1_000_000_000
    store(Path(places.database), *(request(number, old + number, session__id="s") for number in range(10, 17)))
    catch_up(places)
    shutil.rmtree(places.copies)
    with closing(sqlite3.connect(places.database)) as connection:
        connection.execute("DELETE FROM events WHERE time_ns < ? AND id < (SELECT max(id) FROM events)", (NOW,))
        connection.commit()
    with closing(opening.open_to_write(places.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sets'").fetchone()[0]
    with open(places.ledger, "r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xa5" * 4096)
    Path(places.ledger + "-suspect").touch()

    assert answer(places) == (12, [])
    with opening.reading(places.ledger) as connection:
        nameless = connection.execute("SELECT count(*) FROM requests r JOIN sets s ON s.id = r.\"set\" WHERE attributes = '{}'")
        assert nameless.fetchone()[0] == 7
    assert "7 requests were taken over" in set_aside.sentence_of_ledger(places.ledger)


def test_what_a_full_disk_does_not_take_of_a_damaged_one_is_taken_over_later(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is not what cannot be read: it is no reason to call it over."""
    lose_raw(places)
    shutil.rmtree(places.copies)
    with closing(opening.open_to_write(places.ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'forgotten_by_request'").fetchone()[0]
    with open(places.ledger, "r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xa5" * 4096)
    Path(places.ledger + "-suspect").touch()

    def full(*_: object) -> set[int]:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(other_seen, "insert_requests", full)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            catch_up(places)

    assert answer(places) == (5, [])


def test_the_ledger_of_a_newer_release_is_left_alone(places: Places) -> None:
    """What is asked is answered from the copy and the raw events, with one line."""
    with closing(sqlite3.connect(places.ledger)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    was = Path(places.ledger).read_bytes()

    number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert "newer cclaunch" in troubles[0]
    assert Path(places.ledger).read_bytes() == was
    with pytest.raises(StoreTooNew):
        catch_up(places)


def test_the_database_of_another_program_is_left_alone(places: Places) -> None:
    """It is not ours to write to, nor to move away."""
    lose_ledger(places)
    with closing(sqlite3.connect(places.ledger)) as connection:
        connection.execute("CREATE TABLE theirs (value)")
        connection.commit()
    was = Path(places.ledger).read_bytes()

    number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert "another program" in troubles[0]
    assert Path(places.ledger).read_bytes() == was
    with pytest.raises(StoreBroken):
        catch_up(places)


def make_directory(path: Path) -> None:
    """Put a directory there."""
    path.mkdir()


def make_fifo(path: Path) -> None:
    """Put a FIFO there: who opens it waits."""
    os.mkfifo(path)


def make_dangling(path: Path) -> None:
    """Put a link there whose target is on a disk that is not mounted."""
    path.symlink_to(path.parent / "not-mounted" / "ledger.db")


@pytest.mark.parametrize("make", [make_directory, make_fifo, make_dangling])
def test_what_is_no_file_is_named(places: Places, make: Callable[[Path], None]) -> None:
    """With what to do; the question is answered nevertheless."""
    lose_ledger(places)
    make(Path(places.ledger))

    number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert places.ledger in troubles[0]
    with pytest.raises(StoreError):
        catch_up(places)


def test_a_link_to_a_file_is_followed(places: Places, tmp_path: Path) -> None:
    """Whoever keeps it on another disk has it there."""
    (tmp_path / "elsewhere").mkdir()
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(places.ledger + suffix):
            shutil.move(places.ledger + suffix, tmp_path / "elsewhere" / f"ledger.db{suffix}")
    Path(places.ledger).symlink_to(tmp_path / "elsewhere" / "ledger.db")
    store(Path(places.database), request(9, NOW + 9, session__id="s"))

    assert answer(places) == (6, [])
    assert Path(places.ledger).is_symlink()


def test_a_ledger_that_somebody_else_locks_answers_what_it_knows(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds a transaction; what is newest is said to be missing."""
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    store(Path(places.database), request(9, NOW + 9, session__id="s"))
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert "locked" in troubles[0]
    assert answer(places) == (6, [])


def test_one_of_us_that_is_at_it_for_long_is_not_waited_for(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known by then is told."""
    monkeypatch.setattr(catching, "LOCK_S", 0.05)
    store(Path(places.database), request(9, NOW + 9, session__id="s"))
    with locked(places.ledger_lock, 1):
        number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert "another cclaunch" in troubles[0]


@pytest.mark.parametrize("folded", [True, False])
def test_where_nothing_can_be_written_what_is_known_is_told(places: Places, folded: bool) -> None:
    """A file and a directory of somebody else: another user may read them and nothing more."""
    need_root()
    store(Path(places.database), request(9, NOW + 9, session__id="s"))
    with closing(opening.open_to_write(places.ledger)) as connection:
        if folded:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for path in (Path(places.database).parent, *Path(places.database).parent.parents):
            if path.stat().st_uid == 0 and path != Path("/tmp"):
                path.chmod(0o755)
        for path in Path(places.database).parent.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if folded:
            connection.close()
        said = told_by(UID, lambda: repr(answer(places)).encode()).decode()

    assert said.startswith(("(5, [", "(6, [")), said
    assert said.count("'") + said.count('"') == 2, said  # one line
    assert answer(places) == (6, [])


class FullDisk(sqlite3.Connection):
    """A connection to a disk that takes no more."""

    def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
        """Fail as SQLite does."""
        if query.startswith("BEGIN IMMEDIATE"):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(query, *values)


def test_on_a_full_disk_what_is_known_is_told(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says that there is no room."""
    store(Path(places.database), request(9, NOW + 9, session__id="s"))
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: real(*given, **{**named, "factory": FullDisk}))

    number, troubles = answer(places)

    assert number == 5
    assert len(troubles) == 1
    assert "no space left" in troubles[0]
    monkeypatch.undo()
    assert answer(places) == (6, [])


def test_a_copy_is_made_once_a_week_and_two_are_kept(places: Places) -> None:
    """The newest two of four."""
    made = [copies.copies(places.copies)[0].path]
    for week in range(1, 4):
        look_after(places, 0, NOW + week * WEEK_NS - 10)
        look_after(places, 0, NOW + week * WEEK_NS + 10)
        made.append(copies.copies(places.copies)[0].path)

    assert len(set(made)) == 4
    assert [one.path for one in copies.copies(places.copies)] == [made[3], made[2]]
    assert copies.requests_in(made[3]) == 5


def test_a_copy_is_private_and_whole(places: Places) -> None:
    """For its owner alone; its sums are those of its requests; nothing half-made lies beside it."""
    (copy,) = copies.copies(places.copies)

    assert os.stat(copy.path).st_mode & 0o777 == 0o600
    assert os.stat(places.copies).st_mode & 0o777 == 0o700
    assert os.listdir(places.copies) == [Path(copy.path).name]
    with opening.reading(copy.path) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (3,)


def test_a_damaged_ledger_never_takes_the_place_of_a_copy(places: Places) -> None:
    """It is looked through first; the copies stay, and the next catch-up puts it aside."""
    before = [one.path for one in copies.copies(places.copies)]
    with closing(opening.open_to_write(places.ledger)) as connection:
        rows = [(NOW + 100 + number, number, 1, 1, 0, 1, 0) for number in range(2000)]
        connection.execute("BEGIN")
        connection.executemany(
            'INSERT INTO requests (time_ns, key, session, "set", origin, witnesses, sender) VALUES (?, ?, ?, ?, ?, ?, ?)', rows
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with open(places.ledger, "r+b") as file:
        file.seek(4096 * (pages - 3))
        file.write(b"\xa5" * 4096)

    said: list[str] = []
    look_after(places, 0, NOW + 2 * WEEK_NS, said.append)

    assert [one.path for one in copies.copies(places.copies)] == before
    assert len(said) == 1
    assert "damaged" in said[0]
    assert answer(places)[0] >= 5
    assert len(set_aside.all_aside(places.ledger)) == 1


def test_an_emptier_ledger_takes_over_what_the_copy_has_first(places: Places) -> None:
    """Somebody has put an old ledger in its place, and the raw events are gone: no copy loses anything."""
    look_after(places, 0, NOW + WEEK_NS + 10)
    lose_ledger(places)
    lose_raw(places)
    with closing(opening.open_to_write(places.ledger)):
        pass
    store(Path(places.database), request(9, NOW + 9, session__id="s"))
    catch_up(places)

    look_after(places, 0, NOW + 3 * WEEK_NS)

    assert answer(places) == (6, [])
    assert copies.requests_in(copies.copies(places.copies)[0].path) == 6


def test_a_damaged_copy_is_passed_over(places: Places) -> None:
    """The one before it is as good."""
    look_after(places, 0, NOW + WEEK_NS + 10)
    newest, older = copies.copies(places.copies)
    Path(newest.path).write_bytes(b"no database")
    lose_ledger(places)
    lose_raw(places)

    assert copies.requests_in(older.path) == 3
    assert answer(places) == (3, [])

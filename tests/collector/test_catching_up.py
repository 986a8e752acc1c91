"""The ledger is brought up to date behind the commits, and nothing that happens to it reaches who sends telemetry."""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from collector_client import Place, collector, wait_until
from ledger_rows import counted, killed_at_each_moment
from ledgers import places_at
from stored import event, export_of, request, store

from cclaunch.backends.embedded import ending as shutting_down
from cclaunch.collector import catching_up
from cclaunch.collector.catching_up import CatchingUp, maintain
from cclaunch.files.lock import locked
from cclaunch.hot import probe
from cclaunch.store.ledger.catch_up import Caught, catch_up
from cclaunch.store.ledger.opening import open_to_write
from cclaunch.store.places import Places, local_places

NOW = 1_790_000_000_000_000_000
LONG_AGO = NOW - 200 * 24 * 3600 * 1_000_000_000


def post(place: Place, number: int) -> int:
    """Send one api_request, and return the status of the answer."""
    body = export_of({"request_id": f"req_{number}", "cost_usd_micros": 5, "session.id": "s"}, time_ns=NOW + number)
    return place.post("/v1/logs", body.SerializeToString()).status


def log_of(place: Place) -> str:
    """Return what the collector has written down."""
    return Path(place.paths.collector_log).read_text()


def places_of(place: Place) -> Places:
    """Return where the place's database and ledger are."""
    return Places(place.paths.database, place.paths.ledger, place.paths.ledger_lock)


def test_what_is_committed_is_in_the_ledger_soon_without_anybody_asking(place: Place) -> None:
    """A status line and a budget read what it keeps."""
    for number in (1, 2):
        assert post(place, number) == 200
        assert wait_until(lambda number=number: counted(place.paths.ledger) == number)  # type: ignore[misc]


def test_a_request_is_acknowledged_while_another_holds_the_ledger(place: Place) -> None:
    """Whoever asks over years holds it for a while."""
    with locked(place.paths.ledger_lock, 60):
        assert post(place, 1) == 200
        assert post(place, 2) == 200

    assert wait_until(lambda: counted(place.paths.ledger) == 2)


def test_what_came_last_is_read_by_whoever_asks_next(place: Place) -> None:
    """The collector waits for nothing when it ends: somebody may be waiting for its ports."""
    for number in range(5):
        assert post(place, number) == 200
    shutting_down.shutdown(place.paths)
    catch_up(local_places(place.paths))

    assert counted(place.paths.ledger) == 5


def newer(path: str) -> None:
    """Put a ledger of a later release there."""
    with closing(open_to_write(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def directory(path: str) -> None:
    """Put a directory there: it can neither be read nor written."""
    os.mkdir(path)


@pytest.mark.parametrize("spoil", [newer, directory])
def test_a_ledger_that_cannot_be_used_hurts_no_ingestion_and_is_said_once(tmp_path: Path, spoil: Callable[[str], None]) -> None:
    """Not even a launch hears of it: its telemetry is safe."""
    made = Place(tmp_path)
    Path(made.paths.data).mkdir(parents=True)
    spoil(made.paths.ledger)
    with collector(tmp_path) as place:
        assert wait_until(lambda: "the ledger is not up to date: " in log_of(place))
        for number in range(3):
            assert post(place, number) == 200
        assert probe.answer(probe.ask(place.ports["http"], 0, Path(place.paths.collector_key).read_text().strip(), 30)) is None
        assert "the ledger is not up to date: " in place.ask("GET", "/health?nonce=a").body.decode()
    assert log_of(place).count("the ledger is not up to date: ") == 1


def test_the_collector_listens_before_the_ledger_has_read_what_was_recorded_before(tmp_path: Path) -> None:
    """An upgrade meets a year of events; a session that starts meanwhile waits for none of them."""
    made = Place(tmp_path)
    store(Path(made.paths.database), *(request(number, NOW + number) for number in range(50)))
    with ExitStack() as held:
        held.enter_context(locked(made.paths.ledger_lock, 60))
        with collector(tmp_path) as place:
            assert post(place, 1000) == 200
            read = counted(place.paths.ledger)
            held.close()
            assert wait_until(lambda: counted(place.paths.ledger) == 51)
    assert read == 0


def test_nothing_old_goes_that_the_ledger_has_not_read(tmp_path: Path) -> None:
    """What is older than 90 days stands nowhere else."""
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), *(request(number, LONG_AGO + number) for number in range(3)), request(9, NOW))
    directory(places.ledger)
    said: list[str] = []
    asked: list[tuple[int, int]] = []
    writer: Any = SimpleNamespace(maintain=lambda now_ns, read_to: asked.append((now_ns, read_to)))

    maintain(writer, CatchingUp(lambda: places, said.append), said.append)
    assert asked == [(0, 0)]
    assert len(said) == 1

    os.rmdir(places.ledger)
    maintain(writer, CatchingUp(lambda: places, said.append), said.append)
    assert asked[1][0] > NOW
    assert asked[1][1] == 4


def test_nothing_old_goes_whose_tools_the_ledger_has_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are added up behind the requests, by a cursor of their own."""
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), event("tool_result", LONG_AGO, tool_name="Bash", session__id="s"), request(9, NOW))
    asked: list[int] = []
    writer: Any = SimpleNamespace(maintain=lambda now_ns, read_to: asked.append(read_to))
    monkeypatch.setattr(catching_up, "GAP_S", 0)
    left = iter((2, 1, 0))
    monkeypatch.setattr(catching_up, "take_doings", lambda places, seconds: next(left))

    maintain(writer, CatchingUp(lambda: places, lambda _: None), lambda _: None)
    assert asked == [2]
    assert list(left) == []


def test_tools_are_in_the_ledger_soon(tmp_path: Path) -> None:
    """Without anybody asking."""
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), event("tool_result", NOW, tool_name="Bash", session__id="s"))
    made = CatchingUp(lambda: places, lambda _: None)
    assert made.all() == 1
    with closing(open_to_write(places.ledger)) as ledger:
        assert ledger.execute("SELECT sum(times) FROM doings").fetchone() == (1,)


def test_what_was_wrong_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And said to be over."""
    monkeypatch.setattr(catching_up, "LATER_S", 0.01)
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), request(1, NOW))
    directory(places.ledger)
    said: list[str] = []
    made = CatchingUp(lambda: places, said.append)
    made.start()
    assert wait_until(lambda: made.trouble)
    os.rmdir(places.ledger)

    assert wait_until(lambda: not made.trouble)
    made.stop()
    assert counted(places.ledger) == 1
    assert [line.partition(":")[0] for line in said] == [
        "the ledger is not up to date",
        "the ledger is brought up to date again",
    ]


def test_others_get_at_the_ledger_between_two_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An asker does not wait until years are read."""
    places = places_at(tmp_path / "telemetry.db")
    store(Path(places.database), *(request(number, NOW + number) for number in range(30)))
    turns: list[int] = []

    def one_each(places: Places, seconds: float) -> Any:
        with locked(places.ledger_lock, 0):
            turns.append(1)
        return Caught(1, 1, 0)

    monkeypatch.setattr(catching_up, "catch_up", one_each)
    monkeypatch.setattr(catching_up, "GAP_S", 0.02)
    made = CatchingUp(lambda: places, lambda _: None)
    made.start()
    try:
        for _ in range(3):
            with locked(places.ledger_lock, 60):
                pass
    finally:
        made.stop()
    assert turns


@pytest.mark.parametrize(("left", "is_called"), [(0, True), (1, False), (None, True)], ids=["all", "some is left", "failed"])
def test_what_is_to_be_done_after_a_turn_waits_until_all_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int | None, is_called: bool
) -> None:
    """What was spent is not written down of a half; a ledger that takes nothing may still be read."""
    done: list[int] = []
    turns: list[int] = []

    def turn(places: Places, seconds: float) -> Caught:
        turns.append(1)
        if left is None:
            raise OSError(5, "Input/output error")
        return Caught(1, left, 0)

    monkeypatch.setattr(catching_up, "catch_up", turn)
    monkeypatch.setattr(catching_up, "LATER_S", 0.01)
    monkeypatch.setattr(catching_up, "NEWS_S", 0.01)
    made = CatchingUp(lambda: places_at(tmp_path / "telemetry.db"), lambda _: None, often=0.01, after=lambda: done.append(1))
    made.start()
    assert wait_until(lambda: len(turns) > 3)
    made.leave()
    assert bool(done) == is_called


@pytest.fixture
def recorded(tmp_path: Path) -> Places:
    """A database with requests of several sessions and quarters of an hour."""
    places = places_at(tmp_path / "telemetry.db")
    quarter = 900 * 1_000_000_000
    each = [request(number, NOW + number * quarter // 3, session__id=f"s{number % 3}") for number in range(30)]
    store(Path(places.database), *each)
    return places


def test_killed_at_any_moment_it_goes_on_to_the_same_ledger(recorded: Places) -> None:
    """Kill -9 before any statement of the database's: what is committed stays, and what is read again changes nothing."""
    assert killed_at_each_moment(recorded, 3) > 20
    assert counted(recorded.ledger) == 30


def test_a_ledger_of_before_a_change_of_the_database_reads_the_other_one_whole(recorded: Places, tmp_path: Path) -> None:
    """The cursor names the database: of a fresh one nothing was read yet."""
    catch_up(recorded)
    os.unlink(recorded.database)
    store(Path(recorded.database), *(request(number, NOW + number) for number in range(100, 103)))

    assert catch_up(recorded).read == 3
    assert counted(recorded.ledger) == 33

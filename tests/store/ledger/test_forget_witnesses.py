"""What was forgotten stays away, whichever of the two witnesses tells of it again."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_rows import counted
from ledgers import places_at
from stored import cost, request, store
from two_witnesses import MODEL, NOON, SECOND, columns, event, file_of, is_added_up, ledger, send, sums, tell, told

from cclaunch.store import forgetting
from cclaunch.store.ledger import catch_up as catching_up
from cclaunch.store.ledger.care import look_after
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.forget import forget_requests
from cclaunch.store.ledger.forget_transcripts import forget_transcripts
from cclaunch.store.ledger.from_transcripts import Taken, take
from cclaunch.store.ledger.seen import GONE
from cclaunch.store.ledger.wanted import Wanted, rules_for
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.record_key import number_of
from cclaunch.store.usage import usage

HOUR = 3600
DAY = 24 * HOUR
NOW = NOON + DAY * SECOND


def forget(connection: sqlite3.Connection, wanted: Wanted) -> None:
    """Forget that."""
    with connection:
        connection.execute("BEGIN")
        forget_requests(connection, rules_for(wanted, NOW))


def forget_all(connection: sqlite3.Connection, now_ns: int) -> None:
    """Forget all that transcripts told."""
    with connection:
        connection.execute("BEGIN")
        forget_transcripts(connection, now_ns)


BY_SESSION = Wanted(session="a-session")
BY_PROFILE = Wanted(where={"cclaunch.profile": ["team-a"]})
BY_TIME = Wanted(before=NOON + HOUR * SECOND)


@pytest.mark.parametrize("wanted", [BY_SESSION, BY_PROFILE, BY_TIME], ids=["session", "profile", "time"])
@pytest.mark.parametrize("gateway", [False, True])
@pytest.mark.parametrize("when", ["before the transcript", "after it", "after both were joined"])
def test_a_request_that_both_saw_does_not_come_back(wanted: Wanted, gateway: bool, when: str) -> None:
    """Its own id or none; in its session's file and in a fork's."""
    ids: dict[str, Any] = {"request": None} if gateway else {}
    connection = ledger()
    if when == "after it":
        tell(connection, told(1, 5, **ids))
    send(connection, event(1, **ids))
    if when == "after both were joined":
        tell(connection, told(1, 5, **ids))
    forget(connection, wanted)
    for _ in range(2):
        assert tell(connection, told(1, 5, **ids)).new == 0
        assert tell(connection, told(1, 5, session="a-fork", copied=True, **ids)).new == 0
        send(connection, event(1, **ids))
    assert columns(connection, "key") == []
    assert connection.execute("SELECT count(*) FROM quarters").fetchone() == (0,)


def test_another_request_under_the_id_of_a_forgotten_one_is_taken() -> None:
    """A gateway gives one id to all; what is not like it stays."""
    connection = ledger()
    send(connection, event(1, request="always"))
    forget(connection, BY_SESSION)
    assert tell(connection, told(1, request="always", session="b"), told(2, request="always", input=11, session="b")).new == 1
    assert columns(connection, "input") == [(11,)]


def test_what_a_transcript_alone_saw_is_forgotten_and_stays_away() -> None:
    """Also when an event tells of it later, and a fork."""
    connection = ledger()
    tell(connection, told(1), told(2, session="b"))
    forget(connection, BY_SESSION)
    assert columns(connection, "request") == [("req_2",)]
    assert connection.execute("SELECT count(*) FROM seen WHERE flags & ?", (GONE,)).fetchone() == (1,)
    assert tell(connection, told(1, session="a-fork", copied=True)) == Taken(0, 1, 0)
    send(connection, event(1))
    assert columns(connection, "request") == [("req_2",)]


def test_a_copy_in_a_forgotten_fork_does_not_hide_its_origin() -> None:
    """It was never counted under the fork: nobody has agreed that it goes."""
    connection = ledger()
    tell(connection, told(9, session="a-fork"))
    forget(connection, Wanted(session="a-fork"))
    assert tell(connection, told(1, session="a-fork", copied=True)) == Taken(0, 0, 1)
    assert tell(connection, told(1)) == Taken(1, 0, 0)


def test_a_request_whose_owner_is_forgotten_goes_when_he_is_known() -> None:
    """It stood under its copy's session."""
    connection = ledger()
    tell(connection, told(9))
    forget(connection, BY_SESSION)
    tell(connection, told(1, session="a-fork", copied=True))
    assert len(columns(connection, "key")) == 1
    tell(connection, told(1))
    assert columns(connection, "key") == []
    assert tell(connection, told(1, session="a-fork", copied=True)) == Taken(0, 1, 0)


def test_what_lacks_the_word_of_a_forgotten_event_stays_away_with_it() -> None:
    """The session's events said whose it is; what another rule would mean, or another session, does not."""
    connection = ledger()
    send(connection, event(1), event(2, 5, session="b"))
    forget(connection, Wanted(where={"cclaunch.profile": ["team-a"], "model": [MODEL]}))
    interrupted = told(8, 60, output=1, partial=True)
    assert tell(connection, interrupted, interrupted._replace(session="b")._replace(key=9)) == Taken(0, 0, 2)
    assert tell(connection, told(10, model="claude-haiku-4-5"), told(11, session="c"), told(12, DAY + 1)).new == 3


@pytest.mark.parametrize("word", ["cclaunch.host", "query_source", "agent.name"])
def test_a_word_that_no_event_says_of_another_request_is_not_missed(word: str) -> None:
    """A transcript's request has it by itself, or has none."""
    connection = ledger()
    send(connection, event(1))
    forget(connection, BY_PROFILE)
    forget(connection, Wanted(where={word: ["x"]}))
    connection.execute("DELETE FROM forgotten_rules WHERE rule LIKE ?", (f"%{number_of('cclaunch.profile')}%",))
    assert tell(connection, told(8, 60)).new == 1


def test_a_forgotten_event_that_comes_late_takes_along_what_lacks_its_word() -> None:
    """Whoever told first. What an event that stays is nearest to stays as well."""
    connection = ledger()
    send(connection, event(3, 7200, {"cclaunch.profile": "team-b"}, session="b"))
    tell(connection, told(1), told(2, 90), told(4, 7100, session="b"), told(5, 7100, session="bare"))
    forget(connection, BY_PROFILE)
    assert sums(connection)[0] == 5
    send(connection, event(1), event(6, session="b"))
    assert tell(connection, told(1), told(2, 90), told(7, 50)) == Taken(0, 2, 1)
    assert sorted(columns(connection, "request")) == [("req_3",), ("req_4",), ("req_5",)]
    assert is_added_up(connection)


def test_a_request_at_the_end_of_a_forgotten_time_stays_away_whoever_names_the_moment() -> None:
    """Its event was before, its transcript behind; another request behind is taken."""
    connection = ledger()
    send(connection, event(1, HOUR - 1), event(2, HOUR - 100))
    forget(connection, BY_TIME)
    assert connection.execute("SELECT key FROM forgotten").fetchall() == [(event(1).key,)]
    assert tell(connection, told(1, HOUR + 1), told(3, HOUR + 1)) == Taken(1, 0, 1)
    forget(connection, Wanted(before=NOON + 2 * HOUR * SECOND))
    assert connection.execute("SELECT count(*) FROM forgotten").fetchone() == (0,)


def test_of_what_is_too_old_no_hash_is_kept() -> None:
    """Its time alone keeps it away."""
    connection = ledger()
    tell(connection, told(1), told(2, 2 * HOUR))
    forget(connection, BY_TIME)
    assert connection.execute("SELECT key FROM seen").fetchall() == [(told(2).key,)]
    assert tell(connection, told(1)) == Taken(0, 0, 1)


def test_all_that_transcripts_told_is_forgotten() -> None:
    """Events stay, as if none had ever been read; older ones are not read again, newer ones are."""
    connection, alone = ledger(), ledger()
    for one in (connection, alone):
        send(one, event(1, 0), event(2, HOUR))
    tell(connection, told(1, 5), told(3, 10), told(4, 20, session="bare"))
    forget_all(connection, NOW)
    assert columns(connection, "*") == columns(alone, "*")
    for table in ("quarters", "seen", "files"):
        assert connection.execute(f"SELECT * FROM {table}").fetchall() == alone.execute(f"SELECT * FROM {table}").fetchall()
    assert tell(connection, told(1, 5), told(3, 10), told(5, DAY + 1)) == Taken(1, 0, 2)
    assert columns(connection, "request, witnesses") == [("req_1", 1), ("req_2", 1), ("req_5", 2)]


def test_what_a_person_asks_for_is_read_again() -> None:
    """By name, or all of it."""
    connection = ledger()
    forget_all(connection, NOW)
    assert tell(connection, told(1)).new == 0
    assert tell(connection, told(2), asked=True).new == 1
    assert tell(connection, told(1), asked=True).new == 1


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places whose telemetry.db has a request, and whose metric has counted two."""
    found = places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))
    store(
        Path(found.database),
        request(1, NOON, micros=1000, session__id="a-session"),
        cost("a-session", 0.0019, NOON + 9 * SECOND),
    )
    catch_up(found)
    return found


def lost(places: Places) -> int:
    """Return what is called lost, in micro-dollars."""
    found = usage(places, None, None, ("session",), {}).usage
    assert found is not None
    return found.lost_usd_micros


def tell_places(places: Places) -> None:
    """Have a transcript tell of both."""
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        take(connection, [(file_of(), [told(1), told(2, 3, session="a-session")])])


def test_what_an_event_says_less_than_its_estimate_is_lost_again(places: Places) -> None:
    """The estimate had filled what another request of the session lacked."""
    tell_places(places)
    assert lost(places) == 0
    store(Path(places.database), cost("b", 0.01, NOON + 11 * SECOND))
    assert lost(places) == 10_000  # the other one is not looked at again
    store(Path(places.database), request(2, NOON + 4 * SECOND, micros=100, session__id="a-session"))
    assert lost(places) == 10_800


def test_an_estimate_fills_what_was_lost_on_the_way(places: Places) -> None:
    """Until it is forgotten."""
    assert lost(places) == 900
    tell_places(places)
    assert lost(places) == 0
    forgetting.forget_all_transcripts(places, NOW)
    assert lost(places) == 900


def test_nothing_of_it_is_left_in_any_file(places: Places) -> None:
    """The pages that were freed, the log, the copies."""
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        take(connection, [(file_of(), [told(8, session="canary-session", branch="canary-branch")])])
    (directory,) = {Path(places.ledger).parent}
    assert [path for path in directory.iterdir() if b"canary" in path.read_bytes()]
    gone = forgetting.forget_all_transcripts(places, NOW)
    assert (gone.requests, gone.micros, gone.sessions) == (1, 900, 1)
    assert not [path for path in directory.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert list(Path(places.copies).iterdir())


def test_a_raw_event_that_was_forgotten_before_it_was_read_takes_along_what_lacks_its_word(places: Places) -> None:
    """It had been on its way."""
    with writing(places) as connection:
        tell(connection, told(2, 3, session="late"))
    forgetting.forget(places, rules_for(Wanted(where={"cclaunch.profile": ["team-a"]}), NOW))
    assert counted(places.ledger) == 2
    words: dict[str, Any] = {"cclaunch__profile": "team-a", "session__id": "late"}
    store(Path(places.database), request(2, NOON + 3 * SECOND, **words), request(3, NOON + 9 * SECOND, **words))
    catch_up(places)
    look_after(places, 0, NOW)
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as connection:
        assert columns(connection, "request, witnesses") == [("req_1", 1)]
        assert is_added_up(connection)
        assert connection.execute("SELECT name FROM sessions").fetchall() == [("a-session",)]


def test_a_session_of_which_later_events_stay_keeps_its_name(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before were forgotten, with what a transcript told; all of them are read in one turn, a few at a time."""
    monkeypatch.setattr(catching_up, "FIRST_ROWS", 1)
    with writing(places) as connection:
        tell(connection, told(2, 3, session="late"))
    forgetting.forget(places, rules_for(Wanted(where={"cclaunch.profile": ["team-a"]}), NOON + 100 * SECOND))
    words: dict[str, Any] = {"cclaunch__profile": "team-a", "session__id": "late"}
    store(Path(places.database), request(2, NOON + 3 * SECOND, **words), request(3, NOON + 200 * SECOND, **words))
    catch_up(places)
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as connection:
        query = "SELECT s.name, r.request FROM requests r LEFT JOIN sessions s ON s.id = r.session ORDER BY r.time_ns"
        assert connection.execute(query).fetchall() == [("a-session", "req_1"), ("late", "req_3")]


@pytest.mark.parametrize(("everything", "left"), [(False, 0), (True, 1)])
def test_the_sums_are_those_of_the_rows_that_are_left(places: Places, everything: bool, left: int) -> None:
    """Of a forgetting by rule, and of one of all that transcripts told."""
    tell_places(places)
    with closing(sqlite3.connect(places.ledger, isolation_level=None)) as connection:
        assert sums(connection)[0] == 2
        if everything:
            forget_all(connection, NOW)
        else:
            forget(connection, Wanted(where={"model": ["claude-opus-4-8"]}))
        assert is_added_up(connection)
        assert sums(connection)[0] == left

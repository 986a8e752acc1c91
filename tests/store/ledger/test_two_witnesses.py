"""Events and transcripts tell of the same requests, in any order: each is counted once, and the event's word is believed."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import places_at
from stored import request, store
from two_witnesses import MODEL, NOON, SECOND, columns, dressed, event, file_of, is_added_up, ledger, send, sums, tell, told

from cclaunch.store import limits
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import Taken, known_files, take
from cclaunch.store.ledger.opening import open_to_write
from cclaunch.store.ledger.request import BY_EVENT, BY_TABLE, LAUNCH, NO_COST, OTHER, UNKNOWN

DAY = 86_400


@pytest.mark.parametrize("first", ["event", "transcript"])
def test_a_request_that_both_saw_is_one_row_with_the_event_s_money(first: str) -> None:
    """Whoever comes first."""
    connection = ledger()
    if first == "event":
        send(connection, event(1))
    tell(connection, told(1, 3))
    if first == "transcript":
        send(connection, event(1))
    assert columns(connection, "time_ns, micros, origin, witnesses, sender") == [(NOON, 1000, BY_EVENT, 3, LAUNCH)]
    assert sums(connection) == (1, 1000, 0, 1, 0)


def test_a_request_that_a_transcript_alone_saw_is_an_estimate() -> None:
    """It says so wherever it is added up."""
    connection = ledger()
    send(connection, event(1))
    tell(connection, told(2, 5))
    assert columns(connection, "micros, origin, witnesses") == [(1000, BY_EVENT, 1), (900, BY_TABLE, 2)]
    assert sums(connection) == (2, 1900, 900, 0, 1)


def test_tokens_without_a_price_are_tokens() -> None:
    """They are counted as such, and are no money."""
    connection = ledger()
    tell(connection, told(1, micros=None))
    assert columns(connection, "micros, origin, input") == [(None, NO_COST, 10)]
    assert connection.execute("SELECT micros, estimated, unpriced, input FROM quarters").fetchone() == (0, 0, 1, 10)


def test_an_estimate_that_can_be_none_is_no_money() -> None:
    """Nobody spends that much on a request: its tokens are tokens."""
    connection = ledger()
    most = limits.MOST_MICROS
    tell(connection, told(1, micros=most), told(2, 1, micros=most + 1))
    assert columns(connection, "micros, origin, input") == [(most, BY_TABLE, 10), (None, NO_COST, 10)]
    assert connection.execute("SELECT micros, estimated, unpriced FROM quarters").fetchone() == (most, most, 1)


def test_more_written_for_an_hour_than_at_all_is_no_other_request(tmp_path: Path) -> None:
    """Both witnesses have the whole: what a server says of its parts may not fit."""
    places = places_at(tmp_path / "telemetry.db")
    store(tmp_path / "telemetry.db", request(1, NOON, session__id="a-session", cache_creation_1h_tokens=70))
    catch_up(places)
    with closing(open_to_write(places.ledger)) as connection:
        tell(connection, told(1, 1, cache_5m=0, cache_1h=40))
        assert columns(connection, "cache_5m, cache_1h, witnesses") == [(0, 40, 3)]


def test_what_is_told_again_changes_nothing() -> None:
    """Of both; by the same file and by another."""
    connection = ledger()
    assert tell(connection, told(1), told(2)) == Taken(2, 0, 0)
    send(connection, event(1))
    before = columns(connection, "*")
    assert tell(connection, told(1), told(2)) == Taken(0, 2, 0)
    send(connection, event(1))
    assert columns(connection, "*") == before


def test_the_copies_of_a_fork_meet_the_event_of_their_origin() -> None:
    """Another session's id, the same request; a fork of a fork as well."""
    connection = ledger()
    tell(connection, told(1, session="a-fork", copied=True))
    tell(connection, told(1, session="its-fork", copied=True))
    send(connection, event(1))
    assert sums(connection) == (1, 1000, 0, 1, 0)
    assert connection.execute("SELECT name FROM sessions JOIN requests ON session = id").fetchall() == [("a-session",)]


@pytest.mark.parametrize("copied", [[False, True], [True, False], [True, False, True]])
def test_the_owner_is_who_has_not_copied(copied: list[bool]) -> None:
    """In any order of the files."""
    connection = ledger()
    for one in copied:
        tell(connection, told(1, session="a-fork" if one else "the-owner", copied=one))
    query = "SELECT name FROM sessions JOIN requests ON session = id"
    assert connection.execute(query).fetchall() == [("the-owner",)]
    assert sums(connection) == (1, 900, 900, 0, 1)


def test_lines_of_one_answer_that_are_read_apart_are_one() -> None:
    """The greater output and the later time, over an hour's end."""
    connection = ledger()
    hour = 3600 - (NOON // SECOND) % 3600
    tell(connection, told(1, hour - 2, output=1, micros=5, partial=True))
    tell(connection, told(1, hour + 2, output=500, micros=77))
    tell(connection, told(1, hour - 2, output=1, micros=5, partial=True))
    assert columns(connection, "time_ns, output, micros") == [(NOON + (hour + 2) * SECOND, 500, 77)]
    assert connection.execute("SELECT flags FROM seen").fetchall() == [(0,)]


def test_a_cut_answer_meets_its_event() -> None:
    """Its tokens are those of the start; the event's are believed."""
    connection = ledger()
    tell(connection, told(1, output=1, partial=True, cache_5m=0))
    send(connection, event(1, 30, micros=0, output=1))
    assert sums(connection) == (1, 0, 0, 1, 0)


def test_three_equal_requests_of_a_gateway_are_three() -> None:
    """One id for all, as many tokens, within a minute."""
    connection = ledger()
    tell(connection, *(told(number, number, request="always") for number in range(3)))
    send(connection, *(event(number, number, request="always") for number in range(3)))
    assert sums(connection) == (3, 3000, 0, 3, 0)


def test_equal_requests_more_than_a_minute_apart_are_two() -> None:
    """Only the first has an event."""
    connection = ledger()
    tell(connection, told(1, request="always"), told(2, 61, request="always"))
    send(connection, event(1, -0.5, request="always"))
    assert sums(connection) == (2, 1900, 900, 1, 1)


def test_it_wears_what_the_nearest_event_of_its_session_says_of_the_session() -> None:
    """And nothing of what that says of its own request."""
    connection = ledger()
    send(
        connection,
        event(1, 0, {"cclaunch.profile": "early", "team": "x"}),
        event(2, 100, {"cclaunch.profile": "late", "effort": "high", "agent.name": "Explore"}),
        event(3, 61, {"cclaunch.profile": "elsewhere"}, session="another"),
    )
    tell(connection, told(8, 49), told(9, 60, model="claude-haiku-4-5"))
    assert dressed(connection)[1:3] == [
        {"cclaunch.profile": "early", "model": MODEL, "team": "x"},
        {"cclaunch.profile": "late", "model": "claude-haiku-4-5"},
    ]
    assert columns(connection, "sender")[1:3] == [(LAUNCH,), (LAUNCH,)]


def test_it_claims_no_profile_where_its_session_has_no_event() -> None:
    """What the transcript says itself; nearer than a day is near."""
    connection = ledger()
    send(connection, event(1, -DAY - 60))
    tell(connection, told(8), told(9, 1, host="laptop", session=None, repository=None))
    own = {"app.version": "2.1.330", "model": MODEL, "vcs.ref.head.name": "main"}
    assert dressed(connection)[1:] == [
        {**own, "vcs.repository.name": "from-the-directory"},
        {**own, "cclaunch.host": "laptop"},
    ]
    assert columns(connection, "sender")[1:] == [(OTHER,), (UNKNOWN,)]


def test_it_changes_its_clothes_when_a_nearer_event_comes() -> None:
    """And what it never had of an event, it gets; what lies behind another event stays as it is."""
    connection = ledger()
    tell(connection, told(8, 50, host="laptop"), told(9, 4000))
    send(connection, event(1, 3000, {"cclaunch.profile": "first"}))
    assert [one["cclaunch.profile"] for one in dressed(connection)] == ["first"] * 3
    send(connection, event(2, 40, {"cclaunch.profile": "second"}))
    assert [one["cclaunch.profile"] for one in dressed(connection)] == ["second", "second", "first", "first"]
    assert dressed(connection)[1]["cclaunch.host"] == "laptop"
    assert is_added_up(connection)


def test_what_is_kept_of_a_file_changes_with_its_rows() -> None:
    """What was left out of it adds up, and begins again when it was read anew."""
    connection = ledger()
    take(connection, [(file_of(7, known=b"1", left={"is no JSON": 2}), [told(1)])])
    take(connection, [(file_of(7, known=b"2", left={"is no JSON": 1, "names no id": 1}, anew=False), [])])
    assert known_files(connection) == {7: b"2"}
    (left,) = connection.execute("SELECT left_out FROM files").fetchone()
    assert json.loads(left) == {"is no JSON": 3, "names no id": 1}
    take(connection, [(file_of(7, known=b"3", left={"is not UTF-8": 1}), [])])
    assert json.loads(connection.execute("SELECT left_out FROM files").fetchone()[0]) == {"is not UTF-8": 1}


def test_who_has_no_transcripts_pays_for_one_look() -> None:
    """Into an empty index, when events arrive."""
    connection = ledger()
    asked: list[str] = []
    send(connection, event(1))
    connection.set_trace_callback(asked.append)
    send(connection, event(2, 5))
    connection.set_trace_callback(None)
    looks = [text for text in asked if text.startswith("SELECT") and "witnesses" in text]
    assert len(looks) == 1
    assert not [text for text in asked if " seen " in text]

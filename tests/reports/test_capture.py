"""How much was captured: by whom, and why not by the other."""

import sqlite3
from collections.abc import Sequence

import pytest
from two_witnesses import NOON, SECOND, event, file_of, ledger, send, tell, told

from cclaunch.reports.capture import Capture, Counted, Reason, capture
from cclaunch.store.ledger.forget_transcripts import forget_transcripts
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.reading import times
from cclaunch.store.ledger.witnesses import who_saw

DAY = 86_400
LATER = NOON + 30 * DAY * SECOND


def captured(connection: sqlite3.Connection, since: int | None = None, until: int = LATER) -> Capture:
    """Return what was captured."""
    return capture(who_saw(connection, since, until), times(connection, since, until))


def counted(connection: sqlite3.Connection) -> Counted:
    """Return who saw all requests, which those of each session add up to."""
    found = captured(connection)
    assert [sum(column) for column in zip(*(one.counted[:3] for one in found.sessions), strict=True)] == [*found.counted[:3]]
    return found.counted


def test_nothing_was_captured_where_there_is_nothing() -> None:
    """No event: what transcripts told is history."""
    connection = ledger()
    assert captured(connection) == Capture(None, LATER, Counted(0, 0, 0, {}), [], 0, 0, 0, {})
    tell(connection, told(1))
    assert captured(connection) == Capture(None, LATER, Counted(0, 0, 0, {}), [], 1, 0, 0, {})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sdk", False),
        ("repl_main_thread", False),
        ("agent:builtin:Explore", False),
        (None, False),
        ("compact", True),
        ("generate_session_title", True),
        ("web_search_tool", True),
        ("never heard of", True),
    ],
)
def test_what_no_transcript_holds_is_expected_to_be_in_none(source: str | None, expected: bool) -> None:
    """By its source; what does not say it can be held."""
    connection = ledger()
    send(connection, event(1), event(2, 5, {"query_source": source}))
    tell(connection, told(1))
    assert counted(connection) == Counted(1, 1 - expected, 0 + expected, {})


def test_a_session_without_any_transcript_is_expected_to_have_none() -> None:
    """It was run without persistence, or claude's clean-up has come first."""
    connection = ledger()
    send(connection, event(1), event(2, 5, session="without"))
    tell(connection, told(1))
    assert counted(connection) == Counted(1, 0, 1, {})


ALONE: Sequence[tuple[Reason, dict[str, object]]] = [
    (Reason.INTERRUPTED, {"partial": True, "session": "bare"}),
    (Reason.NO_TELEMETRY, {"session": "bare"}),
    (Reason.NO_TELEMETRY, {"session": None}),
    (Reason.KILLED, {"time_ns": NOON + 101 * SECOND}),
    (Reason.BETWEEN, {"time_ns": NOON + 99 * SECOND}),
    (Reason.EARLIER, {"session": "resumed", "time_ns": NOON + 40 * SECOND}),
    (Reason.KILLED, {"session": "resumed", "time_ns": NOON + 61 * SECOND}),
]


@pytest.mark.parametrize(("reason", "changes"), ALONE)
def test_why_telemetry_has_not_told_of_it_is_said_where_it_can_be(reason: Reason, changes: dict[str, object]) -> None:
    """By what is known of its session."""
    connection = ledger()
    send(connection, event(1), event(2, 100), event(3, 60, session="resumed"))
    one = told(9, 50)._replace(**changes)  # type: ignore[arg-type]
    tell(connection, told(1), told(2, 100), told(3, 60, session="resumed"), one)
    found = captured(connection)
    assert found.counted == Counted(3, 0, 0, {reason: 1})
    assert (found.estimated_micros, found.unpriced) == (900, 0)


def meter(connection: sqlite3.Connection, micros: int) -> None:
    """Have claude's own metric count so many micro-dollars of the session."""
    query = "INSERT INTO metered SELECT id, (SELECT min(id) FROM sets), ?, ?, ?, 1 FROM sessions WHERE name = ?"
    connection.execute(query, (micros, NOON, NOON + 200 * SECOND, "a-session"))


@pytest.mark.parametrize("second", [-50, 50, 150])
@pytest.mark.parametrize(("micros", "is_told"), [(2000, False), (2890, False), (2900, True), (9000, True)])
def test_what_a_metric_counts_was_lost_on_the_way(second: int, micros: int, is_told: bool) -> None:
    """Telemetry was on: its events are two of 1,000 each, and a transcript alone tells of 900 more."""
    connection = ledger()
    send(connection, event(1), event(2, 100), event(3, -80, session="earlier"))
    tell(connection, told(1), told(2, 100), told(9, second))
    meter(connection, micros)
    assert (captured(connection).counted.transcript == {Reason.LOST: 1}) == is_told


def test_a_session_without_any_event_may_be_in_a_metric() -> None:
    """It was no bare claude."""
    connection = ledger()
    send(connection, event(1, session="another"))
    tell(connection, told(9, 50))
    meter(connection, 900)
    assert captured(connection).counted.transcript == {Reason.LOST: 1}


@pytest.mark.parametrize(("micros", "reason"), [(2900, Reason.BETWEEN), (3800, Reason.LOST)])
def test_an_interrupted_request_may_be_in_the_metric(micros: int, reason: Reason) -> None:
    """Then what it counts may be that one: only more than that proves anything."""
    connection = ledger()
    send(connection, event(1), event(2, 100))
    tell(connection, told(8, 40, partial=True), told(9, 50))
    meter(connection, micros)
    assert captured(connection).counted.transcript == {Reason.INTERRUPTED: 1, reason: 1}


def test_a_metric_that_counts_a_part_proves_nothing_of_the_rest() -> None:
    """Which of both it has counted cannot be told."""
    connection = ledger()
    send(connection, event(1), event(2, 100))
    tell(connection, told(8, 40), told(9, 50))
    meter(connection, 2900)
    assert captured(connection).counted.transcript == {Reason.BETWEEN: 2}


def test_the_last_event_of_a_session_may_lie_behind_what_is_asked_for() -> None:
    """A time is asked for in which it had none."""
    connection = ledger()
    send(connection, event(1, -DAY), event(2, DAY))
    tell(connection, told(9))
    found = captured(connection, NOON - SECOND, NOON + SECOND)
    assert found.counted == Counted(0, 0, 0, {Reason.BETWEEN: 1})
    assert [one.name for one in found.sessions] == ["a-session"]


def test_what_was_before_the_first_event_is_history() -> None:
    """Also within the same quarter of an hour; what another machine told is, too."""
    connection = ledger()
    send(connection, event(1, 100))
    tell(connection, told(7, 99, session="x"), told(8, -DAY, session="x"), told(9, 101, session="x", host="laptop"))
    tell(connection, told(6, 101, session="x", micros=None))
    found = captured(connection)
    assert found.since_ns == NOON + 100 * SECOND
    assert (found.history, found.counted.transcript) == (3, {Reason.NO_TELEMETRY: 1})
    assert (found.estimated_micros, found.unpriced) == (0, 1)


def test_a_time_that_cuts_quarters_is_counted_by_requests() -> None:
    """From its first nanosecond to before its last; the sum of two halves is the whole."""
    connection = ledger()
    for number in range(40):
        second = number * 100
        if number % 3:
            send(connection, event(number, second))
        if number % 2 or not number % 3:
            tell(connection, told(number, second))
    whole = captured(connection).counted
    reasons = [Reason.BETWEEN, Reason.KILLED]
    for cut in (150, 700, 900, 1000, 1700, 2700, 3500):
        border = NOON + cut * SECOND
        one, other = captured(connection, None, border).counted, captured(connection, border).counted
        assert (one.both + other.both, one.telemetry + other.telemetry) == (whole.both, whole.telemetry)
        halves = {reason: one.transcript.get(reason, 0) + other.transcript.get(reason, 0) for reason in reasons}
        assert halves == {Reason.BETWEEN: 12, Reason.KILLED: 1} == whole.transcript
    assert whole[:3] == (13, 13, 0)  # and one was before the first event


def test_after_all_transcripts_were_forgotten_it_begins_anew() -> None:
    """What they would have told of before is not missing."""
    connection = ledger()
    send(connection, event(1), event(2, DAY))
    tell(connection, told(1), told(2, DAY))
    forget_transcripts(connection, NOON + 9 * SECOND)
    tell(connection, told(2, DAY))
    found = captured(connection)
    assert (found.since_ns, found.counted) == (NOON + 9 * SECOND, Counted(1, 0, 0, {}))


def test_what_was_left_out_is_told_by_its_reason() -> None:
    """Of all files together."""
    connection = ledger()
    for number, left in enumerate([{"is no JSON": 2}, {}, {"is no JSON": 1, "names no id": 4}]):
        take(connection, [(file_of(number, left=left), [])])
    assert captured(connection).left == {"is no JSON": 3, "names no id": 4}


def test_sessions_are_told_of_one_by_one_the_newest_first() -> None:
    """Each with its first and last request."""
    connection = ledger()
    send(connection, event(1), event(2, 50), event(3, 20, session="b"))
    tell(connection, told(1))
    first, second = captured(connection).sessions
    assert first == ("a-session", NOON, NOON + 50 * SECOND, Counted(1, 1, 0, {}))
    assert second == ("b", NOON + 20 * SECOND, NOON + 20 * SECOND, Counted(0, 0, 1, {}))


def test_a_ledger_of_before_knows_of_no_capture() -> None:
    """Nobody has written to it since."""
    connection = ledger()
    send(connection, event(1))
    connection.execute("PRAGMA user_version = 1")
    assert captured(connection) == Capture(NOON, LATER, Counted(0, 0, 0, {}), [], 0, 0, 0, {})

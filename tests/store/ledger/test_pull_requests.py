"""Which pull request a request was made for: that of its session from when it was known, whatever is late, twice or strange."""

import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ledger_rows import killed_at_each_moment, rows_in, rows_of
from ledgers import places_at
from stored import event as sent
from stored import request, store
from two_witnesses import NOON, SECOND, event, ledger, send, tell, told

from cclaunch.store.filters import Where
from cclaunch.store.ledger import opening, pull_requests, reading
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.forget import forget_requests
from cclaunch.store.ledger.forget_pull_requests import pulled_rules
from cclaunch.store.ledger.refill import take_ledger
from cclaunch.store.ledger.schema import QUARTER_NS, WITH_TRANSCRIPTS
from cclaunch.store.ledger.wanted import Wanted, rules_for

REPOSITORY = "owner/name"
LATER = NOON + 86_400 * SECOND


def pulled(second: float, number: int, session: str = "a-session", **more: Any) -> pull_requests.Told:
    """Return what tells that *session* was at the pull request *number* from some *second* behind ``NOON``."""
    said = {"session.id": session, "pr_number": number, "pr_repository": REPOSITORY, **more}
    made = pull_requests.told(NOON + round(second * SECOND), said)
    assert made is not None
    return made


def pull(connection: sqlite3.Connection, *events: pull_requests.Told) -> None:
    """Have events that tell of pull requests arrive."""
    with connection:
        connection.execute("BEGIN")
        pull_requests.take(connection, events)


def answer(connection: sqlite3.Connection, by: Sequence[str] = ("pr",), where: Where | None = None, **ends: Any) -> Any:
    """Return values of the keys -> requests; of one key, the value alone."""
    groups = reading.groups(connection, ends.get("since"), ends.get("until"), by, where or {})
    return {group.values[0] if len(by) == 1 else group.values: group.sums[0] for group in groups}


def forget(connection: sqlite3.Connection, wanted: Wanted) -> int:
    """Forget that, and return how many requests went."""
    with connection:
        connection.execute("BEGIN")
        rules = pulled_rules(connection, wanted, LATER) if "pr" in wanted.where else rules_for(wanted, LATER)
        return forget_requests(connection, rules).requests


def name(number: int) -> str:
    """Return what the pull request is called."""
    return f"{REPOSITORY}#{number}"


def test_a_request_is_of_the_pull_request_that_was_known_by_then() -> None:
    """Before the first one it has none; from the moment of the second one it has that."""
    connection = ledger()
    send(connection, *(event(number, number) for number in range(6)))
    pull(connection, pulled(2, 7), pulled(4, 8))

    assert answer(connection) == {None: 2, name(7): 2, name(8): 2}


def test_requests_of_other_sessions_have_none() -> None:
    """Also of those that name no session at all."""
    connection = ledger()
    send(connection, event(1, 5), event(2, 5, session="another"), event(3, 5, session=None))
    pull(connection, pulled(0, 7))

    assert answer(connection) == {None: 2, name(7): 1}


def test_what_only_a_transcript_told_of_is_of_it_as_well() -> None:
    """The session says it, not the event."""
    connection = ledger()
    tell(connection, told(1, 5))
    pull(connection, pulled(0, 7))

    assert answer(connection) == {name(7): 1}


def test_it_is_asked_for_beside_other_keys() -> None:
    """And by itself, as a condition, also without being shown."""
    connection = ledger()
    send(connection, event(1, 1), event(2, 5, {"model": "claude-haiku-4-5"}), event(3, 6))
    pull(connection, pulled(3, 7))

    assert answer(connection, ("pr", "model"))[name(7), "claude-haiku-4-5"] == 1
    assert answer(connection, ("session",), {"pr": [name(7)]}) == {"a-session": 2}
    assert answer(connection, (), {"pr": [name(7)], "model": ["claude-haiku-4-5"]}) == {(): 1}
    assert answer(connection, (), {"pr": [""]}) == {(): 1}
    assert answer(connection, (), {"pr": ["owner/name#70"]}) == {}


def test_an_attribute_that_a_person_calls_so_counts_where_no_event_tells_better() -> None:
    """Somebody sent it before we did."""
    connection = ledger()
    send(connection, event(1, 1, {"pr": "by hand"}), event(2, 5, {"pr": "by hand"}))
    pull(connection, pulled(3, 7))

    assert answer(connection) == {"by hand": 1, name(7): 1}
    assert answer(connection, (), {"pr": ["by hand"]}) == {(): 1}


def test_the_key_is_known_once_anybody_was_at_one() -> None:
    """Before, nobody ever had it."""
    connection = ledger()
    send(connection, event(1))
    before = reading.missing(connection, ["pr"]), "pr" in reading.names(connection)
    pull(connection, pulled(0, 7))

    assert (before, reading.missing(connection, ["pr"]), "pr" in reading.names(connection)) == ((["pr"], False), [], True)


def test_a_ledger_without_a_place_for_it_answers() -> None:
    """One of an older version, which nobody has written to since."""
    connection = ledger()
    send(connection, event(1))
    connection.execute("DROP TABLE pull_requests")
    connection.execute(f"PRAGMA user_version = {WITH_TRANSCRIPTS}")

    assert answer(connection) == {None: 1}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"pr_number": 12, "pr_repository": "owner/name"}, "owner/name#12"),
        ({"pr_number": "12", "pr_repository": "owner/name"}, "owner/name#12"),
        ({"pr_number": 12}, "#12"),
        ({"pr_number": 12, "pr_repository": "no name"}, "#12"),
        ({"pr_number": 12, "pr_repository": "owner/name#3"}, "#12"),
        ({"pr_number": 12, "pr_repository": "owner/na\x1b[2Jme"}, "#12"),
        ({"pr_number": 12, "pr_repository": "o/" + "n" * 200}, "#12"),
        ({"pr_number": 12, "pr_repository": ["owner/name"]}, "#12"),
        ({"pr_number": True}, None),
        ({"pr_number": 0}, None),
        ({"pr_number": -3}, None),
        ({"pr_number": 1 << 70}, None),
        ({"pr_url": "https://example.org"}, None),
        ({"pr_number": 12, "session.id": None}, None),
        ({"pr_number": 12, "session.id": 3}, None),
    ],
)
def test_a_name_is_short_and_can_be_printed(said: Mapping[str, Any], wanted: str | None) -> None:
    """Whoever sends it."""
    found = pull_requests.told(1, {"session.id": "s", **said})

    assert (found and found.name) == wanted


def test_one_session_has_a_hundred_moments_at_most() -> None:
    """The first of them, in whatever order they come."""
    connection = ledger()
    for second in range(250, 0, -1):
        pull(connection, pulled(second, second))

    rows = connection.execute("SELECT min(since_ns), max(since_ns), count(*) FROM pull_requests").fetchone()
    assert rows == (NOON + SECOND, NOON + 100 * SECOND, 100)


Moment = tuple[int, str, int]
REQUESTS = some.lists(some.tuples(some.integers(0, 4000), some.sampled_from("ab")), max_size=12)
PULLS = some.lists(some.tuples(some.integers(0, 4000), some.sampled_from("abc"), some.integers(1, 3)), max_size=8)


@given(REQUESTS, PULLS, some.randoms(use_true_random=False), some.integers(0, 4000), some.integers(1, 4000))
def test_in_any_order_each_request_has_its_own(
    requests: list[tuple[int, str]], pulls: list[Moment], chance: random.Random, begin: int, long: int
) -> None:
    """Each thing once or twice; the answer of any time is that of its requests one by one."""
    steps: list[Any] = [event(number, second, session=one) for number, (second, one) in enumerate(requests)]
    steps += [pulled(second, number, session) for second, session, number in pulls]
    connection, other = ledger(), ledger()
    for where, things in (connection, steps), (other, chance.sample([*steps, *steps], 2 * len(steps))):
        for one in things:
            (pull if isinstance(one, pull_requests.Told) else send)(where, one)
    assert rows_in(other) == rows_in(connection)
    at: dict[tuple[str, int], int] = {}
    for second, session, number in pulls:
        at[session, second] = min(number, at.get((session, second), number))
    wanted: dict[str | None, int] = {}
    for second, session in requests:
        if begin <= second < begin + long:
            known = [when for whose, when in at if whose == session and when <= second]
            called = name(at[session, max(known)]) if known else None
            wanted[called] = wanted.get(called, 0) + 1
    span: dict[str, Any] = {"since": NOON + begin * SECOND, "until": NOON + (begin + long) * SECOND}
    assert answer(other, **span) == wanted
    by_day = answer(other, ("day", "pr"), **span)
    assert sum(by_day.values()) == sum(wanted.values())
    assert sum(answer(other, ("session",), {"pr": [name(2)]}, **span).values()) == wanted.get(name(2), 0)


def test_what_was_done_for_one_is_forgotten_and_stays_away() -> None:
    """Its requests go, those before and after it stay; its name goes, too, and nothing before reaches over it."""
    connection = ledger()
    steps = [event(number, number) for number in range(8)], [pulled(2, 7), pulled(4, 8), pulled(6, 9)]
    send(connection, *steps[0])
    pull(connection, *steps[1])

    assert forget(connection, Wanted(where={"pr": [name(8)]})) == 2
    send(connection, *steps[0], event(20, 5.5))
    pull(connection, *steps[1])
    assert answer(connection) == {None: 2, name(7): 2, name(9): 2}


def test_new_work_of_the_same_session_is_new_work() -> None:
    """What comes after the forgetting is kept; whose it is was forgotten."""
    connection = ledger()
    send(connection, event(1, 1), event(2, 3))
    pull(connection, pulled(0, 7), pulled(2, 8))
    forget(connection, Wanted(where={"pr": [name(8)]}))
    send(connection, event(3, 90_000))

    assert answer(connection) == {name(7): 1, None: 1}


def test_a_forgotten_session_leaves_no_name_and_comes_with_none() -> None:
    """Nor does the session's own."""
    connection = ledger()
    send(connection, event(1, 1), event(2, 1, session="another"))
    pull(connection, pulled(0, 7), pulled(0, 8, "another"))
    forget(connection, Wanted(session="a-session"))
    pull(connection, pulled(0, 7))

    assert rows_in(connection)[3] == [repr(("another", NOON, name(8)))]
    assert connection.execute("SELECT name FROM sessions").fetchall() == [("another",)]


@given(REQUESTS, PULLS, some.randoms(use_true_random=False))
def test_a_session_that_is_forgotten_in_between_is_gone_in_the_end(
    requests: list[tuple[int, str]], pulls: list[Moment], chance: random.Random
) -> None:
    """Whatever of it comes before, and all of it once more behind; the others have what they had."""
    steps: list[Any] = [event(number, second, session=one) for number, (second, one) in enumerate(requests)]
    steps += [pulled(second, number, session) for second, session, number in pulls]
    before, kept = chance.sample(steps, len(steps) // 2), [one for one in steps if one.session != "a"]
    connection, other = ledger(), ledger()
    for where, things in (connection, [*before, None, *chance.sample(steps, len(steps))]), (other, kept):
        for one in things:
            if one is None:
                forget(where, Wanted(session="a"))
            else:
                (pull if isinstance(one, pull_requests.Told) else send)(where, one)
    assert rows_in(connection) == rows_in(other)
    assert answer(connection) == answer(other)


def test_a_time_that_is_forgotten_leaves_the_name_to_what_is_left_of_its_session() -> None:
    """The last request takes it away."""
    connection = ledger()
    send(connection, event(1, 1), event(2, 1, session="another"), event(3, 5, session="another"))
    pull(connection, pulled(0, 7), pulled(0, 8, "another"))
    forget(connection, Wanted(before=NOON + 3 * SECOND))

    assert answer(connection) == {name(8): 1}
    assert len(rows_in(connection)[3]) == 1


def test_a_session_that_has_told_it_before_its_first_request_keeps_it() -> None:
    """Whatever else is forgotten meanwhile."""
    connection = ledger()
    send(connection, event(1, 1))
    pull(connection, pulled(0, 8, "new"))
    forget(connection, Wanted(session="a-session"))
    send(connection, event(2, 3, session="new"))

    assert answer(connection) == {name(8): 1}


def test_a_profile_that_is_forgotten_takes_the_names_of_its_sessions() -> None:
    """With the last request of each; an event that tells whose it is stays away as well."""
    connection = ledger()
    send(connection, event(1, 1), event(2, 1, {"cclaunch.profile": "team-b"}, session="another"))
    events = pulled(0, 7, cclaunch__profile="team-a"), pulled(0, 8, "another")
    pull(connection, *events)
    forget(connection, Wanted(where={"cclaunch.profile": ["team-a"]}))
    pull(connection, events[0]._replace(attributes={**events[0].attributes, "cclaunch.profile": "team-a"}))

    assert answer(connection) == {name(8): 1}
    assert rows_in(connection)[3] == [repr(("another", NOON, name(8)))]


def test_another_ledger_brings_what_it_knows(tmp_path: Path) -> None:
    """A copy, or one that was put aside; what was forgotten here stays away."""
    path = str(tmp_path / "ledger.db")
    with closing(opening.open_to_write(path)) as other:
        send(other, event(1, 1), event(2, 1, session="gone"))
        pull(other, pulled(0, 7), pulled(0, 8, "gone"))
    connection = ledger()
    send(connection, event(2, 1, session="gone"))
    forget(connection, Wanted(session="gone"))
    take_ledger(connection, path)

    assert answer(connection) == {name(7): 1}
    assert len(rows_in(connection)[3]) == 1


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A telemetry.db with requests of two sessions, and what tells of pull requests behind and among them."""
    path = tmp_path / "telemetry.db"
    batches = [request(number, NOON + number * SECOND, session__id=f"s{number % 2}") for number in range(20)]
    for second, number in ((3, 7), (11, 8)):
        told = {"session__id": "s1", "pr_number": number, "pr_repository": REPOSITORY}
        batches.insert(second if number == 7 else len(batches), sent("pull_request", NOON + second * SECOND, **told))
    store(path, *batches)
    return path


def test_events_are_read_as_requests_are(recorded: Path) -> None:
    """Whatever comes first; they count as no request."""
    places = places_at(recorded)
    catch_up(places)
    with opening.reading(places.ledger) as connection:
        assert answer(connection) == {None: 11, name(7): 4, name(8): 5}


def test_read_again_from_the_start_nothing_changes(recorded: Path) -> None:
    """The cursor was lost."""
    places = places_at(recorded)
    catch_up(places)
    before = rows_of(places.ledger)
    with closing(sqlite3.connect(places.ledger)) as connection, connection:
        connection.execute("DELETE FROM cursors")
    catch_up(places)

    assert rows_of(places.ledger) == before
    assert len(before[3]) == 2


def test_killed_anywhere_the_ledger_is_the_same(recorded: Path) -> None:
    """Before each seventh statement."""
    assert killed_at_each_moment(places_at(recorded), 7) > 3


def test_a_question_without_it_reads_no_more_than_before() -> None:
    """Not one statement names the table."""
    connection = ledger()
    send(connection, event(1, 1), event(2, QUARTER_NS / SECOND))
    pull(connection, pulled(0, 7))
    said: list[str] = []
    connection.set_trace_callback(said.append)
    answer(connection, ("day", "model"), {"session": ["a-session"]})
    connection.set_trace_callback(None)

    assert said
    assert not [text for text in said if "pull" in text]

"""What was forgotten is gone from every file, and whatever way it comes again, it stays away."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from ledgers import places_at
from stored import cost, event, request, store

from cclaunch.errors import StoreError
from cclaunch.store import forgetting
from cclaunch.store.ledger import scrub
from cclaunch.store.ledger.care import look_after
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.forget import Gone
from cclaunch.store.ledger.insert import add_up, insert_requests
from cclaunch.store.ledger.opening import open_to_write, reading
from cclaunch.store.ledger.refill import take_ledger
from cclaunch.store.ledger.request import TRANSCRIPT, Request
from cclaunch.store.ledger.wanted import Wanted
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.reader import events as shown
from cclaunch.store.reader import open_reader
from cclaunch.store.rows import Batch
from cclaunch.store.usage import usage

NOW = 1_790_000_000_000_000_000
HOUR = 3600 * 1_000_000_000
DAY = 24 * HOUR
CANARY = "canary-in-a-coal-mine"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return places of their own, with a directory for copies."""
    return places_at(tmp_path / "telemetry.db")._replace(copies=str(tmp_path / "copies"))


def recorded() -> list[Batch]:
    """Return what two sessions sent: requests, a prompt, and what the cost metric counted."""
    return [
        request(1, NOW - DAY, micros=1000, session__id=CANARY, project=f"{CANARY}-project", user__email=f"{CANARY}@example.org"),
        event("user_prompt", NOW - DAY + 1, session__id=CANARY, prompt=f"{CANARY} says", project=f"{CANARY}-project"),
        request(2, NOW - DAY, micros=10, session__id="other", project="open"),
        cost(CANARY, 0.001, NOW - DAY + 2, project=f"{CANARY}-project"),
        request(3, NOW - HOUR, micros=100, session__id="other", project="open"),
        request(4, NOW - HOUR, micros=2000, session__id=CANARY, project=f"{CANARY}-project"),
    ]


def total(places: Places) -> float:
    """Return the dollars of all that is known."""
    found = usage(places, None, None, ("model",), {})
    assert found.troubles == []
    return 0.0 if found.usage is None else float(found.usage.total["cost_usd"])


def sessions(places: Places) -> set[str | None]:
    """Return the sessions that the ledger can tell of."""
    found = usage(places, None, None, ("session",), {}).usage
    return {row["session"] for row in found.rows} if found else set()


def forget(places: Places, wanted: Wanted) -> Gone:
    """Forget what is *wanted*, and return what was found before."""
    found = forgetting.look(places, wanted, NOW)
    gone = forgetting.forget(places, found.rules)
    assert gone._replace(events=found.gone.events) == found.gone  # what a person agreed to is what went
    return found.gone


def canaries(places: Places, word: str = CANARY) -> list[str]:
    """Return the files below the places' directory in which *word* stands."""
    directory = Path(places.database).parent
    return [str(path) for path in directory.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


def events(places: Places) -> list[tuple[str, str | None]]:
    """Return (name, session) of each raw event that is shown."""
    with closing(open_reader(places.database)) as connection:
        rows = connection.execute("SELECT name, session_id FROM events WHERE check_nonce IS NULL ORDER BY id")
        return [(row[0], row[1]) for row in rows]


def whole_sums(places: Places) -> bool:
    """Say whether the quarters are what their requests add up to."""
    with reading(places.ledger) as connection:
        rows = connection.execute("SELECT count(*), ifnull(sum(micros), 0) FROM requests").fetchone()
        sums = connection.execute("SELECT ifnull(sum(requests), 0), ifnull(sum(micros), 0) FROM quarters").fetchone()
    return bool(rows == sums)


def test_a_session_is_forgotten_in_every_file(places: Places) -> None:
    """Rows, raw events, points, what events share, freed pages, logs, copies: nothing holds a word of it."""
    store(Path(places.database), *recorded())
    look_after(places, 0, NOW)
    assert total(places) == 0.00311
    look_after(places, 0, NOW)
    assert len(canaries(places)) >= 3  # the database, the ledger, a copy

    gone = forget(places, Wanted(session=CANARY))

    assert (gone.requests, gone.micros, gone.sessions, gone.events) == (2, 3000, 1, 3)
    assert (gone.first_ns, gone.last_ns) == (NOW - DAY, NOW - HOUR)
    assert canaries(places) == []
    assert total(places) == 0.00011
    assert sessions(places) == {"other"}
    assert events(places) == [("api_request", "other"), ("api_request", "other")]
    assert whole_sums(places)


def test_what_was_forgotten_is_not_found_again(places: Places) -> None:
    """Of the newest raw event an empty row is left, which is nobody's: nothing that is asked for later is in it."""
    store(Path(places.database), *recorded())
    forget(places, Wanted(session=CANARY))
    assert not forgetting.look(places, Wanted(session=CANARY), NOW).gone
    assert not forgetting.look(places, Wanted(session="never heard of"), NOW).gone
    assert forgetting.look(places, Wanted(session="other"), NOW).gone.events == 2


def test_what_the_metrics_counted_of_it_is_not_called_lost(places: Places) -> None:
    """A part of a session is forgotten: its metric counts more than is left, and that is no loss."""
    store(Path(places.database), *recorded(), cost("other", 0.00011, NOW - HOUR + 1, project="open"))
    forget(places, Wanted(before=NOW - 2 * HOUR))
    store(Path(places.database), cost("other", 0.00012, NOW - HOUR + 2, project="open"))

    found = usage(places, None, None, ("model",), {}).usage

    assert found is not None
    assert (found.total["requests"], found.lost_usd_micros) == (2, 0)


LATE: Sequence[tuple[str, Wanted, float]] = [
    ("session", Wanted(session=CANARY), 0.00011),
    ("before", Wanted(before=NOW - 2 * HOUR), 0.0021),
    ("where", Wanted(where={"project": [f"{CANARY}-project"]}), 0.00011),
    ("both", Wanted(session=CANARY, before=NOW - 2 * HOUR), 0.00211),
    ("session as a condition", Wanted(where={"session.id": [CANARY]}), 0.00011),
]


@pytest.mark.parametrize(("wanted", "left"), [one[1:] for one in LATE], ids=[one[0] for one in LATE])
def test_late_copies_of_it_stay_away(places: Places, wanted: Wanted, left: float) -> None:
    """The same records are received again, into the same database and into a new one."""
    store(Path(places.database), *recorded())
    forget(places, wanted)
    assert total(places) == left
    before = events(places)

    store(Path(places.database), *recorded())
    assert total(places) == left
    assert events(places) == before  # nor is it back as a raw event

    for path in Path(places.database).parent.glob("telemetry.db*"):
        if "ledger" not in path.name:
            path.unlink()
    store(Path(places.database), *recorded())
    assert total(places) == left
    assert sorted(map(str, events(places))) == sorted(map(str, before))
    assert whole_sums(places)


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(session=CANARY), False),
        (Wanted(before=NOW), True),
        (Wanted(where={"project": [f"{CANARY}-project"]}), True),
    ],
)
def test_new_work_of_the_same_name_counts_but_for_a_session(places: Places, wanted: Wanted, taken: bool) -> None:
    """A session is forgotten for ever; a project's name may be used again, and a time is over."""
    store(Path(places.database), *recorded())
    forget(places, wanted)
    before = total(places)

    store(Path(places.database), request(9, NOW + HOUR, micros=7, session__id=CANARY, project=f"{CANARY}-project"))

    assert (total(places) - before > 0) is taken
    assert any(session == CANARY for _, session in events(places)) is taken


def test_of_a_living_session_nothing_comes_back_by_its_metrics(places: Places) -> None:
    """Its series goes on; what it counts is neither kept nor called lost."""
    store(Path(places.database), *recorded())
    forget(places, Wanted(session=CANARY))

    store(Path(places.database), cost(CANARY, 0.5, NOW + HOUR, project=f"{CANARY}-project"))

    found = usage(places, None, None, ("model",), {}).usage
    assert found is not None
    assert found.lost_usd_micros == 0
    with closing(sqlite3.connect(places.database)) as connection:
        assert connection.execute("SELECT count(*) FROM series WHERE session_id = ?", (CANARY,)).fetchone() == (0,)


def test_the_tombstones_tell_nothing(places: Places) -> None:
    """Sessions, projects and request ids stand there as hashes."""
    store(Path(places.database), *recorded())
    forget(places, Wanted(session=CANARY, where={"project": [f"{CANARY}-project"]}))

    with reading(places.ledger) as connection:
        rules = connection.execute("SELECT rule FROM forgotten_rules").fetchall()
        keys = connection.execute("SELECT count(*) FROM forgotten").fetchone()[0]
    assert keys == 2
    assert len(rules) == 1
    assert CANARY not in rules[0][0]
    assert "project" not in rules[0][0]
    assert canaries(places) == []


def late(key: int, session: str, request_id: str, time_ns: int, project: str = "open") -> Request:
    """Return a request as a transcript tells of it."""
    attributes = json.dumps({"project": project}, separators=(",", ":"))
    return Request(time_ns, key, session, attributes, request_id, None, 10, 20, 30, 40, 0, 0, TRANSCRIPT, 0)


@pytest.mark.parametrize(
    ("one", "comes"),
    [
        (late(1, CANARY, "req_1", NOW - DAY + 5), False),
        (late(1, CANARY, "another", NOW + 9 * DAY), False),
        (late(1, "a-fork-of-it", "req_1", NOW - DAY + 5), False),  # a fork copies the requests of its origin
        (late(1, "a-fork-of-it", "req_1", NOW + DAY), True),  # a gateway gives the same id to many
        (late(1, "fresh", "req_8", NOW - DAY), True),
    ],
)
def test_a_transcript_does_not_bring_it_back(places: Places, one: Request, comes: bool) -> None:
    """The second witness asks the same tombstones, by session, time and the request's id."""
    store(Path(places.database), *recorded())
    forget(places, Wanted(session=CANARY))
    before = total(places)

    with closing(open_to_write(places.ledger)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        add_up(connection, insert_requests(connection, [one]))

    with reading(places.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (3 if comes else 2,)
    assert total(places) == before


def test_the_newest_row_is_never_deleted(places: Places) -> None:
    """The next event gets a rowid behind it, and the ledger goes on from where it was."""
    store(Path(places.database), *recorded())
    total(places)
    with closing(sqlite3.connect(places.database)) as connection:
        top = connection.execute("SELECT max(id) FROM events").fetchone()[0]
    forget(places, Wanted(session=CANARY))

    store(Path(places.database), request(5, NOW, micros=1, session__id="other"))

    with closing(sqlite3.connect(places.database)) as connection:
        assert connection.execute("SELECT max(id) FROM events").fetchone()[0] == top + 1
    assert catch_up(places).read == 1
    assert total(places) == 0.000111


def test_days_are_forgotten_by_their_name(places: Places) -> None:
    """`--where day=` means the time of that day, for what comes late as well."""
    store(Path(places.database), *recorded())
    total(places)
    with reading(places.ledger) as connection:
        day = connection.execute("SELECT date(?, 'unixepoch', 'localtime')", ((NOW - DAY) // 10**9,)).fetchone()[0]

    gone = forget(places, Wanted(where={"day": [day]}))

    assert (gone.requests, gone.micros) == (2, 1010)
    assert total(places) == 0.0021
    store(Path(places.database), request(7, NOW - DAY + 5, micros=5, session__id="late"))
    assert total(places) == 0.0021


def test_what_lacks_a_key_is_forgotten_by_an_empty_value(places: Places) -> None:
    """As `usage --where KEY=` takes what lacks it."""
    store(Path(places.database), *recorded(), request(8, NOW - HOUR, micros=5, session__id="bare"))

    gone = forget(places, Wanted(where={"project": [""]}))

    assert (gone.requests, gone.micros) == (1, 5)
    assert sessions(places) == {CANARY, "other"}


def test_nothing_of_what_stays_is_touched(places: Places) -> None:
    """What events share with forgotten ones stays as long as one needs it."""
    store(
        Path(places.database),
        request(1, NOW - DAY, session__id="s", project="a"),
        request(2, NOW - HOUR, session__id="s", project="a"),
    )
    forget(places, Wanted(before=NOW - 2 * HOUR))

    with closing(open_reader(places.database)) as connection:
        (left,) = shown(connection)
    assert (left.attributes["session.id"], left.attributes["project"]) == ("s", "a")


@pytest.mark.parametrize("which", ["ledger", "database"])
def test_one_who_reads_keeps_it_in_the_log_and_it_leaves_later(
    places: Places, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """The log cannot be emptied under a reader: that is said, nothing is counted, and the next one who looks finishes."""
    monkeypatch.setattr(scrub, "FOLD_S", 0.1)
    store(Path(places.database), *recorded())
    total(places)
    rules = forgetting.look(places, Wanted(session=CANARY), NOW).rules
    with closing(sqlite3.connect(getattr(places, which), isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with pytest.raises(StoreError, match="is being read by another program"):
            forgetting.forget(places, rules)
        assert total(places) == 0.00011

    look_after(places, 0, NOW)

    assert canaries(places) == []
    assert events(places) == [("api_request", "other"), ("api_request", "other")]


def test_one_who_writes_to_the_raw_events_is_named_and_they_go_later(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted is right at once."""
    monkeypatch.setattr(scrub, "PATIENCE_MS", 50)
    store(Path(places.database), *recorded())
    total(places)
    rules = forgetting.look(places, Wanted(session=CANARY), NOW).rules
    with closing(sqlite3.connect(places.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another program") as raised:
            forgetting.forget(places, rules)
        assert "leaves the files when that is mended" in raised.value.cause

    assert total(places) == 0.00011
    catch_up(places)  # as the collector does soon
    assert [session for _, session in events(places)] == ["other", "other"]
    look_after(places, 0, NOW)
    assert canaries(places) == []


def test_what_lies_aside_and_in_victorialogs_is_named(places: Places) -> None:
    """What this command cannot delete, the person is told."""
    store(Path(places.database), *recorded())
    aside = Path(f"{places.database}.corrupt-20260101-000000")
    aside.write_text(CANARY)

    told = forgetting.elsewhere(places._replace(vlogs="http://127.0.0.1:1"))

    assert len(told) == 2
    assert "VictoriaLogs and Prometheus cannot delete" in told[0]
    assert str(aside) in told[1]


def test_a_refill_from_an_older_copy_asks_the_tombstones_too(places: Places, tmp_path: Path) -> None:
    """A copy that somebody has kept elsewhere holds what was forgotten; it is taken over without that."""
    store(Path(places.database), *recorded())
    total(places)
    look_after(places, 0, NOW)
    (kept,) = Path(places.copies).iterdir()
    shutil.copy(kept, tmp_path / "kept.db")
    forget(places, Wanted(session=CANARY))

    with writing(places) as connection:
        take_ledger(connection, str(tmp_path / "kept.db"))

    assert total(places) == 0.00011
    assert sessions(places) == {"other"}
    (tmp_path / "kept.db").unlink()
    assert canaries(places) == []


def test_a_new_ledger_knows_what_was_forgotten_from_its_copy(places: Places) -> None:
    """The tombstones are in the copy that is made anew, so that they outlive the ledger."""
    store(Path(places.database), *recorded())
    forget(places, Wanted(session=CANARY))
    for suffix in ("", "-wal", "-shm"):
        Path(places.ledger + suffix).unlink(missing_ok=True)

    store(Path(places.database), *recorded())

    assert total(places) == 0.00011
    look_after(places, 0, NOW)
    assert canaries(places) == []

"""Who sent a request: what launches leave behind, and how long the ledger knows of it."""

import json
import sqlite3
import time
import uuid
from pathlib import Path

import pytest
from ledgers import places_at
from stored import events_of, store

from cclaunch import otel
from cclaunch.hot.alive import ANCHOR, ENDED
from cclaunch.store.ledger import from_events
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.request import LAUNCH, OTHER, UNKNOWN
from cclaunch.store.ledger.schema import DAY_NS
from cclaunch.store.marking import marked
from cclaunch.store.places import Places

AT = time.time_ns() + DAY_NS // 2
"""After the ledger's first look at who was launched, however long that takes."""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """An empty ledger that knows launches from now on, and the directory of their names."""
    (tmp_path / "launched").mkdir()
    (tmp_path / "launched" / ANCHOR).touch()
    found = places_at(tmp_path / "telemetry.db")._replace(launched=str(tmp_path / "launched"))
    store(tmp_path / "telemetry.db")
    catch_up(found)
    (tmp_path / "launched" / "0123abcd.12.34").touch()
    return found


def name(places: Places, begin: str = "0123abcd.12.34.") -> str:
    """Leave a launch's name that begins so; return its instance id."""
    instance = str(uuid.uuid4())
    (Path(places.launched) / f"{begin}{instance}").touch()
    return instance


def send(places: Places, instance: str | None, time_ns: int = AT, **attributes: object) -> None:
    """Have the store hold a request of *instance*."""
    said = {} if instance is None else {"service.instance.id": instance}
    store(Path(places.database), events_of({"cost_usd_micros": 1, **said, **attributes}, time_ns=time_ns))


def asked(places: Places, query: str) -> list[tuple[int, ...]]:
    """Return the rows that the ledger answers to *query*."""
    connection = sqlite3.connect(places.ledger)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def verdicts(places: Places) -> list[int]:
    """Return the senders of all requests, in order of time."""
    catch_up(places)
    return [row[0] for row in asked(places, "SELECT sender FROM requests ORDER BY time_ns, key")]


@pytest.mark.parametrize("begin", ["0123abcd.12.34.", ".12.34.", ENDED])
def test_what_a_launch_sent_is_known_by_the_name_that_it_left(places: Places, begin: str) -> None:
    """Also when it has ended before anybody looked, and where no boot is told."""
    send(places, name(places, begin))
    assert verdicts(places) == [LAUNCH]


def test_what_others_of_this_user_send_is_told_apart(places: Places) -> None:
    """Without an instance id, with one of its own making, with one that is no text."""
    for number, instance in enumerate((None, str(uuid.uuid4()), "", "x" * 5000)):
        send(places, instance, AT + number)
    store(Path(places.database), events_of({"service.instance.id": 7}, time_ns=AT + 9))
    assert verdicts(places) == [OTHER] * 5


def test_of_another_users_claim_nothing_is_believed(places: Places) -> None:
    """The collector has marked it; that it names a launch of ours proves nothing."""
    batch = events_of({"cost_usd_micros": 1, "service.instance.id": name(places)}, time_ns=AT)
    store(Path(places.database), marked(batch, otel.SENDER, "unknown"))
    assert verdicts(places) == [UNKNOWN]


def test_names_of_ended_launches_go_when_they_were_read(places: Places) -> None:
    """Those of others stay, and so does what is no name of ours."""
    ended, alive = name(places, ENDED), name(places)
    (Path(places.launched) / f"{ENDED}theirs").touch()
    catch_up(places)
    left = {path.name for path in Path(places.launched).iterdir()}
    assert left == {ANCHOR, "0123abcd.12.34", f"0123abcd.12.34.{alive}", f"{ENDED}theirs"}
    send(places, ended)
    send(places, alive, AT + 1)
    assert verdicts(places) == [LAUNCH, LAUNCH]


def test_a_name_stays_until_what_it_says_is_committed(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is killed in between leaves it for the next."""
    instance = name(places, ENDED)
    send(places, instance)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(from_events, "add_up_events", stop)
        with pytest.raises(KeyboardInterrupt):
            catch_up(places)
    assert (Path(places.launched) / f"{ENDED}{instance}").exists()
    assert verdicts(places) == [LAUNCH]


def test_a_launch_that_comes_while_the_ledger_is_read_into_is_known(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is left, and its first event committed, when the one who catches up has looked at the names already."""
    send(places, None)
    take = from_events.take_slice

    def and_meanwhile(*given: object) -> from_events.Cursor:
        moved = take(*given)  # type: ignore[arg-type]
        monkeypatch.undo()
        send(places, name(places), AT + 1)
        return moved

    monkeypatch.setattr(from_events, "TOGETHER", 1)
    monkeypatch.setattr(from_events, "take_slice", and_meanwhile)
    catch_up(places)
    assert verdicts(places) == [OTHER, LAUNCH]


def test_who_was_launched_before_the_ledger_knew_is_unknown_for_good(places: Places) -> None:
    """It had no way to leave its id; also what the same session sends after that is not another program's."""
    old = str(uuid.uuid4())
    send(places, old, AT - DAY_NS)
    assert verdicts(places) == [UNKNOWN]
    send(places, old, AT, model="another")
    assert verdicts(places) == [UNKNOWN, UNKNOWN]


def test_events_of_before_that_share_nothing_are_judged_alike(places: Places) -> None:
    """Rows of the first schema hold all of their attributes."""
    instance = name(places)
    send(places, instance)
    send(places, str(uuid.uuid4()), AT + 1)
    connection = sqlite3.connect(places.database)
    for key, whole in connection.execute(
        "SELECT e.id, json_patch(s.attributes, e.attributes) FROM events e JOIN shared s ON s.key = e.shared"
    ).fetchall():
        connection.execute("UPDATE events SET shared = NULL, attributes = ? WHERE id = ?", (json.dumps(json.loads(whole)), key))
    connection.commit()
    connection.close()
    assert verdicts(places) == [LAUNCH, OTHER]


def silent_for(places: Places, days: int) -> None:
    """Have every launch been met last so many days ago."""
    connection = sqlite3.connect(places.ledger)
    connection.execute("UPDATE launches SET seen_ns = ?", (time.time_ns() - days * DAY_NS,))
    connection.commit()
    connection.close()


def test_a_launch_that_is_silent_for_long_is_forgotten_and_its_requests_keep_their_verdict(places: Places) -> None:
    """The ledger grows by requests, not by launches."""
    send(places, name(places, ENDED))
    assert verdicts(places) == [LAUNCH]
    silent_for(places, 91)
    name(places)
    assert verdicts(places) == [LAUNCH]
    assert len(asked(places, "SELECT * FROM launches")) == 1


@pytest.mark.parametrize("sign", ["it sends", "its name is there"])
def test_a_launch_that_gives_a_sign_of_life_is_not_forgotten(places: Places, sign: str) -> None:
    """A session may live for months, and say little."""
    instance = name(places, ENDED if sign == "it sends" else "0123abcd.12.34.")
    send(places, instance)
    catch_up(places)
    silent_for(places, 89)
    send(places, instance if sign == "it sends" else None, AT + 1, model="m")
    catch_up(places)
    silent = asked(places, f"SELECT * FROM launches WHERE seen_ns < {time.time_ns() - DAY_NS}")
    assert silent == []


def test_a_directory_that_cannot_be_read_stops_nothing(places: Places) -> None:
    """Then nobody is known by it."""
    send(places, None)
    assert verdicts(places._replace(launched="/proc/self/nothing")) == [OTHER]


def test_a_look_that_finds_nothing_new_writes_nothing(places: Places) -> None:
    """A question that is asked again costs no disk."""
    send(places, name(places))
    catch_up(places)
    connection = sqlite3.connect(places.ledger)
    before = connection.execute("PRAGMA data_version").fetchone()
    catch_up(places)
    assert connection.execute("PRAGMA data_version").fetchone() == before
    connection.close()

"""Forgetting beside a collector that lives: it goes on, keeps no memory of what is gone, and nothing comes back through it."""

import json
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from collector_client import Place, wait_until
from stored import export_of

from cclaunch.store import forgetting
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.wanted import Wanted
from cclaunch.store.places import Places, local_places
from cclaunch.store.reader import events, open_reader

NOW = 1_790_000_000_000_000_000
CANARY = "canary-in-a-coal-mine"


def post(place: Place, number: int, session: str, time_ns: int = 0, **attributes: Any) -> int:
    """Send one api_request, and return the status of the answer."""
    record = {"request_id": f"req_{number}", "cost_usd_micros": 5, "session.id": session, **attributes}
    body = export_of(record, time_ns=time_ns or NOW + number)
    return place.post("/v1/logs", body.SerializeToString()).status


def forget(places: Places, wanted: Wanted) -> int:
    """Forget what is *wanted*; return how many raw events went."""
    found = forgetting.look(places, wanted, time.time_ns())
    forgetting.forget(places, found.rules)
    return found.gone.events


def sessions(place: Place) -> list[str | None]:
    """Return the session of each raw event that is shown."""
    with closing(open_reader(place.paths.database)) as connection:
        return [one.session_id for one in events(connection)]


def test_a_session_is_forgotten_beside_a_living_collector(place: Place) -> None:
    """No file holds a word of it, and what is sent next is stored and counted."""
    places = local_places(place.paths)
    assert [post(place, number, CANARY) for number in range(20)] == [200] * 20
    assert post(place, 100, "other") == 200
    catch_up(places)

    assert forget(places, Wanted(session=CANARY)) == 20

    found = [path for path in Path(place.paths.data).rglob("*") if path.is_file()]
    assert [path for path in found if CANARY.encode() in path.read_bytes()] == []
    assert post(place, 101, "other") == 200
    assert sessions(place) == ["other", "other"]


def test_what_is_sent_again_is_gone_again_without_anybody_asking(place: Place) -> None:
    """A late copy over OTLP: it is acknowledged, and then deleted."""
    places = local_places(place.paths)
    post(place, 1, CANARY)
    post(place, 2, "other")
    forget(places, Wanted(session=CANARY))

    assert post(place, 1, CANARY) == 200
    assert post(place, 3, CANARY) == 200

    wait_until(lambda: sessions(place) == ["other"])


def test_what_events_share_is_written_again_when_it_is_needed(place: Place) -> None:
    """It was deleted as nobody had it any more; the next event of the same session has it."""
    places = local_places(place.paths)
    post(place, 1, "s", team="core")
    forget(places, Wanted(where={"team": ["core"]}))
    assert sessions(place) == []

    post(place, 2, "s", time_ns=time.time_ns() + 10**9, team="core")

    wait_until(lambda: sessions(place) == ["s"])
    with closing(open_reader(place.paths.database)) as connection:
        (one,) = events(connection)
    assert (one.attributes["team"], one.attributes["session.id"]) == ("core", "s")
    with closing(sqlite3.connect(place.paths.database)) as connection:
        assert connection.execute("SELECT count(*) FROM events WHERE shared NOT IN (SELECT key FROM shared)").fetchone() == (0,)


def test_whoever_sends_meanwhile_loses_nothing(place: Place) -> None:
    """Each export is acknowledged, and what is acknowledged is there in the end."""
    places = local_places(place.paths)
    over = threading.Event()
    sent: list[int] = []

    def send() -> None:
        number = 1000
        while not over.is_set():
            if post(place, number, "other") == 200:
                sent.append(number)
            number += 1

    for number in range(50):
        post(place, number, CANARY)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        wait_until(lambda: len(sent) > 3)
        forget(places, Wanted(session=CANARY))
        after = len(sent)
        wait_until(lambda: len(sent) > after + 3)
    finally:
        over.set()
        sender.join()
    with closing(open_reader(place.paths.database)) as connection:
        wait_until(lambda: len(json.loads(_ids(connection))) == len(sent))
        assert json.loads(_ids(connection)) == [f"req_{number}" for number in sent]
    catch_up(places)
    with closing(sqlite3.connect(place.paths.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (len(sent),)


def _ids(connection: sqlite3.Connection) -> str:
    query = "SELECT json_group_array(request_id) FROM (SELECT request_id FROM events WHERE check_nonce IS NULL ORDER BY time_ns)"
    return str(connection.execute(query).fetchone()[0])

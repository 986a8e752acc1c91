"""That a request is counted once: whatever comes late, comes again, comes from elsewhere, or claims what cannot be."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guard import REPOSITORY
from ledgers import places_at
from otlp_requests import logs
from stackproc import Vlogs
from stackproc import vlogs as running_vlogs
from stored import store

from cclaunch.otlp.decode import decode_logs
from cclaunch.store import limits
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import Places
from cclaunch.store.retention import retain
from cclaunch.store.usage import usage

NS = 1_000_000_000
DAY_NS = 86_400 * NS
NOW = time.time_ns() // NS * NS
OLD = NOW - 100 * DAY_NS


def requests(count: int, begin_ns: int = OLD) -> list[dict[str, Any]]:
    """Return attributes of *count* requests, a second apart, of a few sessions and models."""
    return [
        {
            "time": begin_ns + number * NS,
            "event.sequence": number,
            "session.id": f"s{number % 3}",
            "model": f"m{number % 2}",
            "request_id": "the same",
            "cost_usd_micros": 1000 + number,
            "input_tokens": number,
        }
        for number in range(count)
    ]


def total(places: Places) -> tuple[int, int, int]:
    """Return (requests, micro-dollars, input tokens) of all time."""
    found = usage(places, None, None, ["model"], {}).usage
    assert found is not None
    return found.total["requests"], round(found.total["cost_usd"] * 1e6), found.total["input_tokens"]


def rows(places: Places) -> list[tuple[Any, ...]]:
    """Return all that the ledger counts: its requests with names in the place of ids, and its quarters."""
    connection = sqlite3.connect(places.ledger)
    try:
        names = "r.time_ns, r.key, s.name, t.attributes, r.micros, r.input, r.origin, r.witnesses, r.sender"
        joined = f'SELECT {names} FROM requests r JOIN sessions s ON s.id = r.session JOIN sets t ON t.id = r."set"'
        quarters = (
            "SELECT q.quarter, s.name, t.attributes, q.requests, q.micros, q.input"
            ' FROM quarters q JOIN sessions s ON s.id = q.session JOIN sets t ON t.id = q."set"'
        )
        return sorted(connection.execute(joined).fetchall(), key=repr) + sorted(connection.execute(quarters).fetchall(), key=repr)
    finally:
        connection.close()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A database, and a ledger beside it."""
    return places_at(tmp_path / "telemetry.db")


def test_a_copy_that_comes_after_retention_changes_nothing(places: Places) -> None:
    """However late: the rows that it could be compared with are gone for long."""
    export = decode_logs(logs(*requests(20)))
    store(Path(places.database), export, decode_logs(logs({"name": "user_prompt", "time": NOW})))
    before = total(places)
    connection = sqlite3.connect(places.database, isolation_level=None)
    top = connection.execute("SELECT max(id) FROM events").fetchone()[0]
    assert retain(connection, NOW, top, pause=lambda _: None) == 20
    connection.close()

    store(Path(places.database), export)

    assert total(places) == before == (20, sum(range(1000, 1020)), sum(range(20)))


def test_what_is_sent_again_in_other_exports_is_counted_once(places: Places) -> None:
    """One by one, and with others around it."""
    sent = requests(6)
    store(Path(places.database), decode_logs(logs(*sent)))
    store(Path(places.database), *[decode_logs(logs(one)) for one in sent], decode_logs(logs(*reversed(sent))))
    assert total(places)[0] == 6


def test_a_ledger_that_is_filled_again_has_what_it_had(places: Places) -> None:
    """Of what is still there."""
    store(Path(places.database), decode_logs(logs(*requests(30))))
    catch_up(places)
    before = rows(places)
    os.unlink(places.ledger)
    catch_up(places)
    assert rows(places) == before


def test_a_database_that_was_begun_anew_adds_to_what_is_known(places: Places) -> None:
    """Another name, the same numbers of rows: it is read from its start."""
    store(Path(places.database), decode_logs(logs(*requests(5))))
    catch_up(places)
    for path in Path(places.database).parent.glob("telemetry.db*"):
        if not path.name.startswith("telemetry.db-ledger"):
            path.unlink()
    store(Path(places.database), decode_logs(logs(*requests(8))))
    assert total(places)[0] == 8


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vlogs]:
    """A real VictoriaLogs."""
    with running_vlogs(tmp_path_factory.mktemp("vlogs")) as service:
        yield service


def test_what_was_sent_to_both_backends_is_counted_once(places: Places, there: Vlogs) -> None:
    """An acknowledgement was lost, and then the backend changed."""
    sent = requests(12, NOW - DAY_NS)
    store(Path(places.database), decode_logs(logs(*sent[:8])))
    there.take(logs(*sent[4:]))
    both = places._replace(vlogs=there.url)
    assert total(both) == (12, sum(range(1000, 1012)), sum(range(12)))
    store(Path(places.database), decode_logs(logs(*sent)))
    there.take(logs(*sent))
    assert total(both) == (12, sum(range(1000, 1012)), sum(range(12)))


@pytest.mark.parametrize("claim", [{"cost_usd_micros": 9 * 10**18}, {"cost_usd": 9e12}, {"cost_usd_micros": "9" * 30}])
def test_a_claim_of_nine_million_millions_is_no_money(places: Places, claim: dict[str, Any]) -> None:
    """The request is counted; what it says that it cost is not."""
    whole = {**requests(1)[0], "event.sequence": 99, **claim}
    if "cost_usd" in claim:
        del whole["cost_usd_micros"]
    store(Path(places.database), decode_logs(logs(*requests(3), whole)))
    assert total(places)[:2] == (4, 1000 + 1001 + 1002)


def test_sums_of_the_largest_claims_do_not_overflow(places: Places) -> None:
    """A quarter of an hour of them; and nine digits are left for more."""
    most = {"cost_usd_micros": limits.MOST_MICROS, "input_tokens": limits.MOST_TOKENS, "model": "m", "session.id": "s"}
    records = [{**most, "time": OLD + number, "event.sequence": number} for number in range(900)]
    store(Path(places.database), decode_logs(logs(*records)))
    assert total(places) == (900, 900 * limits.MOST_MICROS, 900 * limits.MOST_TOKENS)
    assert max(limits.MOST_MICROS, limits.MOST_TOKENS) * 10**8 < limits.LARGEST


CATCHES_UP = """
import sys
sys.path.insert(0, sys.argv[1])
from cclaunch.store.ledger import catch_up, from_events
from cclaunch.store.places import Places
from_events.TOGETHER = catch_up.FIRST_ROWS = 40
print("begun", flush=True)
catch_up.catch_up(Places(*sys.argv[2:]))
"""


def test_a_catch_up_that_is_killed_anywhere_leaves_what_an_undisturbed_one_makes(places: Places, tmp_path: Path) -> None:
    """By kill -9, at random moments, again and again; with launches that end meanwhile."""
    launched = tmp_path / "launched"
    launched.mkdir()
    instance = "01234567-89ab-4cde-8f01-23456789abcd"
    (launched / f"ended.{instance}").touch()
    sent = requests(2000, OLD)
    store(Path(places.database), decode_logs(logs(*sent, resource={"service.name": "x", "service.instance.id": instance})))
    killed = places._replace(launched=str(launched))
    words = [sys.executable, "-c", CATCHES_UP, str(REPOSITORY), *killed]
    chance = random.Random(14)
    ends = []
    for _ in range(25):
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"begun\n"
            try:
                process.wait(chance.random() * 0.25)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            ends.append(process.wait())
    assert -signal.SIGKILL in ends
    catch_up(killed)
    (launched / f"ended.{instance}").touch()
    undisturbed = places_at(tmp_path / "telemetry.db")._replace(
        ledger=str(tmp_path / "other.db"), ledger_lock=str(tmp_path / "other.lock"), launched=str(launched)
    )
    catch_up(undisturbed)
    assert rows(killed) == rows(undisturbed)
    assert len([row for row in rows(killed) if len(row) == 9]) == 2000
    assert {row[8] for row in rows(killed) if len(row) == 9} == {2}
    assert sqlite3.connect(killed.ledger).execute("PRAGMA integrity_check").fetchone() == ("ok",)

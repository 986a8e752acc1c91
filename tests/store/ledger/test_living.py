"""Launches whose process lives, and the session that each of them has now."""

import os
import time
import uuid
from pathlib import Path

import pytest
from ledgers import places_at
from stored import request, store

from cclaunch.files.boot import boot_id
from cclaunch.files.process_identity import start_ticks
from cclaunch.hot.alive import ANCHOR, ENDED, mark_of
from cclaunch.store.ledger.living import living, session_of
from cclaunch.store.places import Places

NS = 1_000_000_000


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Places with an empty store and a directory for names."""
    (tmp_path / "launched").mkdir()
    (tmp_path / "launched" / ANCHOR).touch()
    store(tmp_path / "telemetry.db")
    return places_at(tmp_path / "telemetry.db")._replace(launched=str(tmp_path / "launched"))


def name(places: Places, *, boot: str = "", ticks: int = 0) -> str:
    """Leave the name of this process, or one like it; return its instance id."""
    instance, began = str(uuid.uuid4()), start_ticks(os.getpid())
    assert began is not None
    Path(places.launched, mark_of(boot or boot_id(), os.getpid(), began + ticks, instance)).touch()
    return instance


def test_a_process_that_lives_is_found(places: Places) -> None:
    """With about when it began."""
    instance = name(places)
    (found,) = living(places.launched)

    assert (found.pid, found.instance) == (os.getpid(), instance)
    assert 0 <= time.time_ns() - found.began_ns < 24 * 3600 * NS


def test_others_are_not(places: Places) -> None:
    """Those of another boot, of a process before, that have ended, or that say no instance; nor what is no name."""
    name(places, boot="0" * 8)
    name(places, ticks=1)
    for other in (f"{ENDED}{uuid.uuid4()}", f"{boot_id()[:8]}.{os.getpid()}.{start_ticks(os.getpid())}", "a.b.c.d"):
        Path(places.launched, other).touch()

    assert living(places.launched) == []
    assert living(f"{places.launched}/nowhere") == living("") == []


def test_its_session_is_the_last_one_that_it_sent_from(places: Places) -> None:
    """`/clear` makes another one; what other launches send is no matter."""
    instance = name(places)
    (found,) = living(places.launched)
    assert session_of(places, found) is None

    now = time.time_ns()
    for number, (session, sender) in enumerate([("first", instance), ("second", instance), ("other", "x"), ("none", "")]):
        store(Path(places.database), request(number, now + number, session__id=session, service__instance__id=sender))
    assert session_of(places, found) == "second"


def test_a_database_that_cannot_be_read_tells_nothing(places: Places) -> None:
    """Whoever asks it for the rows says what is wrong."""
    name(places)
    (found,) = living(places.launched)
    Path(places.database).write_text("no database")

    assert session_of(places, found) is None

"""What failed is not tried again for five minutes, and is as soon as what it failed for has changed."""

import contextlib
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from collector_client import Place

from cclaunch.backends import failure
from cclaunch.backends.failure import remember, remembered, was_roused
from cclaunch.backends.wake import wake
from cclaunch.config.model import Config

WHY = "the disk is broken"
PATIENCE_S = 60.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place whose collector does not run, with a directory for its data."""
    made = Place(tmp_path)
    Path(made.paths.data).mkdir(parents=True)
    return made


def on_docker(place: Place, engine: Path) -> Config:
    """Have the place use Docker, by the engine at the socket *engine*."""
    path = Path(place.paths.config_file)
    path.write_text(f'{path.read_text()}backend = "docker"\n[docker]\nhost = "unix://{engine}"\n')
    return place.config


def still_known(place: Place, config: Config | None = None) -> bool:
    """Say whether a launch would still leave it at what was remembered."""
    return remembered(place.paths, config or place.config, place.environ) == WHY


def test_it_is_known_as_long_as_nothing_changes(place: Place) -> None:
    """With the reason, for the line that is said."""
    remember(place.paths, place.config, place.environ, WHY)

    assert still_known(place)


def test_it_ends_after_five_minutes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it was."""
    remember(place.paths, place.config, place.environ, WHY)
    monkeypatch.setattr(failure, "MEMORY_S", 0)

    assert not still_known(place)


def upgraded(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another release launches."""
    monkeypatch.setattr(failure, "__version__", "9.9.9")


def in_another_container(_: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The HOME is shared, the network is not."""
    monkeypatch.setattr(failure, "here", lambda: {"network": "net:[1]"})


def configured(place: Place, _: pytest.MonkeyPatch) -> None:
    """The person edits config.toml."""
    place.configure(601)


def made_writable(place: Place, _: pytest.MonkeyPatch) -> None:
    """The person gives the directory its mode back."""
    os.chmod(place.paths.data, 0o700)


def moved_away(place: Place, _: pytest.MonkeyPatch) -> None:
    """The person takes the database away that cannot be used."""
    os.rename(place.paths.database, f"{place.base}/old.db")


@pytest.mark.parametrize("mend", [upgraded, in_another_container, configured, made_writable, moved_away])
def test_it_ends_with_what_it_rests_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, mend: Callable[[Place, pytest.MonkeyPatch], None]
) -> None:
    """Each is a reason to try again."""
    os.chmod(place.paths.data, 0o750)
    Path(place.paths.database).write_text("no database")
    remember(place.paths, place.config, place.environ, WHY)
    assert still_known(place)
    mend(place, monkeypatch)

    assert not still_known(place)


def test_it_ends_when_a_port_that_was_held_is_free(place: Place) -> None:
    """And not before."""
    with socket.create_server(("127.0.0.1", place.ports["metrics"])):
        remember(place.paths, place.config, place.environ, WHY)
        assert still_known(place)

    assert not still_known(place)


def test_it_ends_when_the_engine_is_there(place: Place) -> None:
    """It was not when it failed."""
    engine = place.base / "engine.sock"
    config = on_docker(place, engine)
    remember(place.paths, config, place.environ, WHY)
    assert still_known(place, config)

    with socket.socket(socket.AF_UNIX) as back:
        back.bind(str(engine))
        back.listen()
        assert not still_known(place, config)


def test_an_engine_that_was_there_when_it_failed_is_no_reason(place: Place) -> None:
    """An image that cannot be had is not to be had because an engine answers."""
    engine = place.base / "engine.sock"
    config = on_docker(place, engine)
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(engine))
        there.listen()
        remember(place.paths, config, place.environ, WHY)

        assert still_known(place, config)


def test_what_the_embedded_collector_stores_meanwhile_is_no_reason_to_ask_docker_again(place: Place) -> None:
    """It stands in."""
    config = on_docker(place, place.base / "engine.sock")
    remember(place.paths, config, place.environ, WHY)
    Path(place.paths.database).write_text("more")

    assert still_known(place, config)


def test_a_memory_of_an_older_release_is_none(place: Place) -> None:
    """It does not say what it rests on."""
    path = Path(place.paths.wake_failed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"time={time.time()}\nreason={WHY}\n")
    Path(place.paths.roused).write_text(f"time={time.time()}\nreason=grafana\n")

    assert not still_known(place)
    assert not was_roused(place.paths)


def test_a_launch_tries_again_as_soon_as_it_was_mended(place: Place) -> None:
    """A database of another program is in the way, and then it is not."""
    database = Path(place.paths.database)
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("CREATE TABLE theirs (x)")
    failed = wake(place.paths, PATIENCE_S, place.environ)
    again = wake(place.paths, PATIENCE_S, place.environ)
    database.rename(place.base / "theirs.db")
    try:
        mended = wake(place.paths, PATIENCE_S, place.environ)
    finally:
        place.stop()

    assert "a database of another program" in failed[2]
    assert "not tried again yet" in again[2]
    assert (mended[0] is not None, mended[2]) == (True, "")

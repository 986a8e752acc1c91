"""Who the collector stays for: by names in a directory, which outlive it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cclaunch.collector import pids
from cclaunch.collector.pids import Launched, any_alive
from cclaunch.files import process_identity
from cclaunch.files.boot import boot_id
from cclaunch.hot.alive import ANCHOR, ENDED, mark_of


@pytest.fixture
def session() -> Iterator[subprocess.Popen[bytes]]:
    """A process to stay for."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


@pytest.fixture
def directory(tmp_path: Path) -> str:
    """Where the names are."""
    return str(tmp_path / "launched")


def names(directory: str) -> set[str]:
    """Return the names that are left there."""
    return set(os.listdir(directory)) - {ANCHOR}


def test_a_successor_stays_for_whom_the_one_before_knew(directory: str, session: subprocess.Popen[bytes]) -> None:
    """It may have been killed."""
    Launched(directory).add(session.pid)
    assert Launched(directory).any()
    assert any_alive(directory)


def test_one_that_has_ended_is_forgotten(directory: str, session: subprocess.Popen[bytes]) -> None:
    """Its end counts as activity once."""
    known = Launched(directory)
    known.add(session.pid)
    session.kill()
    session.wait()
    assert known.any()
    assert not known.any()
    assert names(directory) == set()


def test_a_name_that_cannot_be_taken_away_keeps_nobody(directory: str) -> None:
    """A directory in its place, a disk that takes nothing."""
    known = Launched(directory)
    os.mkdir(f"{directory}/{mark_of(boot_id(), os.getpid(), 1)}")
    known.any()
    assert not known.any()


def test_without_a_descriptor_to_ask_by_nobody_is_forgotten(
    directory: str, session: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It passes; the session would be left alone for good."""
    known = Launched(directory)
    known.add(session.pid)
    with monkeypatch.context() as context:
        context.setattr(process_identity, "start_ticks", lambda _: None)
        context.setattr(process_identity, "_is_unreadable", lambda _: True)
        assert known.any()
    assert known.any()
    assert len(names(directory)) == 1


def test_a_file_system_without_links_gets_files(
    directory: str, session: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For who asks; the others ask."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    Launched(directory).add(session.pid)
    assert len(names(directory)) == 1


def test_a_directory_that_was_moved_is_looked_at_once_more(directory: str, session: subprocess.Popen[bytes]) -> None:
    """Somebody may have left his name there just before."""
    known = Launched(directory)
    ticks = process_identity.start_ticks(session.pid)
    assert ticks
    Path(directory, mark_of(boot_id(), session.pid, ticks)).touch()
    os.rename(directory, directory + ".away")
    known.carry()
    assert len(names(directory)) == 1


def test_the_list_of_the_first_releases_is_taken_over(directory: str, tmp_path: Path, session: subprocess.Popen[bytes]) -> None:
    """An upgrade leaves no session alone."""
    before = tmp_path / "collector.pids"
    before.write_text(f"{session.pid}={psutil.Process(session.pid).create_time()}\n{os.getpid()}=12.5\nx=y\n")
    assert Launched(directory, str(before)).any()
    assert {name.split(".")[1] for name in names(directory)} == {str(session.pid)}
    assert not before.exists()


INSTANCE = "01234567-89ab-4cde-8f01-23456789abcd"


def test_a_name_with_an_instance_id_has_the_collector_stay(directory: str, session: subprocess.Popen[bytes]) -> None:
    """As one without does, which older launches leave."""
    known = Launched(directory)
    ticks = process_identity.start_ticks(session.pid)
    assert ticks
    Path(directory, mark_of(boot_id(), session.pid, ticks, INSTANCE)).touch()
    assert known.any()
    assert any_alive(directory)


def test_of_one_that_has_ended_the_instance_id_stays_for_the_ledger(directory: str, session: subprocess.Popen[bytes]) -> None:
    """What it sent may not have been read yet. It may have launched twice, and has left one name by its question."""
    known = Launched(directory)
    ticks = process_identity.start_ticks(session.pid)
    assert ticks
    mark = mark_of(boot_id(), session.pid, ticks)
    for name in (f"{mark}.{INSTANCE}", f"{mark}.{INSTANCE[::-1]}"):
        os.link(f"{directory}/{ANCHOR}", f"{directory}/{name}")
    os.link(f"{directory}/{ANCHOR}", f"{directory}/{ENDED}{INSTANCE}")
    known.add(session.pid)
    session.kill()
    session.wait()
    assert known.any()
    assert not known.any()
    assert names(directory) == {f"{ENDED}{INSTANCE}", f"{ENDED}{INSTANCE[::-1]}"}


def test_names_of_ended_ones_do_not_pile_up(directory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that cannot be written reads none of them."""
    monkeypatch.setattr(pids, "MOST", 3)
    known = Launched(directory)
    for number in range(9):
        Path(directory, mark_of(boot_id(), os.getpid(), 1, f"{INSTANCE[:-1]}{number}")).touch()
        known.any()
    assert len(names(directory)) == 3

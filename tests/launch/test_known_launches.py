"""That the ledger knows each launch of ours by its instance id, however it was launched."""

import os
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
from collector_client import beats, wait_until
from docker_stack import DockerStack
from doubles import fake_claude, told
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.backends.sources import places_of
from cclaunch.hot.alive import ANCHOR
from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.paths import our_paths
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.request import LAUNCH
from cclaunch.store.ledger.senders import INSTANCE, sender_of


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that prints what it got."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def launched(place: Sandbox, *words: str) -> str:
    """Launch with *words* and return the instance id that claude got."""
    attributes, _ = parse_attributes(told(place.cclaunch(*words).stdout)["environ"][otel.RESOURCE_ATTRIBUTES])
    return attributes[INSTANCE]


def names(place: Sandbox) -> list[str]:
    """Return the names that were left, oldest spelling and anchor apart."""
    return [name for name in os.listdir(our_paths(place.environ).launched) if name != ANCHOR]


def assert_known(place: Sandbox, instance: str) -> None:
    """Assert that its name says the instance id, and that the ledger takes what it sends for a launch's."""
    paths = our_paths(place.environ)
    assert [name for name in names(place) if name.endswith(f".{instance}")]
    places = places_of(paths)._replace(vlogs="")
    catch_up(places)
    connection = sqlite3.connect(places.ledger)
    try:
        assert sender_of(connection, {INSTANCE: instance}, time.time_ns(), checked=True) == LAUNCH
    finally:
        connection.close()


def test_a_launch_that_wakes_the_collector_is_known(place: Sandbox) -> None:
    """Before it there was no directory for its name."""
    assert_known(place, launched(place, "-p", "x"))


def test_a_launch_that_asks_nobody_is_known(place: Sandbox) -> None:
    """The collector's lock vouches for it; the name that has it stay says the rest."""
    place.cclaunch("-p", "wakes it")
    assert wait_until(lambda: beats(our_paths(place.environ)))
    assert_known(place, launched(place, "-p", "x"))


def test_a_launch_that_asks_is_known(place: Sandbox) -> None:
    """No lock tells of the collector: it may be hung, or of another release."""
    place.cclaunch("-p", "wakes it")
    assert wait_until(lambda: beats(our_paths(place.environ)))
    Path(our_paths(place.environ).collector_alive).unlink()
    assert_known(place, launched(place, "-p", "x"))


def test_a_launch_whose_directory_vanished_is_known(place: Sandbox) -> None:
    """It is made anew, by the launch or by the collector."""
    place.cclaunch("-p", "wakes it")
    shutil.rmtree(our_paths(place.environ).launched)
    assert_known(place, launched(place, "-p", "x"))


@pytest.mark.parametrize("words", [("exec", "--"), ("exec", "--", "env", "A=1")])
def test_another_command_is_known(place: Sandbox, words: tuple[str, ...]) -> None:
    """An IDE, or a script that runs claude itself."""
    assert_known(place, launched(place, *words, str(place.home / "bin" / "claude"), "-p", "x"))


def test_a_launch_into_containers_is_known(stack: DockerStack) -> None:
    """The collector in the container knows nobody, and adds nothing."""
    box = stack.sandbox
    box.environ["PATH"] = f"{fake_claude(box.home / 'bin').parent}:{box.environ['PATH']}"
    for _ in range(2):  # the first makes the directory
        assert_known(box, launched(box, "-p", "x"))


def test_what_exports_nothing_leaves_no_name(place: Sandbox) -> None:
    """`claude mcp list` sends nothing that could be somebody's."""
    place.cclaunch("-p", "wakes it")
    before = len(names(place))
    launched(place, "mcp", "list")
    assert len(names(place)) <= before

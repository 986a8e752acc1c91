"""That a launch tells a person once that claude's transcripts are read: where it is cold anyway, and before anybody does."""

import os
import subprocess
from pathlib import Path

import pytest
from collector_client import beats, wait_until
from doubles import fake_claude
from sandbox import Sandbox

from cclaunch.history.told import LINE
from cclaunch.hot.paths import our_paths


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude, and a collector that sleeps."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def launched(place: Sandbox) -> str:
    """Launch with a terminal for stderr; return what stood on it."""
    ours, theirs = os.openpty()
    words = place.command("-p", "x")
    with subprocess.Popen(words, env=place.environment(), cwd=place.work, stdout=subprocess.PIPE, stderr=theirs) as started:
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 65536):
                told += part
        except OSError:  # Linux says so when the last one has closed it
            pass
        os.close(ours)
        started.communicate()
    return told.decode()


def mark(place: Sandbox) -> Path:
    """Return the file that says that it was told."""
    return Path(our_paths(place.environ).transcripts_told)


def test_a_person_at_a_terminal_is_told_once(place: Sandbox) -> None:
    """By the launch that wakes the collector, which will read them."""
    assert LINE in launched(place)
    assert mark(place).exists()
    place.cclaunch("stack", "down")
    assert LINE not in launched(place)


def test_where_nobody_sees_it_nothing_is_told(place: Sandbox) -> None:
    """Stderr is a pipe; the next one with a terminal tells it, when it is cold."""
    assert LINE not in place.cclaunch("-p", "x").stderr.decode()
    assert not mark(place).exists()
    place.cclaunch("stack", "down")
    assert LINE in launched(place)


def test_a_launch_that_asks_nobody_tells_nothing(place: Sandbox) -> None:
    """That costs time: it is said when it costs none."""
    place.cclaunch("-p", "wakes it")
    assert wait_until(lambda: beats(our_paths(place.environ)))
    assert launched(place) == ""


def test_who_has_turned_it_off_is_told_nothing(place: Sandbox) -> None:
    """`[history] transcripts = false`."""
    place.configure(extra="[history]\ntranscripts = false")
    assert LINE not in launched(place)
    assert not mark(place).exists()

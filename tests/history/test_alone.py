"""That one reads transcripts at a time, and that a person does not wait for whoever reads them behind everybody's back."""

import os
import threading
import time
from pathlib import Path

import pytest
from collector_client import wait_until
from sandbox import Sandbox

from cclaunch.errors import Busy
from cclaunch.files.lock import locked
from cclaunch.history import process
from cclaunch.history.alone import alone, is_asked
from cclaunch.hot.paths import Paths, our_paths


@pytest.fixture
def paths(sandbox: Sandbox) -> Paths:
    """Our directories."""
    paths = our_paths(sandbox.environ)
    Path(paths.data).mkdir(parents=True)
    return paths


def test_who_is_alone_asks_nobody(paths: Paths) -> None:
    """And nobody else gets in."""
    with alone(paths):
        assert not os.path.exists(paths.history_asked)
        with pytest.raises(Busy), locked(paths.history_lock, 0):
            pass


def test_who_reads_behind_everybodys_back_is_asked_to_leave(paths: Paths) -> None:
    """And once he has left, nobody is asked any more."""
    reads = threading.Event()

    def read() -> None:
        with locked(paths.history_lock, 0):
            reads.set()
            assert wait_until(lambda: is_asked(paths))

    reader = threading.Thread(target=read)
    reader.start()
    assert reads.wait(60)
    with alone(paths, 60):
        assert not is_asked(paths)
    reader.join()


def test_another_person_who_reads_stays(paths: Paths) -> None:
    """And is not asked for ever."""
    with locked(paths.history_lock, 0):
        with pytest.raises(Busy), alone(paths, 0.05):
            pass
        assert not is_asked(paths)


def test_what_one_has_left_who_was_killed_says_nothing(paths: Paths) -> None:
    """It is old."""
    Path(paths.history_asked).touch()
    assert is_asked(paths)
    os.utime(paths.history_asked, (time.time() - 3600, time.time() - 3600))
    assert not is_asked(paths)


def test_a_pause_ends_when_somebody_asks(paths: Paths) -> None:
    """However long it was to be; without anybody it has an end, too."""
    process._rest(paths, 0.001)
    threading.Timer(0.05, Path(paths.history_asked).touch).start()
    with pytest.raises(Busy):
        process._rest(paths, 600)

"""When the collector has transcripts read, by whom, and what becomes of that process."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from collector_client import wait_until
from sandbox import Sandbox

from cclaunch.collector.history_process import HistoryProcess
from cclaunch.hot.paths import Paths, our_paths

COUNTS = "open({path!r}, 'a').write('x')"
SLEEPS = "import os, time; open({path!r}, 'a').write(str(os.getpid())); time.sleep(600)"
FAILS = "import sys; open({path!r}, 'a').write('x'); sys.exit('something\\ncclaunch: it was not read: no room')"


class Readers:
    """Passes that are told of, in place of real ones."""

    def __init__(self, paths: Paths, file: Path) -> None:
        self.paths = paths
        self.said: list[str] = []
        self._file = file
        self._made: list[HistoryProcess] = []

    def start(self, code: str = COUNTS, often: float = 600.0, longest: float = 600.0) -> HistoryProcess:
        """Start the thread with passes that run *code*."""
        words = [sys.executable, "-IS", "-c", code.format(path=str(self._file))]
        made = HistoryProcess(self.paths, self.said.append, words, 0.01, often, 0.01, longest)
        self._made.append(made)
        made.start()
        return made

    def told(self) -> str:
        """Return what the passes have written."""
        return self._file.read_text() if self._file.exists() else ""

    def close(self) -> None:
        """End them all."""
        for one in self._made:
            one.leave()
        assert wait_until(lambda: not any(one.name == "history" for one in threading.enumerate()))


@pytest.fixture
def readers(sandbox: Sandbox, tmp_path: Path) -> Iterator[Readers]:
    """Passes of a home in which somebody was told of them."""
    paths = our_paths(sandbox.environ)
    tell(paths)
    made = Readers(paths, tmp_path / "told")
    yield made
    made.close()


def tell(paths: Paths) -> None:
    """Have a person know of it."""
    Path(paths.transcripts_told).parent.mkdir(parents=True, exist_ok=True)
    Path(paths.transcripts_told).touch()


def test_there_is_a_pass_at_the_start_and_none_without_news(readers: Readers) -> None:
    """The next one is minutes away."""
    readers.start()
    assert wait_until(lambda: readers.told() == "x")


def test_there_is_one_when_a_launched_process_has_ended(readers: Readers) -> None:
    """Whatever it wrote is there by then."""
    made = readers.start()
    assert wait_until(lambda: readers.told() == "x")
    made.look(1)
    assert wait_until(lambda: readers.told() == "xx")


def test_there_is_one_every_now_and_then(readers: Readers) -> None:
    """Of what no launch of ours has written."""
    readers.start(often=0.01)
    assert wait_until(lambda: len(readers.told()) > 2)


def test_there_is_none_before_a_person_knows_of_it(readers: Readers) -> None:
    """And then there is."""
    os.unlink(readers.paths.transcripts_told)
    readers.start(often=0.01)
    assert not wait_until(readers.told, 0.3)
    tell(readers.paths)
    assert wait_until(lambda: "x" in readers.told())


def test_there_is_none_where_it_is_turned_off(readers: Readers, sandbox: Sandbox) -> None:
    """It is looked up each time."""
    sandbox.configure(extra="[history]\ntranscripts = false")
    readers.start(often=0.01)
    assert not wait_until(readers.told, 0.3)
    sandbox.configure()
    assert wait_until(lambda: "x" in readers.told())


def test_what_fails_is_said_once(readers: Readers) -> None:
    """By its last line, however often."""
    readers.start(FAILS, often=0.01)
    assert wait_until(lambda: len(readers.told()) > 3)
    assert readers.said == ["transcripts: it was not read: no room"]


def test_a_pass_ends_with_the_collector(readers: Readers) -> None:
    """Nobody is left behind, and nobody is waited for."""
    made = readers.start(SLEEPS)
    assert wait_until(readers.told)
    reader = psutil.Process(int(readers.told()))
    made.leave()
    assert wait_until(lambda: not reader.is_running())
    assert readers.said == []


def test_a_pass_that_is_killed_is_said(readers: Readers) -> None:
    """The next one reads on."""
    readers.start(SLEEPS)
    assert wait_until(readers.told)
    os.kill(int(readers.told()), signal.SIGKILL)
    assert wait_until(lambda: readers.said == ["transcripts: it ended with -9"])


def test_a_pass_that_hangs_is_ended_and_said(readers: Readers) -> None:
    """A file system may not answer; the next one tries again."""
    readers.start(SLEEPS, often=0.01, longest=0.5)
    assert wait_until(lambda: readers.said == ["transcripts: it was ended after 0.5 s; the next one reads on"])
    assert wait_until(lambda: bool(readers.told()))

"""The collector as it is started has transcripts read by itself, and so has the keeper: by whom, with what, and until when."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from collector_client import Place, wait_until
from transcript_lines import record, write

from cclaunch.backends.docker import keeper
from cclaunch.backends.embedded import ending
from cclaunch.config.state import change_state
from cclaunch.files.lock import locked
from cclaunch.history.read_all import Before, before
from cclaunch.store.places import local_places

SECRET = "sk-ant-nobody-else"
CLAUDES = {"ANTHROPIC_API_KEY": SECRET, "CLAUDE_CODE_OAUTH_TOKEN": SECRET}


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Place]:
    """A place with a transcript, of which a person was told that it is read; nothing runs yet."""
    made = Place(tmp_path)
    write(made.base / ".claude" / "projects" / "x" / "a.jsonl", record())
    for directory in (made.paths.state, made.paths.data):
        Path(directory).mkdir()
    Path(made.paths.transcripts_told).touch()
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


def by_collector(place: Place) -> None:
    """Start the collector."""
    place.start(**CLAUDES)


def by_keeper(place: Place) -> None:
    """Start the keeper, as beside containers that receive."""
    change_state(place.paths, lambda state: state._replace(backend="docker"))
    assert keeper.come_up(place.paths, {**place.environ, **CLAUDES}, time.monotonic() + 60) == []


@contextmanager
def reading(place: Place, start: Callable[[Place], None]) -> Iterator[psutil.Process]:
    """Have *start* start it, and give the process that reads as long as it waits for the ledger."""
    with locked(place.paths.ledger_lock, 5):
        start(place)
        found: list[psutil.Process] = []

        def look() -> bool:
            found[:] = [one for one in place.processes() if any("history.process" in word for word in one.cmdline())]
            return bool(found) and found[0].nice() == 19

        assert wait_until(look)
        yield found[0]


@pytest.mark.parametrize("start", [by_collector, by_keeper])
def test_who_reads_has_the_collectors_environment_and_nothing_of_claudes(known: Place, start: Callable[[Place], None]) -> None:
    """No key and no token; and what it read is in the ledger."""
    with reading(known, start) as process:
        assert process.environ()["HOME"] == str(known.base)
        assert SECRET not in process.environ().values()
        assert process.num_fds() < 12  # no lock and no socket of the collector's
    assert wait_until(lambda: not process.is_running())
    assert Path(known.paths.ledger).exists()


def test_who_reads_ends_with_the_collector(known: Place) -> None:
    """Nothing writes to our directories once the stack is down."""
    with reading(known, by_collector) as process:
        ending.shutdown(known.paths)
        assert wait_until(lambda: not process.is_running())
    assert before(local_places(known.paths)) == Before({})

"""Whether the collector lives, by its lock; and the name of a launched process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from guard import REPOSITORY

from cclaunch.files.boot import boot_id
from cclaunch.files.process_identity import start_ticks
from cclaunch.hot import alive

HOLDS = """
import sys
sys.path.insert(0, sys.argv[1])
from cclaunch.collector.heartbeat import Heartbeat
heart = Heartbeat(sys.argv[2])
for line in sys.stdin:
    getattr(heart, line.strip())()
    print("done", flush=True)
"""


class Holder:
    """A process that holds the locks of a collector, or gives them up."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def do(self, what: str) -> None:
        """Have it `beat` or `stop`."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def beaten(self, lock: str) -> int:
        """Return the one place that it holds now, as the system tells."""
        inode = f":{os.stat(lock).st_ino}"
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        (place,) = [int(words[6]) for words in lines if words[4] == str(self.process.pid) and words[5].endswith(inode)]
        return place


@pytest.fixture
def lock(tmp_path: Path) -> str:
    """The file that is locked, with the directory of the launched beside it."""
    (tmp_path / "launched").mkdir()
    (tmp_path / "launched" / alive.ANCHOR).touch()
    return str(tmp_path / "alive")


@pytest.fixture
def holder(lock: str) -> Iterator[Holder]:
    """A process that has beaten once."""
    words = [sys.executable, "-c", HOLDS, str(REPOSITORY), lock]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        found = Holder(process)
        found.do("beat")
        yield found
        process.kill()


def vouched(lock: str, holder: Holder) -> bool:
    """Ask."""
    return alive.vouched(lock, os.path.dirname(lock) + "/launched", str(holder.process.pid), alive.here())


def test_a_beat_is_believed(lock: str, holder: Holder) -> None:
    """And the process that asks is known by a name, however often it asks."""
    assert vouched(lock, holder)
    assert vouched(lock, holder)
    ours = alive.mark_of(boot_id(), os.getpid(), start_ticks(os.getpid()) or 0)
    assert set(os.listdir(os.path.dirname(lock) + "/launched")) == {ours, alive.ANCHOR}


def test_nobody_is_laid_down_where_there_is_no_beat(lock: str, holder: Holder) -> None:
    """Nobody would sweep it."""
    holder.do("stop")
    assert not vouched(lock, holder)
    assert os.listdir(os.path.dirname(lock) + "/launched") == [alive.ANCHOR]


@pytest.mark.parametrize(("later", "believed"), [(0, True), (alive.BEATS - 1, True), (alive.BEATS, False), (-1, False)])
def test_a_beat_is_believed_for_a_while(
    lock: str, holder: Holder, monkeypatch: pytest.MonkeyPatch, later: int, believed: bool
) -> None:
    """Not longer, and not before it was made."""
    beaten = holder.beaten(lock)
    monkeypatch.setattr(alive, "place_of", lambda pid: beaten + later)
    assert vouched(lock, holder) is believed


def test_the_locks_of_another_process_say_nothing(lock: str, holder: Holder) -> None:
    """Each pid has its own places."""
    assert not alive.vouched(lock, os.path.dirname(lock) + "/launched", str(holder.process.pid + 1), alive.here())


def test_locks_end_with_their_process(lock: str, holder: Holder) -> None:
    """However it ends."""
    holder.process.kill()
    holder.process.wait()
    assert not vouched(lock, holder)


def test_a_lock_that_does_not_stay_is_no_word(lock: str, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two looks it was given up: a collector that leaves does so first, and then looks who was laid down."""
    real, looks = alive._beats, []

    def look(handle: int, place: int) -> bool:
        looks.append(real(handle, place))
        holder.do("stop")
        return looks[-1]

    monkeypatch.setattr(alive, "_beats", look)
    assert not vouched(lock, holder)
    assert looks[0]
    assert not looks[-1]


@pytest.mark.parametrize("pid", ["", "x", "-1", "99999999999999999999"])
def test_a_pid_that_is_none_is_no_word(lock: str, holder: Holder, pid: str) -> None:
    """Whatever stands in the ports file."""
    assert not alive.vouched(lock, os.path.dirname(lock) + "/launched", pid, alive.here())


@pytest.mark.parametrize("what", ["missing", "directory", "pipe"])
def test_whatever_stands_in_the_place_of_the_lock_file_is_no_word(tmp_path: Path, what: str) -> None:
    """And it hangs nobody."""
    path = tmp_path / "alive"
    if what == "directory":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    assert not alive.vouched(str(path), str(tmp_path), str(os.getpid()), alive.here())


def test_the_place_is_told_from_others() -> None:
    """By boot, network, pids and clocks."""
    assert alive.here().split() == [boot_id(), *(os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "pid", "time"))]


def test_a_lock_on_the_whole_file_is_no_word(lock: str, holder: Holder) -> None:
    """Of another program's, as a copying one has it; and a system that refuses to tell answers alike."""
    holder.do("stop")
    locks = "import os, sys; os.lockf(os.open(sys.argv[1], os.O_RDWR), os.F_LOCK, 0); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", locks, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline()
        assert not vouched(lock, holder)
        other.kill()


def test_a_copy_by_hard_links_is_no_word(lock: str, holder: Holder) -> None:
    """The file is the same, but the names are left elsewhere."""
    os.link(lock, lock + ".copy")
    assert not vouched(lock, holder)

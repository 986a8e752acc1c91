"""The collector's word that it is well: a launch believes it without asking, and only while it is true."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector_client import Place, beats, collector, logs, wait_until
from guard import REPOSITORY

from cclaunch.collector import words
from cclaunch.hot import alive
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import collector_ports
from cclaunch.store import writer as store_writer
from cclaunch.store.rows import Batch
from cclaunch.store.writer import Writer

ASKS = """
import sys
sys.path.insert(0, {repository!r})
from cclaunch.hot.paths import Paths
from cclaunch.launch.awake import Asked
from cclaunch.collector import words
from cclaunch.hot import alive
asked = Asked(Paths(*sys.argv[1:5]), True, True)
print(asked.vouched, "_socket" in sys.modules)
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A collector that beats."""
    with collector(tmp_path) as found:
        assert wait_until(lambda: beats(found.paths))
        yield found


def launch(paths: Paths, *before: str) -> str:
    """Return what the beginning of a launch says: whether the collector is vouched for, and whether a socket was needed."""
    words = [sys.executable, "-IS", "-c", ASKS.format(repository=str(REPOSITORY))]
    directories = [paths.config, paths.state, paths.cache, paths.data]
    return subprocess.run([*before, *words, *directories], check=True, capture_output=True, timeout=120).stdout.decode().strip()


WITHOUT_ASKING, ASKED = "True False", "False True"


def main_process(place: Place) -> int:
    """Return the pid of the collector; the supervisor is another one."""
    ports = collector_ports(place.paths)
    assert ports
    return int(ports.pid)


def test_a_launch_knows_without_asking(place: Place) -> None:
    """No socket is made."""
    assert launch(place.paths) == WITHOUT_ASKING


def test_a_collector_that_hangs_is_noticed(place: Place) -> None:
    """Its lock is held, but at no place of now; then it goes on, and is believed again."""
    os.kill(main_process(place), signal.SIGSTOP)
    try:
        assert wait_until(lambda: not beats(place.paths))
        assert launch(place.paths) == ASKED
    finally:
        os.kill(main_process(place), signal.SIGCONT)
    assert wait_until(lambda: launch(place.paths) == WITHOUT_ASKING)


def test_a_collector_that_was_killed_is_not_believed(place: Place) -> None:
    """The system takes its locks at once, before its successor listens."""
    ports = collector_ports(place.paths)
    assert ports
    os.kill(int(ports.pid), signal.SIGKILL)
    assert wait_until(lambda: not alive.vouched(place.paths.collector_alive, place.paths.launched, ports.pid, ports.here), 2)
    assert wait_until(lambda: launch(place.paths) == WITHOUT_ASKING)


def test_a_store_that_takes_nothing_ends_the_word(place: Place) -> None:
    """The last commit has failed: whoever launches is told so by the collector itself."""
    with place.locked():
        place.post("/v1/logs", logs("user_prompt").SerializeToString())
        assert wait_until(lambda: not beats(place.paths))
        assert launch(place.paths) == ASKED
    assert wait_until(lambda: beats(place.paths))


def test_a_database_that_was_moved_ends_the_word(place: Place) -> None:
    """What is committed next may not be where people look."""
    os.rename(place.paths.database, place.paths.database + ".away")
    assert wait_until(lambda: not beats(place.paths))


@pytest.mark.parametrize("mark", [".corrupt-20260101-000000", "-wal.left-20260101-000000"])
def test_what_a_launch_has_to_be_told_ends_the_word(place: Place, mark: str) -> None:
    """It comes with the answer to its question."""
    Path(place.paths.database + mark).write_bytes(b"")
    assert wait_until(lambda: not beats(place.paths))


def test_records_that_were_refused_are_told_to_one_launch(place: Place) -> None:
    """That one asks; after it, the lock speaks again."""
    ports = collector_ports(place.paths)
    assert ports
    with Path(place.paths.database + "-refused").open("w") as file:
        file.write("rows=3\nlast=4102444800.0\nreason=x\ntold=0\n")
    os.kill(main_process(place), signal.SIGKILL)
    assert wait_until(lambda: place_answers(place))
    assert not beats(place.paths)
    assert launch(place.paths) == ASKED
    assert wait_until(lambda: beats(place.paths))


def place_answers(place: Place) -> bool:
    """Say whether the collector answers."""
    try:
        return place.ask("GET", "/health").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("field", ["here", "version", "pid"])
def test_word_of_another_boot_release_or_process_is_not_believed(place: Place, tmp_path: Path, field: str) -> None:
    """The same files may lie there after the machine was started anew, or in a container that shares the home directory."""
    other = tmp_path / "other"
    other.mkdir()
    for name in ("collector.alive", "collector.key", "launched"):
        (other / name).symlink_to(f"{place.paths.data}/{name}")
    lines = Path(place.paths.collector_ports).read_text().splitlines()
    changed = [f"{field}=7{line.partition('=')[2]}" if line.startswith(field + "=") else line for line in lines]
    (other / "collector.ports").write_text("\n".join(changed) + "\n")
    paths = Paths(place.paths.config, place.paths.state, place.paths.cache, str(other))

    assert launch(paths).split()[0] == "False"
    (other / "collector.ports").write_text("\n".join(lines) + "\n")
    assert launch(paths) == WITHOUT_ASKING


def test_a_copy_of_the_home_directory_is_not_believed(place: Place, tmp_path: Path) -> None:
    """Nobody holds a lock there."""
    shutil.copytree(place.paths.data, tmp_path / "copy", ignore=shutil.ignore_patterns("*.db-*"))
    paths = Paths(place.paths.config, place.paths.state, place.paths.cache, str(tmp_path / "copy"))
    assert launch(paths).split()[0] == "False"


@pytest.mark.parametrize("kind", ["--net", "--pid", "--time"])
def test_a_collector_in_another_namespace_is_not_believed(place: Place, kind: str) -> None:
    """Its ports, or the pid that it is to stay for, are others there."""
    assert launch(place.paths, "unshare", kind, "--fork", "--").split()[0] == "False"


def test_another_user_sees_no_lock(place: Place) -> None:
    """Nor can he leave his name."""
    for path in (*Path(place.paths.data).parents, Path(place.paths.data)):
        if path.stat().st_uid == os.geteuid() and str(path).startswith(str(place.base)):
            path.chmod(0o755)
    for name in (place.paths.collector_ports, place.paths.launched, f"{place.paths.launched}/{alive.ANCHOR}"):
        os.chmod(name, 0o777)
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
    assert launch(place.paths, *nobody).split()[0] == "False"


def test_a_directory_of_the_launched_that_vanished_comes_again(place: Place) -> None:
    """The launch asks, and by that it is known."""
    shutil.rmtree(place.paths.launched)
    assert launch(place.paths) == ASKED
    assert wait_until(lambda: launch(place.paths) == WITHOUT_ASKING)


def test_a_lock_file_that_was_deleted_comes_again(place: Place) -> None:
    """As the ports file does."""
    os.unlink(place.paths.collector_alive)
    assert wait_until(lambda: launch(place.paths) == WITHOUT_ASKING)


def test_a_commit_that_hangs_ends_the_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The disk does not answer: nothing has failed yet, and nothing will succeed."""
    writer = Writer(str(tmp_path / "telemetry.db"))
    writer.start()
    going_on = threading.Event()
    monkeypatch.setattr(writer, "_turn", lambda *_, **__: going_on.wait(60))
    monkeypatch.setattr(store_writer, "LONG_S", 0.2)
    try:
        assert words.vouches(writer, str(tmp_path))
        writer.submit(Batch())
        assert wait_until(lambda: not words.vouches(writer, str(tmp_path)))
        going_on.set()
        assert wait_until(lambda: words.vouches(writer, str(tmp_path)))
    finally:
        going_on.set()
        writer.close()


def test_a_full_disk_ends_the_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a commit fails."""
    writer = Writer(str(tmp_path / "telemetry.db"))
    writer.start()
    try:
        assert words.vouches(writer, str(tmp_path))
        monkeypatch.setattr(words, "free", lambda _: 1 << 20)
        assert not words.vouches(writer, str(tmp_path))
    finally:
        writer.close()


def test_a_launch_that_relies_on_it_is_waited_for(tmp_path: Path) -> None:
    """It left its name, so the collector stays until it ends, and leaves then."""
    with collector(tmp_path, idle_exit=1.5) as place:
        assert wait_until(lambda: beats(place.paths))
        words = [sys.executable, "-IS", "-c", ASKS.format(repository=str(REPOSITORY)) + "sys.stdout.flush(); sys.stdin.read()"]
        directories = [place.paths.config, place.paths.state, place.paths.cache, place.paths.data]
        with subprocess.Popen([*words, *directories], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
            assert session.stdin
            assert session.stdout
            assert session.stdout.readline().decode().strip() == WITHOUT_ASKING
            (mark,) = set(os.listdir(place.paths.launched)) - {alive.ANCHOR}
            assert mark.split(".")[1] == str(session.pid)
            assert not wait_until(lambda: not place.processes(), 4)
            session.stdin.close()
        assert wait_until(lambda: not place.processes())
        assert os.listdir(place.paths.launched) == [alive.ANCHOR]

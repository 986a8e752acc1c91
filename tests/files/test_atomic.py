"""Files written whole or not at all, and the lock that keeps two of us apart."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from guard import REPOSITORY

from cclaunch.errors import Busy, FileTrouble
from cclaunch.files.atomic import make_directory, remove, write_atomic
from cclaunch.files.lock import held, locked


def test_a_file_and_the_directories_above_it_are_for_their_owner_alone(tmp_path: Path) -> None:
    """0600 in 0700, whatever the umask."""
    before = os.umask(0)
    try:
        write_atomic(str(tmp_path / "a/b/c"), b"x")
    finally:
        os.umask(before)

    assert (tmp_path / "a/b/c").read_bytes() == b"x"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b", "a/b/c")] == [0o700, 0o700, 0o600]


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """The temporary file became it."""
    write_atomic(str(tmp_path / "c"), b"1")
    write_atomic(str(tmp_path / "c"), b"2", mode=0o644)

    assert os.listdir(tmp_path) == ["c"]
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o644


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while we write."""
    path = tmp_path / "c"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileTrouble, match="No space left"):
        write_atomic(str(path), b"new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["c"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """People keep their files in a repository and link them into place."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there/real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "there/real")

    write_atomic(str(tmp_path / "link"), b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/real").read_text() == "new"


def test_a_file_in_the_place_of_a_directory_is_named(tmp_path: Path) -> None:
    """The sentence says what cannot be made."""
    (tmp_path / "a").write_text("")

    with pytest.raises(FileTrouble, match=f"cannot make {tmp_path}/a:"):
        write_atomic(str(tmp_path / "a/b/c"), b"x")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_root_writes_nothing_in_somebody_elses_directory(tmp_path: Path) -> None:
    """What `sudo -E` leaves there, its owner could not change."""
    os.chown(tmp_path, 12345, 12345)

    with pytest.raises(FileTrouble, match="belongs to user 12345"):
        write_atomic(str(tmp_path / "a/b"), b"x")

    assert os.listdir(tmp_path) == []


def test_a_relative_path_is_made_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins where we are."""
    monkeypatch.chdir(tmp_path)

    make_directory("a/b")

    assert (tmp_path / "a/b").is_dir()


def test_removing_says_whether_there_was_something(tmp_path: Path) -> None:
    """The second time there is nothing."""
    write_atomic(str(tmp_path / "c"), b"")

    assert [remove(str(tmp_path / "c")), remove(str(tmp_path / "c"))] == [True, False]


def test_what_cannot_be_removed_is_named(tmp_path: Path) -> None:
    """A directory is not ours to delete."""
    with pytest.raises(FileTrouble, match="cannot delete"):
        remove(str(tmp_path))


def test_a_lock_is_held_for_the_block_and_no_longer(tmp_path: Path) -> None:
    """Also when the block fails."""
    path = str(tmp_path / "s/lock")
    seen = []

    def fail() -> None:
        with locked(path, 1):
            seen.append(held(path))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert (seen, held(path)) == ([True], False)


def test_a_lock_that_others_keep_is_an_error_after_the_deadline(tmp_path: Path) -> None:
    """The sentence names the file and the wait."""
    path = str(tmp_path / "lock")
    with locked(path, 1), pytest.raises(Busy, match=r"lock for 0\.05 s"), locked(path, 0.05):
        pass


def test_writers_under_the_lock_lose_nothing(tmp_path: Path) -> None:
    """Each adds one to what it read."""
    path, lock = tmp_path / "count", str(tmp_path / "lock")
    path.write_text("0")

    def add() -> None:
        for _ in range(20):
            with locked(lock, 20):
                write_atomic(str(path), str(int(path.read_text()) + 1).encode())

    workers = [threading.Thread(target=add) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert path.read_text() == "80"


def test_importing_it_costs_the_supervisor_nothing() -> None:
    """C modules, `os` and our errors only."""
    code = "import os, sys; before = set(sys.modules); import cclaunch.files.atomic; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-ISc", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {code}"], capture_output=True, check=True
    )

    assert done.stdout.decode().split() == ["cclaunch", "cclaunch.errors", "cclaunch.files", "cclaunch.files.atomic"]

"""The careful write: the file is the old one or the new one, or it is refused with the reason and nothing was changed."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guard import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st
from required import require

from cclaunch.files.atomic import write_atomic
from cclaunch.files.theirs import look
from cclaunch.files.theirs import write as rcwrite
from cclaunch.files.theirs.copies import KEPT, copies, label
from cclaunch.files.theirs.in_place import is_torn, recover
from cclaunch.files.theirs.look import FileRefused, NeedsInPlace, examine, read_snapshot
from cclaunch.files.theirs.write import delete_file, write_file, writing
from cclaunch.hot.paths import Paths, our_paths

OLD, NEW = b"old\n" * 40, b"new and longer\n" * 40
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount, and give files away")


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox."""
    return our_paths(environ)


@pytest.fixture
def rc(home: Path) -> Path:
    """An rc file."""
    path = home / ".bashrc"
    path.write_bytes(OLD)
    return path


def put(path: Path, paths: Paths, home: Path, data: bytes = NEW, **more: bool) -> None:
    """Do what persist does: read, examine, write."""
    snapshot = read_snapshot(str(path))
    examine(snapshot, str(home), in_place=more.get("in_place", False))
    with writing(paths):
        write_file(snapshot, data, paths, **more)


def test_mode_owner_and_attributes_stay_a12(rc: Path, paths: Paths, home: Path) -> None:
    """A 12: 0640, an attribute, an ACL."""
    os.chmod(rc, 0o640)
    os.setxattr(rc, "user.note", b"mine")
    require("setfacl")
    subprocess.run(["setfacl", "-m", "u:12345:r", str(rc)], check=True)
    acl = os.getxattr(rc, "system.posix_acl_access")
    if os.geteuid() == 0:
        os.chown(rc, 0, 12345)
    before = rc.stat()

    put(rc, paths, home)

    after = rc.stat()
    assert rc.read_bytes() == NEW
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(rc, "user.note") == b"mine"
    assert os.getxattr(rc, "system.posix_acl_access") == acl
    assert set(os.listdir(home)) == {".bashrc", ".local"}


def test_a_new_file_has_the_usual_mode_and_its_directories_a01(paths: Paths, home: Path) -> None:
    """A 1: missing file, missing directory above it."""
    put(home / "a/b/rc", paths, home)

    assert (home / "a/b/rc").read_bytes() == NEW
    assert (home / "a/b/rc").stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    now = os.umask(0o022)
    os.umask(now)
    return now


def link_relative(home: Path) -> Path:
    """Make a relative link into a repository."""
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    return home / "dotfiles/bashrc"


def link_chained(home: Path) -> Path:
    """Make a link to a link."""
    (home / "middle").symlink_to("dotfiles/bashrc")
    (home / ".bashrc").symlink_to(str(home / "middle"))
    return home / "dotfiles/bashrc"


def link_dangling(home: Path) -> Path:
    """Make a link to a file that is not there yet."""
    (home / ".bashrc").symlink_to("dotfiles/new")
    return home / "dotfiles/new"


@pytest.mark.parametrize("make", [link_relative, link_chained, link_dangling])
def test_a_link_stays_and_what_it_names_changes_a10(make: Callable[[Path], Path], paths: Paths, home: Path) -> None:
    """A 10: the repository with the dotfiles must not detach silently."""
    (home / "dotfiles").mkdir()
    (home / "dotfiles/bashrc").write_bytes(OLD)
    target = make(home)

    put(home / ".bashrc", paths, home)

    assert (home / ".bashrc").is_symlink()
    assert target.read_bytes() == NEW
    assert not target.is_symlink()


def test_a_link_to_itself_is_refused_a10(paths: Paths, home: Path) -> None:
    """A 10: it names nothing."""
    (home / ".bashrc").symlink_to("other")
    (home / "other").symlink_to(".bashrc")

    with pytest.raises(FileRefused, match="leads to itself"):
        read_snapshot(str(home / ".bashrc"))


def test_a_link_into_a_missing_directory_is_refused_a10(paths: Paths, home: Path) -> None:
    """A 10: a mistyped link, or a disk that is not mounted."""
    (home / ".bashrc").symlink_to("gone/bashrc")

    with pytest.raises(FileRefused, match="there is no such directory"):
        read_snapshot(str(home / ".bashrc"))


def fifo(path: Path) -> None:
    """Make a pipe."""
    os.mkfifo(path)


def sock(path: Path) -> None:
    """Make a socket."""
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (os.mkdir, "is a directory"),
        (fifo, "is a pipe"),
        (sock, "is a socket"),
        (lambda path: path.symlink_to("/dev/null"), "is a device"),
        (lambda path: path.write_bytes(b"#" * (50 << 20)), "more than 1 MiB"),
    ],
    ids=["directory", "pipe", "socket", "device", "50 MB"],
)
def test_what_is_no_rc_file_is_refused_a14(make: Callable[..., Any], told: str, home: Path) -> None:
    """A 14: at once, and by its name."""
    make(home / ".bashrc")

    with pytest.raises(FileRefused, match=told):
        read_snapshot(str(home / ".bashrc"))


def test_a_file_that_is_read_only_on_purpose_is_refused_a13(rc: Path, home: Path) -> None:
    """A 13: a rename would go over it; root too keeps to it."""
    os.chmod(rc, 0o444)

    with pytest.raises(FileRefused, match="is read-only"):
        examine(read_snapshot(str(rc)), str(home))


def test_a_read_only_directory_is_refused_a13(rc: Path, home: Path) -> None:
    """A 13: home-manager and nix-darwin do that."""
    os.chmod(home, 0o555)
    try:
        with pytest.raises(FileRefused, match="is read-only, so"):
            examine(read_snapshot(str(rc)), str(home))
    finally:
        os.chmod(home, 0o755)


def test_what_a_package_manager_made_is_refused_a13(rc: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 13: also through a link."""
    monkeypatch.setattr(look, "READ_ONLY", (f"{home}/store/",))
    (home / "store").mkdir()
    (home / "store/bashrc").write_bytes(OLD)
    rc.unlink()
    rc.symlink_to("store/bashrc")

    with pytest.raises(FileRefused, match="package manager"):
        examine(read_snapshot(str(rc)), str(home))


@root_only
def test_a_file_of_another_user_is_refused_a13(rc: Path, home: Path) -> None:
    """A 13: even where it could be written."""
    os.chown(rc, 12345, 12345)

    with pytest.raises(FileRefused, match="belongs to user 12345"):
        examine(read_snapshot(str(rc)), str(home))


@root_only
def test_the_home_of_another_user_is_refused_a35(rc: Path, home: Path) -> None:
    """A 35: `sudo -E`."""
    os.chown(home, 12345, 12345)

    with pytest.raises(FileRefused, match="belongs to user 12345, and this is user 0"):
        examine(read_snapshot(str(rc)), str(home))


def as_nobody(work: Callable[[], Any]) -> str:
    """Return what *work* returns, a text, when a process without any rights of root does it."""
    reading, writing_ = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os.write(writing_, work().encode())
        finally:
            os._exit(0)
    os.close(writing_)
    with open(reading, "rb") as file:
        told = file.read().decode()
    os.waitpid(child, 0)
    return told


@root_only
@pytest.mark.parametrize(
    ("what", "told"), [("file", "is read-only"), ("directory", "is read-only, so"), ("unreadable", "cannot read")]
)
def test_without_root_the_system_refuses_too_a13(what: str, told: str) -> None:
    """A 13: with the rights of nobody."""

    def work() -> str:
        try:
            examine(read_snapshot(str(rc)), str(place))
        except FileRefused as refused:
            return refused.message
        return "it would have been written"

    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rc = place / ".bashrc"
        rc.write_bytes(OLD)
        os.chmod(rc, {"file": 0o444, "unreadable": 0o000}.get(what, 0o644))
        os.chown(rc, 65534, 65534)
        os.chown(place, 65534, 65534)
        os.chmod(place, 0o555 if what == "directory" else 0o755)

        assert told in as_nobody(work)


def test_hard_links_are_written_in_place_only_when_asked_a11(rc: Path, paths: Paths, home: Path) -> None:
    """A 11: another file would leave the other name behind."""
    os.link(rc, home / "twin")
    with pytest.raises(NeedsInPlace, match="2 names"):
        put(rc, paths, home)
    assert rc.read_bytes() == OLD

    put(rc, paths, home, in_place=True)

    assert rc.read_bytes() == (home / "twin").read_bytes() == NEW
    assert not [name for name in os.listdir(paths.copies) if name.startswith("journal")]
    put(rc, paths, home, OLD, in_place=True)
    assert rc.read_bytes() == OLD


MOUNTED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from cclaunch.files.theirs import look
from cclaunch.hot.paths import Paths
from cclaunch.files.theirs.look import NeedsInPlace, examine, read
from cclaunch.files.theirs.write import write, writing
path, home = sys.argv[2], sys.argv[3]
where = Paths(home, home + "/s", home, home)
snapshot = read(path)
try:
    examine(snapshot, home)
except NeedsInPlace as refused:
    print(refused.message)
look._mount_points = lambda: set()
try:
    with writing(where):
        write(snapshot, b"new", where)
except NeedsInPlace as refused:
    print(refused.message)
print(open(path).read())
"""


@root_only
def test_a_mounted_file_is_refused_before_and_by_the_rename_a15(rc: Path, home: Path) -> None:
    """A 15: containers mount rc files; the rename gives EBUSY."""
    (home / "source").write_text("old")
    run = ["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" && shift && exec "$0" -c "$3" "$4" "$1" "$2"']
    words = [sys.executable, str(home / "source"), str(rc), str(home), MOUNTED, str(REPOSITORY)]
    done = subprocess.run([*run, *words], capture_output=True, check=False)

    told = done.stdout.decode().splitlines()
    assert "is a mount point" in told[0], done.stderr.decode()
    assert "cannot be replaced: Device or resource busy" in told[1]
    assert told[2] == "old"
    assert [name for name in os.listdir(home) if "cclaunch-" in name] == []


LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from cclaunch.hot.paths import Paths
from cclaunch.files.theirs.look import read
from cclaunch.files.theirs.write import write, writing
path, home = sys.argv[2], sys.argv[3]
where = Paths(home, home + "/s", home, home)
snapshot = read(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
with writing(where):
    write(snapshot, b"x" * 500, where)
"""


def test_a_write_that_hits_a_limit_leaves_the_old_file_a16(rc: Path, home: Path) -> None:
    """A 16: RLIMIT_FSIZE in the middle of it."""
    done = subprocess.run([sys.executable, "-c", LIMITED, str(REPOSITORY), str(rc), str(home)], capture_output=True, check=False)

    assert b"File too large" in done.stderr
    assert rc.read_bytes() == OLD
    assert [name for name in os.listdir(home) if "cclaunch-" in name] == []


@root_only
def test_a_full_disk_leaves_the_old_file_a16(rc: Path, home: Path, paths: Paths) -> None:
    """A 16: ENOSPC, on a file system of 64 KiB."""
    disk = home / "disk"
    disk.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$1" && head -c 60000 /dev/zero > "$1/rc" && exec "$0" -c "$2" "$3" "$1/rc" "$4"'
    code = LIMITED.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))", "").replace('b"x" * 500', 'b"x" * 60000')
    code += "\n"
    check = code.replace("with writing(where):\n    write", "import errno\ntry:\n  with writing(where):\n    write") + (
        "except Exception as error:\n  print(error)\nprint(open(path, 'rb').read() == bytes(60000))\n"
        "import os\nprint(os.listdir(os.path.dirname(path)))\n"
    )
    words = [sys.executable, str(disk), check, str(REPOSITORY), str(home)]
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, *words], capture_output=True, check=False)

    assert done.stdout.decode().splitlines()[1:] == ["True", "['rc']"], done
    assert "No space left" in done.stdout.decode()


def test_an_editor_that_saves_in_between_wins_a18(rc: Path, paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 18: between our reading and our rename."""
    snapshot = read_snapshot(str(rc))
    real = os.fsync

    def save(handle: int) -> None:
        real(handle)
        if rc.read_bytes() == OLD:
            rc.write_bytes(b"from an editor")

    monkeypatch.setattr(os, "fsync", save)
    with writing(paths), pytest.raises(FileRefused, match="changed by somebody else"):
        write_file(snapshot, NEW, paths)

    assert rc.read_bytes() == b"from an editor"
    assert [name for name in os.listdir(home) if "cclaunch-" in name] == []


def test_a_file_that_appears_in_between_is_not_overwritten_a18(paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 18: the name was free when we looked."""
    snapshot = read_snapshot(str(home / ".zshrc"))
    monkeypatch.setattr(rcwrite, "_unchanged", lambda snapshot: None)
    (home / ".zshrc").write_bytes(b"mine")

    with writing(paths), pytest.raises(FileRefused, match="File exists"):
        write_file(snapshot, NEW, paths)

    assert (home / ".zshrc").read_bytes() == b"mine"


def test_two_at_once_lose_nothing_a18(rc: Path, paths: Paths, home: Path) -> None:
    """A 18: each adds a line to what it read, under the lock."""
    rc.write_bytes(b"")

    def add(name: str) -> None:
        for number in range(5):
            with writing(paths):
                snapshot = read_snapshot(str(rc))
                write_file(snapshot, (snapshot.data or b"") + f"{name}{number}\n".encode(), paths)

    workers = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(rc.read_bytes().splitlines()) == 20


def test_five_copies_are_kept_for_their_owner_alone(rc: Path, paths: Paths, home: Path) -> None:
    """The newest last; each is what the file was before a write."""
    for number in range(KEPT + 2):
        put(rc, paths, home, b"%d\n" % number)

    found = copies(paths, str(rc))
    assert [Path(path).read_bytes() for path in found] == [b"%d\n" % number for number in range(1, KEPT + 1)]
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in found} == {0o600}
    assert stat.S_IMODE(os.stat(paths.copies).st_mode) == 0o700


def test_a_file_of_ours_and_its_empty_directories_go_away(paths: Paths, home: Path) -> None:
    """No further up than we made."""
    put(home / "a/b/rc", paths, home)
    with writing(paths):
        delete_file(read_snapshot(str(home / "a/b/rc")), paths, 1)

    assert not (home / "a/b").exists()
    assert (home / "a").is_dir()


def test_what_a_killed_write_left_is_cleaned_a17(rc: Path, paths: Paths, home: Path) -> None:
    """A 17: by the next write of that file."""
    (home / ".bashrc.cclaunch-1").write_text("not ours")
    (home / "..bashrc.cclaunch-12345").write_text("half")

    put(rc, paths, home)

    assert {name for name in os.listdir(home) if "cclaunch-" in name} == {".bashrc.cclaunch-1"}


STEPPED = """
import sys
sys.path.insert(0, sys.argv[1])
from cclaunch.files.theirs import in_place as torn, look, write
from cclaunch.hot.paths import Paths
path, home, in_place = sys.argv[2], sys.argv[3], sys.argv[4] == "1"
where = Paths(home, home + "/s", home, home)
with open(sys.argv[5], "rb") as file:
    new = file.read()
open("/dev/null").close()
with write.writing(where):
    torn.recover(where)
    snapshot = look.read(path)
    write.write(snapshot, new, where, in_place=in_place)
open("/dev/zero").close()
"""

CALLS = "openat write ftruncate rename fsync link unlink fchmod fchown fsetxattr close mkdir flock newfstatat fstat".split()


@pytest.mark.parametrize("in_place", [False, True], ids=["replaced", "in-place"])
def test_killed_at_any_system_call_the_file_is_the_old_or_the_new_one_a17(
    in_place: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 17: kill -9 at each; in place, the next run mends what is torn."""
    require("strace")
    home, new = tmp_path / "home", tmp_path / "new"
    home.mkdir()
    new.write_bytes(NEW)
    rc = home / ".bashrc"
    words = [sys.executable, "-ISc", STEPPED, str(REPOSITORY), str(rc), str(home), str(int(in_place)), str(new)]
    paths = our_paths({"HOME": str(home)})
    paths.state = f"{home}/s"

    def stepped(call: str = "", when: int = 0) -> list[str]:
        shutil.rmtree(home)  # the same calls each time
        home.mkdir()
        rc.write_bytes(OLD)
        if in_place:
            os.link(rc, home / "twin")
        inject = [f"--inject={call}:signal=KILL:when={when}"] if call else []
        trace = tmp_path / "trace"
        command = ["strace", "-qq", "-o", str(trace), "-e", f"trace={','.join(CALLS)}", *inject, *words]
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        assert trace.exists(), done.stderr
        return trace.read_text().splitlines()

    stepped()  # compiles the modules
    whole = stepped()
    assert rc.read_bytes() == NEW
    names = [line.split("(")[0] for line in whole]
    first, last = (next(at for at, line in enumerate(whole) if mark in line) for mark in ("/dev/null", "/dev/zero"))
    assert last - first > 30

    seen = []
    for at in range(first, last + 1):
        left = stepped(names[at], names[: at + 1].count(names[at]))
        assert "SIGKILL" in left[-1]
        if in_place:
            with writing(paths):
                recover(paths)
        now = rc.read_bytes()
        assert now in (OLD, NEW), whole[at]
        seen.append(now)
    assert (seen[0], seen[-1]) == (OLD, NEW)
    put(rc, paths, home, b"next", in_place=in_place)
    assert [name for name in os.listdir(home) if "cclaunch-" in name] == []


def torn(paths: Paths, rc: Path, now: bytes) -> list[str]:
    """Leave a journal as a killed write does, and *now* as what the file holds."""
    document = {"path": os.fsencode(str(rc)).hex(), "before": OLD.hex(), "after": NEW.hex()}
    write_atomic(f"{paths.copies}/journal.{label(str(rc))}", json.dumps(document).encode())
    rc.write_bytes(now)
    with writing(paths):
        return recover(paths)


@pytest.mark.parametrize("written", [1, 5, len(OLD), len(OLD) + 1, len(NEW) - 1])
def test_a_torn_file_is_mended_by_the_next_run(rc: Path, paths: Paths, written: int) -> None:
    """However much of it had been written."""
    told = torn(paths, rc, NEW[:written] + OLD[written:])

    assert rc.read_bytes() == OLD
    assert "what it held before is back" in told[0]


def test_a_file_that_was_changed_since_is_left_as_it_is(rc: Path, paths: Paths) -> None:
    """What it held before is with the copies."""
    told = torn(paths, rc, b"by hand")

    assert rc.read_bytes() == b"by hand"
    assert "was changed after" in told[0]
    assert Path(copies(paths, str(rc))[-1]).read_bytes() == OLD


def test_a_write_in_place_that_was_finished_is_not_undone(rc: Path, paths: Paths) -> None:
    """Killed between the last byte and the end of the journal."""
    assert torn(paths, rc, NEW) == []
    assert rc.read_bytes() == NEW


@given(st.binary(max_size=12), st.binary(max_size=12), st.integers(0, 12))
def test_torn_is_a_beginning_of_the_new_over_the_old(before: bytes, after: bytes, count: int) -> None:
    """And nothing else, so that nobody's work is taken for ours."""
    now = after[: min(count, len(after))] + before[min(count, len(after)) :]

    assert is_torn(now, before, after) == (now not in (before, after))
    assert not is_torn(now + b"\0more than any of them", before, after)

"""A directory of ours that is somebody else's, or that others may write in: refused in one line, and nothing of it believed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from doubles import fake_claude
from other_user import UID, need_root
from runners import Verb
from sandbox import Sandbox

from cclaunch.files import ownership
from cclaunch.hot.ownership import doubtful
from cclaunch.hot.paths import our_paths

CLAUDES = 7
KINDS = ("config", "state", "cache", "data")


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude, all four directories of ours, and a profile in use."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    for kind in KINDS:
        path(sandbox, kind).mkdir(mode=0o700, parents=True, exist_ok=True)
    profile = path(sandbox, "config") / "profiles" / "ours.toml"
    profile.parent.mkdir()
    profile.write_text('[attributes]\nteam = "a"\n')
    (path(sandbox, "state") / "state.toml").write_text('format = 1\nactive = "ours"\n')
    return sandbox


def path(box: Sandbox, kind: str) -> Path:
    """Return the directory of one *kind*."""
    return Path(getattr(our_paths(box.environ), kind))


def seen(box: Sandbox) -> set[str]:
    """Return all files of ours."""
    return {str(one) for kind in KINDS for one in path(box, kind).rglob("*")}


def foreign(one: Path) -> None:
    """Give *one* to somebody else."""
    need_root()
    os.chown(one, UID, UID)


def for_all(one: Path) -> None:
    """Let everybody write in *one*."""
    one.chmod(0o777)


def for_all_but_sticky(one: Path) -> None:
    """As /tmp is: others cannot change what is there, but add to it."""
    one.chmod(0o1777)


def for_a_group(one: Path) -> None:
    """Let a group write that has others in it."""
    need_root()
    os.chown(one, 0, UID)
    one.chmod(0o770)


@pytest.mark.parametrize(
    ("kind", "make"),
    [("data", foreign), ("data", for_all_but_sticky), ("data", for_a_group), *((kind, for_all) for kind in KINDS)],
)
def test_claude_runs_without_anything_from_there(box: Sandbox, kind: str, make: Callable[[Path], None]) -> None:
    """One line names the directory and what mends it; no collector is asked or started, and nothing is written."""
    make(path(box, kind))
    before = seen(box)
    done = box.cclaunch("-p", "x", environ={"OTEL_MARK": "kept"})

    assert done.returncode == CLAUDES
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"cclaunch: {path(box, kind)} ")
    assert "telemetry is off for this launch" in line
    assert "chown" in line if make is foreign else f"chmod go-w {path(box, kind)}" in line
    assert b"OTEL_EXPORTER_OTLP_ENDPOINT" not in done.stdout
    assert seen(box) == before


@pytest.mark.parametrize("words", [("status",), ("usage",), ("events",), ("profile", "list"), ("profile", "use", "--none")])
def test_a_verb_refuses_it_with_the_same_sentence(box: Sandbox, verb: Verb, words: tuple[str, ...]) -> None:
    """And writes nothing."""
    path(box, "state").chmod(0o777)
    before = seen(box)
    code, out, err = verb(*words)

    assert (code, out) == (1, "")
    assert f"error: {path(box, 'state')} can be written by others" in err
    assert f"hint: chmod go-w {path(box, 'state')}" in err
    assert seen(box) == before


def test_a_profile_of_there_is_not_to_be_had(box: Sandbox) -> None:
    """Who asked for it by name must not be billed otherwise."""
    path(box, "config").chmod(0o777)
    done = box.cclaunch("+ours", "-p", "x")

    assert done.returncode == 125
    assert b"nothing was launched" in done.stderr


def test_who_wants_no_launch_without_telemetry_gets_none(box: Sandbox) -> None:
    """Said in a config.toml that can be believed."""
    box.configure(extra='on_failure = "fail"')
    path(box, "data").chmod(0o777)
    assert box.cclaunch("-p", "x").returncode == 125

    path(box, "config").chmod(0o777)
    assert box.cclaunch("-p", "x").returncode == CLAUDES


@pytest.mark.parametrize("above", [".local/share", ".local", ".config"])
def test_a_directory_above_counts(box: Sandbox, above: str) -> None:
    """Whoever may rename ours can put another one in its place."""
    (box.home / above).chmod(0o777)

    assert f"{box.home / above} can be written by others".encode() in box.cclaunch("mcp", "list").stderr
    assert box.cclaunch("usage").returncode == 1


@pytest.mark.parametrize("mode", [0o755, 0o1777])
def test_a_directory_above_that_nobody_can_swap_is_fine(box: Sandbox, mode: int) -> None:
    """As /tmp."""
    (box.home / ".local/share").chmod(mode)

    assert box.cclaunch("mcp", "list").stderr == b""


def test_home_itself_is_not_ours_to_judge(box: Sandbox) -> None:
    """Whoever may write there has claude's own files."""
    box.home.chmod(0o777)

    assert box.cclaunch("mcp", "list").stderr == b""


def test_a_link_to_a_directory_of_ours_is_fine(box: Sandbox) -> None:
    """Managers of dotfiles make them."""
    target = box.home / "dotfiles"
    shutil.move(path(box, "config"), target)
    path(box, "config").symlink_to(target)

    assert box.cclaunch("mcp", "list").stderr == b""
    assert box.cclaunch("profile", "list").returncode == 0


def test_a_group_of_our_own_is_nobody_else(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A umask of 002 makes such directories."""
    for kind in KINDS:
        path(box, kind).chmod(0o770)
    monkeypatch.setattr(ownership, "is_private_group", lambda gid, uid: gid == os.getegid() and uid == os.geteuid())
    base = str(box.home)

    doubts = doubtful(our_paths(box.environ), base, ownership.owners(base))
    assert len(doubts) == len(KINDS)
    assert ownership.refusal(doubts, base) is None


def test_root_in_somebody_elses_home_reads_that_persons_files(box: Sandbox) -> None:
    """`sudo -E`: as before, and nothing is written."""
    need_root()
    for one in (box.home, *box.home.rglob("*")):
        if not one.is_symlink() and one != box.home / "bin":
            os.chown(one, UID, UID)

    done = box.cclaunch("mcp", "list")
    assert (done.returncode, done.stderr) == (CLAUDES, b"")


def test_what_is_not_there_is_nobodys(sandbox: Sandbox) -> None:
    """The first launch finds nothing, and believes nothing."""
    paths = our_paths(sandbox.environ)

    assert doubtful(paths, str(sandbox.home), ownership.owners(str(sandbox.home))) == []

"""Plan and place: directories by platformdirs' rule, and caches that are never stale and never in the way."""

import os
import time
from pathlib import Path
from typing import Any

import platformdirs.macos
import platformdirs.unix
import pytest

from cclaunch import __version__
from cclaunch.compiled.keep import YOUNG_NS
from cclaunch.compiled.place import compile_place
from cclaunch.compiled.plan import compile_plan
from cclaunch.hot import reading
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.reading import read_small, stamp
from cclaunch.hot.records import place_file, plan_key, read_compiled

SETTLE_S = 0.03
"""A source younger than 10 ms is not trusted; the tests let it grow older."""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Paths of a throw-away home."""
    made = Paths(*(str(tmp_path / name) for name in ("config", "state", "cache", "data")))
    os.makedirs(made.config)
    return made


@pytest.mark.skipif(os.name != "posix", reason="on Windows the rule is platformdirs' own")
@pytest.mark.parametrize("system", [platformdirs.unix.Unix, platformdirs.macos.MacOS])
@pytest.mark.parametrize("environ", [{}, {"XDG_CONFIG_HOME": "/x/c", "XDG_DATA_HOME": "/x/d"}, {"XDG_STATE_HOME": " "}])
def test_the_cheap_rule_is_platformdirs_rule(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: type[platformdirs.unix.Unix] | type[platformdirs.macos.MacOS],
    environ: dict[str, str],
) -> None:
    """The hot path's copy gives the directories that platformdirs gives."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "darwin" if system is platformdirs.macos.MacOS else "linux")

    ours = our_paths(dict(os.environ))
    theirs = system("cclaunch", appauthor=False)

    assert (ours.config, ours.state) == (theirs.user_config_dir, theirs.user_state_dir)
    assert (ours.cache, ours.data) == (theirs.user_cache_dir, theirs.user_data_dir)


def test_our_own_variables_win(tmp_path: Path) -> None:
    """CCLAUNCH_CONFIG_DIR and CCLAUNCH_DATA_DIR move one directory each."""
    found = our_paths({"HOME": str(tmp_path), "CCLAUNCH_CONFIG_DIR": "/c", "CCLAUNCH_DATA_DIR": "/d"})

    assert (found.config, found.data) == ("/c", "/d")


def cached(paths: Paths) -> list[list[str]] | None:
    """Return the compiled plan's records, or None when it is stale."""
    return read_compiled(paths.cache + "/plan", plan_key(__version__, paths.config))


def test_a_compiled_plan_is_read_back(paths: Paths) -> None:
    """What was compiled once is not compiled again."""
    time.sleep(SETTLE_S)
    compile_plan(paths, "/home/me")

    assert cached(paths) is not None


@pytest.mark.parametrize("change", ["create", "edit", "delete"])
def test_a_changed_config_makes_the_plan_stale(paths: Paths, change: str) -> None:
    """The TOML is the one source of truth."""
    path = paths.config + "/config.toml"
    if change != "create":
        write(path, "[stack]\nwait = 3\n")
    time.sleep(SETTLE_S)
    compile_plan(paths, "/home/me")
    assert cached(paths) is not None

    if change == "delete":
        os.unlink(path)
    else:
        write(path, "[stack]\nwait = 4\n")

    assert cached(paths) is None


def test_a_source_that_was_just_written_is_not_trusted(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may change again under the same time stamp."""
    write(paths.config + "/config.toml", "[stack]\nwait = 3\n")
    written = os.stat(paths.config + "/config.toml").st_ctime_ns
    monkeypatch.setattr("cclaunch.compiled.keep.time.time_ns", lambda: written + YOUNG_NS - 1)

    compile_plan(paths, "/home/me")

    assert cached(paths) is None


def test_another_release_finds_the_plan_stale(paths: Paths) -> None:
    """The key holds the version."""
    time.sleep(SETTLE_S)
    compile_plan(paths, "/home/me")

    assert read_compiled(paths.cache + "/plan", plan_key("0.0.0", paths.config)) is None


def test_a_broken_config_gives_the_defaults_and_one_sentence(paths: Paths) -> None:
    """claude runs without it."""
    write(paths.config + "/config.toml", "[stack]\nwiat = 3\n")

    plan = compile_plan(paths, "/home/me")

    assert plan.settings["wait"] == "20.0"
    assert len(plan.warnings) == 1
    assert "line 2: `stack.wiat`" in plan.warnings[0]


def test_a_cache_that_cannot_be_written_stops_nothing(paths: Paths) -> None:
    """A file stands where the cache directory should be."""
    write(paths.cache, "in the way")

    assert compile_plan(paths, "/home/me").settings["backend"] == "embedded"


def test_a_place_is_read_back_until_its_repository_changes(paths: Paths, tmp_path: Path) -> None:
    """A remote added later shows in the next launch."""
    repo = tmp_path / "repo"
    (repo / ".git").mkdir(parents=True)
    write(repo / ".git" / "HEAD", "ref: refs/heads/main\n")
    time.sleep(SETTLE_S)
    compile_place(paths, str(repo), "/home/me")
    file = place_file(paths.cache, str(repo))
    assert read_compiled(file, str(repo)) is not None

    write(repo / ".git" / "config", '[remote "origin"]\n\turl = https://example.invalid/a/new.git\n')

    assert read_compiled(file, str(repo)) is None
    assert compile_place(paths, str(repo), "/home/me").attributes == {"vcs.repository.name": "new"}


def test_a_fifo_in_the_place_of_a_file_does_not_hang(tmp_path: Path) -> None:
    """Opened non-blocking, and refused."""
    os.mkfifo(tmp_path / "fifo")

    assert read_small(str(tmp_path / "fifo")) is None


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """Only small files are ours."""
    write(tmp_path / "big", "x" * 5000)

    assert read_small(str(tmp_path / "big"), 4096) is None


class Counting:
    """The system's calls, which count the bytes that are asked for, and may understate a file's size."""

    def __init__(self, real: Any, size: int | None = None) -> None:
        self.real, self.size, self.asked, self.calls = real, size, 0, 0

    def __getattr__(self, name: str) -> Any:
        """Return what the system has under *name*."""
        return getattr(self.real, name)

    def fstat(self, handle: int) -> os.stat_result:
        """Return what the system says, with another size when there is one to tell."""
        found: os.stat_result = self.real.fstat(handle)
        return found if self.size is None else os.stat_result((*found[:6], self.size, *found[7:10]))

    def read(self, handle: int, count: int) -> bytes:
        """Read, and count."""
        self.asked += count
        self.calls += 1
        found: bytes = self.real.read(handle, count)
        return found


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="Linux has such files")
@pytest.mark.parametrize("path", ["/proc/kallsyms", "/proc/self/maps", "/proc/self/environ", "/proc/self/pagemap"])
def test_a_file_of_the_kernels_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """It says that it is empty, and may be endless: one byte tells."""
    (tmp_path / "link").symlink_to(path)
    monkeypatch.setattr(reading, "system", counting := Counting(os))

    assert read_small(str(tmp_path / "link"), 256 << 20) is None
    assert (counting.asked, counting.calls) == (1, 1)


def test_a_file_is_read_with_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more than it has is asked for, and not coming: that is its end."""
    write(tmp_path / "a", "x" * 5000)
    monkeypatch.setattr(reading, "system", counting := Counting(os))

    assert read_small(str(tmp_path / "a")) == b"x" * 5000
    assert (counting.asked, counting.calls) == (5001, 1)


@pytest.mark.parametrize(("limit", "found"), [(5000, b"x" * 5000), (4999, None)])
def test_a_file_that_grows_meanwhile_is_read_within_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, found: bytes | None
) -> None:
    """It had less when it was opened."""
    write(tmp_path / "a", "x" * 5000)
    monkeypatch.setattr(reading, "system", Counting(os, size=10))

    assert read_small(str(tmp_path / "a"), limit) == found


def test_a_sparse_file_of_a_terabyte_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is asked first."""
    with open(tmp_path / "a", "wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setattr(reading, "system", counting := Counting(os))

    assert read_small(str(tmp_path / "a")) is None
    assert counting.calls == 0


def test_a_stamp_tells_a_replaced_file_from_the_one_before(tmp_path: Path) -> None:
    """Same name, same size, another inode or time."""
    write(tmp_path / "a", "one")
    before = stamp(str(tmp_path / "a"))
    write(tmp_path / "b", "two")
    os.replace(tmp_path / "b", tmp_path / "a")

    assert stamp(str(tmp_path / "a")) != before


def write(path: Path | str, text: str) -> None:
    """Write *text* to *path*."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)

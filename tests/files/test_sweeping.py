"""What lies in the cache too long is deleted, and at moments that really come."""

import asyncio
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cclaunch.collector import ending
from cclaunch.compiled.keep import YOUNG_NS
from cclaunch.compiled.place import compile_place
from cclaunch.files.sweeping import sweep
from cclaunch.hot.paths import Paths
from cclaunch.hot.records import place_file

DAY_S = 86400


@pytest.fixture
def cache(paths: Paths) -> Path:
    """The cache with its folders."""
    for name in ("settings", "places", "statusline"):
        (Path(paths.cache) / name).mkdir(parents=True)
    return Path(paths.cache)


def put(path: Path, days: float, read_days: float | None = None) -> None:
    """Write a file that was last written so many *days* ago, and read *read_days* ago."""
    path.write_text("{}")
    now = time.time()
    os.utime(path, (now - (days if read_days is None else read_days) * DAY_S, now - days * DAY_S))


def left(cache: Path) -> set[str]:
    """Return the names of what is left."""
    return {path.name for folder in ("settings", "places", "statusline") for path in (cache / folder).iterdir()}


@pytest.mark.parametrize(
    ("days", "kept"),
    [
        (29, {"settings", "settings.tmp", "background", "place", "line", "line.tmp"}),
        (31, {"background", "place"}),
        (91, {"background"}),
        (401, set()),
    ],
)
def test_each_kind_is_kept_as_long_as_somebody_may_need_it(cache: Path, days: int, kept: set[str]) -> None:
    """A session may still read its settings; claude starts a background session again long after; a place is soon made anew."""
    names = {
        "settings": "settings/a.json",
        "settings.tmp": "settings/.a.json.17.4711",
        "background": "settings/background-b.json",
        "place": "places/0123",
        "line": "statusline/4567",
        "line.tmp": "statusline/4567.17",
    }
    for name in names.values():
        put(cache / name, days)

    sweep(str(cache))

    assert left(cache) == {Path(names[kind]).name for kind in kept}


def test_a_place_that_is_still_read_is_kept_and_settings_are_not(cache: Path) -> None:
    """Reading is use of a place; a secret does not become younger by a backup that reads it."""
    put(cache / "places" / "used", 200, read_days=1)
    put(cache / "settings" / "a.json", 200, read_days=1)

    sweep(str(cache))

    assert left(cache) == {"used"}


def test_it_is_done_at_most_once_a_day(cache: Path) -> None:
    """A folder of a thousand places is not walked at every turn."""
    sweep(str(cache))
    put(cache / "settings" / "a.json", 31)

    sweep(str(cache))
    assert left(cache) == {"a.json"}

    put(cache / "swept", 1.01)
    sweep(str(cache))
    assert left(cache) == set()


def test_a_clock_that_was_set_back_does_not_stop_it(cache: Path) -> None:
    """The last sweep was tomorrow, or in ten years."""
    put(cache / "swept", -3650)
    put(cache / "settings" / "a.json", 31)

    sweep(str(cache))

    assert left(cache) == set()


@pytest.mark.parametrize("what", ["no cache", "a file", "a directory in a folder"])
def test_whatever_lies_there_it_never_fails(tmp_path: Path, what: str) -> None:
    """Telemetry is a guest, and a cache is only a cache."""
    cache = tmp_path / "cache"
    if what == "a file":
        cache.write_text("in the way")
    elif what == "a directory in a folder":
        (cache / "settings" / "inner").mkdir(parents=True)
        put(cache / "settings" / "z.json", 31)
        os.utime(cache / "settings" / "inner", (0, 0))

    sweep(str(cache))

    assert not (cache / "settings" / "z.json").exists()
    assert (what == "a directory in a folder") == (cache / "settings" / "inner").exists()


def test_a_link_is_deleted_and_what_it_points_at_stays(cache: Path, tmp_path: Path) -> None:
    """Only the folder's own entries are ours."""
    put(tmp_path / "theirs", 500)
    (cache / "settings" / "link").symlink_to(tmp_path / "theirs")
    os.utime(cache / "settings" / "link", (0, 0), follow_symlinks=False)

    sweep(str(cache))

    assert left(cache) == set()
    assert (tmp_path / "theirs").exists()


def test_a_place_that_is_written_sweeps(cache: Path, paths: Paths, tmp_path: Path) -> None:
    """The moment that really comes: a launch in a directory that is new or has changed."""
    put(cache / "places" / "old", 91)
    put(cache / "settings" / "a.json", 31)
    directory = tmp_path / "project"
    directory.mkdir()
    while time.time_ns() - directory.stat().st_ctime_ns < YOUNG_NS:  # what it is made from is not trusted yet
        time.sleep(0.001)

    compile_place(paths, str(directory), "/home/me")

    assert left(cache) == {Path(place_file(paths.cache, str(directory))).name}


def test_the_collectors_maintenance_sweeps(cache: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing new is launched for weeks still has its collector."""
    put(cache / "settings" / "a.json", 31)
    monkeypatch.setattr(ending, "FIRST_MAINTENANCE_S", 0)
    launched = SimpleNamespace(any=bool)
    idle: Any = SimpleNamespace(paths=paths, vouches=bool, look_after=int, maintain=int, launched=launched, last_active=0)
    standing: Any = SimpleNamespace(lost=bool, mend=list)

    async def run() -> None:
        made = ending.Ending(idle, 0.1, -1, standing)
        await made.wait()
        assert made.tidying
        await made.tidying

    asyncio.run(run())

    assert left(cache) == set()

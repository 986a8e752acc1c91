"""What is changed while it is read is read again by the next launch: a stamp is older than what was read under it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cclaunch import compiled
from cclaunch.compiled.keep import YOUNG_NS, settled, source_records
from cclaunch.hot.gather import gather, gather_claims
from cclaunch.hot.paths import Paths

ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """Paths of a throw-away home."""
    made = Paths(*(str(tmp_path / name) for name in ("config", "state", "cache", "data")))
    os.makedirs(made.profiles)
    return made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository to work in."""
    made = tmp_path / "work"
    (made / ".git").mkdir(parents=True)
    (made / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return made


@pytest.fixture(autouse=True)
def all_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every source be old enough to be kept, as behind a slow reading: the stamps alone have to tell."""
    for module in ("plan", "place", "claims"):
        monkeypatch.setattr(f"cclaunch.compiled.{module}.settled", lambda sources: True)


def behind(monkeypatch: pytest.MonkeyPatch, name: str, count: int, change: Callable[[], object]) -> None:
    """Have *change* happen as soon as the function *name* has read for the *count*-th time."""
    module, _, function = name.rpartition(".")
    real = getattr(__import__(module, fromlist=[function]), function)
    calls = 0

    def read(*words: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        found = real(*words, **options)
        if calls == count:
            change()
        return found

    monkeypatch.setattr(name, read)


def launched(paths: Paths, directory: Path) -> Any:
    """Return plan and place as a launch in *directory* has them."""
    return gather(paths, {"HOME": str(directory.parent)}, str(directory), "", True, lambda: compiled)[:2]


@pytest.mark.parametrize("count", [1, 2])
def test_a_place_file_that_is_changed_behind_its_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Whichever reading it was."""
    file = work / ".cclaunch.toml"
    file.write_text('profile = "before"\n')
    behind(monkeypatch, "cclaunch.compiled.place.read_place_file", count, lambda: file.write_text('profile = "after"\n'))
    launched(paths, work)

    assert launched(paths, work)[1].profile == "after"


@pytest.mark.parametrize("count", [1, 2])
def test_a_remote_that_is_set_behind_the_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Of the repository."""

    def change() -> None:
        (work / ".git" / "config").write_text('[remote "origin"]\n\turl = https://example.invalid/a/new.git\n')

    behind(monkeypatch, "cclaunch.compiled.place.repository", count, change)
    launched(paths, work)

    assert launched(paths, work)[1].attributes["vcs.repository.name"] == "new"


@pytest.mark.parametrize("count", [1, 2])
def test_a_branch_that_is_checked_out_behind_the_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """As git does it: another file in the place of HEAD."""
    (work / ".git" / "HEAD").write_text("ref: refs/heads/before\n")

    def change() -> None:
        (work / ".git" / "HEAD.lock").write_text("ref: refs/heads/after\n")
        (work / ".git" / "HEAD.lock").rename(work / ".git" / "HEAD")

    behind(monkeypatch, "cclaunch.compiled.place.branch", count, change)
    launched(paths, work)

    assert launched(paths, work)[1].attributes["vcs.ref.head.name"] == "after"


@pytest.mark.parametrize("count", [1, 2])
def test_a_link_that_leads_to_an_older_file_by_then_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """No file is young then: only the stamps differ."""
    file = work / ".cclaunch.toml"
    for name in ("after", "before"):
        (work / f"{name}.toml").write_text(f'profile = "{name}"\n')
    file.symlink_to("before.toml")

    def change() -> None:
        file.unlink()
        file.symlink_to("after.toml")

    behind(monkeypatch, "cclaunch.compiled.place.read_place_file", count, change)
    launched(paths, work)

    assert launched(paths, work)[1].profile == "after"


def test_a_repository_that_is_made_between_two_readings_is_not_kept_as_none(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other files are to be watched then."""
    work = tmp_path / "plain"
    work.mkdir()

    def change() -> None:
        (work / ".git").mkdir()
        (work / ".git" / "HEAD").write_text("ref: refs/heads/main\n")

    behind(monkeypatch, "cclaunch.compiled.place.repository", 1, change)
    launched(paths, work)
    (work / ".git" / "config").write_text('[remote "origin"]\n\turl = https://example.invalid/a/late.git\n')

    assert launched(paths, work)[1].attributes == {"vcs.repository.name": "late", "vcs.ref.head.name": "main"}


def test_a_place_that_does_not_change_is_kept(paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next launch reads no TOML."""
    (work / ".cclaunch.toml").write_text('profile = "x"\n')
    launched(paths, work)
    monkeypatch.setattr("cclaunch.compiled.compile_place", None)

    assert launched(paths, work)[1].profile == "x"


def test_a_configuration_that_is_changed_behind_its_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the plan."""
    file = Path(paths.config_file)
    file.write_text("[stack]\nwait = 3\n")
    behind(monkeypatch, "cclaunch.compiled.plan.read_configuration", 1, lambda: file.write_text("[stack]\nwait = 4\n"))
    launched(paths, work)

    assert launched(paths, work)[0].settings["wait"] == "4.0"


@pytest.mark.parametrize("function", ["load_profile", "resolve_profile"])
def test_a_profile_that_is_changed_behind_its_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """It is the one in force."""
    file = Path(paths.profiles, "p.toml")
    file.write_text('attributes.team = "before"\n')
    (work / ".cclaunch.toml").write_text('profile = "p"\n')
    behind(monkeypatch, f"cclaunch.compiled.plan.{function}", 1, lambda: file.write_text('attributes.team = "after"\n'))
    launched(paths, work)

    assert launched(paths, work)[0].profiles["p"].attributes == {"team": "after"}


def test_a_settings_file_of_claudes_that_is_changed_behind_its_reading_counts_next_time(
    paths: Paths, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It beats the environment."""
    file = work / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text(f'{{"env": {{"{ATTRIBUTES}": "team=before"}}}}')

    def claims() -> list[str]:
        plan, _, selection = gather(paths, {"HOME": str(work.parent)}, str(work), "", True, lambda: compiled)
        found = gather_claims(plan, paths, str(work), selection, {"HOME": str(work.parent)}, True, lambda: compiled)
        return [claim[3] for claim in found]

    def change() -> None:
        file.write_text(f'{{"env": {{"{ATTRIBUTES}": "team=after"}}}}')

    behind(monkeypatch, "cclaunch.compiled.claims._said", 4, change)
    assert claims() == ["team=before"]

    assert claims() == ["team=after"]


@pytest.mark.parametrize(
    ("ahead", "trusted"), [(-YOUNG_NS, True), (1 - YOUNG_NS, False), (YOUNG_NS - 1, False), (3600 * 10**9, True)]
)
def test_a_source_from_the_future_is_as_good_as_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, trusted: bool
) -> None:
    """The clock was set back: for an hour nothing would be kept."""
    (tmp_path / "a").write_text("x")
    changed = os.stat(tmp_path / "a").st_ctime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed - ahead)

    assert settled(source_records([str(tmp_path / "a")])) is trusted

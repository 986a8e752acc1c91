"""Which status line claude shows: the nearest of its settings files, and what stops every one."""

import json
import subprocess
from pathlib import Path

import pytest

from cclaunch.errors import UsageError
from cclaunch.persist.line_places import LOCAL, PROJECT, USER, Seen, in_force, line_target, nearer, seen_in, stopped_by

FILES = {
    "user": "home/.claude/settings.json",
    "project": "home/shop/.claude/settings.json",
    "local": "home/shop/.claude/settings.local.json",
    "managed": "managed/managed-settings.json",
}


def put(base: Path, place: str, command: str = "", **more: object) -> None:
    """Write the settings file of *place*."""
    path = base / FILES[place]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**({"statusLine": {"type": "command", "command": command}} if command else {}), **more}))


def seen(base: Path) -> list[Seen]:
    """Return what is seen in the directory of work."""
    (base / "home/shop").mkdir(parents=True, exist_ok=True)
    return seen_in(f"{base}/home/shop", {"HOME": f"{base}/home"}, str(base / "managed"))


def test_the_nearest_one_is_shown(tmp_path: Path) -> None:
    """One by one, as they come nearer."""
    assert in_force(seen(tmp_path)) is None
    for place in FILES:
        put(tmp_path, place, place)
        shown = in_force(seen(tmp_path))
        assert shown is not None
        assert (shown.place, shown.command, shown.path) == (place, place, str(tmp_path / FILES[place]))


def test_what_beats_a_scope_is_what_is_nearer(tmp_path: Path) -> None:
    """Whether or not that scope says anything yet."""
    put(tmp_path, "user", "a")
    put(tmp_path, "local", "b")
    assert [one.place for one in nearer(seen(tmp_path), USER)] == ["local"]
    assert [one.place for one in nearer(seen(tmp_path), PROJECT)] == ["local"]
    assert nearer(seen(tmp_path), LOCAL) == []


def test_no_hooks_is_no_line_and_the_nearest_word_counts(tmp_path: Path) -> None:
    """A file that says it beats one that is further away, in both directions."""
    put(tmp_path, "user", "a", disableAllHooks=True)
    assert stopped_by(seen(tmp_path)) == str(tmp_path / FILES["user"])
    put(tmp_path, "local", disableAllHooks=False)
    assert stopped_by(seen(tmp_path)) == ""


UNCLEAR = [b"", b"{", b"[1]", b'{"statusLine": }', b"\xff\xfe{", b'{"statusLine": null}', b'{"statusLine": [1]}']


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_file_that_says_nothing_clear_shows_nothing(tmp_path: Path, text: bytes) -> None:
    """And stops nobody."""
    put(tmp_path, "user", "a")
    (tmp_path / "home/shop/.claude").mkdir(parents=True)
    (tmp_path / FILES["project"]).write_bytes(text)

    found = in_force(seen(tmp_path))

    assert found is not None
    assert found.command == ("" if b"[1]}" in text else "a")


def test_a_name_in_escapes_is_seen_as_claude_sees_it(tmp_path: Path) -> None:
    """It reads JSON, not letters."""
    put(tmp_path, "user", "a")
    path = tmp_path / FILES["user"]
    path.write_bytes(path.read_bytes().replace(b"statusLine", b"status\\u004cine"))

    found = in_force(seen(tmp_path))

    assert found is not None
    assert found.command == "a"


def test_in_a_home_the_user_s_file_is_no_second_one(tmp_path: Path) -> None:
    """There `project` and `user` are one file."""
    put(tmp_path, "user", "a")

    found = seen_in(f"{tmp_path}/home", {"HOME": f"{tmp_path}/home"}, "/nowhere")

    assert [one.place for one in found] == ["user"]


@pytest.mark.parametrize(("scope", "name"), [(PROJECT, "settings.json"), (LOCAL, "settings.local.json")])
def test_a_repository_s_file_is_in_its_root(tmp_path: Path, scope: str, name: str) -> None:
    """From wherever in it; outside of one it is here."""
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    (tmp_path / "r/a/b").mkdir(parents=True)

    for directory in ("r", "r/a/b"):
        assert line_target(scope, {"HOME": "/h"}, f"{tmp_path}/{directory}").path == f"{tmp_path}/r/.claude/{name}"
    assert line_target(scope, {"HOME": "/h"}, str(tmp_path)).path == f"{tmp_path}/.claude/{name}"


def test_the_person_s_file_is_where_claude_has_it() -> None:
    """CLAUDE_CONFIG_DIR moves it."""
    assert line_target(USER, {"HOME": "/h"}, "").path == "/h/.claude/settings.json"
    assert line_target(USER, {"HOME": "/h", "CLAUDE_CONFIG_DIR": "/c"}, "").path == "/c/settings.json"


def test_a_directory_that_is_gone_has_no_settings() -> None:
    """It is said, and nothing is made anywhere else."""
    with pytest.raises(UsageError, match="is gone"):
        line_target(PROJECT, {"HOME": "/h"}, "")

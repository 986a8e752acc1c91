"""
The page while what it shows is stopped, deleted, moved, replaced or made by a newer release: it says so, and goes on.

The problem it owns: a tab stays open for days, and all the verbs are used beside it.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from browser_tab import Tab, spend
from collector_client import wait_until
from page_client import PagePlace
from sandbox import Sandbox

from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

UPGRADE = "upgrade cclaunch"


@pytest.fixture
def shown(sandbox: Sandbox) -> Iterator[PagePlace]:
    """A page of a dollar, in directories that the verbs know."""
    sandbox.configure()
    place = PagePlace.of(our_paths(sandbox.environ))
    place.environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": sandbox.environ["HOME"]}
    spend(place, 1.0)
    place.start()
    yield place
    starting.end(place.paths)


@pytest.fixture
def head(shown: PagePlace) -> Callable[[], dict[str, Any]]:
    """Ask for the head, as a tab does that stays open."""
    cookie = shown.enter()

    def ask() -> dict[str, Any]:
        answer = shown.ask("GET", "/api/head", Cookie=cookie)
        assert answer.status == 200
        found: dict[str, Any] = json.loads(answer.body)
        return found

    assert ask()["today"]["cost_usd"] == 1.0
    return ask


def words(found: dict[str, Any]) -> str:
    """Return all that is said of what is wrong."""
    return " ".join([found.get("trouble", ""), found.get("hint", ""), *found.get("troubles", []), *found["notes"]])


def version(path: str, number: int) -> int:
    """Have the database at *path* be of another schema; return the one it had."""
    with closing(sqlite3.connect(path)) as connection:
        before = int(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()
    return before


def test_when_a_newer_release_has_written_the_events_a_story_says_so(shown: PagePlace) -> None:
    """It is told from them; the figures are the ledger's, and stay."""
    cookie = shown.enter()
    before = version(shown.paths.database, 9999)
    assert UPGRADE in shown.ask("GET", "/api/session?session=one", Cookie=cookie).body.decode()
    assert json.loads(shown.ask("GET", "/api/head", Cookie=cookie).body)["today"]["cost_usd"] == 1.0
    version(shown.paths.database, before)


def test_when_the_stack_is_started_and_stopped_the_figures_stay(
    shown: PagePlace, head: Callable[[], dict[str, Any]], sandbox: Sandbox
) -> None:
    """There is nothing to say."""
    one = shown.process()
    for verb in (("up",), ("restart",), ("down",)):
        assert sandbox.cclaunch("stack", *verb).returncode == 0
        found = head()
        assert (found["today"]["cost_usd"], words(found).strip()) == (1.0, "")
    assert shown.process() == one


def test_when_the_events_are_deleted_the_figures_stay(
    shown: PagePlace, head: Callable[[], dict[str, Any]], sandbox: Sandbox
) -> None:
    """They are the ledger's; and what is spent then is added."""
    done = sandbox.cclaunch("stack", "down", "--volumes", "--yes")
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(shown.paths.database)
    assert (head()["today"]["cost_usd"], words(head()).strip()) == (1.0, "")

    spend(shown, 2.0)
    assert wait_until(lambda: head()["today"]["cost_usd"] == 3.0)


def test_when_the_ledger_is_deleted_nothing_is_left_and_it_begins_anew(
    shown: PagePlace, head: Callable[[], dict[str, Any]], sandbox: Sandbox
) -> None:
    """No figure of what was deleted stays on the screen."""
    done = sandbox.cclaunch("stack", "down", "--volumes", "--ledger", "--yes")
    assert done.returncode == 0, done.stderr
    assert wait_until(lambda: head()["state"] == "empty")
    assert "nothing was recorded yet" in words(head())
    assert "today" not in head()

    spend(shown, 2.0)
    assert wait_until(lambda: head().get("today", {}).get("cost_usd") == 2.0)


def test_when_a_newer_release_has_written_the_ledger_it_says_so(shown: PagePlace, head: Callable[[], dict[str, Any]]) -> None:
    """With the last figures, and nothing is changed; when ours is back, so are the figures."""
    path = shown.paths.ledger
    before = version(path, 9999)
    assert wait_until(lambda: UPGRADE in words(head()))
    assert head()["today"]["cost_usd"] == 1.0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 9999

    version(path, before)
    spend(shown, 2.0)
    assert wait_until(lambda: head()["today"]["cost_usd"] == 3.0 and UPGRADE not in words(head()))


@pytest.mark.parametrize("backend", ["docker", "external", "embedded"])
def test_when_the_backend_is_switched_the_figures_stay(
    shown: PagePlace, head: Callable[[], dict[str, Any]], sandbox: Sandbox, backend: str
) -> None:
    """What was recorded in one is shown in the other, too."""
    text = sandbox.config_file.read_text()
    sandbox.config_file.write_text(text.replace("[stack]", f'[stack]\nbackend = "{backend}"'))
    spend(shown, 2.0)
    assert wait_until(lambda: head()["today"]["cost_usd"] == 3.0)


def test_when_the_stack_that_was_shown_is_gone_it_says_so(shown: PagePlace, head: Callable[[], dict[str, Any]]) -> None:
    """Where the events of a stack are not answered for, ours are."""
    Path(shown.paths.stack_ports).parent.mkdir(parents=True, exist_ok=True)
    Path(shown.paths.stack_ports).write_text("victorialogs=1\nservices=victorialogs\n")
    assert wait_until(lambda: "VictoriaLogs" in words(head()))
    assert head()["today"]["cost_usd"] == 1.0

    os.unlink(shown.paths.stack_ports)
    assert wait_until(lambda: not words(head()).strip())


def test_when_its_place_is_moved_the_tab_says_what_to_type(shown: PagePlace, tab: Tab, sandbox: Sandbox) -> None:
    """There the verb shows the same figures."""
    tab.enter(shown)
    assert tab.text("today") == "$1.00"
    moved = Path(shown.paths.data + "-moved")
    shutil.move(shown.paths.data, moved)
    tab.reads("said", "cclaunch dashboard")
    assert tab.page.is_visible("main")

    there = PagePlace.of(our_paths({**sandbox.environ, "CCLAUNCH_DATA_DIR": str(moved)}))
    there.environ = shown.environ
    there.start()
    try:
        again = Tab(tab.context)
        again.enter(there)
        assert again.text("today") == "$1.00"
    finally:
        starting.end(there.paths)

"""An answer is kept until there may be another one, and a store that does not answer costs a look back."""

import asyncio
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cclaunch.errors import StoreTooNew
from cclaunch.web import kept
from cclaunch.web.kept import BUSY, Kept, stamp_of

OLD_NS = 10**18


class Store:
    """A file that an answer comes from, and how often it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked = 0
        self.time_ns = OLD_NS
        self.write("1")

    def write(self, text: str) -> None:
        """Commit *text*."""
        self.path.write_text(text)
        self.time_ns += 10**9
        os.utime(self.path, ns=(self.time_ns, self.time_ns))

    def files(self) -> list[str]:
        """Return the file, and one that is not there."""
        return [str(self.path), str(self.path) + "-wal"]

    def ask(self) -> dict[str, Any]:
        """Return what it says."""
        self.asked += 1
        return {"state": "ok", "said": self.path.read_text()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store that has something to say."""
    return Store(tmp_path / "store")


def asked(made: Kept, times: int = 1, between: Callable[[int], None] = lambda _: None) -> list[tuple[str, dict[str, Any]]]:
    """Return (tag, document) of so many looks; *between* is called with the number of each before it."""

    async def run() -> list[tuple[str, dict[str, Any]]]:
        found = []
        for number in range(times):
            between(number)
            one = await made.get()
            found.append((one.etag, json.loads(one.body)))
        return found

    return asyncio.run(run())


def test_without_a_commit_nothing_is_asked(store: Store) -> None:
    """And the tag says that it is the same."""
    found = asked(Kept(store.ask, store.files, patience_s=60), 5)

    assert store.asked == 1
    assert len({tag for tag, _ in found}) == 1


def test_a_commit_is_seen_at_the_next_look(store: Store) -> None:
    """With a tag of its own."""
    found = asked(Kept(store.ask, store.files, patience_s=60), 3, lambda number: store.write("2") if number == 1 else None)

    assert [one["said"] for _, one in found] == ["1", "2", "2"]
    assert (found[0][0] != found[1][0], found[1][0] == found[2][0]) == (True, True)
    assert store.asked == 2


def test_a_file_that_has_just_changed_is_not_trusted(store: Store) -> None:
    """It could change again in the same tick of the file system's clock."""
    store.path.touch()
    ahead = 10**9 + store.path.stat().st_mtime_ns
    os.utime(store.path, ns=(ahead, ahead))

    assert stamp_of(store.files()) == ""
    asked(Kept(store.ask, store.files, patience_s=60), 3)
    assert store.asked == 3


def test_the_clock_is_a_change_too(store: Store) -> None:
    """The same span of last week grows, and a day ends."""
    asked(Kept(store.ask, store.files, lambda: 0.0, 60), 3)

    assert store.asked == 3


def test_a_store_that_hangs_costs_a_look_back(store: Store) -> None:
    """The last answer comes with the time that it is of, and one question waits, not many."""
    going = threading.Event()
    running = []

    def ask() -> dict[str, Any]:
        if store.path.read_text() == "hang":
            running.append(1)
            going.wait(60)
        return store.ask()

    made = Kept(ask, store.files, patience_s=60)

    def between(number: int) -> None:
        if number == 1:
            made._patience = 0.05
            store.write("hang")

    found = asked(made, 4, between)
    going.set()

    assert [one.get("trouble") for _, one in found] == [None, BUSY, BUSY, BUSY]
    assert {one["said"] for _, one in found} == {"1"}
    assert len({one["answered_at"] for _, one in found[1:]}) == 1
    assert len(running) == 1


def test_without_a_last_answer_a_store_that_hangs_is_said(store: Store) -> None:
    """Nothing is made up."""
    going = threading.Event()

    def ask() -> dict[str, Any]:
        going.wait(60)
        return {}

    ((_, found),) = asked(Kept(ask, store.files, patience_s=0.05))
    going.set()
    assert found == {"state": "trouble", "notes": [], "trouble": BUSY, "hint": ""}


def test_what_is_wrong_is_said_and_asked_again(store: Store) -> None:
    """With what to type; and the last answer stays."""

    def ask() -> dict[str, Any]:
        found = store.ask()
        if found["said"] == "new":
            raise StoreTooNew("a newer cclaunch wrote it", hint="upgrade cclaunch")
        return found

    made = Kept(ask, store.files, patience_s=60)
    found = asked(made, 4, lambda number: store.write({1: "new", 3: "2"}.get(number, "new")) if number else None)

    assert [(one["said"], one.get("trouble"), one.get("hint")) for _, one in found] == [
        ("1", None, None),
        ("1", "a newer cclaunch wrote it", "upgrade cclaunch"),
        ("1", "a newer cclaunch wrote it", "upgrade cclaunch"),
        ("2", None, None),
    ]


def test_a_fault_of_ours_is_said_and_written_down(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """The page goes on."""

    def ask() -> dict[str, Any]:
        raise KeyError("x")

    ((_, found),) = asked(Kept(ask, store.files, patience_s=60))
    assert found["trouble"] == "this is a bug of ours: KeyError: 'x'"
    assert "Traceback" in capsys.readouterr().err


def test_looks_at_once_are_one_question(store: Store) -> None:
    """Two tabs ask no more than one."""
    made = Kept(store.ask, store.files, patience_s=60)

    async def run() -> list[kept.Answer]:
        return await asyncio.gather(*(made.get() for _ in range(5)))

    assert len({one.etag for one in asyncio.run(run())}) == 1
    assert store.asked == 1


def test_whatever_stands_in_a_store_becomes_json() -> None:
    """A name may hold half of a character."""
    found = kept.written({"name": "\ud800<script>\u202e"})

    assert json.loads(found.body)["name"] == "?<script>\u202e"

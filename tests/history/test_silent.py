"""That nobody waits for a disk that does not answer."""

import os
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from collector_client import wait_until
from transcript_lines import line, record

from cclaunch.history import silent
from cclaunch.history.places import there
from cclaunch.history.rows import Rows
from cclaunch.history.silent import MOST, answered
from cclaunch.transcripts.line import read_line
from cclaunch.transcripts.seen import Seen

isdir = os.path.isdir


class Dead:
    """All below ``/dead``: what was asked, and when it is *over* that nobody gets an answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()

    def isdir(self, path: str) -> bool:
        """Say whether it is a directory, at last."""
        if path.startswith("/dead"):
            self.asked.append(path)
            self.over.wait()
        return isdir(path)


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dead]:
    """A disk that does not answer before the test is over."""
    made = Dead()

    monkeypatch.setattr(silent, "PATIENCE_S", 0.05)
    waiting: list[threading.Thread] = []
    monkeypatch.setattr(silent, "_waiting", waiting)
    monkeypatch.setattr(os.path, "isdir", made.isdir)
    yield made
    made.over.set()
    for one in waiting:
        one.join()


def test_an_answer_is_handed_on(dead: Dead) -> None:
    """Whatever it is."""
    assert [answered(partial(int, text)) for text in "50"] == [5, 0]


def test_a_directory_of_transcripts_that_does_not_answer_is_left_out(dead: Dead) -> None:
    """The others are looked into."""
    assert there(["/dead/projects", "/", "/nowhere/at/all"]) == ["/"]


def test_a_repository_that_does_not_answer_has_the_name_of_one_that_is_gone(dead: Dead) -> None:
    """Of its directory."""
    seen = read_line(line(record(cwd="/dead/project")))
    assert isinstance(seen, Seen)
    assert Rows().made(seen).repository == "project"


def test_after_some_questions_nobody_asks_any_more(dead: Dead) -> None:
    """A thousand directories may lie there."""
    assert there([f"/dead/{number}" for number in range(1000)]) == []
    assert there(["/"]) == []
    assert len(dead.asked) == MOST


def test_once_there_is_an_answer_it_is_asked_again(dead: Dead) -> None:
    """Whoever was late was only slow."""
    assert there([f"/dead/{number}" for number in range(MOST)]) == []
    dead.over.set()
    assert wait_until(lambda: there(["/"]) == ["/"])

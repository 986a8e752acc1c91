"""What every answer says beside its figures: how far the ledger is, and what was lost on the way to it."""

import time
from typing import Any

import pytest
from sandbox import Sandbox
from stored import SECOND_NS, request, store

from cclaunch.answers.answers import Answers
from cclaunch.hot.paths import Paths
from cclaunch.store.usage import Ledger, answered


@pytest.fixture
def now_ns() -> int:
    """The present, on a whole second."""
    return time.time_ns() // SECOND_NS * SECOND_NS


@pytest.fixture
def page(sandbox: Sandbox, paths: Paths, now_ns: int) -> Answers:
    """A page of one request."""
    store(sandbox.database, request(1, now_ns - SECOND_NS))
    return Answers(paths, lambda: now_ns)


def test_a_ledger_that_is_behind_says_how_far_it_is(page: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer, until it is there."""
    real = answered

    def slow(places: Any, question: Any, tell: Any, *rest: Any, **more: Any) -> Any:
        found = real(places, question, tell, *rest, **more)
        tell(42, 100)
        return found

    monkeypatch.setattr("cclaunch.answers.asking.answered", slow)
    assert page.head()["troubles"] == ["the ledger is being brought up to date: 42 %"]
    assert page.days()["troubles"] == ["the ledger is being brought up to date: 42 %"]


def test_a_ledger_that_has_all_says_nothing(page: Answers) -> None:
    """That is the usual."""
    assert page.head()["troubles"] == []


def test_the_head_says_what_was_lost_on_the_way(page: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `usage` does, of the same filters."""
    told: list[Any] = []

    def lost(self: Ledger, since: int | None, until: int | None, where: Any) -> int:
        told.append((since, until, where))
        return 430_000

    monkeypatch.setattr(Ledger, "lost_usd_micros", lost)
    assert page.head(["model=claude-opus-4-8"])["lost_usd"] == 0.43
    assert told == [(None, None, {"model": ["claude-opus-4-8"]})]

"""What the tests of answers share: made-up months, asked by a page and by the verb that a question names."""

import json
import shlex
import time
from collections.abc import Callable
from typing import Any

import pytest
from month_case import Month, Usage
from months import month, usage, zone
from sandbox import Sandbox

from cclaunch.answers.answers import Answers
from cclaunch.hot.paths import our_paths

__all__ = ["month", "usage", "zone"]

Said = Callable[[str], dict[str, Any]]


@pytest.fixture
def now_ns() -> int:
    """The present."""
    return time.time_ns()


@pytest.fixture
def answers(month: Month, usage: Usage, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """A page that asks at the moment of the case."""
    monkeypatch.setattr("cclaunch.answers.asking.places_of", lambda paths: month.places)
    return Answers(our_paths(sandbox.environ), lambda: month.truth.now_ns)


@pytest.fixture
def said(usage: Usage) -> Said:
    """What the verb says to the question of an answer."""

    def ask(question: str) -> dict[str, Any]:
        ours, verb, *words = shlex.split(question)
        assert (ours, verb, words[-1]) == ("cclaunch", "usage", "--json")
        found: dict[str, Any] = json.loads(usage(*words))
        return found

    return ask

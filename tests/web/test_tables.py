"""Whole tables: they count among the questions at once, and nobody waits for one for ever."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest
from starlette.datastructures import QueryParams

from cclaunch.answers.answers import Answers
from cclaunch.errors import UsageError
from cclaunch.web import questions
from cclaunch.web.questions import MOST_ASKED, Overloaded, Questions

QUERY = QueryParams("what=days")


class Slow:
    """Answers that come when the test lets them."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def csv(self, *words: Any) -> str:
        """Return a table."""
        self.over.wait(60)
        return "day\n"

    def whom(self, words: Any) -> dict[str, Any]:
        """Return an answer that takes as long."""
        self.over.wait(60)
        return {}


@pytest.fixture
def slow() -> Iterator[Slow]:
    """One that gives up at the end."""
    made = Slow()
    yield made
    made.over.set()


def of(answers: object) -> Questions:
    """Return the questions to *answers*."""
    return Questions(cast("Answers", answers), list, lambda: 60.0)


def test_a_table_is_not_waited_for_for_ever(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it takes too long; the next one may come."""
    monkeypatch.setattr(questions, "CSV_S", 0.05)

    async def ask() -> str:
        asked = of(slow)
        with pytest.raises(Overloaded, match="takes too long"):
            await asked.csv(QUERY)
        slow.over.set()
        monkeypatch.setattr(questions, "CSV_S", 60)
        return await asked.csv(QUERY)

    assert asyncio.run(ask()) == "day\n"


def test_only_so_many_tables_are_made_at_once(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose reader went away counts until it is made, and so for the other questions."""
    monkeypatch.setattr(questions, "CSV_S", 0.05)

    async def ask() -> tuple[bytes, str]:
        asked = of(slow)
        await asyncio.gather(*(asked.csv(QUERY) for _ in range(MOST_ASKED)), return_exceptions=True)
        with pytest.raises(Overloaded, match="too many questions"):
            await asked.csv(QUERY)
        refused = await asked.answer("whom", "")
        slow.over.set()
        monkeypatch.setattr(questions, "CSV_S", 60)
        while True:
            try:
                return refused.body, await asked.csv(QUERY)
            except Overloaded:
                await asyncio.sleep(0.01)

    body, table = asyncio.run(ask())
    assert b"too many questions" in body
    assert table == "day\n"


def test_what_a_table_fails_of_is_told() -> None:
    """As any other question."""

    class Failing:
        def csv(self, *words: Any) -> str:
            raise UsageError("there is no table")

    with pytest.raises(UsageError, match="there is no table"):
        asyncio.run(of(Failing()).csv(QUERY))

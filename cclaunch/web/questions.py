"""
The questions of the page, as they come over the wire: words of an address in, a document out.

The problem it owns: an address may hold any words, as often as somebody likes. Each question that is asked has its answer kept
(`web.kept`), so many of them and no more; and only some are asked at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.datastructures import QueryParams

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import RANGE, Words
from cclaunch.answers.sessions import MOST_STEPS, NEWEST
from cclaunch.answers.vouching import ROWS
from cclaunch.errors import CclaunchError, StoreMissing, UsageError
from cclaunch.reports.keys import shown
from cclaunch.web.kept import Answer, Document, Kept, in_thread, written

MOST_KEPT = 32
"""Answers that are kept: of some tabs with some filters each."""

MOST_ASKED = 12
"""Questions at once; they wait for each other, each in a thread."""

LONGEST_QUERY = 16_384
CSV_S = 30.0
"""So long a whole table is waited for."""

LIVE_S = 10.0
"""So long it is believed that a session is live."""

TOO_MANY = "too many questions at once; this one is asked again in a moment"
TOO_SLOW = "this table takes too long just now; ask for it again, or for a shorter range"
TOO_LONG = "this address is too long to be a question"

Ask = Callable[[QueryParams], Document]


class Overloaded(CclaunchError):
    """A table is not given just now; later it may be."""


class Questions:
    """
    What may be asked of *answers*.

    Args:
        answers: The answers to all questions.
        files: Returns the paths that every answer comes from.
        lasts_s: Returns for how many seconds an answer is good although none of them changed.
        notes: Returns sentences on what is wrong beside the store.
    """

    def __init__(
        self,
        answers: Answers,
        files: Callable[[], Sequence[str]],
        lasts_s: Callable[[], float],
        notes: Callable[[], list[str]] = list,
    ) -> None:
        self._answers = answers
        self._files = files
        self._lasts_s = lasts_s
        self._notes = notes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._tables: set[asyncio.Task[Document]] = set()
        self._asked: Mapping[str, Ask] = {
            "head": self._head,
            "days": lambda query: answers.days(words_of(query), query.get("by", "")),
            "whom": lambda query: answers.whom(words_of(query)),
            "what": lambda query: answers.what(words_of(query)),
            "sessions": lambda query: answers.sessions(words_of(query), *page_of(query, NEWEST)),
            "session": lambda query: answers.session(query.get("session", ""), *page_of(query, MOST_STEPS)),
            "tools": lambda query: answers.tools(words_of(query)),
            "capture": self._capture,
        }

    def _head(self, query: QueryParams) -> Document:
        notes = {"notes": self._notes()}
        try:
            return {**self._answers.head(query.getlist("where")), **notes}
        except StoreMissing as error:
            return {"state": "empty", **notes, **refused(error)}

    def _capture(self, query: QueryParams) -> Document:
        return self._answers.capture(query.get("since", ""), *page_of(query, ROWS), holes=query.get("holes") == "1")

    @property
    def names(self) -> list[str]:
        """Return the names of all questions."""
        return list(self._asked)

    async def answer(self, name: str, query: str) -> Answer:
        """Return the answer to the question *name* with the words of *query*, or a document that says what is in the way."""
        if len(query) > LONGEST_QUERY:
            return written({"state": "trouble", "notes": [], "trouble": TOO_LONG, "hint": ""})
        key = f"{name}?{query}"
        found = self._kept.get(key)
        if found is None:
            if self._is_busy():
                return written({"state": "trouble", "notes": [], "trouble": TOO_MANY, "hint": ""})
            found = self._kept[key] = self._new(name, QueryParams(query))
            self._forget()
        self._kept.move_to_end(key)
        return await found.get()

    def _new(self, name: str, query: QueryParams) -> Kept:
        def lasts_s() -> float:
            return min(self._lasts_s(), LIVE_S) if name == "sessions" else self._lasts_s()

        return Kept(lambda: {"state": "ok", "notes": [], **self._asked[name](query)}, self._files, lasts_s)

    def _forget(self) -> None:
        """Forget the answers that were asked for longest ago; not those that are on their way."""
        for key in [key for key, one in self._kept.items() if not one.is_asking][: max(0, len(self._kept) - MOST_KEPT)]:
            del self._kept[key]

    async def csv(self, query: QueryParams) -> str:
        """Return a whole table as CSV. Raises CclaunchError; Overloaded where it is not given in time."""
        if len(str(query)) > LONGEST_QUERY:
            raise UsageError(TOO_LONG)
        if self._is_busy():
            raise Overloaded(TOO_MANY)
        work = in_thread(lambda: {"text": self._answers.csv(query.get("what", ""), words_of(query), query.get("by", ""))})
        table = asyncio.create_task(work)
        self._tables.add(table)
        table.add_done_callback(self._came)
        done, _ = await asyncio.wait({table}, timeout=CSV_S)
        if not done:  # it counts among the questions until its thread has ended
            raise Overloaded(TOO_SLOW)
        return str(table.result()["text"])

    def _came(self, table: "asyncio.Task[Document]") -> None:
        self._tables.discard(table)
        if not table.cancelled():
            table.exception()  # whoever waited has it

    def _is_busy(self) -> bool:
        """Say whether so many questions are on their way that one more must wait."""
        return sum(one.is_asking for one in self._kept.values()) + len(self._tables) >= MOST_ASKED


def words_of(query: QueryParams) -> Words:
    """Return what the words of an address ask of time, filters and order."""
    return Words(
        query.get("range", RANGE), query.get("since", ""), query.get("until", ""), query.getlist("where"), query.get("sort", "")
    )


def page_of(query: QueryParams, usual: int) -> tuple[int, int]:
    """Return (the number of the first row, how many rows) that are asked for; *usual*: how many, where that is not said."""
    return _number(query, "offset", 0), _number(query, "limit", usual)


def _number(query: QueryParams, name: str, usual: int) -> int:
    text = query.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise UsageError(f"{name}: `{shown(text)}` is no number")
    return int(text)


def refused(error: CclaunchError) -> dict[str, Any]:
    """Return what is said instead of a table."""
    return {"trouble": error.message, "hint": error.hint}

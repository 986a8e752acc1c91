"""
One question to the ledger: what it means, when it is its turn, and what is said where nothing can be answered.

The problem it owns: whoever asks waits for nobody but the ledger, for a bounded time, and leaves nothing open behind.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cclaunch.answers.asked import Asked, Words, asked
from cclaunch.backends.sources import places_of
from cclaunch.config.model import read_configuration
from cclaunch.errors import CclaunchError, StoreMissing, UsageError
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import attribute_names
from cclaunch.reports.dates import iso
from cclaunch.reports.keys import refuse_per_request, refuse_unknown
from cclaunch.reports.session_ids import whole_ids
from cclaunch.store.ledger import named, reading
from cclaunch.store.ledger.catch_up import take_doings
from cclaunch.store.places import Places
from cclaunch.store.spending import Group
from cclaunch.store.usage import Ledger, answered

Document = dict[str, Any]
Answer = TypeVar("Answer")
CATCH_UP_S = 2.0
"""So long an asker takes in what is new, a slice more or less; the collector does the rest."""

EMPTY = "run `cclaunch` where you would run `claude`, and look again"


class Asking:
    """
    Asks the ledger below *paths*, one question at a time; may be used by several threads.

    Args:
        paths: Our directories.
        now: Returns the present in nanoseconds since the epoch.

    Attributes:
        known: What is known of the sets from question to question.
    """

    def __init__(self, paths: Paths, now: Callable[[], int] = time.time_ns) -> None:
        self.paths = paths
        self.now = now
        self.known = named.Known()
        self._turn = threading.Lock()

    @property
    def places(self) -> Places:
        """Return all places that may hold events."""
        return places_of(self.paths)

    def asked(self, words: Words, *keys: str) -> Asked:
        """Return what *words* mean now, by these *keys*. Raises UsageError."""
        refuse_per_request([("--by", key) for key in keys])
        config, _ = read_configuration(self.paths)
        question = asked(words, self.now(), config.usage.first_weekday)
        return question._replace(where=whole_ids(self.places, question.where))

    def answer(self, question: str, about: Asked, ask: Callable[[Ledger], Document], *keys: str) -> Document:
        """Return the document of an answer to *question* (the words of the verb)."""
        found, troubles = self.found(about, ask, keys)
        return {"question": question, "as_of": iso(about.now_ns), "troubles": troubles, **found}

    def found(self, question: Asked, ask: Callable[[Ledger], Answer], keys: Sequence[str]) -> tuple[Answer, list[str]]:
        """Return the answer to one question, in its turn, and the troubles on the way."""
        progress: list[int] = []

        def known(ledger: Ledger) -> Answer | None:
            if ledger.extent is None:
                return None
            self._refuse_unknown(ledger, [*keys, *question.where])
            return ask(ledger)

        def tell(done: int, whole: int) -> None:
            progress[:] = [done, whole]

        with self._turn:
            found, troubles = answered(self.places, known, tell, CATCH_UP_S, stand_in=False)
        if found is None:
            raise StoreMissing("nothing was recorded yet", hint=EMPTY)
        if progress and progress[0] < progress[1]:
            troubles = [f"the ledger is being brought up to date: {progress[0] * 100 // progress[1]} %", *troubles]
        return found, troubles

    def _refuse_unknown(self, ledger: Ledger, keys: Sequence[str]) -> None:
        def set_up() -> set[str]:
            return attribute_names(self.paths)

        try:
            refuse_unknown(keys, lambda: set(keys) - set(reading.missing(ledger.connection, keys)), set_up)
        except UsageError:
            refuse_unknown(keys, ledger.names, set_up)  # which says what was meant

    def groups(self, ledger: Ledger, question: Asked, by: Sequence[str]) -> list[Group]:
        """Return what was used, one group for equal values of *by*."""
        span = question.since, question.until
        return named.groups(ledger.connection, self.known, *span, by, question.where, question.week_start)

    def take_doings(self) -> list[str]:
        """Take in what is new of tools, errors and latency, for a bounded time; return a sentence on what is not in yet."""
        try:
            left = take_doings(self.places, CATCH_UP_S)
        except (CclaunchError, sqlite3.Error, OSError) as error:
            why = error.message if isinstance(error, CclaunchError) else str(error)
            return [f"what is new of tools and errors is not part of this answer: {why}"]
        return ["tools and errors are being added up still: there will be more in a moment"] if left else []

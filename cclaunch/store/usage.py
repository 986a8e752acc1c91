"""
What was used: the ledger, brought up to date and asked.

The problem it owns: a part that cannot be read costs its part of the answer and one sentence, unless there is nothing else.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cclaunch.errors import FileTrouble, StoreBroken, StoreError, StoreMissing, StoreUnreachable
from cclaunch.store import losses
from cclaunch.store.damage import is_suspected
from cclaunch.store.filters import Where, canonical
from cclaunch.store.ledger import opening, reading
from cclaunch.store.ledger.answering import answering
from cclaunch.store.ledger.current import is_current
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.places import Places
from cclaunch.store.spending import Group, Usage, assembled

if TYPE_CHECKING:
    import sqlite3

    from cclaunch.hot.spending import Spending
    from cclaunch.store.ledger.latest import Latest
    from cclaunch.store.ledger.witnesses import WhoSaw

Answer = TypeVar("Answer")
Tell = Callable[[int, int], None]
ALWAYS = frozenset((*LABELS, "session.id", "model", "service.name", "event.name", "request_id", "prompt.id"))
"""What every request has, or may lack without a mistake."""


class Told(NamedTuple):
    """The *usage* (None where nothing was ever recorded), and the *troubles* that cost a part of it, a sentence each."""

    usage: Usage | None
    troubles: list[str]


class Ledger:
    """
    The ledger, open for the questions of one answer.

    Attributes:
        extent: When the first request was, and one nanosecond after the last (ns since the epoch); None without any.
        connection: Open for reading, for as long as the question is asked.
    """

    def __init__(self, connection: "sqlite3.Connection") -> None:
        self.extent = reading.extent(connection)
        self.connection = connection

    def groups(
        self, since: int | None, until: int | None, by: Sequence[str], where: Where | None = None, week_start: int = 0
    ) -> list[Group]:
        """Return what was used between *since* and *until* (ns), one group for equal values of *by*."""
        return reading.groups(self.connection, since, until, by, where or {}, week_start)

    def times(self, since: int | None, until: int | None, where: Where | None = None) -> Mapping[str | None, reading.Times]:
        """Return session -> its first and last request between *since* and *until* (ns), of those that *where* asks for."""
        from cclaunch.store.ledger.named import Known, condition

        asked = condition(self.connection, Known(), where) if where else ""
        return reading.times(self.connection, since, until, asked=asked)

    def lost_usd_micros(self, since: int | None, until: int | None, where: Where) -> int:
        """Return what the cost metric counted beyond the events between *since* and *until* (ns), in micro-dollars."""
        return losses.lost_usd_micros(self.connection, since, until, where)

    def spending(self, now_ns: int, week_start: int = 0) -> "Spending":
        """Return what was spent in the present day, week and month, by all and by launches of ours."""
        from cclaunch.store.ledger.spent import spent_in

        return spent_in(self.connection, now_ns, week_start)

    def has_transcripts(self) -> bool:
        """Say whether a transcript ever told of a request."""
        if not opening.has_transcripts(self.connection):
            return False
        return self.connection.execute("SELECT 1 FROM seen LIMIT 1").fetchone() is not None

    def transcripts_read_ns(self) -> int | None:
        """Return up to when all transcripts were read (ns since the epoch); None where they never were."""
        from cclaunch.store.ledger.passes import finished

        return finished(self.connection)

    def who_saw(self, since: int | None, until: int) -> "WhoSaw":
        """Return who saw the requests between *since* (never earlier than the first event) and *until* (ns)."""
        from cclaunch.store.ledger.witnesses import who_saw

        return who_saw(self.connection, since, until)

    def latest(self, until: int, count: int, where: Where) -> "list[Latest]":
        """Return the last *count* requests before *until* (ns), the newest first."""
        from cclaunch.store.ledger.latest import latest

        return latest(self.connection, until, count, where)

    def last_of(self, session: str, about_ns: int) -> int | None:
        """Return the last request of *session* (ns) in the quarter of an hour that begins at *about_ns*, or None."""
        from cclaunch.store.ledger.latest import last_of

        return last_of(self.connection, session, about_ns)

    def names(self) -> Collection[str]:
        """Return every key that a request can be asked by."""
        return reading.names(self.connection)


def answered(
    places: Places,
    question: Callable[[Ledger], Answer],
    tell: Tell = lambda done, whole: None,
    seconds: float | None = None,
    *,
    stand_in: bool = True,
) -> tuple[Answer | None, list[str]]:
    """
    Return (what *question* makes of the ledger of *places*, brought up to date; a sentence on each part that could not be read).

    Args:
        question: Asks; may be called twice, where a ledger turns out to be damaged and is mended.
        tell: Called while the ledger takes in much that is new: with how much was read, and how much there is.
        seconds: So long it may take in what is new, a slice more or less; None: until all is read.
        stand_in: Where the ledger cannot be read, answer from its last copy and the raw events, however long that takes.

    Returns:
        None as the answer where nothing was ever recorded.

    Raises:
        StoreTooNew, StoreBroken: The ledger cannot be read.
        StoreUnreachable: VictoriaLogs does not answer, and there is nothing else.
    """
    try:
        return _answered(places, question, tell, seconds, stand_in)
    except StoreBroken:
        if not is_suspected(places.ledger):
            raise
        return _answered(places, question, tell, seconds, stand_in)  # bringing it up to date mends it


def _answered(
    places: Places, question: Callable[[Ledger], Answer], tell: Tell, seconds: float | None, stand_in: bool
) -> tuple[Answer | None, list[str]]:
    trouble = brought_up(places, tell, seconds)
    try:
        with answering(places, trouble, stand_in=stand_in) as (connection, told):
            ledger = Ledger(connection)
            if trouble is not None and ledger.extent is None and not _may_go_on(trouble, places):
                raise trouble
            return question(ledger), told
    except StoreMissing as missing:
        if trouble is not None:
            raise trouble from missing
        return None, []


def usage(
    places: Places,
    since: int | None,
    until: int | None,
    by: Sequence[str],
    where: Where,
    tell: Tell = lambda done, whole: None,
) -> Told:
    """Return what was used between *since* and *until* (ns) where *where* holds, grouped by *by*. Raises as `answered` does."""

    def question(ledger: Ledger) -> Usage:
        lost = ledger.lost_usd_micros(since, until, where)
        return assembled(ledger.groups(since, until, by, where), since, until, by, lost)

    return Told(*answered(places, question, tell))


def _may_go_on(trouble: StoreError, places: Places) -> bool:
    """Say whether nothing is an answer: our own database was read, it is another place that is silent."""
    return isinstance(trouble, StoreUnreachable) and os.path.exists(places.database)


def brought_up(places: Places, tell: Tell = lambda done, whole: None, seconds: float | None = None) -> StoreError | None:
    """Have the ledger take in what is new; return what kept it from that. Raises StoreTooNew and StoreBroken of the ledger."""
    if not places.vlogs and is_current(places):
        return None
    import sqlite3

    from cclaunch.store.ledger.catch_up import catch_up  # only where something is new

    for again in (False, True):
        try:
            catch_up(places, seconds, tell)
        except StoreError as error:
            return error
        except (sqlite3.Error, FileTrouble, OSError) as error:
            if again or not is_suspected(places.ledger):  # a damaged one is put aside at the second time
                return _untaken(error, places)
        else:
            return None
    return None


def _untaken(error: Exception, places: Places) -> StoreBroken:
    from cclaunch.errors import CclaunchError
    from cclaunch.store import trouble
    from cclaunch.store.damage import is_damage
    from cclaunch.store.reader import MENDED

    what = f"cannot take {places.database} into {places.ledger}"
    if is_damage(error):
        return StoreBroken(what, cause=str(error), hint=MENDED)
    if isinstance(error, CclaunchError):
        return StoreBroken(what, cause=error.message, hint=error.hint)
    return StoreBroken(what, cause=trouble.describe(places.ledger, error), hint=f"ls -l {os.path.dirname(places.ledger)}")


def unsent(places: Places, asked: Iterable[str]) -> Mapping[str, list[str]]:
    """Return key -> the names most like it, for each of *asked* that no request ever had."""
    missing = [key for key in asked if canonical(key) not in ALWAYS]
    if not missing:
        return {}
    try:
        with opening.reading(places.ledger) as connection:
            missing = reading.missing(connection, missing)
            names = reading.names(connection) if missing else ()
    except StoreMissing:
        return {}
    if not missing:
        return {}
    from cclaunch.store import keys  # only where something is misspelt

    return keys.guesses(missing, names)

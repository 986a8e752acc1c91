"""
What is asked: a time, filters and an order, as words that came over a wire; and the words of `usage` that ask the same.

The problem it owns: a figure that nobody can ask for again is believed by nobody. So an answer says the very command that has the
same figures; and what makes no sense is refused with what does.
"""

import difflib
import shlex
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cclaunch.errors import UsageError
from cclaunch.reports.calendar import today_of
from cclaunch.reports.dates import FORMS, NS, moment_of
from cclaunch.reports.keys import advice, conditions_of, refuse_per_request, shown

RANGES = {"today": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
"""Name of a range -> its days, today among them."""

RANGE = "30d"
ORDERS = ("cost", "time", "requests", "tokens")
MOST_CONDITIONS = 50
LONGEST_WORD = 4096


class Words(NamedTuple):
    """
    A question as it was written.

    Attributes:
        range: One of RANGES; *since* and *until* go before it.
        since, until: Dates as `usage` takes them; empty: not given.
        where: Conditions, ``KEY=VALUE`` each.
        sort: One of ORDERS; empty: as it comes.
    """

    range: str = RANGE
    since: str = ""
    until: str = ""
    where: Sequence[str] = ()
    sort: str = ""


class Asked(NamedTuple):
    """
    A question.

    Attributes:
        since, until: Nanoseconds since the epoch; an open end is None.
        where: Key -> the values of which it must have one.
        sort: The order, or None.
        now_ns, week_start: The present, and the number of the weekday on which weeks begin.
        words: What `usage` is told of the time.
    """

    since: int | None
    until: int | None
    where: dict[str, list[str]]
    sort: str | None
    now_ns: int
    week_start: int
    words: list[str]

    def question(self, by: Sequence[str], *more: str) -> str:
        """Return the command that has the same figures, by the keys *by*."""
        sort = ["--sort", self.sort] if self.sort else []
        return shlex.join(["cclaunch", "usage", "--by", ",".join(by), *self.words, *self.narrowed, *sort, *more, "--json"])

    @property
    def narrowed(self) -> list[str]:
        """Return what `usage` is told of the filters."""
        return [word for key, values in self.where.items() for one in values for word in ("--where", f"{key}={one}")]


def asked(words: Words, now_ns: int, week_start: int = 0) -> Asked:
    """Return what *words* mean at *now_ns*. Raises UsageError."""
    for word in (words.range, words.since, words.until, words.sort, *words.where):
        _refuse_odd(word)
    if len(words.where) > MOST_CONDITIONS:
        raise UsageError(f"{len(words.where)} filters are too many, at most {MOST_CONDITIONS} can be asked")
    if words.sort and words.sort not in ORDERS:
        raise UsageError(f"there is no order `{shown(words.sort)}`{advice(_near(words.sort, ORDERS))}", hint=", ".join(ORDERS))
    where = conditions_of(words.where)
    refuse_per_request(("--where", key) for key in where)
    since, until = words.since, words.until
    if not (since or until):
        since = _begin_of(words.range, now_ns)
    begin, end = _moment(since, now_ns, week_start), _moment(until, now_ns, week_start, end=True)
    if begin is not None and end is not None and begin >= end:
        raise UsageError("--since is not before --until")
    told = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
    return Asked(begin, end, where, words.sort or None, now_ns, week_start, told)


def _refuse_odd(word: str) -> None:
    if len(word) > LONGEST_WORD:
        raise UsageError(f"`{shown(word)}` is longer than {LONGEST_WORD} characters")
    if "\0" in word:
        raise UsageError(f"{word[:60]!a} cannot be asked: no command line holds a NUL")
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{word[:60]!a} is not valid UTF-8") from error


def _begin_of(name: str, now_ns: int) -> str:
    """Return the first day of the range called *name*."""
    if name not in RANGES:
        near = advice(_near(name, RANGES))
        raise UsageError(f"there is no range `{shown(name)}`{near}", hint=f"{', '.join(RANGES)}, or dates: {FORMS}")
    return (today_of(now_ns) - timedelta(days=RANGES[name] - 1)).isoformat()


def _near(word: str, known: Collection[str]) -> list[str]:
    return difflib.get_close_matches(word.lower(), list(known), n=2, cutoff=0.5)


def _moment(text: str, now_ns: int, week_start: int, *, end: bool = False) -> int | None:
    if not text:
        return None
    try:
        now = datetime.fromtimestamp(now_ns // NS, UTC).replace(microsecond=now_ns // 1000 % 1_000_000)
        return moment_of(text, now, end=end, week_start=week_start)
    except ValueError as error:
        raise UsageError(f"--{'until' if end else 'since'}: {error}") from error

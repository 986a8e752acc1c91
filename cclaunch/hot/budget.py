"""
Budgets: how what was spent stands against what may be.

The problem it owns: a launch, the status line, `usage` and a notification must come to the same answer, so the arithmetic and
the sentence stand here once. Pure: limits and spending come in, standings come out.

Hot: C modules only.
"""

import time

from cclaunch.hot.amounts import of_limit
from cclaunch.hot.spending import DAY, MONTH, WEEK, Spending, Spent

NEAR, FULL = 0.8, 1.0
"""The shares of a budget from which on something is said."""

PACE_FROM = 0.1
"""A pace is told when so much of the period is over: before, it is a guess."""

NS = 1_000_000_000
WORDS = {DAY: "today", WEEK: "this week", MONTH: "this month"}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Limit:
    """
    What may be spent.

    Attributes:
        profile: The profile whose launches count; empty for all launches.
        period: ``day``, ``week`` or ``month``.
        micros: Micro-dollars, more than 0.
    """

    __slots__ = ("micros", "period", "profile")

    def __init__(self, profile: str, period: str, micros: int) -> None:
        self.profile = profile
        self.period = period
        self.micros = micros


class Standing:
    """
    A limit, and what was spent of it.

    Attributes:
        limit: The limit.
        spent: What was spent in the present period.
        now: The present, in nanoseconds since the epoch.
    """

    __slots__ = ("limit", "now", "spent")

    def __init__(self, limit: Limit, spent: Spent, now: int) -> None:
        self.limit = limit
        self.spent = spent
        self.now = now

    @property
    def share(self) -> float:
        """Return the share that is spent: 1 for all of it."""
        return self.spent.micros / self.limit.micros

    @property
    def left(self) -> int:
        """Return the micro-dollars that are left; less than 0 when more was spent."""
        return self.limit.micros - self.spent.micros

    @property
    def is_spent(self) -> bool:
        """Say whether all of it is spent."""
        return self.left <= 0

    @property
    def pace_micros(self) -> "int | None":
        """Return what the whole period will cost if it goes on like that; None where it is too early to tell."""
        whole, over = self.spent.end - self.spent.begin, self.now - self.spent.begin
        return round(self.spent.micros * whole / over) if over >= whole * PACE_FROM else None

    @property
    def reached_ns(self) -> "int | None":
        """Return when all of it will be spent at this pace; None where that is not in this period, or past, or not known."""
        pace = self.pace_micros
        if pace is None or pace <= self.limit.micros or self.is_spent:
            return None
        return self.now + (self.now - self.spent.begin) * self.left // self.spent.micros


def standings(limits: "list[Limit]", spending: "Spending | None", now_ns: int) -> "list[Standing]":
    """Return how each of *limits* stands, the most spent share first; without those whose period *spending* knows nothing of."""
    found = []
    for limit in limits:
        if spending is None or (whole := spending.by.get((limit.period, ""))) is None:
            continue
        spent = spending.by.get((limit.period, limit.profile)) or Spent(whole.begin, whole.end, 0)
        found.append(Standing(limit, spent, now_ns))
    found.sort(key=lambda one: -one.share)
    return found


def told(standing: Standing) -> str:
    """Return ``shop: $212 of $300 this month, at this pace 27 Nov``."""
    limit = standing.limit
    text = f"{of_limit(standing.spent.micros, limit.micros)} {WORDS[limit.period]}"
    if limit.profile:
        text = f"{limit.profile}: {text}"
    reached = standing.reached_ns
    return text if reached is None else f"{text}, at this pace {moment(reached, limit.period)}"


def moment(time_ns: int, period: str) -> str:
    """Return a moment as a clock's time where *period* is a day, else as a date."""
    _, month, day, hour, minute, *_ = time.localtime(time_ns // NS)
    return f"{hour:02d}:{minute:02d}" if period == DAY else f"{day} {MONTHS[month - 1]}"

"""
What requests come to, reckoned plainly from the list of them: the oracle for what `usage` says.

The problem it owns: a figure that is held against our own sums may be wrong in both. So there is nothing of ours in here, days
and weeks are those of the zone's own rules, and every question reads the whole list.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from made_month import NS, Made

DAYS = 14
ATTRIBUTES = {
    "session": "session.id",
    "profile": "cclaunch.profile",
    "repository": "vcs.repository.name",
    "branch": "vcs.ref.head.name",
    "agent": "agent.name",
    "skill": "skill.name",
    "mcp": "mcp_server.name",
}
"""Word of ``--by`` -> the attribute that it stands for, where that is another."""

Values = tuple[str | None, ...]


class Sums(NamedTuple):
    """What requests come to: money in micro-dollars, and tokens by kind."""

    requests: int
    micros: int
    input: int
    output: int
    cache_read: int
    cache_written: int

    @property
    def tokens(self) -> int:
        """Return the tokens of every kind."""
        return self.input + self.output + self.cache_read + self.cache_written

    @property
    def hit_rate(self) -> float:
        """Return what came from the cache, as a share of what was sent."""
        return self.cache_read / (self.input + self.cache_read + self.cache_written)


def summed(many: Iterable[Made]) -> Sums:
    """Return what *many* come to."""
    requests = micros = read_in = out = cached = written = 0
    for one in many:
        requests += 1
        micros += one.micros or 0
        read_in += one.input
        out += one.output
        cached += one.cache_read
        written += one.written_5m + one.written_1h
    return Sums(requests, micros, read_in, out, cached, written)


class Reckoned:
    """The answers about *requests* at *now_ns* in a *zone*, where weeks begin on the weekday of that number (0: Monday)."""

    def __init__(self, requests: list[Made], now_ns: int, zone: ZoneInfo, week_start: int) -> None:
        self.requests = requests
        self.now_ns = now_ns
        self.zone = zone
        self.week_start = week_start
        self.now = self.clock(now_ns)
        self.today = self.now.date()
        self.first_day = self.clock(min(one.time_ns for one in requests)).date()
        self.days = [self.today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]

    def clock(self, time_ns: int) -> datetime:
        """Return what the clock on the wall said."""
        return datetime.fromtimestamp(time_ns // NS, self.zone)

    def day(self, one: Made) -> date:
        """Return the date of a request."""
        return self.clock(one.time_ns).date()

    def first_of_week(self, day: date) -> date:
        """Return the day on which the week of *day* begins."""
        while day.weekday() != self.week_start:
            day -= timedelta(days=1)
        return day

    def _until_now(self, holds: Callable[[date], bool]) -> Sums:
        return summed(one for one in self.requests if one.time_ns <= self.now_ns and holds(self.day(one)))

    def of_day(self, day: date) -> Sums:
        """Return what one day came to, until now."""
        return self._until_now(lambda of: of == day)

    def week(self) -> Sums:
        """Return what this week came to, until now."""
        first = self.first_of_week(self.today)
        return self._until_now(lambda of: of >= first)

    def week_before(self) -> Sums:
        """Return what the last week came to, until the same time on the clock."""
        first = self.first_of_week(self.today) - timedelta(days=7)
        wall = self.now.replace(tzinfo=None) - timedelta(days=7), self.now_ns % NS
        return summed(
            one
            for one in self.requests
            if self.day(one) >= first and (self.clock(one.time_ns).replace(tzinfo=None), one.time_ns % NS) <= wall
        )

    def month(self) -> Sums:
        """Return what this month came to, until now."""
        return self._until_now(lambda of: (of.year, of.month) == (self.today.year, self.today.month))

    def recent(self) -> Sums:
        """Return what the last days came to, until now."""
        return self._until_now(lambda of: of >= self.days[0])

    def pace(self) -> float | None:
        """Return what the month will have come to in micro-dollars, or None in its first two days."""
        known = (self.today - self.first_day).days + 1
        if self.today.day <= 2 or known <= 2:
            return None
        left, day = 0, self.today + timedelta(days=1)
        while day.month == self.today.month:
            left, day = left + 1, day + timedelta(days=1)
        return self.month().micros + self.recent().micros / min(DAYS, known) * left

    def shares(self, key: str) -> dict[str | None, Sums]:
        """Return value of *key* -> what it came to in the last days."""
        recent = [one for one in self.requests if one.time_ns <= self.now_ns and self.day(one) >= self.days[0]]
        return {values[0]: summed(part) for values, part in self.parts([key], recent).items()}

    def value(self, key: str, one: Made) -> str | None:
        """Return what a request has under a word of ``--by``."""
        clock = self.clock(one.time_ns)
        if key == "week" and self.week_start:
            return self.first_of_week(clock.date()).isoformat()
        forms = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
        if key in forms:
            return clock.strftime(forms[key])
        if key == "weekday":
            return "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()[clock.weekday()]
        return one.names.get(ATTRIBUTES.get(key, key))

    def parts(self, keys: list[str], requests: list[Made] | None = None) -> dict[Values, list[Made]]:
        """Return the requests (or those *requests*), divided by *keys*."""
        found: dict[Values, list[Made]] = {}
        for one in self.requests if requests is None else requests:
            found.setdefault(tuple(self.value(key, one) for key in keys), []).append(one)
        return found

    def between(self, first: date | None, last: date | None) -> list[Made]:
        """Return the requests of these days and those between them."""
        return [one for one in self.requests if (first or date.min) <= self.day(one) <= (last or date.max)]

"""
How much of a plan's windows was used when claude said so last: of five hours, of seven days, and of a limit in dollars.

The problem it owns: only claude's status line is told, and only while a session is open. So each figure has its age, and one
whose window has begun anew since says nothing of now.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from cclaunch import otel
from cclaunch.reports.dates import iso
from cclaunch.store import limits
from cclaunch.store.newest import Said, newest
from cclaunch.store.places import Places
from cclaunch.store.rows import integer, number, text

NS = 1_000_000_000
KEPT_NS = 8 * 86_400 * NS
"""What is older than the longest window says nothing any more."""

LOOKED_AT = 5
"""Events, of which one may lack what another one has."""

MOST_PERCENT = 1000
MOST_DOLLARS = 1e9
LATEST_S = 1 << 33

Found = TypeVar("Found")


class Window(NamedTuple):
    """A window: *used* of it, in per cent; when it *resets* (s since the epoch, None: not said); when that was *seen* (ns)."""

    used: float
    resets: int | None
    seen: int

    def is_over(self, now_ns: int) -> bool:
        """Say whether it has begun anew since."""
        return self.resets is not None and self.resets * NS <= now_ns


class SpendLimit(NamedTuple):
    """A limit in dollars: *used*, the *limit*, the word for its *period* (or None), and when that was *seen* (ns)."""

    used: float
    limit: float
    period: str | None
    seen: int


class Windows(NamedTuple):
    """What is known at *now_ns*, each of the newest event that tells it."""

    five_hour: Window | None
    seven_day: Window | None
    spend_limit: SpendLimit | None
    now_ns: int

    @property
    def seen(self) -> int:
        """Return when the newest of them was seen (ns)."""
        return max(one.seen for one in self[:3] if one is not None)


def windows(places: Places, now_ns: int) -> Windows | None:
    """Return how the plan's windows stood last, in all stores of *places*; None where nothing of it is known."""
    return windows_of(newest(places, otel.PLAN_WINDOWS, now_ns - KEPT_NS, now_ns + 1, LOOKED_AT), now_ns)


def windows_of(events: Sequence[Said], now_ns: int) -> Windows | None:
    """Return what *events* tell, the newest first; None where they tell nothing."""
    found = Windows(_first(events, _window("five_hour")), _first(events, _window("seven_day")), _first(events, _limit), now_ns)
    return found if any(one is not None for one in found[:3]) else None


def _first(events: Sequence[Said], tell: Callable[[Mapping[str, Any], int], Found | None]) -> Found | None:
    return next((one for event in events if (one := tell(event.attributes, event.time_ns)) is not None), None)


def _window(name: str) -> Callable[[Mapping[str, Any], int], Window | None]:
    def tell(said: Mapping[str, Any], seen: int) -> Window | None:
        used = limits.bounded(number(said.get(f"{name}_used_percentage")), MOST_PERCENT)
        return None if used is None else Window(float(used), integer(said.get(f"{name}_resets_at"), LATEST_S), seen)

    return tell


def _limit(said: Mapping[str, Any], seen: int) -> SpendLimit | None:
    used, most = (limits.bounded(number(said.get(f"spend_limit_{name}_usd")), MOST_DOLLARS) for name in ("used", "limit"))
    if used is None or most is None:
        return None
    return SpendLimit(float(used), float(most), text(said.get("spend_limit_period")), seen)


def document(found: Windows) -> dict[str, Any]:
    """Return *found* for programs: per cent, dollars, times in UTC; what is not known is null."""
    return {
        "five_hour": _told(found.five_hour, found.now_ns),
        "seven_day": _told(found.seven_day, found.now_ns),
        "spend_limit": _told_limit(found.spend_limit),
    }


def _told(one: Window | None, now_ns: int) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "used_percentage": one.used,
        "resets_at": None if one.resets is None else iso(one.resets * NS),
        "reset_since": one.is_over(now_ns),
        "seen": iso(one.seen),
    }


def _told_limit(one: SpendLimit | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"used_usd": one.used, "limit_usd": one.limit, "period": one.period, "seen": iso(one.seen)}

"""The plan's windows in a line of the first screen: with their age, as nobody tells how they stand now."""

from collections.abc import Iterator
from datetime import datetime

from cclaunch.commands.shared.amounts import money
from cclaunch.console import printable, width
from cclaunch.reports.dates import ago, span
from cclaunch.reports.windows import SpendLimit, Window, Windows
from cclaunch.store.ledger.periods import WEEKDAYS

NS = 1_000_000_000
HOUR_S, DAY_S, WEEK_S = 3600, 86_400, 7 * 86_400


def line(found: Windows, columns: int) -> list[list[tuple[str, str]]]:
    """Return the line that tells *found*, as long as *columns* allow; none where nothing of it fits."""
    fitting = (text for text in _forms(found) if width(text) <= columns)
    return [[(text, "")] for text in [next(fitting, "")] if text]


def _forms(found: Windows) -> Iterator[str]:
    """Yield ways to put it, the longest first; what has begun anew is told in all of them, and so is the age."""
    seen = f"; seen {ago(found.seen, found.now_ns)}"
    for is_long in (True, False):
        parts = [
            _told(name, one, found.now_ns, is_long=is_long) for name, one in (("5 h", found.five_hour), ("week", found.seven_day))
        ]
        parts.append(_spent(found.spend_limit, is_long=is_long))
        told = "; ".join(filter(None, parts))
        yield f"plan: {told}{seen}"
        if not is_long:
            yield f"{told}{seen}"


def _told(name: str, one: Window | None, now_ns: int, *, is_long: bool) -> str:
    if one is None:
        return ""
    used = f"{name} {_percent(one.used)}"
    if one.is_over(now_ns):
        return f"{used} {ago(one.seen, now_ns)}, reset since" if is_long else f"{used}, reset since"
    return f"{used}, resets {_when(one.resets, now_ns)}" if is_long and one.resets is not None else used


def _when(resets: int, now_ns: int) -> str:
    """Return when that is: ``in 1 h 12 min``, ``Fri``; or the date where it is further away than any window is long."""
    left = resets - now_ns // NS
    if left >= DAY_S:
        day = datetime.fromtimestamp(resets)
        return WEEKDAYS[day.weekday()][:3] if left < WEEK_S else f"{day:%Y-%m-%d}"
    minutes = left % HOUR_S // 60
    return f"in {span(left)}{f' {minutes} min' if left >= HOUR_S and minutes else ''}"


def _percent(used: float) -> str:
    return f"{used:.0f} %"


def _spent(one: SpendLimit | None, *, is_long: bool) -> str:
    if one is None:
        return ""
    used, limit = (money(round(dollars * 1_000_000)) for dollars in (one.used, one.limit))
    return f"{used} of {limit}" + (f" ({printable(one.period)})" if is_long and one.period else "")

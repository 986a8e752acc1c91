"""
What each name of the format says: figures out of claude's JSON, and out of the small files that we keep.

The problem it owns: a value that is not there, not known, or of yesterday says nothing; it never says 0. What nears its bound is
yellow, what has reached it red.

Hot: C modules only.
"""

from cclaunch.hot.amounts import money, of_limit, percent, tokens
from cclaunch.hot.budget import FULL, NEAR, WORDS, Limit, standings
from cclaunch.hot.spending import Spending
from cclaunch.statusline.given import Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.statusline.format import Said

NS = 1_000_000_000
WARNING, ALARM = "yellow", "red"
CROWDED, FULL_CONTEXT = 70, 90
"""Percent of the context: claude makes it smaller by itself before it is full."""

NOTHING = ("", "")


class Known:
    """
    All that the line is made of.

    Attributes:
        given: Claude's JSON.
        profile: The profile of this launch; empty for none.
        spending: What was spent; None where that is not known.
        limits: The budgets that this launch counts for.
        now_ns: The present.
    """

    __slots__ = ("given", "limits", "now_ns", "profile", "spending")

    def __init__(self, given: Given, profile: str, spending: "Spending | None", limits: "list[Limit]", now_ns: int) -> None:
        self.given = given
        self.profile = profile
        self.spending = spending
        self.limits = limits
        self.now_ns = now_ns

    def say(self, name: str) -> "Said":
        """Return what *name* says, and the colour of a warning; both may be empty."""
        try:
            return SAY[name](self)
        except (KeyError, ValueError, OverflowError):
            return NOTHING


def _profile(known: Known) -> "Said":
    return known.profile, ""


def _model(known: Known) -> "Said":
    return (known.given.text("model", "display_name") or known.given.text("model", "id")).partition(" (")[0], ""


def _session(known: Known) -> "Said":
    dollars = known.given.number("cost", "total_cost_usd")
    return (f"{money(round(dollars * 1e6))} session", "") if dollars is not None and dollars >= 0 else NOTHING


def _today(known: Known) -> "Said":
    if known.spending is None or known.spending.today is None:
        return NOTHING
    return f"{money(known.spending.today.micros)} today", ""


def _budget(known: Known) -> "Said":
    for standing in standings(known.limits, known.spending, known.now_ns):
        limit, share = standing.limit, standing.share
        text = f"{of_limit(standing.spent.micros, limit.micros)} {WORDS[limit.period]}"
        return text, ALARM if share >= FULL else WARNING if share >= NEAR else ""
    return NOTHING


def _context(known: Known) -> "Said":
    used = known.given.number("context_window", "used_percentage")
    if used is None or used < 0:
        return NOTHING
    return f"context {used:.0f} %", ALARM if used >= FULL_CONTEXT else WARNING if used >= CROWDED else ""


def _window(known: Known, field: str, label: str) -> "Said":
    used = known.given.number("rate_limits", field, "used_percentage")
    if used is None or used < 0:
        return NOTHING
    resets = known.given.number("rate_limits", field, "resets_at")
    left = None if resets is None else int(resets) - known.now_ns // NS
    if left is not None and left <= 0:  # it told of a window that is over
        return NOTHING
    when = "" if left is None else f" ({lasting(left)})"
    return f"{label} {used:.0f} %{when}", ALARM if used >= FULL * 100 else WARNING if used >= NEAR * 100 else ""


def _five_hours(known: Known) -> "Said":
    return _window(known, "five_hour", "5h")


def _week(known: Known) -> "Said":
    return _window(known, "seven_day", "week")


def _limit(known: Known) -> "Said":
    """A gateway tells dollars where it counts in US dollars, and a share else."""
    used = known.given.number("rate_limits", "spend_limit", "used_usd")
    most = known.given.number("rate_limits", "spend_limit", "limit_usd")
    if used is None or most is None or used < 0 or most <= 0:
        return _window(known, "spend_limit", "limit")
    share = used / most
    text = of_limit(round(used * 1e6), round(most * 1e6)) + " limit"
    return text, ALARM if share >= FULL else WARNING if share >= NEAR else ""


def _cache(known: Known) -> "Said":
    """What claude says of the session; a release that does not is asked for its last response."""
    ratio = known.given.number("prompt_cache", "hit_ratio")
    if ratio is None:
        names = ("cache_read_input_tokens", "input_tokens", "cache_creation_input_tokens")
        read, *others = (known.given.number("context_window", "current_usage", name) for name in names)
        whole = (read or 0) + sum(other or 0 for other in others)
        ratio = None if read is None or whole <= 0 else read / whole
    return (f"cache {percent(ratio)}", "") if ratio is not None and 0 <= ratio <= 1 else NOTHING


def _tokens(known: Known) -> "Said":
    count = known.given.number("context_window", "total_input_tokens")
    return (f"{tokens(int(count))} tokens", "") if count is not None and count > 0 else NOTHING


def _lines(known: Known) -> "Said":
    added, removed = (known.given.number("cost", f"total_lines_{what}") for what in ("added", "removed"))
    return (f"+{int(added or 0)} -{int(removed or 0)}", "") if (added or 0) + (removed or 0) > 0 else NOTHING


def _duration(known: Known) -> "Said":
    passed = known.given.number("cost", "total_duration_ms")
    return (lasting(int(passed) // 1000), "") if passed is not None and passed > 0 else NOTHING


def _pull_request(known: Known) -> "Said":
    number = known.given.number("pr", "number")
    return (f"#{int(number)}", "") if number is not None and number > 0 else NOTHING


def _branch(known: Known) -> "Said":
    return known.given.text("worktree", "branch"), ""


def _directory(known: Known) -> "Said":
    path = known.given.text("workspace", "current_dir") or known.given.text("cwd")
    return path.rstrip("/").rpartition("/")[2] or path, ""


def _effort(known: Known) -> "Said":
    return known.given.text("effort", "level"), ""


def _version(known: Known) -> "Said":
    return known.given.text("version"), ""


SAY = {
    "profile": _profile,
    "model": _model,
    "session": _session,
    "today": _today,
    "budget": _budget,
    "context": _context,
    "5h": _five_hours,
    "week": _week,
    "limit": _limit,
    "cache": _cache,
    "tokens": _tokens,
    "lines": _lines,
    "duration": _duration,
    "pr": _pull_request,
    "branch": _branch,
    "directory": _directory,
    "effort": _effort,
    "version": _version,
}
"""Name of a format -> what it says."""


def lasting(seconds: int) -> str:
    """Return a span of time by its two largest units: ``4d6h``, ``2h13m``, ``45m``; less than a minute is ``<1m``."""
    minutes = seconds // 60
    if minutes >= 1440:
        return f"{minutes // 1440}d{minutes % 1440 // 60}h"
    if minutes >= 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    return f"{minutes}m" if minutes else "<1m"

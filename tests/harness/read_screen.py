"""
The figures that `usage` prints, read as a person reads them.

The problem it owns: a figure that is right in memory may be printed wrong. So what stands there is taken apart again, and
each figure is true when it is the nearest that its digits can say.
"""

import re
from typing import NamedTuple

UNITS = {"k": 1e3, "M": 1e6, "B": 1e9}
MONEY = r"-?\$ *[\d,]+(?:\.\d+)?"
SHARE = r"(?:<?\d+ %)"
DAY = re.compile(rf"(\w{{3}}) +(\d+) +({MONEY}) +(?:[█▏▎▍▌▋▊▉]+ +)?([\d,]+) req +(\S+) tok")
HEAD = re.compile(
    rf"Today ({MONEY})\s+this week ({MONEY})(?: \(([^)]+)\))?\s+([A-Z]\w+) ({MONEY})(?:, on pace for ({MONEY}))?\s+"
    rf"last 14 days, ({MONEY})(?:\s+cache hit ({SHARE}))?\n"
)


class Day(NamedTuple):
    """The line of one day, as printed."""

    weekday: str
    day: int
    cost: str
    requests: str
    tokens: str


class Screen(NamedTuple):
    """The first screen, as printed; *change*, *pace*, *hit* are None where they are not told, *tops* are (name, figure)."""

    today: str
    week: str
    change: str | None
    month_name: str
    month: str
    pace: str | None
    recent: str
    hit: str | None
    days: list[Day]
    tops: list[tuple[str, str]]


def read(text: str) -> Screen:
    """Return the figures of the first screen."""
    head = HEAD.match(text)
    assert head, text
    days, tops = [], list[tuple[str, str]]()
    for line in map(str.strip, text[head.end() :].splitlines()):
        if found := DAY.fullmatch(line):
            days.append(Day(found[1], int(found[2]), *found.groups()[2:]))
        else:
            parts = re.split(r" {2,}", line)
            assert all(re.fullmatch(rf".+ (?:{MONEY}|{SHARE})", part) for part in parts), line
            tops += [(found[1], found[2]) for part in parts if (found := re.fullmatch(rf"(.+?) ({MONEY}|{SHARE})", part))]
    today, week, change, month_name, month, pace, recent, hit = head.groups()
    return Screen(today, week, change, month_name, month, pace, recent, hit, days, tops)


def _nearest(text: str, unit: float, value: float) -> bool:
    """Say whether the number *text*, of so large a *unit*, is the nearest to *value* of those with as many digits."""
    digits = text.replace(",", "").replace(" ", "")
    step: float = unit / 10 ** len(digits.partition(".")[2])
    return abs(float(digits) * unit - value) <= step / 2 * (1 + 1e-9)


def is_money(text: str, micros: float) -> bool:
    """Say whether *text* are these micro-dollars: to the cent, below a dollar to a hundredth of one."""
    digits = text.replace("$", "").strip()
    places = len(digits.partition(".")[2])
    return places == (2 if micros == 0 or micros >= 999_950 else 4) and _nearest(digits, 1e6, micros)


def is_estimate(text: str, micros: float) -> bool:
    """Say whether *text* is this pace: from a hundred dollars on without cents."""
    return is_money(text, round(micros)) if micros < 99_999_999 else "." not in text and _nearest(text[1:], 1e6, micros)


def is_count(text: str, count: int) -> bool:
    """Say whether *text* is so many, to the last one."""
    return text == f"{count:,}"


def is_tokens(text: str, count: int) -> bool:
    """Say whether *text* is so many tokens: below a thousand to the last one, else to three digits or more."""
    unit = UNITS.get(text[-1], 1)
    digits = text.rstrip("kMB")
    exact = count < 1000 or sum(map(str.isdigit, digits)) >= 2
    return exact and _nearest(digits, unit, count)


def is_percent(text: str, share: float) -> bool:
    """Say whether *text* is this share (0 to 1): neither nothing of what is there, nor all where something is missing."""
    if text == "<1 %":
        return 0 < share < 0.005
    whole = float(text.removesuffix(" %"))
    return (
        abs(whole - share * 100) <= (1 if whole == 99 else 0.5) + 1e-9
        and (whole < 100 or share == 1)
        and (whole > 0 or share == 0)
    )


def is_change(text: str | None, now: int, before: int) -> bool:
    """Say whether *text* tells how much more *now* is than *before*: in percent, or how many times; nothing without a before."""
    if text is None or before == 0:
        return text is None and before == 0
    if text.endswith(" x"):
        return now / before >= 10.99 and _nearest(text.removesuffix(" x"), 1, now / before)
    return text[0] in "+-" and abs(float(text.removesuffix(" %")) - (now / before - 1) * 100) <= 0.5 + 1e-9

"""
One frame of `usage --watch`: lines for a terminal of any size.

The problem it owns: nothing wraps and nothing scrolls. On a small terminal the least important goes first: the hint, gaps and
headings, then requests and sessions down to a few, then plan windows and budgets. What is said of trouble stays, and so does
today.
"""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cclaunch.commands.shared.amounts import ESTIMATE, aligned, estimated, model_label, money, tokens
from cclaunch.commands.usage import windows
from cclaunch.commands.usage.budgets import budget_lines
from cclaunch.commands.usage.looking import Seen
from cclaunch.console import BOLD, DIM, IN_ASCII, NOTHING, YELLOW, printable, width
from cclaunch.layout import Column, cut, fitted, lines, wrapped
from cclaunch.reports.live import Live

Span = tuple[str, str]
Line = list[Span]

NS = 1_000_000_000
BETWEEN = 3
"""Columns between two figures of the head."""

SPACIOUS, ROOMY = 20, 10
"""Rows from which on there are gaps and a hint, and headings."""

FEW = 3
ENDS = "q ends"
EMPTY = "nothing was recorded yet: run `cclaunch` where you would run `claude`, and its requests appear here"
QUIET = "no session is live"
LONGEST_ID = 8

SESSIONS = (
    Column("live session", fold="cut", least=16),
    Column("branch", fold="cut", spare=6, least=12),
    Column("profile", fold="cut", spare=5, least=10),
    Column("model", fold="cut", spare=4, least=10),
    Column("cost", right=True),
    Column("last", right=True, spare=2),
    Column("id", spare=7),
)
REQUESTS = (
    Column("last request", spare=3),
    Column("model", fold="cut", spare=1, least=10),
    Column("tokens", right=True, spare=2),
    Column("cost", right=True),
    Column("repository", fold="cut", spare=5, least=10),
    Column("id", spare=6),
)


class Canvas(NamedTuple):
    """What is drawn on: its size in characters, and whether it shows signs beyond ASCII."""

    columns: int
    rows: int
    unicode: bool


class Frame(NamedTuple):
    """A frame: its *lines*, and of each whether it fills its last column."""

    lines: list[Line]
    full: list[bool]


def frame(seen: Seen, canvas: Canvas, where: Mapping[str, Sequence[str]], now_ns: int) -> Frame:
    """
    Return the frame that shows what was *seen*.

    Args:
        seen: What was seen.
        canvas: What is drawn on.
        where: Key -> values, where only a part is counted: it is said.
        now_ns: The present: how long ago something was is told to the second.
    """
    found = [_clipped(line, canvas) for line in _laid(seen, canvas, where, now_ns)[: canvas.rows]]
    return Frame(found, [sum(width(text) for text, _ in line) >= canvas.columns for line in found])


def _laid(seen: Seen, canvas: Canvas, where: Mapping[str, Sequence[str]], now_ns: int) -> list[Line]:
    """Return the lines, from top to bottom; what there is no row for is not among them."""
    live, spacious = seen.live, canvas.rows >= SPACIOUS
    foot: list[Line] = []
    if seen.trouble:
        said = _wrapped(f"! {seen.trouble}", canvas) if spacious else [f"! {seen.trouble}"]
        foot = [[(text, YELLOW)] for text in said[:FEW]]
    if not foot and spacious:
        foot = [[(ENDS, DIM)]]
    room = canvas.rows - len(foot)
    if live is None or (live.empty and not seen.quiet):
        return _filled([[(text, "")] for text in _wrapped("" if live is None else EMPTY, canvas)][:room], foot, canvas.rows)
    head = _head(live, canvas, where)[: max(1, room // 4)]
    plan = [] if seen.windows is None else windows.line(seen.windows._replace(now_ns=now_ns), canvas.columns)
    limits = [*budget_lines(seen.budgets, canvas.columns), *plan]
    limits = limits[: max(0, (room - len(head)) // 3)]
    gap: list[Line] = [[]] if spacious else []
    room -= len(head) + len(limits) + 2 * len(gap)
    sessions, requests = _sessions(seen, canvas, now_ns), _requests(live, canvas)
    if canvas.rows < ROOMY:
        sessions, requests = sessions[1:] or sessions, requests[1:]
    share = room // 2 if room > 2 * FEW else room - room // 3
    for_sessions = max(room - len(requests), share)
    sessions = _first(sessions, for_sessions)
    return _filled([*head, *limits, *gap, *sessions, *gap, *requests[: max(room - len(sessions), 0)]], foot, canvas.rows)


def _first(found: list[Line], rows: int) -> list[Line]:
    """Return the first of the lines *found*, in so many *rows*, the last of which says how many there are more."""
    if len(found) <= rows or rows < FEW:
        return found[:rows]
    return [*found[: rows - 1], [(f"and {len(found) - rows + 1:,} more", DIM)]]


def _filled(above: list[Line], foot: list[Line], rows: int) -> list[Line]:
    """Return *above* and *foot*, the latter on the last row."""
    return [*above, *([] for _ in range(rows - len(above) - len(foot))), *foot] if foot else above


def _head(live: Live, canvas: Canvas, where: Mapping[str, Sequence[str]]) -> list[Line]:
    today = estimated(money(live.today.micros), doubtful=bool(live.today.estimated))
    hourly = estimated(money(live.hourly_micros), doubtful=bool(live.recent.estimated))
    label = "Today " if canvas.columns > len("Today ") + len(today) else ""
    parts: list[Span] = [(f"{label}{today}", BOLD), (f"{hourly}/h now", "")]
    if live.today.unpriced:
        parts.append((f"{live.today.unpriced:,} without a price", YELLOW))
    parts += [(f"only {key}={value}", DIM) for key, values in where.items() for value in values]
    found: list[Line] = []
    for text, style in ((shown(text, canvas), style) for text, style in parts):
        if found and _wide(found[-1]) + BETWEEN + width(text) <= canvas.columns:
            found[-1] += [(" " * BETWEEN, ""), (text, style)]
        else:
            found.append([(text, style)])
    return found


def _wide(line: Line) -> int:
    return sum(width(text) for text, _ in line)


def _sessions(seen: Seen, canvas: Canvas, now_ns: int) -> list[Line]:
    """Return the heading and a line for each live session, the dearest first; then launches that have said nothing yet."""
    live = seen.live
    assert live is not None
    costs = _costs([(one.figures.micros, bool(one.figures.estimated)) for one in live.sessions])
    rows = [
        (
            *(one.repository or NOTHING, one.branch or "", one.profile or "", model_label(one.models[0]) if one.models else ""),
            *(cost, ago(now_ns - one.last_ns), (one.name or "")[:LONGEST_ID]),
        )
        for one, cost in zip(live.sessions, costs, strict=True)
    ]
    rows += [(one.repository or NOTHING, one.branch or "", one.profile or "", "", NOTHING, "new", "") for one in seen.quiet]
    return _table(SESSIONS, rows, canvas) or [[(QUIET, DIM)]]


def _requests(live: Live, canvas: Canvas) -> list[Line]:
    """Return the heading and a line for each of the last requests, the newest first: as many as there are rows."""
    shown_ones = live.requests[: canvas.rows]
    costs = _costs([(one.micros, one.estimated) for one in shown_ones])
    rows = [
        (
            *(clock(one.time_ns, live.now_ns), model_label(one.model or NOTHING), tokens(one.tokens), cost),
            *(one.repository or NOTHING, (one.session or NOTHING)[:LONGEST_ID]),
        )
        for one, cost in zip(shown_ones, costs, strict=True)
    ]
    return _table(REQUESTS, rows, canvas)


def _costs(amounts: Sequence[tuple[int | None, bool]]) -> list[str]:
    """Return amounts (micro-dollars, whether it is an estimate) one below the other; NOTHING where there is no price."""
    priced = iter(aligned(texts) if (texts := [money(micros) for micros, _ in amounts if micros is not None]) else [])
    signs = any(doubtful for _, doubtful in amounts)
    sign = {True: ESTIMATE, False: " " if signs else ""}
    return [NOTHING if micros is None else f"{sign[doubtful]}{next(priced)}" for micros, doubtful in amounts]


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], canvas: Canvas) -> list[Line]:
    """Return a heading and a line for each of *rows*; nothing without any."""
    if not rows:
        return []
    clean = [[shown(cell, canvas) for cell in row] for row in rows]
    there = [at for at in range(len(columns)) if any(row[at] for row in clean)]
    columns, clean = [columns[at] for at in there], [[row[at] for at in there] for row in clean]
    table = fitted(columns, clean, canvas.columns, width)
    titles = [column.title for column in columns]
    (heading, *_), *bodies = (list(lines(columns, table, cells, width)) for cells in (titles, *clean))
    return [[(heading, BOLD)], *([(body[0], "")] for body in bodies)]


def shown(text: str, canvas: Canvas) -> str:
    """Return *text* as it can be shown there, of which the width is measured: printable, and of ASCII alone where that is all."""
    text = printable(text)
    if canvas.unicode or text.isascii():
        return text
    return text.translate(IN_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def _clipped(line: Line, canvas: Canvas) -> Line:
    """Return *line* in so many columns as there are: what is too long ends with a sign of that."""
    found, left = list[Span](), canvas.columns
    for text, style in ((shown(text, canvas), style) for text, style in line):
        if left <= 0:
            break
        text = shown(cut(text, left, width), canvas)
        found.append((text, style))
        left -= width(text)
    return found


def _wrapped(text: str, canvas: Canvas) -> list[str]:
    return wrapped(shown(text, canvas), canvas.columns, width)


def ago(passed_ns: int) -> str:
    """Return how long ago something was, in a few characters: ``now``, ``12 s``, ``5 min``, ``3 h``, ``2 d``."""
    seconds = passed_ns // NS
    if seconds < 2:
        return "now"
    for most, unit, name in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < most:
            return f"{seconds // unit} {name}"
    return f"{seconds // 86_400} d"


def clock(time_ns: int, now_ns: int) -> str:
    """Return when something was: the time of the clock, and the date where it was not today."""
    then, now = time.localtime(time_ns // NS), time.localtime(now_ns // NS)
    return time.strftime("%H:%M:%S" if then[:3] == now[:3] else "%d %b %H:%M", then)

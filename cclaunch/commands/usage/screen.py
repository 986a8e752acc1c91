"""
The first screen on a terminal: 80 columns by 24 lines, from 60 to 160 wide; on less, a plain form of it.

The problem it owns: what does not fit is left out whole, the least important first; nothing is cut in the middle of a figure.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from cclaunch.commands.shared.amounts import ESTIMATE, aligned, change, estimated, model_label, money, percent, tokens
from cclaunch.commands.usage.budgets import budget_lines
from cclaunch.console import BOLD, CYAN, DIM, GREEN, RED, YELLOW, printable, width
from cclaunch.layout import GAP, cut
from cclaunch.reports.budgets import BudgetReport
from cclaunch.reports.figures import Figures
from cclaunch.reports.overview import DAYS, Overview, Share, Top
from cclaunch.store.ledger.periods import WEEKDAYS

WIDEST = 160
MOST_LINES = 23
"""Of a terminal of 24 lines, one is the prompt's."""
MONTHS = "January February March April May June July August September October November December".split()
BLOCKS = " ▏▎▍▌▋▊▉█"
"""A cell of a bar, by eighths."""

SHORTEST_BAR = 8
WELL, ILL = 0.8, 0.5
"""A cache hit rate that is good, and one that costs money."""

MOST_SHARES = 8
LONGEST_LABEL = 24
BETWEEN = 5
"""Columns between two kinds of shares on one line."""

Span = tuple[str, str]
"""(text, style): a style is one of console's, or empty."""

Line = list[Span]


class Canvas(NamedTuple):
    """What is drawn on: its width in *columns*, and whether it takes *blocks*, the characters that bars are made of."""

    columns: int
    blocks: bool


def screen(found: Overview, canvas: Canvas, budgets: Sequence[BudgetReport] = (), plan: Sequence[Line] = ()) -> list[Line]:
    """Return the lines of the first screen; with *budgets*, or lines of the *plan*, no more than a screen has."""
    canvas = canvas._replace(columns=min(canvas.columns, WIDEST))
    head, rest = list(_head(found, canvas)), [*_bars(found, canvas), *_tops(found, canvas)]
    if not budgets and not plan:
        return [*head, *rest]
    return [*head, *budget_lines(budgets, canvas.columns), *plan, *rest][:MOST_LINES]


def _head(found: Overview, canvas: Canvas) -> Iterator[Line]:
    today: Line = [(f"Today {_spent(found.today)}", BOLD)]
    month = [[(text, "")] for text in _month(found, canvas.columns)]
    yield from _flowed([today, *_week(found, canvas.columns), *month], canvas.columns, 3)
    spent, rate = _spent(found.recent), found.recent.hit_rate
    text = f"last {DAYS} days, {spent}"
    left = (text if len(text) <= canvas.columns else f"{DAYS} days {spent}"), ""
    if rate is None:
        yield [left]
        return
    right = f"cache hit {percent(rate)}", GREEN if rate >= WELL else RED if rate < ILL else YELLOW
    room = canvas.columns - len(left[0]) - len(right[0])
    if room < len(GAP):
        yield from ([left], [right])
    else:
        yield [left, (" " * room, ""), right]


def _week(found: Overview, columns: int) -> list[Line]:
    """Return the week, and by how much it is more than the last one: as one text where it fits into a line."""
    spent = f"this week {_spent(found.week)}"
    grown = change(found.week.micros, found.before.micros)
    if not grown:
        return [[(spent, "")]]
    style = YELLOW if found.week.micros > found.before.micros else GREEN
    whole = [(f"{spent} (", ""), (grown, style), (")", "")]
    return [whole] if _wide(whole) <= columns else [[(spent, "")], [(grown, style)]]


def _month(found: Overview, columns: int) -> list[str]:
    """Return the month and its pace, as one text where it fits into a line."""
    spent = f"{MONTHS[found.day.month - 1]} {_spent(found.month)}"
    if found.pace_micros is None:
        return [spent]
    pace = f"on pace for {estimated(_round(found.pace_micros), doubtful=bool(found.month.estimated))}"
    whole = f"{spent}, {pace}"
    return [whole] if len(whole) <= columns else [spent, pace]


def _spent(figures: Figures) -> str:
    return estimated(money(figures.micros), doubtful=bool(figures.estimated))


def _round(micros: int) -> str:
    """Return an estimate of money: without cents from 100 dollars on."""
    return f"${micros / 1_000_000:,.0f}" if micros >= 100_000_000 else money(micros)


def _wide(line: Line) -> int:
    return sum(width(text) for text, _ in line)


def _flowed(parts: Sequence[Line], columns: int, gap: int) -> Iterator[Line]:
    """Yield lines of *parts*, as many on a line as fit."""
    held: Line = []
    for part in parts:
        if held and _wide(held) + gap + _wide(part) > columns:
            yield held
            held = []
        held = [*held, (" " * gap, ""), *part] if held else part
    if held:
        yield held


def _bars(found: Overview, canvas: Canvas) -> Iterator[Line]:
    """Yield a line for each day: date, dollars, a bar, requests, tokens; a narrow screen has the first of these."""
    dates = _right([f"{WEEKDAYS[day.weekday()][:3]} {day.day}" for day, _ in found.days])
    costs = _costs([figures for _, figures in found.days])
    used = _right([f"{tokens(figures.tokens)} tok" for _, figures in found.days])
    requests = _right([f"{figures.requests:,} req" for _, figures in found.days])
    behind = [requests, used]
    while behind and _taken(dates, costs, *behind) + SHORTEST_BAR > canvas.columns:
        behind.pop(0)
    room = canvas.columns - _taken(dates, costs, *behind)
    most = max(figures.micros for _, figures in found.days)
    for at, (day, figures) in enumerate(found.days):
        style = GREEN if day == found.day else CYAN
        line = [(dates[at], _day_style(day, found.day)), (GAP + costs[at], "")]
        if room >= SHORTEST_BAR:
            line.append((GAP + _bar(figures.micros, most, room, blocks=canvas.blocks), style))
        yield [*line, *((GAP + column[at], "") for column in behind)]


def _costs(days: Sequence[Figures]) -> list[str]:
    """Return what each day cost, one below the other, the signs of estimates in a column of their own."""
    amounts = aligned([money(figures.micros) for figures in days])
    if not any(figures.estimated for figures in days):
        return amounts
    return [f"{ESTIMATE if figures.estimated else ' '}{amount}" for figures, amount in zip(days, amounts, strict=True)]


def _taken(*columns: Sequence[str]) -> int:
    """Return how wide *columns* are, with the gaps around a bar among them."""
    return sum(len(column[0]) + len(GAP) for column in columns)


def _day_style(day: date, today: date) -> str:
    return BOLD if day == today else DIM if day.weekday() >= 5 else ""


def _bar(value: int, most: int, room: int, *, blocks: bool) -> str:
    """Return a bar of *room* columns, filled by the share of *value* in *most*; what is not nothing is seen."""
    if value <= 0 or most <= 0:
        return " " * room
    if not blocks:
        return ("#" * max(1, round(value / most * room))).ljust(room)
    whole, eighths = divmod(max(1, round(value / most * room * 8)), 8)
    return (BLOCKS[8] * whole + BLOCKS[eighths].strip()).ljust(room)


def _right(texts: Sequence[str]) -> list[str]:
    wide = max(map(len, texts))
    return [text.rjust(wide) for text in texts]


def _tops(found: Overview, canvas: Canvas) -> Iterator[Line]:
    """Yield what the days went for: models by share, the rest by money."""
    whole = found.recent.micros
    lines = [_top(top, whole, canvas) for top in found.tops] if whole else []
    yield from _flowed([[(text, "")] for text in lines if text], canvas.columns, BETWEEN)


def _top(top: Top, whole: int, canvas: Canvas) -> str:
    """Return the dearest shares of *top* in one line, as many as fit into it."""
    line = ""
    for share in top.shares[:MOST_SHARES]:
        text = _share(top.key, share, whole, canvas)
        if not share.figures.micros or (line and width(line) + len(GAP) + width(text) > canvas.columns):
            break
        line = f"{line}{GAP}{text}" if line else text
    return line


def _share(key: str, share: Share, whole: int, canvas: Canvas) -> str:
    figure = percent(share.figures.micros / whole) if key == "model" else _spent(share.figures)
    name = f"no {LABELS.get(key, key)}" if share.value is None else model_label(share.value) if key == "model" else share.value
    name = printable(name)  # before it is measured
    return f"{cut(name, min(LONGEST_LABEL, canvas.columns - len(figure) - 1), width)} {figure}"


LABELS = {"vcs.repository.name": "repository", "cclaunch.profile": "profile"}
"""Attribute -> what people call it."""

"""
Budgets in words: a line of the first screen for each.

The problem it owns: a line says what was spent, what is left and where it goes, and is never cut in the middle of a figure.
"""

from collections.abc import Iterator, Sequence

from cclaunch.console import DIM, RED, YELLOW, printable, width
from cclaunch.hot.amounts import money, of_limit
from cclaunch.hot.budget import NEAR, WORDS, moment
from cclaunch.layout import cut
from cclaunch.reports.budgets import BudgetReport

MOST = 3
LONGEST_NAME = 24
LEAST_NAME = 4
ALL = "all launches"
"""What stands in the place of a profile where all launches count."""


def budget_lines(budgets: Sequence[BudgetReport], columns: int) -> Iterator[list[tuple[str, str]]]:
    """Yield a line, (text, style) pairs, for each of the first *budgets*, and one that says how many more there are."""
    for one in budgets[:MOST]:
        head, *rest = _parts(one, columns)
        line, room = [(head, _style(one))], columns - width(head)
        for part in rest:
            room -= len(part)
            if room < 0:
                break
            line.append((part, ""))
        yield line
    if len(budgets) > MOST:
        yield [(f"+{len(budgets) - MOST} more", DIM)]


def _parts(one: BudgetReport, columns: int) -> list[str]:
    """Return what there is to say, the most important first."""
    spent = of_limit(one.spent, one.limit)
    whole = "." not in spent  # cents, where dollars would say that all of it is spent
    left = f", {_dollars(one.left, whole)} left" if one.left >= 0 else f", {_dollars(-one.left, whole)} over"
    parts = [_head(one, f"{spent} {WORDS[one.period]}", columns), left]
    if one.pace is not None:
        parts.append(f", on pace for {_dollars(one.pace, whole)}")
    if one.reached_ns is not None:
        parts.append(f", spent by {moment(one.reached_ns, one.period)}")
    return parts


def _head(one: BudgetReport, text: str, columns: int) -> str:
    """Return *text* behind whose budget it is, as far as there is room for that."""
    name = printable(one.profile or ALL)
    room = min(LONGEST_NAME, columns - len(text) - 1)
    return f"{cut(name, room, width)} {text}" if room >= min(LEAST_NAME, width(name)) else text


def _dollars(micros: int, whole: bool) -> str:
    return f"${round(micros / 1_000_000):,}" if whole else money(micros)


def _style(one: BudgetReport) -> str:
    return RED if one.left <= 0 else YELLOW if one.spent >= NEAR * one.limit else ""

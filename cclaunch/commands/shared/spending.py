"""
What was spent, written down by a verb, and how budgets stand by it.

The problem it owns: where no collector lives, a verb is the last one who knows; where one does, it is left to that.
"""

import contextlib
from typing import TYPE_CHECKING

from cclaunch.errors import CclaunchError
from cclaunch.files.lock import held
from cclaunch.hot.paths import Paths

if TYPE_CHECKING:
    from cclaunch.hot.spending import Spending
    from cclaunch.reports.budgets import BudgetReport


def keep(paths: Paths, spending: "Spending") -> None:
    """Have *spending* be what launches and status lines read, unless the collector sees to it. Nobody waits, nothing is said."""
    from cclaunch.store.ledger.spent import write_down

    if not held(paths.collector_lock):
        with contextlib.suppress(CclaunchError, OSError):
            write_down(paths.spending, spending)


def keep_now(paths: Paths, *, changed: bool = True) -> None:
    """
    Add up what was spent, and write it down. What is in the way costs nothing, and nothing is said.

    *changed*: the ledger was, by this verb: a launch must know at once, before the collector has seen it.
    """
    import sqlite3
    import time

    from cclaunch.config.model import configuration
    from cclaunch.store.ledger.opening import reading
    from cclaunch.store.ledger.spent import spent_in, write_down

    if changed or not held(paths.collector_lock):
        with contextlib.suppress(CclaunchError, OSError, sqlite3.Error), reading(paths.ledger) as connection:
            spending = spent_in(connection, time.time_ns(), configuration(paths).usage.first_weekday)
            write_down(paths.spending, spending)


def budgets_by(paths: Paths, spending: "Spending") -> "list[BudgetReport]":
    """Return how all budgets stand, the most spent first."""
    from cclaunch.budgets.limits import limits
    from cclaunch.hot.budget import standings
    from cclaunch.reports.budgets import budget_reports

    return budget_reports(standings(limits(paths), spending, spending.made))

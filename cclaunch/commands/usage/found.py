"""What `usage` has found, as it goes from who asks to who shows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cclaunch.commands.usage.sheet import Sheet
    from cclaunch.hot.spending import Spending
    from cclaunch.reports.budgets import BudgetReport
    from cclaunch.reports.capture import Capture
    from cclaunch.reports.overview import Overview
    from cclaunch.reports.windows import Windows


class Found(NamedTuple):
    """
    The answer: the first screen, or a sheet.

    Attributes:
        overview, sheet: One of them.
        lost_usd_micros: What was lost on the way.
        capture: How much of all requests in that time both witnesses saw; None where no transcript was ever read, and where only
            a part of the requests is asked for.
        spending: What was spent in the present periods, whatever is asked for.
        budgets: How budgets stand, where that is told.
        windows: Those of the plan, where they are told and known.
    """

    overview: "Overview | None"
    sheet: "Sheet | None"
    lost_usd_micros: int
    capture: "Capture | None"
    spending: "Spending"
    budgets: "Sequence[BudgetReport]" = ()
    windows: "Windows | None" = None

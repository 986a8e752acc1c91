"""
Which budgets there are: those of config.toml and those of profiles.

The problem it owns: everybody but a launch, which has its plan, finds them in one place; and one broken profile takes away its
own budget, and no other.
"""

import contextlib
import os

from cclaunch.config.model import Budget, configuration
from cclaunch.errors import CclaunchError
from cclaunch.hot.budget import Limit
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small
from cclaunch.hot.spending import DAY, MONTH, WEEK

SIZE_LIMIT = 64 * 1024
"""Of a profile; a larger one is none."""


def limits(paths: Paths) -> list[Limit]:
    """
    Return all budgets: of all launches together first, then of profiles by name, with what a parent says. Never raises.

    A configuration that is broken has none, as it has none at a launch; nor has a profile that is.
    """
    return [*limits_of(configuration(paths).budget), *profile_limits(paths)]


def limits_of(budget: Budget) -> list[Limit]:
    """Return the limits that hold for all launches together."""
    dollars = {MONTH: budget.monthly, WEEK: budget.weekly, DAY: budget.daily}
    return [Limit("", period, micros_of(amount)) for period, amount in dollars.items() if amount]


def profile_limits(paths: Paths) -> list[Limit]:
    """Return the limits of profiles, by name; each is a month's."""
    if not _may_be_some(paths.profiles):
        return []
    from cclaunch.profiles.disk import profile_names, resolve_profile  # dear, and most have no budget

    found = []
    with contextlib.suppress(CclaunchError):
        for name in profile_names(paths):
            with contextlib.suppress(CclaunchError):
                if (amount := resolve_profile(paths, name).profile.budget) is not None:
                    found.append(Limit(name, MONTH, micros_of(amount)))
    return found


def _may_be_some(directory: str) -> bool:
    """Say whether any profile in *directory* may have a budget: the word stands there, or letters that are written as numbers."""
    try:
        names = os.listdir(directory)
    except OSError:
        return False
    texts = (read_small(f"{directory}/{name}", SIZE_LIMIT) or b"" for name in names if name.endswith(".toml"))
    return any(word in text for text in texts for word in (b"budget", b"\\u", b"\\U", b"\\x"))


def micros_of(dollars: float) -> int:
    """Return *dollars*, more than 0, in micro-dollars: at least one, as a share of nothing is none."""
    return max(1, round(dollars * 1_000_000))

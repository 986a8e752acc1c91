"""
What a launch says of budgets that are nearly spent.

The problem it owns: a line for each, at each launch from there on; so it must cost little. What is done about one that is spent,
where a person has said so, is `launch/exceeded`'s.

Hot: C modules only; a launch loads it where there is something to say.
"""

from time import time_ns

from cclaunch.hot.budget import NEAR, Limit, Standing, standings, told
from cclaunch.hot.paths import Paths
from cclaunch.hot.spending import read_spending
from cclaunch.hot.words import Reading
from cclaunch.launch.wanted import Launch, say

WARN = "warn"


def tell(limits: "list[tuple[str, str, int]]", paths: Paths, own: str, on_exceed: str, wanted: Launch, reading: Reading) -> int:
    """
    Say how those of *limits* stand that are nearly spent, and do what *on_exceed* says about one that is spent.

    Args:
        limits: (profile, period, micro-dollars) of those that concern the launch.
        paths: Our directories.
        own: The profile that the person has chosen; another one's budget is only told of.
        on_exceed: ``warn``, ``ask`` or ``stop``.
        wanted: The launch.
        reading: What claude's words say; it is not asked where the launch is of another command.

    Returns:
        0 to go on, -1 to go on after the person has agreed, else the exit code.
    """
    near = nearly_spent(limits, paths)
    spent = [one for one in near if one.is_spent and one.limit.profile in ("", own)]
    if spent and on_exceed != WARN:
        from cclaunch.launch.exceeded import exceeded

        return exceeded(near, spent, on_exceed, wanted, reading)
    for one in near:
        say(told(one))
    return 0


def nearly_spent(limits: "list[tuple[str, str, int]]", paths: Paths) -> "list[Standing]":
    """Return how those of *limits* (profile, period, micro-dollars) stand of which `NEAR` or more is spent, the fullest first."""
    now = time_ns()
    found = standings([Limit(*limit) for limit in limits], read_spending(paths, now), now)
    return [one for one in found if one.share >= NEAR]

"""
What `check` says of budgets: how many there are, what a launch does when one is spent, and who is told.

The problem it owns: it goes into public issues, so it holds no amount, no name, and nothing of the person's command.
"""

from cclaunch.budgets.limits import limits
from cclaunch.config.model import Config
from cclaunch.hot.paths import Paths
from cclaunch.hot.spending import DAY, MONTH, WEEK

EXCEEDED = {"warn": "one that is spent is told of", "ask": "one that is spent asks", "stop": "one that is spent stops a launch"}
"""What `budget.on_exceed` says -> in words."""

DAYS = {DAY: 1, WEEK: 7, MONTH: 31}
TOLD = "at 80 % and 100 % the command of [notify] is run"
HINT = "[budget] in config.toml"


def budgets_here(paths: Paths, config: Config) -> tuple[str, str]:
    """Return (what there is to say, where to change that); empty texts where a person has settled nothing of it."""
    found, on_exceed, kept = limits(paths), config.budget.on_exceed, config.history.keep_days
    if not found:
        idle = ["the command of [notify] is never run"] if config.notify.command else []
        idle += [f"`budget.on_exceed = {on_exceed}` does nothing"] if on_exceed != "warn" else []
        return (f"none is set, so {' and '.join(idle)}", HINT) if idle else ("", "")
    of_all = sum(not one.profile for one in found)
    told = TOLD if config.notify.command else "nobody is told: [notify] has no command"
    text = f"{of_all} of all launches, {len(found) - of_all} of profiles; {EXCEEDED[on_exceed]}; {told}"
    if 0 < kept < max(DAYS[one.period] for one in found):
        text += f"; `history.keep_days = {kept}` is shorter than a period: what it takes away counts no more"
    return text, ""

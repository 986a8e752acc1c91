"""
What a launch does about a budget that is spent, where a person has said that it is to ask, or to stop.

The problem it owns: to whom that may be done. Only a new session of claude's is asked about or stopped. One that goes on, a
background session, a subcommand of claude (it leads to sessions that were begun elsewhere) and another program than claude (an
editor may never start one) are told of, and run.

Cold: loaded where `budget.on_exceed` says more than to warn.
"""

import os

from cclaunch.console import note, show_error
from cclaunch.errors import BudgetSpent
from cclaunch.hot.amounts import of_limit
from cclaunch.hot.budget import WORDS, Standing, moment, told
from cclaunch.hot.spending import DAY
from cclaunch.hot.words import Reading, read_words
from cclaunch.launch.meant import CLAUDES
from cclaunch.launch.wanted import FAILED, Launch

ASK, STOP = "ask", "stop"
GOES_ON, AGREED = 0, -1


def exceeded(near: list[Standing], spent: list[Standing], on_exceed: str, wanted: Launch, reading: Reading) -> int:
    """
    Say how the budgets *near* their end stand, and do what *on_exceed* says of those that are *spent*.

    Returns:
        0 to go on, -1 to go on after the person has agreed, else the exit code.
    """
    if wanted.command:
        reading = read_words(wanted.words[1:])
    how = on_exceed if _is_a_start(wanted, reading) else ""
    # of several, the one that lasts is named as the reason: who waits for the others would wait in vain
    reason = max(spent, key=lambda one: one.spent.end) if how == STOP else None
    for one in near:
        if one is not reason:
            note(told(one))
    if reason is not None:
        return _refused(reason)
    return _asked() if how == ASK and _has_a_person(reading) else GOES_ON


def _is_a_start(wanted: Launch, reading: Reading) -> bool:
    """Say whether a new session of claude's begins in place of this launch."""
    if wanted.command and os.path.basename(wanted.words[0]) != "claude":
        return False
    return not (reading.is_resumed or reading.background or reading.command in CLAUDES)


def _has_a_person(reading: Reading) -> bool:
    """Say whether there is somebody to ask: a screen of claude's would come up. With ``-p`` a script may wait for the answer."""
    return not reading.is_prompt and all(os.isatty(number) for number in range(3))


def _asked() -> int:
    from cclaunch.dialog import confirm

    try:
        if confirm("Start claude all the same?", default=False):
            return AGREED
    except RuntimeError:  # no answer: Ctrl-C, or the end of the input
        pass
    note("claude was not started: a budget is spent, and `budget.on_exceed` is `ask`")
    return FAILED


def _refused(standing: Standing) -> int:
    """Say which budget has stopped the launch, until when, and what overrides it once; return the exit code."""
    limit = standing.limit
    whose = f"the budget of {limit.profile}" if limit.profile else "the budget of all launches"
    end = moment(standing.spent.end, limit.period)
    error = BudgetSpent(
        f"{whose} is spent: {of_limit(standing.spent.micros, limit.micros)} {WORDS[limit.period]}; nothing was launched",
        cause=f"`budget.on_exceed` is `stop`; this budget begins anew {'at' if limit.period == DAY else 'on'} {end}",
        hint="for this once: CCLAUNCH_BUDGET=ignore cclaunch …",
    )
    show_error(error)
    return error.exit_code

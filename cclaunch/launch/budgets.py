"""
Which budgets concern a launch, and which of them are nearly spent.

The problem it owns: whose budget counts. What the person has chosen counts in full: `[budget]`, and the profile that is in force.
Where a repository chose that profile, the one that the person had without it counts in full as well, and the repository's may
only be told of: a `.cclaunch.toml` can neither keep a person from working nor lead around a budget.

What is not known stops nothing and says nothing: spending that is missing, cannot be read, is a day old or of another period.

Hot: C modules only; where there is no budget, a launch does without it, and where little is spent, without what reads the file
whole (`launch/standing`, `hot/budget`).
"""

from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Place, Plan
from cclaunch.hot.reading import read_small
from cclaunch.hot.selection import BY_PLACE, Selection, select
from cclaunch.hot.words import Reading
from cclaunch.launch.wanted import Launch, say

OVERRIDE, IGNORE = "CCLAUNCH_BUDGET", "ignore"
"""The variable, and its value, by which a launch looks at no budget."""

MONTH, NEARLY, SIZE_LIMIT = "month", 0.8, 256 * 1024
"""Of `hot.spending` and `hot.budget`, which are not loaded for their sake; a test holds them to those."""


def looked_at(wanted: Launch, reading: Reading, plan: Plan, selection: Selection, paths: Paths, directory: str) -> int:
    """
    Say what the person has to know of the budgets.

    Args:
        wanted: The launch.
        reading: What claude's words say.
        plan: The compiled configuration; it holds a budget.
        selection: The profile in force.
        paths: Our directories.
        directory: Where we are, a real path.

    Returns:
        0 to go on, -1 to go on after the person was asked, which may have taken long; else the exit code.
    """
    if wanted.quiet or wanted.environ.get(OVERRIDE) == IGNORE:
        return 0
    try:
        own = own_selection(plan, selection, wanted.environ, directory)
        limits = concerning(plan, selection, own)
        if not limits or not may_be_nearly_spent(limits, read_small(paths.spending, SIZE_LIMIT) or b""):
            return 0
        from cclaunch.launch.standing import tell

        return tell(limits, paths, own.name, plan.settings["on_exceed"], wanted, reading)
    except Exception as error:  # the guest's rule: this launch loses its budgets, and not its telemetry
        say(f"the budgets were not looked at: {type(error).__name__}: {error}")
        return 0


def own_selection(plan: Plan, selection: Selection, environ: "dict[str, str]", directory: str) -> Selection:
    """Return the profile that the person has chosen, whatever a repository says: *selection* itself where it says nothing."""
    return select(plan, Place([]), environ, directory) if selection.source == BY_PLACE else selection


def concerning(plan: Plan, selection: Selection, own: Selection) -> "list[tuple[str, str, int]]":
    """
    Return (profile, period, micro-dollars) of the limits that concern a launch, as ``hot.budget.Limit`` takes them.

    *selection* is the profile in force, *own* the one that the person has chosen.
    """
    found = [("", period, int(micros)) for period, micros in plan.budgets]
    for name in dict.fromkeys((own.name, selection.name)):
        profile = plan.profiles.get(name)
        if profile is not None and profile.budget:
            found.append((name, MONTH, int(profile.budget)))
    return found


def may_be_nearly_spent(limits: "list[tuple[str, str, int]]", data: bytes) -> bool:
    """
    Say whether the *data* of the file of what was spent tells so much of one of *limits* that it is worth reading it whole.

    A line there is ``month.shop=BEGIN END MICROS ESTIMATED``. Whether the period is the present one is not asked here.
    """
    for profile, period, micros in limits:
        begin = data.find(f"\n{period}.{profile}=".encode()) + 1
        if begin:
            fields = data[begin : data.find(b"\n", begin)].split(b" ")
            if len(fields) == 4 and fields[2].isdigit() and int(fields[2]) / micros >= NEARLY:
                return True
    return False

"""
What the person has settled for the line: its format, and the budgets that a launch with this profile counts for.

The problem it owns: both stand in the compiled plan; a plan that is stale is made anew, which is rare, and whatever fails there
leaves the line with its own format and without a budget.

Hot: C modules only.
"""

from cclaunch import __version__
from cclaunch.hot.budget import Limit
from cclaunch.hot.paths import Paths, home
from cclaunch.hot.reading import stamp
from cclaunch.hot.records import DAMAGED, plan_key, read_compiled
from cclaunch.hot.spending import MONTH, PERIODS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.hot.plan import Plan


class Settled:
    """The *format*, empty where none is set; the *limits*; and whether telemetry goes to *containers*."""

    __slots__ = ("containers", "format", "limits")

    def __init__(self) -> None:
        self.format = ""
        self.limits: list[Limit] = []
        self.containers = False


def settled(paths: Paths, environ: "dict[str, str]", profile: str, writable: bool) -> Settled:
    """Return what holds for *profile* (empty for none). Where the plan is stale it is made anew, and kept if it is *writable*."""
    try:
        records = _records(paths, profile)
        if records is None:
            from cclaunch.compiled import compile_plan

            return _of(compile_plan(paths, home(environ), write=writable), profile)  # it may be that it cannot be kept
        return _read(records, profile)
    except Exception:  # the guest's rule; `check` says what is wrong
        return Settled()


def _records(paths: Paths, profile: str) -> "list[list[str]] | None":
    """Return the records of the plan; None when it, or what it was made from, is not as it was."""
    records = read_compiled(paths.plan, plan_key(__version__, paths.config))
    for record in records or ():
        if record[:2] == ["profile", profile]:
            parts = zip(record[2::3], record[3::3], record[4::3], strict=False)
            if any(what == "sources" and stamp(path) != mark for what, path, mark in parts):
                return None
    return records


def _read(records: "list[list[str]]", profile: str) -> Settled:
    found = Settled()
    for kind, *fields in records:
        try:
            if kind == "setting" and fields[0] == "statusline":
                found.format = fields[1]
            elif kind == "setting" and fields[0] == "containers":
                found.containers = fields[1] == "1"
            elif kind == "budget" and fields[0] in PERIODS:
                _add(found.limits, "", fields[0], fields[1])
            elif kind == "profile" and fields[0] == profile:
                for what, _, value in zip(fields[1::3], fields[2::3], fields[3::3], strict=False):
                    if what == "budget":
                        _add(found.limits, profile, MONTH, value)
        except DAMAGED:
            continue
    return found


def _of(plan: "Plan", profile: str) -> Settled:
    found = Settled()
    found.format, found.containers = plan.settings.get("statusline", ""), plan.settings.get("containers") == "1"
    for period, micros in plan.budgets:
        _add(found.limits, "", period, micros)
    if profile in plan.profiles and (micros := plan.profiles[profile].budget):
        _add(found.limits, profile, MONTH, micros)
    return found


def _add(limits: "list[Limit]", profile: str, period: str, micros: str) -> None:
    if int(micros) > 0:
        limits.append(Limit(profile, period, int(micros)))

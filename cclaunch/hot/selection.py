"""
Which profile is in force, and who said so.

The problem it owns: the order of those who may name one, and that a name nobody can resolve is never
replaced by the next in line.

Hot: C modules only.
"""

from cclaunch.hot.plan import Place, Plan

PROFILE_NAME = "CCLAUNCH_PROFILE"
BY_PLACE = ".cclaunch.toml"
"""The source of a selection that is not the person's."""


class Selection:
    """
    Which profile is in force, and why.

    Attributes:
        name: The profile's name; empty for none.
        source: ``+NAME``, ``CCLAUNCH_PROFILE``, ``bind``, ``.cclaunch.toml``, ``use``, or empty when nobody names one.
        detail: The bound directory or the file that names it, or an empty string.
        trouble: Why the one that was asked for is not in force; then *name* is empty.
        asked: The name that was asked for, whether it is in force or not.
    """

    __slots__ = ("asked", "detail", "name", "source", "trouble")

    def __init__(self, asked: str = "", source: str = "", detail: str = "", trouble: str = "") -> None:
        self.asked = asked
        self.name = "" if trouble else asked
        self.source = source
        self.detail = detail
        self.trouble = trouble


def select(plan: Plan, place: Place, environ: "dict[str, str]", directory: str, named: str = "") -> Selection:
    """
    Return the profile for a launch in *directory* (a real path): ``+NAME``, variable, binding, place, ``profile use``.

    The first that names one decides. When that one does not exist or is broken, none is in force, never the next in line.
    """
    bound = _binding(plan, directory)
    for name, source, detail in (
        (named, "+NAME", ""),
        (environ.get(PROFILE_NAME, ""), PROFILE_NAME, ""),
        (bound[1], "bind", bound[0]),
        (place.profile, BY_PLACE, place.path),
        (plan.settings.get("active", ""), "use", ""),
    ):
        if name:
            found = plan.profiles.get(name)
            trouble = f"there is no profile `{name}`" if found is None else found.trouble
            return Selection(name, source, detail, trouble)
    return Selection()


def _binding(plan: Plan, directory: str) -> "tuple[str, str]":
    """Return the longest bound directory that is *directory* or holds it, and its profile."""
    best = ("", "")
    for path, name in plan.bindings:
        if len(path) > len(best[0]) and (directory == path or directory.startswith(path.rstrip("/") + "/")):
            best = (path, name)
    return best

"""
What a launch has to know, already worked out: the plan (config and state) and the place (this directory).

Reading TOML and walking a repository cost more than the launch itself, so both are compiled into
flat files of the cache and only *read* here. Each names its sources with a stamp; one source that
differs makes the file stale, and then the compiler, which whoever calls hands in, makes it anew. The TOML stays the
one source of truth, and the cache may be deleted at any time.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

from cclaunch import __version__
from cclaunch.hot.claims import read_claims
from cclaunch.hot.paths import Paths, home
from cclaunch.hot.plan import Place, Plan, is_current
from cclaunch.hot.records import DAMAGED, place_file, place_key, plan_key, read_compiled
from cclaunch.hot.selection import BY_PLACE, Selection, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    class Compiler(Protocol):
        """What works out anew what a launch reads: ``cclaunch.compiled``."""

        def compile_plan(self, paths: Paths, home: str, *, write: bool) -> Plan:
            """Return the plan, made from config, state and profiles."""

        def compile_place(self, paths: Paths, directory: str, home: str, *, asked: str, write: bool) -> Place:
            """Return what *directory* says."""

        def compile_claims(
            self, paths: Paths, plan: Plan, directory: str, config_dir: str, home: str, *, write: bool
        ) -> "Iterable[Iterable[str]]":
            """Return what claude's settings files say."""


def gather(
    paths: Paths, environ: "dict[str, str]", directory: str, named: str, write: bool, cold: "Callable[[], Compiler]"
) -> "tuple[Plan, Place, Selection]":
    """
    Return plan, place and the profile in force, each read from the cache if what it was made from is still the same.

    Args:
        paths: Our directories.
        environ: What we were started with.
        directory: Where we are, a real path; empty when it was removed under us.
        named: The NAME of ``+NAME``, or an empty string.
        write: Whether the cache may be written.
        cold: Imports the compiler and returns it; called only when something must be worked out.
    """
    plan = _plan(paths)
    if plan is not None:
        place = _place(paths, environ, directory, plan.settings["asked"], write, cold)
        selection = select(plan, place, environ, directory, named)
        if _is_current(plan, selection, environ, directory):
            return plan, place, selection
    plan = cold().compile_plan(paths, home(environ), write=write)
    place = _place(paths, environ, directory, plan.settings["asked"], write, cold)
    return plan, place, select(plan, place, environ, directory, named)


def _is_current(plan: Plan, selection: Selection, environ: "dict[str, str]", directory: str) -> bool:
    """
    Say whether the files of the profile in force are what they were; and where a repository chose it, those of the person's own.

    That one's budget counts as well, and an editor that writes in place changes nothing else than the file.
    """
    asked = [selection.asked]
    if selection.source == BY_PLACE:
        asked.append(select(plan, Place([]), environ, directory).asked)
    return all(is_current(plan.profiles[name]) for name in asked if name in plan.profiles)


def _plan(paths: Paths) -> "Plan | None":
    records = read_compiled(paths.plan, plan_key(__version__, paths.config))
    try:
        plan = None if records is None else Plan(records)
        return plan if plan is not None and plan.settings["asked"] is not None else None
    except DAMAGED:
        return None


def _place(
    paths: Paths, environ: "dict[str, str]", directory: str, asked: str, write: bool, cold: "Callable[[], Compiler]"
) -> Place:
    if not directory:
        return Place([])
    key = place_key(directory, asked)
    records = read_compiled(place_file(paths.cache, key), key)
    try:
        if records is not None:
            return Place(records)
    except DAMAGED:
        pass
    return cold().compile_place(paths, directory, home(environ), asked=asked, write=write)


def gather_claims(
    plan: Plan,
    paths: Paths,
    directory: str,
    selection: Selection,
    environ: "dict[str, str]",
    write: bool,
    cold: "Callable[[], Compiler]",
) -> "list[list[str]]":
    """Return what claude's settings files say here, as ``read_claims`` does; worked out anew when it must be."""
    chosen = plan.profiles.get(selection.name)
    config_dir = chosen.config_dir if chosen else ""
    if not config_dir and (name := plan.settings["config_dir_name"]) in environ:
        config_dir = environ[name] if environ[name].startswith("/") else f"{directory}/{environ[name]}"
    try:
        claims = read_claims(paths.cache, directory, config_dir)
    except DAMAGED:
        claims = None
    if claims is not None:
        return claims
    found = cold().compile_claims(paths, plan, directory, config_dir, home(environ), write=write)
    return [list(claim) for claim in found]

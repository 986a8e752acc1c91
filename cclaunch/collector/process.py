"""How the collector's processes are told from each other: their modules, their words and their exit codes."""

from cclaunch.hot.paths import Paths
from cclaunch.serving import interpreter

FATAL = 4
"""Exit code of a collector that would fail again: the supervisor gives up at once."""

MOVED = 5
"""Exit code of a collector whose directory or lock is no longer at its path: the supervisor takes the place anew."""

NO_PORTS = (-1, -1, -1)
"""In the place of the ports: it is a keeper, which has none."""

KEEPER = "keeper"
"""The role (`serving.holder`) of one that has no ports: beside containers, which receive in its place."""

MODULES = ("supervisor", "main", "keeper")


def command(module: str, paths: Paths, *more: object) -> list[str]:
    """Return the command line of *module* (one of ``MODULES``) with our directories and *more* words."""
    return interpreter.command(f"collector.{module}", paths, *more)


def is_collector(words: "list[str]", paths: Paths) -> bool:
    """Say whether a process with the command line *words* is the supervisor, the collector or the keeper of *paths*'s data."""
    return interpreter.data_of(words, *(f"collector.{module} import" for module in MODULES)) == paths.data

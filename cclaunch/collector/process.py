"""
How the collector's two processes are started: the interpreter, the path, the words.

A launcher may run with ``-IS`` and a path put together by hand, an editable install with one made by
site. Both hand their own path down, so that the daemon finds what its parent found, or would find.
"""

import os
import sys
from importlib.util import find_spec

from cclaunch.hot.paths import Paths

FATAL = 4
"""Exit code of a collector that would fail again: the supervisor gives up at once."""

MOVED = 5
"""Exit code of a collector whose directory or lock is no longer at its path: the supervisor takes the place anew."""

NO_PORTS = (-1, -1, -1)
"""In the place of the ports: it is a keeper, which has none."""

MODULES = ("supervisor", "main", "keeper")

CODE = "import sys; sys.path[:] = {path!r}; from cclaunch.collector.{module} import main; sys.exit(main(sys.argv[1:]))"


def command(module: str, paths: Paths, *more: object) -> list[str]:
    """Return the command line of *module* (one of ``MODULES``) with our directories and *more* words."""
    words = [paths.config, paths.state, paths.cache, paths.data, *map(str, more)]
    return [sys.executable, "-IS", "-c", CODE.format(path=search_path(), module=module), *words]


def is_collector(words: "list[str]", paths: Paths) -> bool:
    """Say whether a process with the command line *words* is the supervisor, the collector or the keeper of *paths*'s data."""
    return data_of(words) == paths.data


def data_of(words: "list[str]") -> "str | None":
    """Return the data directory of the process of ours that has the command line *words*; None for any other process."""
    for number, word in enumerate(words):
        if any(f"from cclaunch.collector.{module} import" in word for module in MODULES):
            return words[number + 4] if len(words) > number + 4 else None
    return None


def search_path() -> list[str]:
    """
    Return our own path for the daemon: the package's place first, and never the directory that we were started in.

    `python -m` puts that directory first, and a ``grpc.py`` of some repository must not become part of the collector. The script
    of the wheel puts site off until it is asked for a module that is neither ours nor the standard library's: here is one.
    """
    find_spec("grpc")
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    try:
        here = os.getcwd()
    except OSError:  # it was removed, or is hidden from us: what is named relative to it is not to be found either
        here = ""
    entries = [os.path.normpath(os.path.join(here, entry)) for entry in sys.path if entry and (here or os.path.isabs(entry))]
    return [own, *(entry for entry in entries if entry not in (own, here))]

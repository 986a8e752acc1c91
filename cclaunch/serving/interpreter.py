"""
How a process of ours that stays is started, and known again: the interpreter, the path, the words.

A launcher may run with ``-IS`` and a path put together by hand, an editable install with one made by
site. Both hand their own path down, so that the daemon finds what its parent found, or would find.

Imported by the supervisor: C modules, ``os`` and ``importlib`` only.
"""

import os
import sys
from importlib.util import find_spec

from cclaunch.hot.paths import Paths

CODE = "import sys; sys.path[:] = {path!r}; from cclaunch.{module} import main; sys.exit(main(sys.argv[1:]))"


def command(module: str, paths: Paths, *more: object) -> list[str]:
    """Return the command line of *module*, dotted below ours, with our directories and *more* words."""
    words = [paths.config, paths.state, paths.cache, paths.data, *map(str, more)]
    return [sys.executable, "-IS", "-c", CODE.format(path=search_path(), module=module), *words]


def data_of(words: "list[str]", *modules: str) -> "str | None":
    """
    Return the data directory of the process of ours that has the command line *words*; None for any other process.

    *modules* are those that it may run, each as the beginning of a dotted name below ours.
    """
    for number, word in enumerate(words):
        if any(f"from cclaunch.{module}" in word for module in modules):
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

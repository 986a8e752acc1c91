"""
How the collector's two processes are started: the interpreter, the path, the words.

A launcher may run with ``-IS`` and a path put together by hand, an editable install with one made by
site. Both hand their own path down, so that the daemon finds what its parent found.
"""

import os
import sys

from cclaunch.plan import Directories

FATAL = 4
"""Exit code of a collector that would fail again: the supervisor gives up at once."""

CODE = "import sys; sys.path[:] = {path!r}; from cclaunch.collector.{module} import main; sys.exit(main(sys.argv[1:]))"


def command(module: str, where: Directories, *more: object) -> list[str]:
    """Return the command line of *module* (``supervisor`` or ``main``) with our directories and *more* words."""
    path = [os.path.abspath(entry) for entry in sys.path]
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if own not in path:
        path.insert(0, own)
    words = [where.config, where.state, where.cache, where.data, *map(str, more)]
    return [sys.executable, "-IS", "-c", CODE.format(path=path, module=module), *words]

"""
A process that starts the collector and tells what it is left with.
"""

import sys
from pathlib import Path

from collector_client import Place

ROOT = Path(__file__).resolve().parents[2]


STARTER = """
import json, os, signal, sys
sys.path[:0] = [{root!r}, {tests!r}]
from collector_client import Paths, load_config, starting
where = Paths(*{where!r})
starting.start(where, load_config(where.config + "/config.toml"), deadline_s=20, environ=dict(os.environ))
import psutil
print(json.dumps({{
    "children": [child.pid for child in psutil.Process().children()],
    "fds": sorted(os.readlink(p) for p in ("/proc/self/fd/" + fd for fd in os.listdir("/proc/self/fd")) if os.path.exists(p)),
    "before": None,
    "umask": os.umask(0o77),
    "cwd": os.getcwd(),
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "threads": psutil.Process().num_threads(),
    "ports": open(where.data + "/collector.ports").read(),
}}))
"""


def starter(place: Place) -> list[str]:
    """Return the command line of a process that starts the collector and tells what it is left with."""
    where = [place.paths.config, place.paths.state, place.paths.cache, place.paths.data]
    return [sys.executable, "-c", STARTER.format(root=str(ROOT), tests=str(ROOT / "tests/harness"), where=where)]

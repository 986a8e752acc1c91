"""
Waking the collector on behalf of a launch: one try, one deadline, and a memory of failure.

Cold. A launch that finds nobody listening comes here. What failed once is not tried again for five
minutes: a broken disk must not cost every launch its deadline.
"""

import contextlib
import os
import time

from cclaunch.backends import embedded
from cclaunch.config import Config, load_config
from cclaunch.environment import Ports
from cclaunch.errors import CclaunchError, ConfigError
from cclaunch.plan import Directories, read_flat

MEMORY_S = 300.0


def wake(where: Directories, wait_s: float, environ: dict[str, str]) -> tuple[Ports | None, list[str], str]:
    """
    Return (ports, notes, trouble): the collector that answers now, what to say, and why there is none.

    Args:
        where: Our directories.
        wait_s: Seconds that the launch may be held up, at most.
    """
    memory = where.state + "/wake-failed"
    if before := _remembered(memory):
        return None, [], f"telemetry has no collector ({before}); not tried again yet: `cclaunch stack up`"
    try:
        started = embedded.start(where, configuration(where), deadline_s=wait_s, environ=environ)
    except (CclaunchError, OSError) as error:
        _remember(memory, str(error))
        return None, [], f"telemetry has no collector: {error}"
    forget(where)
    return started.ports, list(started.notes), ""


def configuration(where: Directories) -> Config:
    """Return the configuration, or the defaults when it is broken: the plan already says so."""
    try:
        return load_config(where.config + "/config.toml")
    except ConfigError:
        return Config()


def forget(where: Directories) -> None:
    """Forget an earlier failure: the next launch tries again."""
    with contextlib.suppress(OSError):
        os.unlink(where.state + "/wake-failed")


def _remembered(path: str) -> str:
    found = read_flat(path)
    try:
        age = time.time() - float(found.get("time", "0"))
    except ValueError:
        return ""
    return found.get("reason", "it failed before") if 0 <= age < MEMORY_S else ""


def _remember(path: str, reason: str) -> None:
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"time={time.time()}\nreason={' '.join(reason.split())}\n")

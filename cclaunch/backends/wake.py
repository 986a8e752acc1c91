"""
Waking the stack on behalf of a launch: one try, one deadline, and a memory of failure.

Cold. A launch that finds nobody listening comes here. What failed once is not tried again at once (`failure`).
"""

import time
from collections.abc import Sequence

from cclaunch.backends.chosen import chosen
from cclaunch.backends.embedded import collector
from cclaunch.backends.every import backend
from cclaunch.backends.failure import forget_failure, remember, remember_roused, remembered, was_roused
from cclaunch.backends.protocol import Started
from cclaunch.backends.stand_in import background, stand_in
from cclaunch.backends.turn import turn
from cclaunch.config.model import Config, configuration
from cclaunch.errors import CannotStore, CclaunchError, StackError
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, collector_ports

KNOCK_S = 0.5


def wake(paths: Paths, wait_s: float, environ: dict[str, str]) -> tuple[Ports | None, list[str], str]:
    """
    Return (ports, notes, trouble): the collector that answers now, what to say, and why there is none.

    One that lives and does not answer, or lives in another container, is left as it is: its ports come with the trouble. A
    person's `stack restart` replaces it; a launch would take it from the sessions that it still serves.

    The backend is chosen when it is our turn: `stack use` may have moved to another one while we waited. Where Docker
    fails, the embedded collector stands in.

    Args:
        paths: Our directories.
        wait_s: Seconds that the launch may be held up, at most.
        environ: The launch's environment.
    """
    config = configuration(paths)
    waiting = collector.beyond(paths) or collector.silent(paths)
    if waiting is not None:
        return waiting[0], [], waiting[1]
    before = remembered(paths, config, environ)
    if before and chosen(paths, config) == "embedded":
        return None, [], f"telemetry has no collector ({before}); not tried again yet: `cclaunch stack up`"
    until = time.monotonic() + max(wait_s, 0.1)
    try:
        with turn(paths, until, environ.get("HOME", "")):
            started = _start(paths, config, until, environ, before)
    except CannotStore as error:  # it runs, and keeps what it can: another try would not help
        return collector_ports(paths), [], f"telemetry waits: {error.message}"
    except (CclaunchError, OSError) as error:
        if not _full(paths):  # that is seen at once, and may have been mended by the next launch
            remember(paths, config, environ, str(error))
        return None, [], f"telemetry has no collector: {error}"
    return started.ports, list(started.notes), ""


def _full(paths: Paths) -> bool:
    from cclaunch.store.trouble import short_of_room

    return bool(short_of_room(paths.data))


def _start(paths: Paths, config: Config, until: float, environ: dict[str, str], before: str) -> Started:
    """Start the backend in force, or the stand-in; *before* is why Docker failed less than five minutes ago."""
    name = _in_force(paths, config, environ)
    if name == "docker":
        if collector.health(paths) is None:  # it stands in already
            return stand_in(paths, config, environ, "Docker does not run")._replace(notes=[])
        if before:
            return stand_in(paths, config, environ, f"{before} (not tried again yet: `cclaunch stack up`)")
    try:
        started = backend(name, paths, config, environ).start(until)
    except KeyboardInterrupt:  # Ctrl-C while images are fetched leaves that, not the launch
        if name == "embedded":
            raise
        return stand_in(paths, config, environ, "fetching images was left")
    except StackError as error:
        if name == "embedded":
            raise
        remember(paths, config, environ, error.message)
        return stand_in(paths, config, environ, error.message)
    forget_failure(paths)
    return started


def _in_force(paths: Paths, config: Config, environ: dict[str, str]) -> str:
    """Return the backend in force: the chosen one, unless the containers have its port, brought up by `docker compose`."""
    name = chosen(paths, config)
    if name == "docker" or not probe.listens(config.ports.grpc, KNOCK_S) or collector.running(paths) is not None:
        return name
    from cclaunch.backends.in_force import in_force  # the engine's library is no part of a launch that does not need it

    return in_force(paths, config, environ)


def rouse(paths: Paths, environ: dict[str, str], down: Sequence[str]) -> str:
    """
    Have the services *down* (all but the collector) started without waiting for them; return the line to say.

    What did not help a moment ago is not tried again for five minutes: then there is nothing to say either.
    """
    if was_roused(paths):
        return ""
    remember_roused(paths, ", ".join(down))
    try:
        background(paths, environ, "up")
    except CclaunchError as error:
        return f"{', '.join(down)}: down, and cannot be started: {error}"
    return f"{', '.join(down)}: down; started again, not waited for"

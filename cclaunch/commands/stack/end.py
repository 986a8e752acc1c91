"""The end of the stack: what is stopped, and what is deleted when that was meant."""

import time

from cclaunch import console
from cclaunch.backends.docker import volumes as volumes_of
from cclaunch.backends.embedded import autostart, collector, ending
from cclaunch.backends.left import containers_left
from cclaunch.backends.turn import turn
from cclaunch.commands.shared.confirm import agree
from cclaunch.commands.stack.erase import describe, erase
from cclaunch.config.model import configuration
from cclaunch.hot.paths import Environ, Paths

TURN_S = 30.0
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.backends.docker.backend import DockerBackend


def end(paths: Paths, environ: Environ, *, volumes: bool, yes: bool) -> None:
    """
    Stop whatever of ours runs, of either backend; delete its data when *volumes* says so and the person agrees.

    Raises:
        StackError: The engine cannot be reached although containers of ours were started.
    """
    config = configuration(paths)
    containers = containers_left(paths, config, environ, volumes=volumes)
    database = describe(paths) if volumes else ""
    kept = _kept(containers) if volumes and containers is not None else {}
    if volumes:
        _agree(database, kept, yes=yes)
    if containers is None:
        with console.progress("stopping the collector", environ):
            was_running = collector.running(paths) is not None
            autostart.stop(environ)
            was_running = ending.shutdown(paths) or was_running
        console.line("collector: stopped" if was_running else "collector: was not running")
    else:
        with console.progress("stopping the stack", environ), turn(paths, time.monotonic() + TURN_S, environ.get("HOME", "")):
            ran = containers.shutdown()
        for name in ran or ["the stack"]:
            console.line(f"{name}: stopped" if ran else f"{name}: was not running")
    if database:
        erase(paths)
        console.line("database: deleted")
    if containers is not None and kept:
        with containers.engine() as engine:
            gone = volumes_of.remove_volumes(engine.connection, "data")
        for name in gone:
            console.line(f"volume {name}: deleted")


def _kept(containers: "DockerBackend") -> dict[str, str]:
    """Return the data volumes and how much each holds, for people."""
    with containers.engine() as engine:
        sizes = volumes_of.sizes(engine.connection)
        names = volumes_of.names(engine.connection, "data")
    return {name: console.size(sizes[name]) if name in sizes else "size unknown" for name in names}


def _agree(database: str, kept: dict[str, str], *, yes: bool) -> None:
    """Say what would be deleted and ask. Raises Exit on a no, UsageError when there is nobody to ask."""
    doomed = [*([database] if database else []), *(f"the volume {name}: {size}" for name, size in kept.items())]
    if not doomed:
        console.note("there is no database to delete")
        return
    for text in doomed:
        console.note(f"this deletes {text}")
    agree("Delete it?" if len(doomed) == 1 else "Delete all of it?", yes=yes, otherwise="nothing was stopped or deleted")

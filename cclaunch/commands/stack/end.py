"""The end of the stack: what is stopped, and what is deleted when that was meant."""

import time

from cclaunch import console, dialog, layout
from cclaunch.backends.docker import volumes as volumes_of
from cclaunch.backends.embedded import autostart, collector, ending
from cclaunch.backends.left import containers_left
from cclaunch.backends.turn import turn
from cclaunch.commands.shared.confirm import agree, on_terminal
from cclaunch.commands.stack.counted import describe_ledger, erase_ledger, read_anew, take_in, uncounted
from cclaunch.commands.stack.erase import describe, erase
from cclaunch.config.model import configuration
from cclaunch.hot.paths import Environ, Paths

TURN_S = 30.0
BEFORE_S = 5.0
"""So long the ledger takes in what came last, before VictoriaLogs ends."""

NOTHING = "nothing was stopped or deleted"
STAYS = "the ledger stays (--ledger deletes it):"
ALSO = "this deletes the ledger:"
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cclaunch.backends.docker.backend import DockerBackend


def end(paths: Paths, environ: Environ, *, volumes: bool, ledger: bool, yes: bool) -> None:
    """
    Stop whatever of ours runs, of either backend; delete its data when *volumes* says so and the person agrees.

    The *ledger* takes in all of it before, and stays, unless it is to go, too.

    Raises:
        StackError: The engine cannot be reached although containers of ours were started.
    """
    config = configuration(paths)
    containers = containers_left(paths, config, environ, volumes=volumes)
    database = describe(paths) if volumes else ""
    kept = _kept(containers) if volumes and containers is not None else {}
    goes = False
    if volumes:
        with console.progress("counting what goes", environ):
            lost = uncounted(paths, volumes=bool(kept)) if database or kept else ""
        goes = _agree([*([database] if database else []), *_named(kept)], lost, describe_ledger(paths), ledger=ledger, yes=yes)
    if containers is not None:  # what could not be counted was said, or stays where it is
        with console.progress("counting what came last", environ):
            take_in(paths, BEFORE_S)
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
        take_in(paths)  # what came while it was asked
        erase(paths)
        console.line("database: deleted")
    if goes:
        erase_ledger(paths)
        console.line("ledger: deleted")
    if containers is not None and kept:
        with containers.engine() as engine:
            gone = volumes_of.remove_volumes(engine.connection, "data")
        read_anew(paths)
        for name in gone:
            console.line(f"volume {name}: deleted")


def _kept(containers: "DockerBackend") -> dict[str, str]:
    """Return the data volumes and how much each holds, for people."""
    with containers.engine() as engine:
        sizes = volumes_of.sizes(engine.connection)
        names = volumes_of.names(engine.connection, "data")
    return {name: layout.size(sizes[name]) if name in sizes else "size unknown" for name in names}


def _named(kept: dict[str, str]) -> list[str]:
    return [f"the volume {name}: {size}" for name, size in kept.items()]


def _agree(doomed: list[str], lost: str, counted: str, *, ledger: bool, yes: bool) -> bool:
    """
    Say what would be deleted and ask; return whether the ledger (*counted*, in a sentence) goes, too: that is asked apart.

    Raises:
        Exit: The answer is no. UsageError: There is nobody to ask.
    """
    if not doomed:
        console.note("there is no database to delete")
    for text in doomed:
        console.note(f"this deletes {text}")
    if lost:
        console.note(lost)
    if counted:
        console.note(f"{ALSO} {counted}" if ledger and yes else f"{STAYS} {counted}")
    if doomed:
        agree("Delete it?" if len(doomed) == 1 else "Delete all of it?", yes=yes, otherwise=NOTHING)
    if not counted or yes:
        return bool(counted) and ledger
    if ledger:
        agree("Delete the ledger, every request that was ever counted?", yes=False, otherwise=NOTHING)
        return True
    return bool(doomed) and on_terminal() and dialog.confirm("Delete the ledger, too?", default=False)

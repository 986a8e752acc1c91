"""
Starting the collector with the session: `stack enable` and `stack disable`, and what they leave to the system.

A bare claude with persisted variables starts nothing, so after a reboot something has to listen already. The unit runs
the supervisor in the foreground (``foreground``), which waits for the end of another collector of ours: so one that
runs already is handed over at `enable`, and nothing of what it accepted is lost.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cclaunch.backends.embedded import collector, laid, units
from cclaunch.backends.embedded.foreground import waits
from cclaunch.collector import stays
from cclaunch.errors import StackError
from cclaunch.files.atomic import remove, write_atomic
from cclaunch.hot.paths import Paths, home, xdg
from cclaunch.hot.reading import read_small
from cclaunch.program import run_program

SERVICE = "cclaunch.service"
WORDS = ("stack", "supervise")
CARRIED = ("CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
"""What decides where our files live, and what the system's manager does not know of a shell."""

MANAGER_S = 10.0
HEALTHY_S = 15.0
TURN_S = 3.0
POLL_S = 0.05
SIZE_LIMIT = 1 << 16

MISSING, OURS, EDITED, FOREIGN = "missing", "ours", "edited by hand", "not ours"


class Autostart(NamedTuple):
    """The unit (*kind* systemd) or agent (launchd): its *path*, its *state*, and whether the session starts it."""

    kind: str
    path: str
    state: str
    enabled: bool


def unit_state(environ: Mapping[str, str], platform: str = sys.platform) -> Autostart:
    """Return how it is, from the files alone."""
    base = home(dict(environ))
    if platform == "darwin":
        path = f"{base}/Library/LaunchAgents/{units.LABEL}.plist"
        state = _state(path)
        return Autostart("launchd", path, state, state != MISSING)
    path = f"{xdg(dict(environ), 'XDG_CONFIG_HOME', f'{base}/.config')}/systemd/user/{SERVICE}"
    return Autostart("systemd", path, _state(path), os.path.lexists(_wish(path)) and os.path.exists(path))


def _wish(path: str) -> str:
    """Return the link that makes the unit at *path* part of every session."""
    return f"{os.path.dirname(path)}/default.target.wants/{SERVICE}"


def _state(path: str) -> str:
    if not os.path.lexists(path):
        return MISSING
    text = (read_small(path, SIZE_LIMIT) or b"").decode("utf-8", "surrogateescape")
    if not units.is_ours(text):
        return FOREIGN
    return OURS if units.is_untouched(text) else EDITED


def listening_after_reboot(paths: Paths, environ: Mapping[str, str]) -> bool:
    """Say whether the collector of *paths* listens again after a reboot, once the person has logged in."""
    return unit_state(environ).enabled and stays.stays(paths)


def text(kind: str, environ: Mapping[str, str]) -> str:
    """Return the unit or agent for the user of *environ*."""
    carried = {name: environ[name] for name in CARRIED if environ.get(name)}
    make = units.agent if kind == "launchd" else units.unit
    return make(program(environ), carried)


def program(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the command line that the system runs: the command that stays. Raises StackError when there is none."""
    return [laid.command(environ or {}), *WORDS]


def enable(paths: Paths, environ: Mapping[str, str], *, force: bool = False) -> Autostart:
    """
    Have the system start the collector now and with every session. One that runs already hands over to it.

    Raises:
        StackError: There is something else in its place (without *force*), there is no such system here, it does not
            answer, or what it started does not become healthy.
        FileTrouble: The file cannot be written.
    """
    found = unit_state(environ)
    _refuse_changed(found, force, "enable")
    _try_program(environ)
    wanted = text(found.kind, environ)
    if found.kind == "systemd" and _run(["systemctl", "--version"], environ) is None:
        raise StackError("there is no systemd on this machine", hint="have your own start of the session run `cclaunch stack up`")
    if (read_small(found.path, SIZE_LIMIT) or b"").decode("utf-8", "surrogateescape") != wanted:
        write_atomic(found.path, wanted.encode("utf-8", "surrogateescape"), 0o644)
    if found.kind == "launchd":  # what is loaded already would not be read again
        _run(_stopping(found), environ)
    before = collector.running(paths)
    for words in _starting(found):
        if (trouble := _run(words, environ)) != "":
            raise StackError(
                f"{found.path} is written, but its manager does not do what is asked",
                cause=trouble or f"there is no {words[0]}",
                hint=" && ".join(" ".join(one) for one in _starting(found)),
            )
    stays.mark(paths, found.path)
    _hand_over(paths, environ, found, before)
    return unit_state(environ)


def disable(environ: Mapping[str, str], paths: Paths, *, force: bool = False) -> tuple[bool, str]:
    """
    Stop what `enable` started and delete what it wrote; return (whether there was anything, trouble of the manager).

    Raises:
        StackError: A hand has changed it, or it is not ours (without *force*).
        FileTrouble: The file cannot be deleted.
    """
    found = unit_state(environ)
    if found.state == MISSING:
        stays.unmark(paths)
        return False, ""
    _refuse_changed(found, force, "disable")
    trouble = _run(_stopping(found), environ)
    stays.unmark(paths)
    if found.kind == "systemd":
        remove(_wish(found.path))
    remove(found.path)
    if found.kind == "systemd":
        _run(["systemctl", "--user", "daemon-reload"], environ)
    return True, f"there is no {_stopping(found)[0]}" if trouble is None else trouble


def start(paths: Paths, environ: Mapping[str, str]) -> None:
    """Start the unit where it is enabled, and give it a moment to take the lock. An agent of launchd starts by itself."""
    if not _enabled_unit(environ) or _run(["systemctl", "--user", "start", SERVICE], environ) != "":
        return
    until = time.monotonic() + TURN_S
    while collector.running(paths) is None and time.monotonic() < until:
        time.sleep(POLL_S)


def stop(environ: Mapping[str, str]) -> None:
    """Stop the unit or agent where it is enabled: it would be started again as soon as its collector is ended."""
    found = unit_state(environ)
    if found.kind == "launchd" and found.state != MISSING:
        _run(_stopping(found), environ)
    elif _enabled_unit(environ):
        _run(["systemctl", "--user", "stop", SERVICE], environ)


def _enabled_unit(environ: Mapping[str, str]) -> bool:
    found = unit_state(environ)
    return found.kind == "systemd" and found.enabled


def _refuse_changed(found: Autostart, force: bool, verb: str) -> None:
    if found.state in (EDITED, FOREIGN) and not force:
        raise StackError(f"{found.path} is {found.state}: it is left alone", hint=f"cclaunch stack {verb} --force")


def _try_program(environ: Mapping[str, str]) -> None:
    """Raise StackError when the system could not run what the unit will say."""
    words = [*program(environ)[: -len(WORDS)], "--version"]
    if (trouble := _run(words, environ)) != "":
        raise StackError("the command that the unit would run does not work", cause=trouble or "", hint=" ".join(words))


def _starting(found: Autostart) -> list[list[str]]:
    if found.kind == "launchd":
        return [["launchctl", "bootstrap", f"gui/{os.getuid()}", found.path]]
    return [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", SERVICE]]


def _stopping(found: Autostart) -> list[str]:
    if found.kind == "launchd":
        return ["launchctl", "bootout", f"gui/{os.getuid()}/{units.LABEL}"]
    return ["systemctl", "--user", "disable", "--now", SERVICE]


def _hand_over(paths: Paths, environ: Mapping[str, str], found: Autostart, before: collector.Running | None) -> None:
    """End a collector that the system did not start (*before* at best), and wait until the system's own is healthy."""
    until = time.monotonic() + HEALTHY_S
    asked = 0
    while True:
        running = collector.running(paths)
        main = _main_pid(environ) if found.kind == "systemd" else None
        old = before.supervisor if before else 0
        is_stranger = running is not None and running.supervisor != main and (main is not None or running.supervisor == old)
        if running and not is_stranger and collector.health(paths) is None:
            return
        if running and is_stranger and running.supervisor != asked and (main is None or waits(paths, main)):
            asked = running.supervisor
            with contextlib.suppress(OSError):
                os.kill(asked, signal.SIGTERM)
        if time.monotonic() > until:
            raise StackError(
                f"{found.path} is enabled, but its collector does not become healthy",
                cause=collector.health(paths) or "another one answers",
                hint=f"systemctl --user status {SERVICE}; cclaunch stack logs",
            )
        time.sleep(POLL_S)


def _main_pid(environ: Mapping[str, str]) -> int | None:
    """Return the process that systemd takes for the unit's: 0 when there is none, None when it does not tell."""
    words = ["systemctl", "--user", "show", "--property", "MainPID", "--value", SERVICE]
    said = run_program(words, environ, MANAGER_S, leaves=True)
    return int(said.out) if said.code == 0 and said.out.strip().isdigit() else None


def _run(words: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Run *words*; return an empty string, or what was wrong, or None when there is no such program."""
    said = run_program(words, environ, MANAGER_S, leaves=True)
    if isinstance(said.error, FileNotFoundError):
        return None
    if said.error:
        return f"{words[0]}: {said.error.strerror}"
    if said.code is None:
        return f"{words[0]} did not answer within {MANAGER_S:g} s"
    told = said.err.decode("utf-8", "replace").strip() or f"{words[0]} ended with {said.code}"
    return told if said.code else ""

"""
The page's process, found or started: once, of many that want it at the same time.

One of an older release is ended and replaced, one that does not answer too; one of a newer release is used. What was killed has
left at most a file that nobody believes: the lock says whether there is anybody.
"""

import contextlib
import http.client
import os
import signal
import time
from collections.abc import Mapping
from typing import NamedTuple

from cclaunch.config.model import Config
from cclaunch.errors import Elsewhere, StartFailed
from cclaunch.files.lock import held, locked
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import is_older
from cclaunch.hot.reading import read_flat
from cclaunch.serving import daemon, holder
from cclaunch.serving.interpreter import command
from cclaunch.web.routes import ALIVE, VERSION

TURN_S = 30.0
START_S = 20.0
END_S = 4.0
ANSWER_S = 3.0
FREE_S = 2.0
"""So long a lock may stay held after the process that held it has ended."""
POLL_S = 0.01
LAST_WORDS = 8192


class Running(NamedTuple):
    """A page that answers: its *port*, and whether another one than the *wanted* port is used."""

    port: int
    wanted: int

    @property
    def address(self) -> str:
        """Return where a browser finds it."""
        return f"http://127.0.0.1:{self.port}/"


def start(paths: Paths, config: Config, environ: Mapping[str, str]) -> Running:
    """
    Make sure that the page answers, and return where.

    Raises:
        StartFailed: It does not, and why. Elsewhere: It runs, and cannot be reached from here.
        FileTrouble: Our directories cannot be written.
    """
    with locked(paths.page_start_lock, TURN_S):
        _refuse_elsewhere(paths)
        port = _answering(paths, patience_s=ANSWER_S if held(paths.page_lock) else 0)
        if port is None:
            end(paths)
            _refuse_held(paths)
            port = _wait(paths, _spawn(paths, environ))
    return Running(port, config.ports.page)


def end(paths: Paths) -> bool:
    """End the page's process, if need be without mercy; say whether there was one."""
    found = holder.holder(paths.page_lock)
    if found is None:
        return False
    for number, patience_s in ((signal.SIGTERM, END_S), (signal.SIGKILL, 1.0)):
        with contextlib.suppress(OSError):
            os.kill(found.pid, number)
            os.kill(found.pid, signal.SIGCONT)  # one that is stopped would not hear it
        until = time.monotonic() + patience_s
        while holder.lives(found) and time.monotonic() < until:
            time.sleep(POLL_S)
        if not holder.lives(found):
            break
    return True


def _refuse_elsewhere(paths: Paths) -> None:
    found = holder.signed(paths.page_lock)
    if found is not None and (where := holder.hidden(found) or holder.unreachable(found)):
        raise Elsewhere(f"the page of {paths.data} is shown {where}", hint="type `cclaunch dashboard` there")


def _refuse_held(paths: Paths) -> None:
    """Raise StartFailed where the lock is held by what is no page: it cannot be asked to give it up."""
    until = time.monotonic() + FREE_S
    while held(paths.page_lock):
        if time.monotonic() > until:
            trouble = f"the page cannot start: another program holds {paths.page_lock}"
            raise StartFailed(trouble, hint=f"fuser -v {paths.page_lock}")
        time.sleep(POLL_S)


def _answering(paths: Paths, patience_s: float) -> int | None:
    """Return the port of a page that lives, is of no older release, and answers within *patience_s* (it may be starting)."""
    until = time.monotonic() + patience_s
    while True:
        found, who = read_flat(paths.page_port), holder.holder(paths.page_lock)
        port = found.get("port", "")
        if who is None and not held(paths.page_lock):
            return None
        if who is not None and found.get("pid") == str(who.pid) and port.isdigit():
            if is_older(found.get("version", "")):
                return None
            return int(port) if _answers(int(port), max(0.1, until - time.monotonic())) else None
        if time.monotonic() > until:
            return None
        time.sleep(POLL_S)


def _answers(port: int, seconds: float) -> bool:
    """Say whether the page answers on *port*; from then on it stays for another while."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", ALIVE)
        answer = connection.getresponse()
        return answer.status == 204 and answer.getheader(VERSION) is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _spawn(paths: Paths, environ: Mapping[str, str]) -> int:
    """Start the process; return how long its log was before. Raises StartFailed."""
    try:
        output = daemon.open_log(paths.page_log)
        before = os.fstat(output).st_size
    except OSError as error:
        raise StartFailed(f"cannot write {error.filename}: {error.strerror}", hint=f"ls -ld {paths.state}") from error
    try:
        daemon.spawn(command("web.process", paths), daemon.kept(environ), output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error
    finally:
        os.close(output)
    return before


def _wait(paths: Paths, before: int) -> int:
    """Wait until the page answers, and return its port. Raises StartFailed with the last lines of its log."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        port = _answering(paths, patience_s=0)
        if port is not None:
            return port
        if not held(paths.page_lock) and (said := _last_words(paths, before)):
            raise StartFailed("the page's process ended", cause=said, hint=f"cat {paths.page_log}")
        time.sleep(POLL_S)
    trouble = f"the page did not come up in {START_S:g} s"
    raise StartFailed(trouble, cause=_last_words(paths, before), hint=f"cat {paths.page_log}")


def _last_words(paths: Paths, before: int) -> str:
    """Return the last error that the log tells behind its first *before* bytes."""
    try:
        with open(paths.page_log, "rb") as file:
            file.seek(max(before, os.path.getsize(paths.page_log) - LAST_WORDS))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = [line for line in lines if "error: " in line or "Error" in line]
    return said[-1].partition("error: ")[2] or said[-1] if said else ""

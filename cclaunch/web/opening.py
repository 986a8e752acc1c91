"""
How the code reaches the browser: never by its command line where that can be helped, and nowhere for another user's good.

Every process's words can be read by every user of the machine. So the browser is given a file that only this user can read,
and that leads on to the page, as Jupyter does. A browser in a sandbox (a snap, a flatpak) or beyond one (Windows, from WSL) may
not read our directories: it is given the address itself. Where the kernel tells whose a connection is, which is where there are
such browsers, another user who reads it from the process list is refused, and the code is void. So is it where files of
HTML are shown by something else than the browser: an editor would show the code, and lead nowhere.
"""

import os
import secrets
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small
from cclaunch.program import run_program
from cclaunch.web import codes
from cclaunch.web.routes import DOOR

XDG_OPEN, WSLVIEW = "xdg-open", "wslview"
SNAPS = ("/snap/", "/var/lib/snapd/snap/")
APPLICATIONS = "/var/lib/snapd/desktop/applications", "/var/lib/flatpak/exports/share/applications"
OWN_APPLICATIONS = "flatpak/exports/share/applications"
SCRIPT_LIMIT = 64 << 10
ANSWER_S = 2.0
START_S, POLL_S = 1.0, 0.02
"""So long an opener may take to say that it cannot show anything; a browser stays."""

LEADING_ON = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>cclaunch</title></head>
<body><form method="post" action="{door}"><input type="hidden" name="code" value="{code}">
<button>Go on to the page</button></form><script>document.forms[0].submit()</script></body></html>
"""
"""A form, for what it brings stands in no address, and so in no history."""


def with_code(address: str, code: str) -> str:
    """
    Return the address that lets a browser in: what stands behind # is sent to nobody.

    What stands before it means nothing: a browser keeps no page under an address that it has never seen (`web/assets`).
    """
    return f"{address.rstrip('/')}{DOOR}?{secrets.token_hex(4)}#{code}"


def opener(environ: Mapping[str, str]) -> str | None:
    """Return the program that shows a page, or None where there is no screen."""
    if chosen := [one.removesuffix("%s").strip() for one in environ.get("BROWSER", "").split(os.pathsep) if one.strip()]:
        return _first(chosen, environ)
    if sys.platform == "darwin":
        return _first(["open"], environ)
    if environ.get("WSL_DISTRO_NAME"):  # the browser is on Windows; xdg-open would look for one here
        return _first([WSLVIEW, XDG_OPEN], environ)
    return _first([XDG_OPEN], environ) if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY") else None


def _first(names: Sequence[str], environ: Mapping[str, str]) -> str | None:
    return next((found for name in names if name and (found := shutil.which(name, path=environ.get("PATH")))), None)


def show(program: str, url: str, environ: Mapping[str, str]) -> str:
    """Have *program* show *url*; return why it cannot, or an empty text."""
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        pid = os.posix_spawn(program, [program, url], dict(environ), file_actions=silent, setsid=True)
    except OSError as error:
        return f"cannot start {program}: {error.strerror}"
    until = time.monotonic() + START_S
    while time.monotonic() < until:  # no longer: a browser that is started here may run for days
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return f"{program} shows nothing: it ended with {code}" if code else ""
        time.sleep(POLL_S)
    return ""


def way_in(paths: Paths, program: str, address: str, code: str, environ: Mapping[str, str]) -> str:
    """Return what *program* is to show: a file of ours that leads on to the page, or its address. Raises FileTrouble."""
    if reads_no_file(program, environ):
        return with_code(address, code)
    name = codes.name_of(code) + codes.LEADS_ON
    return Path(codes.leave(paths, name, LEADING_ON.format(door=address.rstrip("/") + DOOR, code=code))).as_uri()


def reads_no_file(program: str, environ: Mapping[str, str]) -> bool:
    """Say whether the browser that *program* starts lives in a sandbox, or on another system, where our files are not."""
    if environ.get("WSL_DISTRO_NAME"):
        return True
    if os.path.basename(program) == XDG_OPEN:
        browser, viewer = _chosen_applications(environ)
        return _is_confined(browser, environ) or bool(browser and viewer and browser != viewer)
    real = os.path.realpath(program)
    script = read_small(real, SCRIPT_LIMIT) or b""
    boxed = os.path.basename(real) in ("snap", "flatpak") or program.startswith(SNAPS) or real.startswith(SNAPS)
    return boxed or (script.startswith(b"#!") and (b"/snap/" in script or b"flatpak run" in script))


def _chosen_applications(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the file names of the desktop entries that show web pages, and files of HTML; empty where nobody says."""
    return (
        _told(["xdg-settings", "get", "default-web-browser"], environ),
        _told(["xdg-mime", "query", "default", "text/html"], environ),
    )


def _told(command: Sequence[str], environ: Mapping[str, str]) -> str:
    program = shutil.which(command[0], path=environ.get("PATH"))
    if program is None:
        return ""
    said = run_program([program, *command[1:]], environ, ANSWER_S)
    return os.path.basename(said.out.decode("utf-8", "replace").strip())


def _is_confined(application: str, environ: Mapping[str, str]) -> bool:
    """Say whether a desktop entry was put there by snap or flatpak."""
    if not application:
        return False
    data = environ.get("XDG_DATA_HOME") or f"{environ.get('HOME', '')}/.local/share"
    return any(os.path.exists(f"{folder}/{application}") for folder in (*APPLICATIONS, f"{data}/{OWN_APPLICATIONS}"))

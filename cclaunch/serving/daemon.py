"""
Making a process that outlives us and keeps nothing of us.

The process that starts it is about to become claude: it may keep no child, and the daemon may hold no
descriptor of it, or `x=$(cclaunch ...)` would never return. Of the environment it gets only what it needs: nothing that
is said to claude is said to it.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Mapping, Sequence

LARGEST_LOG = 5 << 20

KEPT_VARIABLES = ("HOME", "PATH", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR")
KEPT_PREFIXES = ("LC_", "XDG_")

DESKTOP_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS")
"""Where the person's desktop is: for the command that tells of a budget. Nothing else that runs there looks at them."""


def kept(environ: Mapping[str, str], *more: str) -> dict[str, str]:
    """Return what a daemon gets of *environ*; *more* are beginnings of names that it needs beside the usual ones."""
    prefixes = (*KEPT_PREFIXES, *more)
    names = (*KEPT_VARIABLES, *DESKTOP_VARIABLES)
    return {name: value for name, value in environ.items() if name in names or name.startswith(prefixes)}


def open_log(path: str) -> int:
    """
    Return a descriptor that appends to the log at *path*; one that has become large is put aside first. Raises OSError.

    Without waiting: a pipe that nobody reads in the place of a log would hang whoever starts a daemon.
    """
    if os.path.exists(path) and os.path.getsize(path) > LARGEST_LOG:
        os.replace(path, path + ".1")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)


def spawn(words: Sequence[str], environ: Mapping[str, str], output: int) -> None:
    """
    Run *words* as a daemon: double fork, a session of its own, the descriptor *output* as its stdout and stderr.

    Raises:
        OSError: There can be no more processes.
    """
    child = os.fork()
    if child == 0:
        _become(words, environ, output)
    os.waitpid(child, 0)


def _become(words: Sequence[str], environ: Mapping[str, str], output: int) -> None:
    """In the forked child: leave the session and everything that was inherited, and become the daemon. Never returns."""
    try:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.umask(0o077)
            # moved out of the way first: where the person closed 0, 1 or 2, ours may have got these numbers
            nothing, output = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (os.open(os.devnull, os.O_RDWR), output))
            os.dup2(nothing, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.closerange(3, max(_highest_descriptor(), nothing, output) + 1)
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                with contextlib.suppress(OSError, ValueError):
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execve(words[0], list(words), environ)
    finally:
        os._exit(0)


def _highest_descriptor() -> int:
    for listing in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError, ValueError):
            return max(int(name) for name in os.listdir(listing))
    return 4096

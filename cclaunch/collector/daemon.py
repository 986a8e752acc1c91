"""
Becoming a daemon, out of a process that is about to become claude.

The process that calls this goes on as the person's claude: it must keep no child, no descriptor and no
changed signal. The daemon must keep nothing of the person's session: not its terminal, its directory, its
descriptors, its variables.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Mapping

KEPT = ("HOME", "PATH", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR")
KEPT_PREFIXES = ("LC_", "XDG_")
LEAN = {"MALLOC_ARENA_MAX": "2", "GRPC_ENABLE_FORK_SUPPORT": "0"}
"""Fewer memory arenas: the collector is asked to stay small, not to be fast on many cores."""

LONGEST_LOG = 5 * 1024 * 1024
READY = 3
"""The descriptor on which the daemon tells that it is ready, or why not."""

ABOVE_STANDARD = 10


def spawn(words: list[str], log: str, environ: Mapping[str, str]) -> int:
    """
    Run *words* as a daemon whose output goes to *log*; return the read end of the pipe it holds as descriptor 3.

    Raises:
        OSError: The log cannot be written, or no process can be made.
    """
    rotate(log)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    ready_in, ready_out = os.pipe()
    try:
        middle = os.fork()
        if middle == 0:
            _detach(words, output, ready_out, environ)
        os.waitpid(middle, 0)
    except BaseException:
        os.close(ready_in)
        raise
    finally:
        os.close(output)
        os.close(ready_out)
    return ready_in


def _detach(words: list[str], output: int, ready: int, environ: Mapping[str, str]) -> None:
    """In the child: fork once more, so that nobody has to wait for the daemon, and become *words*. Never returns."""
    try:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.umask(0o077)
            _rearrange(output, ready)
            _default_signals()
            os.execve(words[0], words, allowed(environ))
        os._exit(0)
    except BaseException:
        os._exit(127)


def _rearrange(output: int, ready: int) -> None:
    """Leave exactly four descriptors: no input, the log twice, and the pipe."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    # moved out of the way first: where the person closed 0, 1 or 2, ours may have got these numbers
    nothing, output, ready = (fcntl.fcntl(one, fcntl.F_DUPFD, ABOVE_STANDARD) for one in (nothing, output, ready))
    for source, target in ((nothing, 0), (output, 1), (output, 2), (ready, READY)):
        os.dup2(source, target, inheritable=True)
    os.closerange(READY + 1, min(os.sysconf("SC_OPEN_MAX"), 1 << 20))


def _default_signals() -> None:
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the daemon may know of *environ*: nothing that names an account, a key or an endpoint."""
    kept = {name: value for name, value in environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return kept | LEAN


def rotate(log: str) -> None:
    """Put a long log aside; one older log is kept."""
    with contextlib.suppress(OSError):
        if os.stat(log).st_size > LONGEST_LOG:
            os.replace(log, f"{log}.1")

"""
Making a process that outlives us and keeps nothing of us.

The process that starts it is about to become claude: it may keep no child, and the daemon may hold no
descriptor of it, or `x=$(cclaunch ...)` would never return.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Mapping, Sequence


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

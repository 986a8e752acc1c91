"""
The supervisor in the foreground, for a unit or an agent: it keeps the process that the system started.

It waits while another collector of ours lives, and takes its place at its end: at `stack enable`, and after an upgrade,
when a launch has put a newer one in the unit's place.
"""

import fcntl
import os
from collections.abc import Mapping

from cclaunch.collector.pids import any_alive
from cclaunch.collector.process import command
from cclaunch.config.model import configuration
from cclaunch.errors import FileTrouble
from cclaunch.files import lock
from cclaunch.files.atomic import make_directory, remove, write_atomic
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import collector_ports
from cclaunch.hot.reading import read_small
from cclaunch.serving import daemon


def foreground(paths: Paths, environ: Mapping[str, str]) -> None:
    """
    Become the supervisor once no other collector of *paths* lives. Never returns.

    Raises:
        FileTrouble: Our directories cannot be made, or the log cannot be written.
    """
    for path in (paths.data, paths.state):
        make_directory(path)
    try:
        ports = _turn(paths)
        output = daemon.open_log(paths.collector_log)
    except OSError as error:
        raise FileTrouble(
            f"cannot write {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data} {paths.state}"
        ) from error
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    words = command("supervisor", paths, *ports)
    os.execve(words[0], words, daemon.kept(environ))


def waits(paths: Paths, pid: int) -> bool:
    """Say whether the process *pid* waits for its turn, and knows what it has to know of the one before."""
    return read_small(paths.collector_next, 64) == b"%d" % pid


def _turn(paths: Paths) -> list[int]:
    """Wait for the lock, and return the ports: those of the one before where sessions that still run send to them."""
    path = paths.collector_lock
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = collector_ports(paths) if lock.held(path) else None
        write_atomic(paths.collector_next, b"%d" % os.getpid())
        fcntl.flock(handle, fcntl.LOCK_EX)
        remove(paths.collector_next)
    finally:
        os.close(handle)  # the supervisor takes it anew
    if before and any_alive(paths.launched):
        return [int(before.grpc), int(before.http), int(before.metrics)]
    return list(configuration(paths).ports.ingest.values())

"""
The supervisor's process: a daemon, so that claude, which the one that starts it is about to become, has no child more than bare.

It gets a log for its output, and of the environment only what it needs.
"""

import os
from collections.abc import Mapping, Sequence

from cclaunch.collector.process import command
from cclaunch.errors import StartFailed
from cclaunch.hot.paths import Paths
from cclaunch.serving import daemon


def supervisor(paths: Paths, ports: Sequence[int], environ: Mapping[str, str]) -> None:
    """
    Start the supervisor as a daemon, with the log for its output and of the environment only what it needs.

    Raises:
        StartFailed: The log cannot be opened, or there can be no more processes.
    """
    try:
        output = daemon.open_log(paths.collector_log)
        os.close(os.open(paths.collector_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StartFailed(
            f"cannot write {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data} {paths.state}"
        ) from error
    try:
        daemon.spawn(command("supervisor", paths, *ports), daemon.kept(environ), output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error
    finally:
        os.close(output)

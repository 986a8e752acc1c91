"""
The supervisor's process: a daemon, so that claude, which the one that starts it is about to become, has no child more than bare.

It gets a log for its output, and of the environment only what it needs.
"""

import os
from collections.abc import Mapping, Sequence

from cclaunch.backends.embedded import daemon
from cclaunch.collector.process import command
from cclaunch.errors import StartFailed
from cclaunch.hot.paths import Paths

LARGEST_LOG = 5 << 20

KEPT_VARIABLES = ("HOME", "PATH", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR")
KEPT_PREFIXES = ("LC_", "XDG_")

DESKTOP_VARIABLES = frozenset(("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"))
"""Where the person's desktop is: for the command that tells of a budget. Nothing else that runs there looks at them."""


def kept(environ: Mapping[str, str]) -> dict[str, str]:
    """Return of *environ* what the collector gets."""
    return {
        name: value
        for name, value in environ.items()
        if name in KEPT_VARIABLES or name in DESKTOP_VARIABLES or name.startswith(KEPT_PREFIXES)
    }


def supervisor(paths: Paths, ports: Sequence[int], environ: Mapping[str, str]) -> None:
    """
    Start the supervisor as a daemon, with the log for its output and of the environment only what it needs.

    Raises:
        StartFailed: The log cannot be opened, or there can be no more processes.
    """
    log = paths.collector_log
    try:
        if os.path.exists(log) and os.path.getsize(log) > LARGEST_LOG:
            os.replace(log, log + ".1")
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.close(os.open(paths.collector_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StartFailed(
            f"cannot write {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data} {paths.state}"
        ) from error
    try:
        daemon.spawn(command("supervisor", paths, *ports), kept(environ), output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error
    finally:
        os.close(output)

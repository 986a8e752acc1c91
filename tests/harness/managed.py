"""
Managed settings for one command, on a machine that keeps none.

The problem it owns: claude reads them from ``/etc/claude-code`` and from nowhere else, and no test may write
there. The command gets a mount namespace of its own, in which our files lie over ``/etc``; nothing of it is
seen outside, and it ends with the command. Linux, as root or where a person may make user namespaces.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Settings = Mapping[str, Any] | str
MAIN = "managed-settings.json"
LAY_OVER_ETC = 'mount -t overlay overlay -o "lowerdir=$1:/etc" /etc && shift && exec "$@"'


def managed(command: Sequence[str], base: Path, settings: Settings = "", **dropped: Settings) -> list[str]:
    """
    Return a command line that runs *command* under managed settings.

    Args:
        command: What to run; it gets environment, directory and descriptors unchanged.
        base: A directory of the test, where the files are kept (below ``etc``).
        settings: ``managed-settings.json`` as a mapping or as text; nothing is written for an empty one.
        dropped: name -> file ``NAME.json`` of ``managed-settings.d``.
    """
    etc = base / "etc"
    shutil.rmtree(etc, ignore_errors=True)
    place = etc / "claude-code"
    (place / "managed-settings.d").mkdir(parents=True)
    for name, value in {MAIN: settings, **{f"managed-settings.d/{name}.json": one for name, one in dropped.items()}}.items():
        if value:
            (place / name).write_text(value if isinstance(value, str) else json.dumps(value))
    return [*unshare(), "/bin/sh", "-c", LAY_OVER_ETC, "sh", str(etc), *command]


@cache
def unshare() -> tuple[str, ...]:
    """Return the start of a command line that makes the namespace; an empty tuple where this machine has none."""
    program = shutil.which("unshare")
    overlay = ["/bin/sh", "-c", LAY_OVER_ETC, "sh", "/usr", "true"]
    for options in (("--mount",), ("--mount", "--map-root-user")):
        if program and not subprocess.run([program, *options, *overlay], capture_output=True, check=False).returncode:
            return (program, *options)
    return ()

"""Which shell a block is for when nobody says so: the detected one, if it is one that we write for."""

from collections.abc import Mapping

from cclaunch.errors import UsageError
from cclaunch.shells.detect import detect
from cclaunch.shells.table import NAMES


def shell_now(environ: Mapping[str, str]) -> tuple[str, str]:
    """
    Return (name, reason) of the shell we were started from; the name is one of the table's.

    Raises:
        UsageError: It cannot be told, or is none that we write for.
    """
    found = detect(environ)
    if found.name not in NAMES:
        raise UsageError("cannot tell which shell this is", cause=found.reason, hint=f"--shell, one of {', '.join(NAMES)}")
    return found.name, found.reason

"""Which shell this is, as far as it can be told; one place, so that whoever asks gets the same answer."""

import importlib
from collections.abc import Mapping

from cclaunch.errors import UsageError
from cclaunch.shells import NAMES, UnknownShell, find_shell


def shell_now(environ: Mapping[str, str]) -> tuple[str, str]:
    """
    Return (name, reason) of the shell we were started from; the name is one of the table's.

    Raises:
        UsageError: It cannot be told, or is none that we write for.
    """
    name, source = _detected(environ)
    hint = f"--shell, one of {', '.join(NAMES)}"
    if not name:
        raise UsageError("cannot tell which shell this is", hint=hint)
    try:
        return find_shell(name).name, source
    except UnknownShell as error:
        raise UsageError(f"this shell is `{name}` ({source}), and cclaunch does not write for it", hint=hint) from error


def _detected(environ: Mapping[str, str]) -> tuple[str, str]:
    try:
        detect = importlib.import_module("cclaunch.detect").detect
    except ImportError:
        return _by_process(environ)
    found = detect(environ)
    return found.name or "", found.source


def _by_process(environ: Mapping[str, str]) -> tuple[str, str]:
    import shellingham

    try:
        return shellingham.detect_shell()[0], "the process above"
    except Exception:  # it raises more than it says
        return environ.get("SHELL", ""), "SHELL"

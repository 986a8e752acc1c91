"""
Background sessions of claude, which keep the environment of whatever launch started their service.

One service a user runs them all. What a later launch composes never reaches it by the environment; newer releases let
``--settings`` through to the session, older ones nothing. So whose attributes will be sent is either settled
by ``--settings``, or said.

Cold: only ``--bg`` and ``claude agents`` come here.
"""

from collections.abc import Mapping

from cclaunch import otel
from cclaunch.environment import PROFILE_ATTRIBUTE, parse_attributes
from cclaunch.plan import Directories
from cclaunch.release import remembered_version

SETTINGS_REACH = (2, 1, 330)
"""The first release in which ``--bg --settings`` was seen to reach the session; in 2.1.197 it did not."""

SERVICE = ("daemon", "run")
"""Words in the command line of the service."""


def attributed(path: str, environ: Mapping[str, str], profile: str, where: Directories, *, asked: bool) -> tuple[bool, str]:
    """
    Return (whole, note): whether everything has to be passed by ``--settings``, and whose attributes will be sent.

    Args:
        path: The claude that will be run.
        environ: What we were started with.
        profile: The profile of this launch, or an empty string.
        where: Our directories.
        asked: Whether this launch itself asks for a background session (``--bg``), rather than looking at them.
    """
    if asked and remembered_version(path, environ, where) >= SETTINGS_REACH:
        return True, ""
    running = service_environ(environ)
    if running is None:
        return asked, f"background sessions keep the attributes of this launch ({_named(profile)}) until their service ends"
    attributes, _ = parse_attributes(running.get(otel.RESOURCE_ATTRIBUTES, ""))
    theirs = _named(attributes.get(PROFILE_ATTRIBUTE, ""))
    return asked, (
        f"background sessions send the attributes of the launch that started their service ({theirs}), not this launch's"
        f" ({_named(profile)}); `claude daemon stop --any` ends it"
    )


def _named(profile: str) -> str:
    return f"profile {profile}" if profile else "no profile"


def service_environ(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return the environment of this user's running background service for the same ``CLAUDE_CONFIG_DIR``, or None."""
    import psutil

    me = psutil.Process().username()
    for process in psutil.process_iter():
        try:
            if tuple(process.cmdline()[1:3]) != SERVICE or process.username() != me:
                continue
            found = process.environ()
        except (psutil.Error, OSError):
            continue
        if found.get(otel.CONFIG_DIR, "") == environ.get(otel.CONFIG_DIR, "") and found.get("HOME") == environ.get("HOME"):
            return found
    return None

"""
Background sessions of claude, which keep the environment of whatever launch started their service.

One service a user and ``CLAUDE_CONFIG_DIR`` runs them all, so what a later launch composes never reaches them by the
environment. ``--settings`` does reach the session that is asked for with ``--bg``; what is started from ``claude agents``
gets the service's environment, and all that can be done is to say whose that is.

Cold: only ``--bg`` and ``claude agents`` come here.
"""

import json
from collections.abc import Mapping

from cclaunch import otel
from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.compose import PROFILE_ATTRIBUTE
from cclaunch.hot.reading import read_small

LOCK = "daemon.lock"
"""The service's own file in claude's directory: JSON, with its ``pid``."""

SERVICE = ("daemon", "run")
"""Words in the command line of the service."""

Environ = Mapping[str, str]


def attribution(environ: Environ, profile: str) -> str:
    """
    Return the sentence that says whose attributes the sessions of the background service send.

    Args:
        environ: What this launch gives to claude.
        profile: Its profile, or an empty string.
    """
    running = service_environ(environ)
    if running is None:
        return f"background sessions will keep the attributes of this launch ({_named(profile)}) until their service ends"
    attributes, _ = parse_attributes(running.get(otel.RESOURCE_ATTRIBUTES, ""))
    theirs = _named(attributes.get(PROFILE_ATTRIBUTE, ""))
    return (
        f"background sessions send the attributes of the launch that started their service ({theirs}), not this one's"
        f" ({_named(profile)}): `claude daemon stop --any` ends it"
    )


def _named(profile: str) -> str:
    return f"profile {profile}" if profile else "no profile"


def service_environ(environ: Environ) -> dict[str, str] | None:
    """Return the environment of the background service that claude would use in *environ*, or None when none runs."""
    import psutil

    directory = environ.get(otel.CONFIG_DIR) or environ.get("HOME", "") + "/.claude"
    try:
        process = psutil.Process(int(json.loads(read_small(f"{directory}/{LOCK}", 1 << 16) or b"")["pid"]))
        words = process.cmdline()
        return process.environ() if any(words[at : at + 2] == list(SERVICE) for at in range(len(words))) else None
    except (psutil.Error, OSError, ValueError, KeyError, TypeError, OverflowError):
        return None

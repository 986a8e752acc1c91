"""
An environment that the system takes only without ours.

The problem it owns: what we add may be what is too much, and that costs nobody claude: it is run once more, as we were started.

Cold: on the way from a failed exec.
"""

import os

from cclaunch.console import note
from cclaunch.hot import claude

TOO_LARGE = 7
"""The errno of an environment and words that are too large together, or one of them alone."""


def is_too_large(reason: str) -> bool:
    """Say whether *reason*, why `hot.claude.become` has failed, is that."""
    return reason == os.strerror(TOO_LARGE)


def become_as_given(
    path: str, words: list[str], environ: dict[str, str], depth: str, ignored: tuple[int, ...], *, quiet: bool
) -> tuple[int, str]:
    """Become *path* with *words* and the *environ* that we were started with; return what `hot.claude.become` does."""
    if not quiet:
        note("the system takes no larger environment: claude runs as cclaunch was started, without telemetry")
    code, reason = claude.become(path, words, {**environ, claude.DEPTH: depth}, ignored)
    return claude.become(path, words, environ, ignored) if reason else (code, reason)

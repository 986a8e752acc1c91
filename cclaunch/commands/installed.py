"""Which claude a launch would run, and which release it says it is."""

import sys
from typing import NamedTuple

from cclaunch import claude
from cclaunch.commands.context import Environ
from cclaunch.errors import ClaudeNotExecutable, ClaudeNotFound
from cclaunch.release import version_of


class Claude(NamedTuple):
    """A claude that can be run: its *path* and its *version*, empty with the *trouble* of asking when it did not say."""

    path: str
    version: str
    trouble: str


def installed(environ: Environ) -> Claude:
    """
    Return the claude that a launch would become.

    Raises:
        ClaudeNotFound, ClaudeNotExecutable: There is none that can be run.
    """
    path, trouble = claude.find(environ, [sys.argv[0]])
    if trouble == "not executable":
        raise ClaudeNotExecutable(f"{path} is not executable", hint=f"chmod +x {path}")
    if trouble and path:
        raise ClaudeNotFound(f"CCLAUNCH_CLAUDE names {path}, and there is no such file", hint="unset CCLAUNCH_CLAUDE")
    if trouble:
        raise ClaudeNotFound("no `claude` on PATH", hint="npm install -g @anthropic-ai/claude-code")
    version, why = version_of(path, environ)
    return Claude(path, version, why)

"""Which claude a launch would run, and which release it says it is."""

import sys
from typing import NamedTuple

from cclaunch.hot import claude
from cclaunch.hot.paths import Environ
from cclaunch.launch.refusals import why_none
from cclaunch.program import run_program

DEADLINE_S = 5.0
LONGEST = 200


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
    if trouble:
        raise why_none(path, trouble)
    version, why = version_of(path, environ)
    return Claude(path, version, why)


def version_of(path: str, environ: Environ, deadline_s: float = DEADLINE_S) -> tuple[str, str]:
    """
    Return (version, trouble): what ``PATH --version`` says, or why it said nothing.

    It runs in a session of its own, so that whatever it started goes with it when the deadline has passed.
    """
    said = run_program([path, "--version"], environ, deadline_s, leaves=True)
    if said.error:
        return "", said.error.strerror or str(said.error)
    if said.code is None:
        return "", f"it did not answer `--version` within {deadline_s:g} s"
    if said.code:
        return "", f"`--version` ended with {said.code}"
    words = said.out[:LONGEST].decode("utf-8", "replace").split()
    return (words[0], "") if words else ("", "`--version` said nothing")

"""
Keeps the tests out of the real home.

The problem it owns: a test of a launcher that edits rc files must never meet the rc files of the person
who runs it. An audit hook refuses, with an error that names the path, whatever this process does there;
children get a throw-away ``HOME``. What the tests rightly need below a home (the repository, the
interpreter, the cache of installed claudes) is let through. Nor may a test signal the tests themselves:
0 stands for "no process" in what they look up, and to the kernel it means everybody of one's own group.
"""

import os
import pwd
import site
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
REAL_HOME = pwd.getpwuid(os.getuid()).pw_dir
CALLS = "listdir scandir mkdir rmdir remove rename link symlink chmod chown truncate utime"
EVENTS = frozenset(["open", "sqlite3.connect", *(f"os.{name}" for name in CALLS.split())])
SIGNALS = frozenset(["os.kill", "os.killpg"])
RUNNER = os.getpid()


class RealHomeTouched(BaseException):
    """A test reached into the real home. No ``Exception``: the code under test must not swallow it."""


class RunnerSignalled(BaseException):
    """A test would have ended the tests, its own process or the group of it."""


def cache_root(environ: Mapping[str, str]) -> Path:
    """Return where the tests keep what they install, outside the repository."""
    if chosen := environ.get("CCLAUNCH_TEST_CACHE"):
        return Path(chosen)
    base = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or REAL_HOME, ".cache")
    return Path(base) / "cclaunch-tests"


CACHE = cache_root(os.environ)


class Guard:
    """The audit hook, with a switch, because a hook can never be removed again."""

    def __init__(self) -> None:
        """Begin switched off."""
        self.active = False
        allowed: list[str | Path] = [
            REPOSITORY,
            CACHE,
            sys.prefix,
            sys.base_prefix,
            tempfile.gettempdir(),
            *site.getsitepackages(),
            *sys.path,
        ]
        self._allowed = tuple(os.path.realpath(path) for path in allowed if str(path))

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Raise RealHomeTouched for an event that names a path of the real home."""
        if not self.active:
            return
        if event in SIGNALS:
            self._signal(event, arguments)
        if event not in EVENTS:
            return
        for argument in arguments[:2]:
            if isinstance(argument, str | bytes) and self.forbids(os.fsdecode(argument)):
                self.active = False  # the report of the failure must be able to read files
                raise RealHomeTouched(f"{event} of {os.fsdecode(argument)!r}: a test must stay in its throw-away home")

    def _signal(self, event: str, arguments: tuple[object, ...]) -> None:
        pid, number = arguments
        own = RUNNER if event == "os.kill" else os.getpgid(RUNNER)
        if number and isinstance(pid, int) and (pid < 1 or pid == own):
            raise RunnerSignalled(f"{event}({pid}, {number}): that is the tests themselves")

    def forbids(self, path: str) -> bool:
        """Say whether *path* is in the real home and none of ours."""
        if not path.startswith(REAL_HOME + "/"):
            return False
        return not any(path == base or path.startswith(base + "/") for base in self._allowed)


GUARD = Guard()

"""
Which shell is this: the one that a person types into, and the one that reads what we print.

The two differ: in a Makefile, in npm, below claude's own Bash tool a shell runs one command for somebody, and says
nothing of the person. shellingham is asked first. It trusts ``SHELL`` for a login shell, does not know mksh, yash,
posh, ``zsh-5.9`` or ``busybox ash``, takes a script's interpreter for an answer and gives up after ten processes, so
the processes above us have the last word wherever they can be read. Variables are no witness: ``NU_VERSION`` and
``PSModulePath`` are inherited by every bash that was started from there, and ``SHELL`` is what somebody logged in with.

Nothing here raises, except for a shell that was named and is not known, and nothing waits longer than a deadline: a
process table can hang.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cclaunch.errors import UsageError
from cclaunch.shells.command_line import canonical, is_glue, shell_of
from cclaunch.shells.table import NAMES, find_shell

if TYPE_CHECKING:
    import psutil

Found = TypeVar("Found")

DEADLINE_S = 2.0
DEEPEST = 200

NAMED, PROCESS, VARIABLE, GLUE = "--shell", "process", "SHELL", "command"


class Detected(NamedTuple):
    """
    A shell.

    *name* is one of ``shells.NAMES``, or empty when nothing tells; *source* is ``--shell``, ``process``, ``SHELL`` or
    ``command`` (one that runs a command or a script is all there is); *reason* is a short sentence for people.
    """

    name: str
    source: str
    reason: str


class Ancestor(NamedTuple):
    """A process above us: *words* may be empty (nobody may read them), then its short *name* has to do."""

    pid: int
    name: str
    words: tuple[str, ...]
    is_piped: bool = False
    """Its input is a pipe: it reads a script from there (``curl ... | sh``)."""


def detect(environ: Mapping[str, str], *, named: str = "") -> Detected:
    """
    Return the shell of the person who called us.

    Args:
        environ: For ``SHELL``, which counts last.
        named: What the person said, which always wins.

    Raises:
        UnknownShell: *named* is no shell that we know; nothing else is ever raised.
    """
    if named:
        return Detected(find_shell(named).name, NAMED, f"--shell says {named}")
    nothing: tuple[tuple[Ancestor, ...], str] = ((), "")
    chain, said = _within(lambda: (ancestors(), _shellingham()), nothing)
    return weigh_chain(chain, said, environ)


def reader(environ: Mapping[str, str], *, named: str = "") -> Detected:
    """
    Return the shell that reads what we print (``eval "$(cclaunch env)"``): the nearest of any kind; raises as ``detect``.

    Where no process can be seen it is nobody's guess: the name is empty.
    """
    if named:
        return Detected(find_shell(named).name, NAMED, f"--shell says {named}")
    nothing: tuple[Ancestor, ...] = ()
    for one in _within(ancestors, nothing):
        if name := shell_of(one.name, one.words):
            return Detected(name, PROCESS, f"process {one.pid} is {_told(one)}")
    return Detected("", "", "no shell is among the processes above this one")


def weigh_chain(chain: Sequence[Ancestor], said: str, environ: Mapping[str, str]) -> Detected:
    """
    Return the verdict.

    Args:
        chain: The processes above us, the nearest first; empty when they cannot be seen.
        said: What shellingham found, or an empty string.
        environ: For ``SHELL``.
    """
    glue = None
    for one in chain:
        name = shell_of(one.name, one.words)
        if name and not one.is_piped and not is_glue(name, one.words):
            instead = f", though shellingham takes it for {said}" if said and canonical(said) not in ("", name) else ""
            return Detected(name, PROCESS, f"process {one.pid} is {_told(one)}{instead}")
        if name and glue is None:
            glue = Detected(name, GLUE, f"process {one.pid} ({_told(one)}) runs a command, and nothing else tells")
    if not chain and (name := canonical(said)):
        return Detected(name, PROCESS, "shellingham says so; the processes above this one cannot be seen")
    path = environ.get("SHELL", "")
    if name := canonical(path):
        gone = ", which does not exist" if path.startswith("/") and not os.path.exists(path) else ""
        return Detected(name, VARIABLE, f"SHELL is {path}{gone}; no process above this one is a shell that somebody types into")
    return glue or Detected("", "", f"no process above this one is a shell, and SHELL is {path or 'not set'}")


def _told(one: Ancestor) -> str:
    return f"`{one.words[0] if one.words and one.words[0] else one.name}`"


def ancestors() -> tuple[Ancestor, ...]:
    """Return the processes above us, the nearest first, up to the first that is another user's (``sudo``) or hidden."""
    import psutil

    found: list[Ancestor] = []
    pid, ours = os.getppid(), _user(psutil.Process())
    while pid > 0 and len(found) < DEEPEST and all(pid != one.pid for one in found):
        try:
            process = psutil.Process(pid)
            if _user(process) != ours:
                break
            found.append(Ancestor(pid, process.name(), _words(process), _is_piped(pid)))
            pid = process.ppid()
        except (psutil.Error, OSError):
            break
    return tuple(found)


def _user(process: "psutil.Process") -> int:
    """Return the user of *process*, where the system has such."""
    return int(process.uids().real) if hasattr(process, "uids") else -1


def _words(process: "psutil.Process") -> tuple[str, ...]:
    import psutil

    try:
        return tuple(process.cmdline())
    except (psutil.Error, OSError):
        return ()


def _is_piped(pid: int) -> bool:
    """Say whether the input of *pid* is a pipe; only Linux tells."""
    try:
        return os.readlink(f"/proc/{pid}/fd/0").startswith("pipe:")
    except (OSError, ValueError):
        return False


def _shellingham() -> str:
    """Return what shellingham finds. It reads foreign process tables in many ways, and raises in as many."""
    try:
        import shellingham

        return str(shellingham.detect_shell()[0])
    except Exception:
        return ""


def _within(look: Callable[[], Found], otherwise: Found) -> Found:
    """Return what *look* finds within the deadline; *otherwise* when it raises or hangs (a process that will not die can)."""
    answers: list[Found] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            answers.append(look())

    thread = threading.Thread(target=ask, daemon=True)
    try:
        thread.start()
        thread.join(DEADLINE_S)
    except RuntimeError:  # there can be no more threads
        ask()
    return answers[0] if answers else otherwise


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

"""
The real claude: find it (never ourselves), read its words without touching them, and become it.

Becoming means that nothing of us is left: the same process id, directory, umask and descriptors, the
signals that the interpreter changed put back, and not one byte on stdout.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

import _signal  # the C module: `signal` would cost a millisecond
import sys

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has the same functions under another name
    import os as system  # type: ignore[no-redef]

DEPTH = "__CCLAUNCH_DEPTH"
DEEPEST = 8

SHIM = "/cclaunch/shim"
"""How the directory of ``Paths.shim`` ends, whosever it is: the `claude` in it is cclaunch, maybe another copy than this one."""


def find(environ: "dict[str, str]", own: "list[str]") -> "tuple[str, str]":
    """
    Return (path, trouble): where the real claude is, or why there is none that can be run.

    Args:
        environ: ``CCLAUNCH_CLAUDE`` names it outright; else the first on ``PATH`` that is not us; else where
            claude's own installer puts it.
        own: Paths of ours, to be skipped whatever they are called; so is what lies in a shim.
    """
    named = environ.get("CCLAUNCH_CLAUDE")
    if named:
        return _judge(named)
    ourselves = _identities(own)
    refused = ""
    home = environ.get("HOME", "")
    folders = environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
    if home:
        folders += [home + "/.local/bin", home + "/.claude/local"]
    for folder in folders:
        if folder.rstrip("/").endswith(SHIM):
            continue
        candidate = (folder or ".") + "/claude"
        try:
            found = system.stat(candidate)
        except (OSError, ValueError):
            continue
        if (found.st_dev, found.st_ino) in ourselves or found.st_mode & 0o170000 != 0o100000:
            continue
        if system.access(candidate, system.X_OK):
            return candidate, ""
        refused = refused or candidate
    return refused, "not executable" if refused else "not found"


def _judge(path: str) -> "tuple[str, str]":
    try:
        found = system.stat(path)
    except (OSError, ValueError):
        return path, "not found"
    if found.st_mode & 0o170000 != 0o100000 or not system.access(path, system.X_OK):
        return path, "not executable"
    return path, ""


def _identities(own: "list[str]") -> "set[tuple[int, int]]":
    found = set()
    for path in own:
        try:
            us = system.stat(path)
        except (OSError, ValueError):
            continue
        found.add((us.st_dev, us.st_ino))
    return found


def deeper(environ: "dict[str, str]") -> "str | None":
    """
    Return the depth mark for the child, or None when we have started ourselves too often.

    Counted within one claude session: claude's Bash tool may well run ``cclaunch``, which begins anew.
    """
    session = environ.get("CLAUDE_CODE_SESSION_ID", "")
    number, _, of_session = environ.get(DEPTH, "").partition(":")
    depth = int(number) + 1 if number.isdigit() and len(number) < 4 and of_session == session else 1
    return None if depth > DEEPEST else f"{depth}:{session}"


def restore_signals(ignored: "tuple[int, ...]" = ()) -> None:
    """Undo what the interpreter did at its start: it ignores SIGPIPE and SIGXFSZ; those that were *ignored* before stay so."""
    for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ"):
        number = getattr(_signal, name, None)
        if number is not None and number not in ignored:
            _signal.signal(number, _signal.SIG_DFL)


def interrupted() -> int:
    """End as a program does that never caught Ctrl-C, so that the shell sees it; 130 where that cannot be done."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    if sys.platform != "win32":
        system.kill(system.getpid(), _signal.SIGINT)
    return 130


def uncoerced(environ: "dict[str, str]") -> "dict[str, str]":
    """
    Return *environ* with the ``LC_CTYPE`` that we were started with, or without one.

    In the C locale CPython sets it (PEP 538) before any code of ours runs, also over a value that was there; claude must not
    see that. It is the C locale as well where ``LANG`` or ``LC_CTYPE`` names one that is not installed. Only the kernel knows
    what was there before: without /proc it stays.
    """
    if environ.get("LC_CTYPE") not in ("C.UTF-8", "C.utf8", "UTF-8") or environ.get("LC_ALL"):
        return environ
    try:
        handle = system.open("/proc/self/environ", system.O_RDONLY)
    except OSError:
        return environ
    try:
        original = b"\0"
        while part := system.read(handle, 1 << 16):
            original += part
    finally:
        system.close(handle)
    _, found, rest = original.partition(b"\0LC_CTYPE=")
    if found:
        environ["LC_CTYPE"] = rest.partition(b"\0")[0].decode(sys.getfilesystemencoding(), "surrogateescape")
    elif len(original) > 1 or len(environ) == 1:  # else it is one that says nothing
        del environ["LC_CTYPE"]
    return environ


def become(path: str, words: "list[str]", environ: "dict[str, str]", ignored: "tuple[int, ...]" = ()) -> "tuple[int, str]":
    """
    Replace this process by *path*, called with *words* (the first is its own name). Returns only when that failed.

    *ignored* are the signals, of those that the interpreter ignores, that we were started with ignored. Claude's own runtimes
    put them right when they start, so for claude nobody looks.

    Returns:
        (exit code, reason): 126 when the system will not run it, 127 when it is not there.
    """
    if sys.platform == "win32":
        return _spawn(path, words, environ)
    restore_signals(ignored)
    try:
        system.execve(path, words, environ)
    except OSError as error:
        if error.errno == 8:  # ENOEXEC: a script without a first line; execvp(3) and every shell run it with sh
            try:
                system.execve("/bin/sh", ["sh", path, *words[1:]], environ)
            except OSError as second:
                error = second
        return (127 if error.errno == 2 else 126), error.strerror or str(error)
    except ValueError as error:  # a NUL in an argument, which no kernel takes
        return 126, str(error)


def _spawn(path: str, words: "list[str]", environ: "dict[str, str]") -> "tuple[int, str]":
    """Windows has no exec: start claude, leave Ctrl-C to it, and pass its exit code on."""
    import subprocess

    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    try:
        return subprocess.call([path, *words[1:]], env=environ), ""
    except OSError as error:
        return 126, str(error)

"""
The door: a verb of ours, or a launch.

The problem it owns: the first word decides, before anything else is imported; this is where the environment that we were
started with is read, and where we become claude, with whatever was prepared for it. With CCLAUNCH_DISABLE nothing is.
Only a bare word that is alone, on a terminal, is looked at again (`launch/meant`).

Hot: C modules only.
"""

import sys

from cclaunch.hot import claude
from cclaunch.launch.wanted import Launch, refuse, say

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

VERBS = frozenset(
    "profile persist unpersist env exec stack status statusline check usage events dashboard config completions".split()
)
"""Every verb of ours, also those that are not built yet: an unreserved word would be billed as a prompt."""

OURS_ALONE = ("--help", "-h", "--version")

NAME_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

NAME_CHARACTERS = NAME_START | frozenset("._-")


class Words:
    """
    What the command line asks for.

    Attributes:
        alone: Whether all that was typed is one bare word of letters, digits and dashes, and it is no verb.
        verb: A verb of ours, or an empty string for a launch.
        profile: The NAME of ``+NAME``, or an empty string.
        rest: The words that belong to the verb or to claude, never reordered or rewritten.
        trouble: Why this cannot be launched, or an empty string.
    """

    __slots__ = ("alone", "profile", "rest", "trouble", "verb")

    def __init__(self, verb: str, profile: str, rest: "list[str]", trouble: str = "", *, alone: bool = False) -> None:
        self.alone = alone
        self.verb = verb
        self.profile = profile
        self.rest = rest
        self.trouble = trouble


def split(words: "list[str]", name: str = "cclaunch") -> Words:
    """Return what *words* (without the program's name) ask for, when we were called as *name*."""
    if name == "claude" or not words:
        return Words("", "", words)
    first = words[0]
    if first in VERBS:
        return Words(first, "", words[1:])
    if first == "--":
        return Words("", "", words[1:])
    if first in OURS_ALONE and len(words) == 1:
        return Words(first, "", [])
    if first[0:1] == "+" and len(first) > 1 and first[1] in NAME_START and NAME_CHARACTERS.issuperset(first[1:]):
        rest = words[1:]
        if rest and rest[0] in VERBS:
            return Words("", first[1:], rest, f"`{rest[0]}` is a verb of cclaunch: write `+NAME -- {rest[0]}` for claude's")
        return Words("", first[1:], rest[1:] if rest[:1] == ["--"] else rest)
    return Words("", "", words, alone=len(words) == 1 and first[:1] != "-" and first.replace("-", "").isalnum())


def main() -> int:
    """Do what the command line asks; return only when claude did not take our place, with the exit code."""
    environ = inherited()
    words = split(sys.argv[1:], sys.argv[0].rpartition("/")[2])
    try:
        if words.verb == "exec" and words.rest[:1] == ["--"] and len(words.rest) > 1:
            return launch(words.rest[1:], environ, command=True)
        if words.verb == "statusline":
            from cclaunch.statusline.line import show

            if show(words.rest, environ):
                system._exit(0)  # all is written: to take the interpreter apart would be a sixth of the line's time
        if words.verb:
            import gc

            gc.set_threshold(100_000)  # what is imported is no garbage: to look for it there is a tenth of a verb's time
            from cclaunch.cli import main as manage

            return manage(sys.argv[1:], environ)
        if words.trouble:
            return refuse(words.trouble)
        if words.alone and _is_enabled(environ) and system.isatty(0) and system.isatty(1) and system.isatty(2):
            from cclaunch.launch.meant import refused

            if code := refused(words.rest[0], VERBS):
                return code
        return launch(words.rest, environ, profile=words.profile)
    except KeyboardInterrupt:
        return claude.interrupted()


def launch(words: "list[str]", environ: "dict[str, str]", *, command: bool = False, profile: str = "") -> int:
    """
    Become claude (or, with *command*, the first of *words*).

    *profile* is the NAME of ``+NAME``: when there is none of that name, nothing is launched.

    Returns:
        Our own exit code, and only when nothing could be launched.
    """
    if command:
        from cclaunch.launch.command import find_command, ignored_signals

        (path, trouble), ignored = find_command(words[0], environ), ignored_signals()
    else:
        (path, trouble), ignored = claude.find(environ, [sys.argv[0]]), ()
    if trouble:
        from cclaunch.launch.refusals import no_claude

        return no_claude(path, trouble, command)
    depth = claude.deeper(environ)
    if depth is None:
        return refuse(f"{path} starts cclaunch again, {claude.DEEPEST} times over: set CCLAUNCH_CLAUDE to the real claude")
    made = Launch(path, words, environ, command, profile)
    if _is_enabled(environ):
        from cclaunch.launch.line import prepared

        made, code = prepared(made)
        if code:
            return code
    code, reason = claude.become(path, _named(command, made.words), {**made.environ, claude.DEPTH: depth}, ignored)
    if reason and made.environ is not environ:
        from cclaunch.launch.too_large import become_as_given, is_too_large

        if is_too_large(reason):
            code, reason = become_as_given(path, _named(command, words), environ, depth, ignored, quiet=made.quiet)
    if reason:
        say(f"cannot run {path}: {reason}")
    return code


def _is_enabled(environ: "dict[str, str]") -> bool:
    return environ.get("CCLAUNCH_DISABLE", "") in ("", "0")


def _named(command: bool, words: "list[str]") -> "list[str]":
    """Return *words* with the name of what is run before them."""
    return words if command else ["claude", *words]


def inherited() -> "dict[str, str]":
    """
    Return the environment that we were started with, as text; bytes that are no text survive the round trip.

    A variable without a name is left out: the interpreter's ``execve`` refuses the whole for it.
    """
    if sys.platform == "win32":
        return dict(system.environ)
    encoding = sys.getfilesystemencoding()
    found = {
        name.decode(encoding, "surrogateescape"): value.decode(encoding, "surrogateescape")
        for name, value in system.environ.items()
        if name
    }
    return claude.uncoerced(found)

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

QUIET = frozenset(
    (
        "mcp plugin plugins auth auto-mode doctor install update upgrade setup-token project import purge logs stop kill rm "
        "import-conversations"
    ).split()
)
"""Subcommands of claude that export no telemetry (asked of the real releases) and wake no stack. With ``-p`` they are prompts."""

VALUE_OPTIONS = frozenset(
    (
        "--agent --agents --append-system-prompt --append-system-prompt-file --autocompact --debug-file --effort "
        "--environment --fallback-model --input-format --json-schema --max-budget-usd --max-thinking-tokens --max-turns "
        "--model -n --name --output-format --permission-mode --permission-prompt-tool --permission-prompts "
        "--plan-mode-instructions --plugin-dir --plugin-url --remote-control-session-name-prefix --resume-session-at "
        "--session-id --setting-sources --settings --system-prompt --system-prompt-file --system-prompt-snapshot "
        "--task-budget --thinking --advisor --agent-color --agent-id --agent-name --agent-type "
        "--append-subagent-system-prompt --append-subagent-system-prompt-file --attach-serve --client-data-url "
        "--correlation-id --deep-link-cwd-b64 --deep-link-last-fetch --deep-link-repo --initialize-fields --lead-verify-key "
        "--managed-settings --messaging-socket-path --metadata --on-branch --parent-session-id --plugin-dir-no-mcp --pool "
        "--prefill --prefill-b64 --proactivity --project-config-root --ref --rewind-files --runner-declares --sdk-url "
        "--team-name --teammate-mode --thinking-display --watch-artifact --fast-mode --inherit-permission-mode "
        "--forward-home-settings --session-began-as-copy --resume-drops-turn"
    ).split()
)
"""Options of claude that take the next word as their value."""

LIST_OPTIONS = frozenset(
    (
        "--add-dir --allowedTools --allowed-tools --betas --disallowedTools --disallowed-tools --file --mcp-config --tools "
        "--channels --dangerously-load-development-channels --workload"
    ).split()
)
"""Options that take the next word, and every further one up to the next option."""

OPTIONAL_OPTIONS = frozenset(
    (
        "-d --debug --cloud --remote --from-pr --prompt-suggestions --rc --remote-control -r --resume --teleport -w --worktree"
    ).split()
)
"""Options that take the next word unless it is an option."""

FLAGS = frozenset(
    (
        "--allow-dangerously-skip-permissions --ax-screen-reader --bare --bg --background --brief --chrome -c --continue "
        "--dangerously-skip-permissions --desktop --disable-slash-commands --exclude-dynamic-system-prompt-sections "
        "--fork-session --forward-subagent-text --ide --include-hook-events --include-partial-messages --mcp-debug "
        "--no-chrome --no-session-persistence -p --print --replay-user-messages --restricted --safe-mode "
        "--strict-mcp-config --tmux --verbose"
    ).split()
)
"""Options that take no value. What stands in none of these tables may take one: the word behind it is not sure."""

ANSWERED = frozenset(("--version", "-v", "--help", "-h"))
"""Options that claude answers, wherever they stand, and ends."""


class Reading:
    """
    What claude's words say, as far as a launch must know.

    Attributes:
        first: The first word that is neither an option nor an option's value: claude's subcommand, or a prompt.
        is_prompt: Whether there may be no subcommand: with ``-p`` every word is a prompt. The releases differ in where
            it counts, and an option that we do not know may have taken the first word; then a prompt is assumed, for
            a collector that wakes for nothing does no harm.
        is_answered: Whether ``--version`` or ``--help`` is asked for, which exports nothing.
        settings: Position of the word that holds the value of the last ``--settings`` (claude heeds only that one), or -1.
        sources: The value of ``--setting-sources``, or None.
        background: Whether a background session is asked for.
    """

    __slots__ = ("background", "first", "is_answered", "is_prompt", "settings", "sources")

    def __init__(self) -> None:
        self.first = ""
        self.is_prompt = False
        self.is_answered = False
        self.settings = -1
        self.sources: str | None = None
        self.background = False

    @property
    def command(self) -> str:
        """Return claude's subcommand, or an empty string where the first word is, or may be, a prompt."""
        return "" if self.is_prompt else self.first

    @property
    def exports(self) -> bool:
        """Say whether claude may send telemetry."""
        return not self.is_answered and self.command not in QUIET


def read(words: "list[str]") -> Reading:
    """Return what *words* say, by claude's own rules for them. They are only read: nothing is reordered, dropped or rewritten."""
    found = Reading()
    found.is_prompt = "-p" in words or "--print" in words  # releases up to 2.1.197 heed it also as a value and behind `--`
    begun = False
    unsure = position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            break  # a prompt follows
        if not is_option(word):
            if not begun:
                found.first = word
                found.is_prompt |= position == unsure
            begun = True
            continue
        if word[1] != "-":
            word = _end_of_bundle(word, found)
        if word in ANSWERED:
            found.is_answered = True
        elif word in VALUE_OPTIONS or word in LIST_OPTIONS:
            if word == "--settings" and position < len(words):
                found.settings = position
            elif word == "--setting-sources" and position < len(words):
                found.sources = words[position]
            position += 1
            while word in LIST_OPTIONS and position < len(words) and not is_option(words[position]):
                position += 1
        elif word in OPTIONAL_OPTIONS:
            if position < len(words) and not is_option(words[position]):
                position += 1
        elif word in ("--bg", "--background"):
            found.background = True
        elif word == "--restricted":
            found.sources = ""
        elif word.startswith("--settings="):
            found.settings = position - 1
        elif word.startswith("--setting-sources="):
            found.sources = word.partition("=")[2]
        elif word and word not in FLAGS and "=" not in word:
            unsure = position + 1
    return found


def is_option(word: str) -> bool:
    """Say whether claude takes *word* for an option; a dash alone is a word."""
    return word[:1] == "-" and len(word) > 1


def _end_of_bundle(word: str, found: Reading) -> str:
    """
    Return the option at the end of a bundle of short ones (``-n`` of ``-pn``), and note in *found* what stands before it.

    Empty where its value stands in *word* too (``-nNAME``, ``-d2e``): then it takes no other.
    """
    while len(word) > 2 and word[:2] in FLAGS:
        found.is_prompt |= word[1] == "p"  # the releases tried do not heed it in there; the next one may
        word = "-" + word[2:]
    found.is_prompt |= word == "-p"
    if len(word) > 2 and (word[:2] in VALUE_OPTIONS or word[:2] in OPTIONAL_OPTIONS):
        return ""
    return word[:2] if word[:2] in ANSWERED else word


def find(environ: "dict[str, str]", own: "list[str]") -> "tuple[str, str]":
    """
    Return (path, trouble): where the real claude is, or why there is none that can be run.

    Args:
        environ: ``CCLAUNCH_CLAUDE`` names it outright; else the first on ``PATH`` that is not us; else where
            claude's own installer puts it.
        own: Paths of ours, to be skipped whatever they are called.
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


def restore_signals() -> None:
    """Undo what the interpreter did at its start: it ignores SIGPIPE and SIGXFSZ, and a child would inherit that."""
    for name in ("SIGPIPE", "SIGXFSZ", "SIGXFZ"):
        number = getattr(_signal, name, None)
        if number is not None:
            _signal.signal(number, _signal.SIG_DFL)


def interrupted() -> int:
    """End as a program does that never caught Ctrl-C, so that the shell sees it; 130 where that cannot be done."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    if sys.platform != "win32":
        system.kill(system.getpid(), _signal.SIGINT)
    return 130


def uncoerced(environ: "dict[str, str]") -> "dict[str, str]":
    """
    Return *environ* without the ``LC_CTYPE`` that the interpreter itself put there.

    In the C locale CPython sets ``LC_CTYPE`` (PEP 538) before any code of ours runs; claude must not see it.
    """
    if environ.get("LC_CTYPE") not in ("C.UTF-8", "C.utf8", "UTF-8") or environ.get("LC_ALL"):
        return environ
    if environ.get("LANG", "") not in ("", "C", "POSIX"):
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
    if b"\0LC_CTYPE=" not in original:
        del environ["LC_CTYPE"]
    return environ


def become(path: str, words: "list[str]", environ: "dict[str, str]") -> "tuple[int, str]":
    """
    Replace this process by *path*, called with *words* (the first is its own name). Returns only when that failed.

    Returns:
        (exit code, reason): 126 when the system will not run it, 127 when it is not there.
    """
    if sys.platform == "win32":
        return _spawn(path, words, environ)
    restore_signals()
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

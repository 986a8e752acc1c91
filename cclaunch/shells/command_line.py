"""
What a command line says about the shell in it: which one, and whether a person types into it.

The same shell has many names (``-zsh`` of a login, ``zsh-5.9``, ``rbash``, ``busybox ash``, ``python .../xonsh``), and
a name alone does not tell a terminal's shell from one that runs a command for make.
"""

import re
from collections.abc import Mapping, Sequence

from cclaunch.shells.table import UnknownShell, find_shell

OTHER_NAMES: Mapping[str, str] = {"oksh": "ksh", "pdksh": "ksh"}
"""Programs that read what one of ours reads, and that we do not write rc files for under their own names."""

STATIC = re.compile(r"[0-9]*-static$")
EMULATOR = re.compile(r"rosetta|qemu-\w+(-static)?")
PYTHON = re.compile(r"(python|pypy)[\d.]*")

VALUE_OPTIONS: Mapping[str, frozenset[str]] = {
    "bash": frozenset("--rcfile --init-file -O +O -o +o".split()),
    "zsh": frozenset("-o +o --emulate".split()),
    "sh": frozenset("-o +o".split()),
    "fish": frozenset(
        "-C --init-command -d --debug -D --debug-stack-frames -o --debug-output -f --features --profile --profile-startup".split()
    ),
    "nu": frozenset(
        (
            "--config --env-config --plugin-config --plugins -e --execute -m --table-mode -I --include-path "
            "--log-level --log-target --log-include --log-exclude --error-style --experimental-options"
        ).split()
    ),
    "elvish": frozenset("-rc -db -sock".split()),
    "xonsh": frozenset("--rc --shell-type --config-path -D".split()),
    "pwsh": frozenset(
        "-executionpolicy -ex -ep -workingdirectory -wd -windowstyle -w -settingsfile -configurationname -outputformat".split()
    ),
}
"""Options that take the next word, which is then no script."""

NAMED_COMMAND: Mapping[str, frozenset[str]] = {
    "fish": frozenset(("--command",)),
    "nu": frozenset(("--commands",)),
    "pwsh": frozenset("-command -file -encodedcommand -ec -e".split()),
}
"""The long names of ``-c``."""


def canonical(name: str) -> str:
    """Return the one of ``shells.NAMES`` that *name* stands for (also a path or with a version), or an empty string."""
    plain = STATIC.sub("", _base(name.strip()).removeprefix("-"))
    try:
        return find_shell(OTHER_NAMES.get(plain, plain)).name
    except UnknownShell:
        return ""


def shell_of(name: str, words: Sequence[str]) -> str:
    """Return which shell a process is, or an empty string: by its *words*, else by its short *name*."""
    rest = _own_words(words)
    if not rest or not rest[0]:
        return canonical(name)
    if PYTHON.fullmatch(_base(rest[0])):
        return "xonsh" if _xonsh_words(rest) else ""
    return canonical(rest[0])


def is_glue(shell: str, words: Sequence[str]) -> bool:
    """Say whether the *words* of a *shell* make it run one command or a script: it says nothing of the person then."""
    rest = _own_words(words)
    if rest and PYTHON.fullmatch(_base(rest[0])):
        rest = _xonsh_words(rest)
    if shell == "pwsh":
        rest = [word.lower() for word in rest]
        if "-noexit" in rest:
            return False
    family = shell if shell in VALUE_OPTIONS else "sh"
    position = 1
    while position < len(rest):
        word = rest[position]
        position += 1
        if word in VALUE_OPTIONS[family] or _ends_in_o(word, family):
            position += 1
        elif not word.startswith(("-", "+")):
            return bool(word)  # a script; programs that write their own title leave empty words behind
        elif _is_command(word, family):
            return True
    return False


def _ends_in_o(word: str, family: str) -> bool:
    """Say whether *word* is a bundle such as ``-euo``, which the name of an option follows."""
    return family in ("bash", "zsh", "sh") and word.endswith("o") and word[0] in "-+" and not word.startswith("--")


def _is_command(word: str, family: str) -> bool:
    """Say whether the option *word* announces a command, alone (``-c``) or among others (``-lc``)."""
    if word.partition("=")[0] in NAMED_COMMAND.get(family, ()):
        return True
    return (
        word.startswith("-") and not word.startswith("--") and "c" in word and (family not in ("pwsh", "elvish") or word == "-c")
    )


def _own_words(words: Sequence[str]) -> list[str]:
    """Return *words* without the emulator or the busybox that runs them."""
    rest = list(words)
    while len(rest) > 1 and (EMULATOR.fullmatch(_base(rest[0])) or _base(rest[0]) == "busybox"):
        del rest[0]
    return rest


def _xonsh_words(rest: Sequence[str]) -> list[str]:
    """Return the words from ``xonsh`` on of a Python's, empty when it runs something else."""
    for position, word in enumerate(rest[1:], 1):
        if _base(word) == "xonsh":
            return list(rest[position:])
        if not word.startswith("-"):
            break
    return []


def _base(word: str) -> str:
    return word.replace("\\", "/").rpartition("/")[2].lower()

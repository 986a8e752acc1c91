"""
Whether an rc file is whole, asked of its own shell, which reads it without running anything.

Our block goes to the end. If an ``if``, a quotation or a here-document is still open there, the block would become part of
it. A here-document that is never closed is no error to most shells, so they are asked a second time, with a line at the
end that is wrong everywhere but inside of such a text.
"""

import os
import re
import tempfile
from collections.abc import Mapping
from typing import NamedTuple

from cclaunch.shells.ask import KEPT, ask_program, program

WRONG = b")\n"
"""A line that no shell reads at the top level of a script."""


class Reader(NamedTuple):
    """How a shell reads a file without running it: the *names* of its program, and the *options* for that."""

    names: tuple[str, ...]
    options: tuple[str, ...]


READERS = {
    "bash": Reader(("bash",), ("-O", "extglob", "-n")),
    "zsh": Reader(("zsh",), ("-f", "-n")),
    "fish": Reader(("fish",), ("--no-execute",)),
    "sh": Reader(("dash", "sh"), ("-n",)),
    "ksh": Reader(("ksh93", "ksh"), ("-n",)),
    "mksh": Reader(("mksh",), ("-n",)),
    "yash": Reader(("yash",), ("-n",)),
    "tcsh": Reader(("tcsh",), ("-f", "-n")),
    "csh": Reader(("tcsh",), ("-f", "-n")),  # the older csh takes `$?name` for a file name then
    "elvish": Reader(("elvish",), ("-compileonly",)),
}
"""Shells that can read a file without running it. The others have files that are ours alone, or cannot."""

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
CSH_OPEN = re.compile(rb"^[ \t]*(?:(if\b.*\bthen)|(foreach\b|while\b)|(switch\b))[^\n]*$", re.MULTILINE)
CSH_CLOSE = re.compile(rb"^[ \t]*(?:(endif\b)|(end)\b|(endsw\b))", re.MULTILINE)


def trouble(shell: str, data: bytes, environ: Mapping[str, str]) -> str:
    """
    Return why nothing can be put at the end of *data*, a script of *shell*; an empty string when all is well.

    Also when it cannot be told: the shell is not installed, or it did not answer in time.
    """
    reader = READERS.get(shell)
    path = program(reader.names, environ) if reader else ""
    if reader is None or not path or not data.strip():
        return ""
    with tempfile.TemporaryDirectory(prefix="cclaunch-") as home:
        clean = {name: environ[name] for name in KEPT if name in environ} | {"HOME": home, "XDG_CONFIG_HOME": home}

        def read(text: bytes) -> tuple[int | None, str]:
            script = f"{home}/rc"
            with open(script, "wb") as file:
                file.write(text)
            said = ask_program([path, *reader.options, script], clean)
            lines = [line for line in said.err.decode("utf-8", "replace").splitlines() if line.strip()]
            first = ESCAPES.sub("", lines[0]).removeprefix("~") if lines else "it does not say why"
            return said.code, first.replace(f"{script}: ", "").replace(script, "the file")

        code, told = read(data)
        if code:
            return f"{os.path.basename(path)} cannot read it: {told}"
        if code == 0 and shell in ("tcsh", "csh") and _open_csh(data):
            return "an if, a loop or a switch is not closed at its end"
        if code == 0 and read(data + separator(data) + WRONG)[0] == 0:
            return "a here-document is not closed at its end"
    return ""


def _open_csh(data: bytes) -> bool:
    """Say whether the lines that open something are not as many as those that close it: csh reads that without a word."""
    opened, closed = CSH_OPEN.findall(data), CSH_CLOSE.findall(data)
    return any(sum(bool(one[kind]) for one in opened) > sum(bool(one[kind]) for one in closed) for kind in range(3))


CONTINUED = (b"\\", b"`", b"^")
"""What a line ends with that goes on in the next one: in POSIX shells, fish and csh, in PowerShell, in elvish."""


def separator(data: bytes) -> bytes:
    """Return the newlines that must stand between *data* and our block, so that nothing runs on into it."""
    if not data:
        return b""
    last = data[data.rfind(b"\n", 0, len(data) - 1) + 1 :]
    missing = b"" if last.endswith(b"\n") else b"\n"
    return missing + (b"\n" if last.rstrip(b"\r\n").endswith(CONTINUED) else b"")

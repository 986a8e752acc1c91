"""
The templates of ``shell/``, filled in: the text of a block, without its markers, and of the file of ours that it reads.

Each template is a valid script of its shell, and so is what comes out. It starts no process, and stays harmless when
cclaunch, or that file, is gone.

A block is the same for everybody: it reads our file (``exports``), sets what that has not set, and makes a ``claude``
(``function``). What differs from person to person stands in our file (``env``), which must do nothing at all when it is cut
off. Most shells parse a script whole; where one acts line by line, and ends at a mistake, the script becomes one word
without quotes (*staged*), which is stored, and run only by a block that sees its end.
"""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from cclaunch.files.assets import asset
from cclaunch.hot.marks import entry, key_of
from cclaunch.otel import SEED
from cclaunch.shells.table import Shell, stage_csh, stage_posix

WHOLE, EXPORTS, SCOPED = "whole", "exports", "scoped"
"""What a block is made of: exports and the function, or one of the two."""

DIVIDER = re.compile(r"[ \t]*#: (\w+)")

TOLD = "`claude` is launched by cclaunch, if installed; past it: `{past}`, CCLAUNCH_DISABLE=1. Undo: `cclaunch unpersist`."
TOLD_OF_EXPORTS = "A bare `claude` sends its telemetry. What you export yourself wins. Undo: `cclaunch unpersist`."


class Template(NamedTuple):
    """A template: what stands *before* and *after* the variables, what stands for one to *set*, and for one that is *gone*."""

    before: str
    set: str
    gone: str
    after: str


def parse_template(text: str) -> Template:
    """Return the parts of the template *text*, without the lines that only a linter reads."""
    parts: dict[str, list[str]] = {"before": [], "variable": [], "gone": [], "end": []}
    now = "before"
    for line in text.split("\n")[:-1]:
        if divider := DIVIDER.fullmatch(line):
            now = divider[1]
        elif not line.startswith("# shellcheck"):
            parts[now].append(f"{line}\n")
    return Template(*("".join(lines) for lines in parts.values()))


def _template(name: str) -> Template:
    return parse_template(asset("shell", name).read_text("utf-8"))


def block_text(shell: Shell, kind: str, file: str, home: str) -> str:
    """
    Return the block of *kind* for *shell*, which reads *file*; one below *home* is named by ``HOME``, whoever reads the block.

    Raises Unquotable as ``shells.quote`` does.
    """
    text = f"{shell.comment} {TOLD_OF_EXPORTS if kind == EXPORTS else TOLD.format(past=shell.past)}\n"
    if kind in (WHOLE, EXPORTS):
        exports = _template(f"exports.{shell.family or shell.suffix}")
        text += exports.before + "".join(_filled(exports.set, shell, name, value) for name, value in SEED.items())
        text += exports.after
        for mark in "'\"":
            text = text.replace(f"{mark}CCLAUNCH_FILE{mark}", shell.path(file, home))
    if kind in (WHOLE, SCOPED):
        text += _template(f"function.{shell.family or shell.suffix}").before
    return text.replace("\\export ", f"{shell.builtin}export ")


def file_name(shell: Shell) -> str:
    """Return the name of the file of ours that a block of *shell* reads."""
    return f"env.{'json' if shell.suffix == 'nu' else shell.suffix}"


def file_text(shell: Shell, values: Mapping[str, str | None], made: int = 0) -> str:
    """
    Return what our file for *shell* says: *values* to export, or None for one that is not set any more.

    *made* is how many directories were made for it. Raises Unquotable as ``shells.quote`` does.
    """
    if shell.suffix == "nu":
        rows = [
            {"name": name, "key": f".{key_of(name)}", "entry": f".{entry(name, value or '')}", "value": value}
            for name, value in values.items()
        ]
        return json.dumps({"made": made, "rows": rows}) + "\n"
    template = _template(f"env.{shell.suffix}")
    gone = [_filled(template.gone, shell, name, "") for name, value in values.items() if value is None]
    parts = [_filled(template.set, shell, name, value) for name, value in values.items() if value is not None]
    parts = [template.before, *parts, *gone, template.after]
    head = f"{shell.comment} Written by cclaunch for the blocks of `cclaunch persist`, made={made}; not for a hand.\n"
    if shell.suffix == "sh":
        return head + "# shellcheck shell=sh disable=SC1001,SC2034\n" + stage_posix("".join(parts))
    if shell.suffix == "tcsh":
        return head + stage_csh(parts)
    return head + "".join(parts)


def _filled(part: str, shell: Shell, name: str, value: str) -> str:
    """Put *name*, and *value* with its mark, into the *part* of a template that stands for one variable."""
    mark = entry(name, value)
    part = part.replace("CCLAUNCH_KEY", mark[0]).replace("CCLAUNCH_HASH", mark[1:]).replace("CCLAUNCH_NAME", name)
    for quotation in "'\"":
        part = part.replace(f"{quotation}CCLAUNCH_VALUE{quotation}", shell.quote(value))
    return part.replace("CCLAUNCH_VALUE", shell.bare(value))

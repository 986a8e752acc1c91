"""
The templates of ``shell/``, filled in: the text of a block, without its markers.

Each template is a valid script of its shell, with a part that is repeated for each variable. What comes out is plain
text that starts no process: it must stay harmless when cclaunch is gone.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cclaunch.files.assets import asset
from cclaunch.hot.marks import LAST_BLOCK, hash8
from cclaunch.shells.table import Shell

LAST = LAST_BLOCK
"""What the last block of a shell exported, as ``,name:hash8,...``: the next one may replace that, and nothing else."""

DIVIDER = re.compile(r"[ \t]*#: (\w+)")


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


def fill(shell: Shell, values: Mapping[str, str | None], *, scoped: bool = False) -> str:
    """
    Return the script for *shell* that exports *values*: name -> value, or None for one that is not set any more.

    With *scoped* it defines a ``claude`` that has them, and exports nothing. Raises Unquotable as ``shells.quote`` does.
    """
    name = f"{'scoped' if scoped else 'env'}.{shell.suffix}"
    template = parse_template(asset("shell", name).read_text("utf-8"))
    marks = marks_of(values)
    made = [_with_value(template.before, "CCLAUNCH_MARKS", shell, marks)]
    for variable, value in values.items():
        part = template.gone if value is None else template.set.replace("CCLAUNCH_HASH", hash8(value))
        part = part.replace("CCLAUNCH_NAME", variable)
        if value is not None:
            part = _with_value(part, "CCLAUNCH_VALUE", shell, value)
        made.append(part)
    made.append(_with_value(template.after, "CCLAUNCH_MARKS", shell, marks))
    text = "".join(made)
    for word in ("export", "unset"):
        text = text.replace(f"\\{word} ", f"{shell.builtin}{word} ")
    if shell.function:  # an alias of that name is in its way in no case, and may go on to call it
        text = re.sub(r".*unalias claude .*\nclaude\(\) \{", f"{shell.function}claude {{", text)
    return text


def _with_value(text: str, placeholder: str, shell: Shell, value: str) -> str:
    """Put the quoted *value* in the place of the quoted *placeholder*; one that stands bare is inside a quotation."""
    word = shell.quote(value)
    for mark in "'\"":
        text = text.replace(f"{mark}{placeholder}{mark}", word)
    return text.replace(placeholder, shell.quote(word)[1:-1])


def marks_of(values: Mapping[str, str | None]) -> str:
    """Return ``name:hash8,...`` of the variables that *values* sets."""
    return ",".join(f"{name}:{hash8(value)}" for name, value in values.items() if value is not None)

"""
Makes the bundle: the hot modules compiled into one file, which the launcher of install.sh reads in one go.

The problem it owns: what goes into that file, and what of it is read together. ``python -m cclaunch.bundle FILE`` writes it
for the interpreter and the package that run it; ``bundled`` says how it is used, and when it is not.
"""

import ast
import marshal
import re
import sys
from collections.abc import Iterable
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from cclaunch.errors import UsageError
from cclaunch.files.atomic import write_atomic
from cclaunch.launch import bundled

MARK = re.compile(r'"""(?:(?!""").)*\n\nHot: ', re.DOTALL)
"""In the docstring that a file begins with; it is for whoever reads the file as well."""

ASKING = "cclaunch.launch.asking"
BUDGETS = ("cclaunch.launch.budgets", "cclaunch.hot.budget", "cclaunch.launch.standing")
SHARED = ("cclaunch.hot.marks", "cclaunch.hot.ownership")
LAUNCH = ("cclaunch.main", *SHARED, "cclaunch.launch.line", ASKING, *BUDGETS)
"""
What a launch imports one after the other: the door, with which CCLAUNCH_DISABLE comes to claude; what the status line needs as
well; the line, which a lock tells that the collector is well; the questions, where it does not; the budgets, where there is one;
the money, and what is said of it, where one is nearly spent. Each with what it imports, a group.
"""

SHOWN, WRAPPED, TOLD, SENT = STATUS_LINE = tuple(f"cclaunch.statusline.{name}" for name in ("line", "wrapped", "news", "posting"))
"""The same of the status line: what each shows; a command that is wrapped; what may be told; and the telling of it."""

ROOTS = (*LAUNCH, *STATUS_LINE)

EXTENSIONS = {ASKING: ("_socket", "_blake2"), SHOWN: ("_json",), WRAPPED: ("select",), SENT: ("_socket",)}
"""
Root -> the modules of the standard library that its group imports, or what it calls; where they are built into the interpreter,
there is nothing to do.
"""


def hot() -> list[str]:
    """Return the modules that a launch loads: those whose docstring has a paragraph that begins with ``Hot:``."""
    package = Path(__file__).parent
    found = (path.relative_to(package.parent) for path in package.rglob("*.py") if MARK.match(path.read_text("utf-8")))
    return sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found)


def in_order(names: Iterable[str], root: str) -> list[str]:
    """Return those of *names* that *root* needs, each behind its packages and behind those that it imports at its top."""
    found: list[str] = []

    def put(name: str) -> None:
        if name not in names or name in found:
            return
        put(name.rpartition(".")[0])
        for node in ast.parse(Path(_found(name)[1]).read_bytes()).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for module in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    put(module)
        found.append(name)

    put(root)
    return found


def _found(name: str) -> tuple[ModuleSpec, str]:
    """Return (spec, file) of the module *name*. Raises ImportError."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"there is no {name}", name=name)
    return spec, spec.origin


def groups() -> list[list[str]]:
    """Return the hot modules of each root that none before it has, in order."""
    names, known = hot(), set[str]()
    found = []
    for root in ROOTS:
        group = [name for name in in_order(names, root) if name not in known]
        known.update(group)
        found.append(group)
    return found


def rows(group: Iterable[str]) -> "list[bundled.Row]":
    """Return a row for each module of *group*. Raises ImportError and OSError when the package is not whole."""
    return [row for name in group if (row := _row(name)) is not None]


def _row(name: str) -> "bundled.Row | None":
    spec, file = _found(name)
    if file.endswith(tuple(EXTENSION_SUFFIXES)):
        return name, file, bundled.stamp(file), None, None
    if not spec.has_location:
        return None
    before = bundled.stamp(file)
    code = compile(Path(file).read_bytes(), file, "exec", dont_inherit=True, optimize=2)
    return name, file, before, code, spec.cached


def bundle() -> bytes:
    """
    Return the bundle: (code of the finder, groups), marshalled; each group is (names, its rows, marshalled once more).

    Only the very same interpreter can read it. The code is without docstrings: nobody asks for them there.
    """
    finder = Path(bundled.__file__)
    code = compile(finder.read_bytes(), str(finder), "exec", dont_inherit=True, optimize=2)
    made = {root: (group, rows(group)) for root, group in zip(ROOTS, groups(), strict=True)}
    for root, names in EXTENSIONS.items():
        made[root][1][:0] = rows(names)  # found before the first of them is imported: else each directory would be searched
    return marshal.dumps((code, [(group, marshal.dumps(read)) for group, read in made.values()]))


def main(words: "list[str]") -> int:
    """Write the bundle into the file that *words* name. Raises UsageError, and what `rows` and `write_atomic` raise."""
    if len(words) != 1:
        raise UsageError("one FILE is needed", hint="python -m cclaunch.bundle FILE")
    write_atomic(words[0], bundle())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""
Imports that come back to where they began: none but those named here, and the list only shrinks.

The problem it owns: an import inside a function hides a circle from the interpreter, not from whoever reads.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "cclaunch"

KNOWN = [
    "claims compile ownership placefile plan profile_files repository state",
    "backends backends.autostart backends.docker.backend backends.docker.brought backends.docker.look backends.docker.standin"
    " backends.embedded backends.foreground backends.local wake",
]
"""The circles of today, each as the modules that it holds."""


def module(file: Path) -> str:
    """Return the dotted name of *file* below the package; an empty string for the package itself."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(body: Iterable[ast.AST], modules: Iterable[str]) -> Iterator[str]:
    """Yield the modules of ours that *body* imports when it runs, at the top or inside a function."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "cclaunch":
            base = (node.module or "").removeprefix("cclaunch").removeprefix(".")
            for alias in node.names:
                name = f"{base}.{alias.name}".removeprefix(".")
                yield name if name in modules else base
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("cclaunch.") for alias in node.names if alias.name.startswith("cclaunch."))
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield from imports(ast.iter_child_nodes(node), modules)


def graph() -> dict[str, set[str]]:
    """Return module -> modules of ours that it imports."""
    files = {module(file): file for file in PACKAGE.rglob("*.py")}
    return {name: set(imports([ast.parse(file.read_text())], files)) - {name} for name, file in files.items()}


def circles(edges: dict[str, set[str]]) -> list[str]:
    """Return the sets of modules that reach one another, each sorted into one text."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        open_ends = [start]
        while open_ends:
            for name in edges.get(open_ends.pop(), set()) - found:
                found.add(name)
                open_ends.append(name)
        return found

    all_reached = {name: reached(name) for name in edges}
    rings = {frozenset(b for b in there if a in all_reached.get(b, ())) for a, there in all_reached.items() if a in there}
    return sorted(" ".join(sorted(ring)) for ring in rings)


def test_a_circle_is_found() -> None:
    """Two that need each other, and one that both need."""
    assert circles({"a": {"b", "c"}, "b": {"a"}, "c": set()}) == ["a b"]


def test_there_is_no_circle_but_those_that_are_known() -> None:
    """A new one is a mistake; one that was opened goes from the list."""
    assert circles(graph()) == sorted(KNOWN)

"""
The plan of the house: who may import whom, that nothing goes round, and what stands in one place only.

The problem it owns: an architecture that nobody walks is a drawing. Every import counts, also one inside a function;
what only a type checker reads does not.
"""

import ast
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "cclaunch"

MAY_IMPORT = {
    name: frozenset(known.split())
    for name, known in {
        "__init__": "",
        "errors": "",
        "otel": "",
        "hot": "__init__",
        "console": "errors layout",
        "layout": "",
        "bars": "console",
        "redrawn": "console",
        "dialog": "console",
        "program": "",
        "files": "errors hot",
        "shells": "errors program",
        "store": "errors files hot otel",
        "serving": "errors files hot",
        "otlp": "__init__ otel store",
        "reports": "errors hot otel store transcripts",
        "transcripts": "otel",
        "prices": "",
        "profiles": "errors files hot otel",
        "place": "console files hot profiles",
        "grafana": "__init__ errors files hot otel",
        "config": "errors files hot otel profiles",
        "budgets": "config errors files hot profiles store",
        "compiled": "__init__ budgets config errors files hot otel place profiles",
        "collector": "__init__ budgets config errors files hot otel otlp serving store",
        "backends": "__init__ bars collector config console errors files grafana hot launcher program serving store",
        "web": "__init__ answers backends config errors files hot program reports serving",
        "persist": "compiled config errors files hot otel place program shells",
        "history": "config console errors files hot otel place prices profiles store transcripts",
        "answers": "backends budgets collector config errors files hot otel profiles reports store",
        "statusline": "__init__ compiled files hot",
        "launch": "backends compiled config console dialog errors files history hot otel persist program",
        "commands": "answers backends bars budgets collector config console dialog errors files grafana history hot launch layout"
        " otel otlp persist profiles redrawn reports shells statusline store transcripts web",
        "cli": "__init__ commands console errors files hot",
        "main": "cli hot launch statusline",
        "__main__": "main",
        "bundle": "errors files launch",
        "launcher": "errors",
        "completion": "cli console hot shells",
    }.items()
}
"""Package (or file directly in ours) -> whom of ours it may import."""

HANDED_ON = {"launch": "main"}
"""File -> the one above it that it hands on when it is asked to, because launchers of 0.1.0 and 0.1.1 ask it to."""


def files() -> list[Path]:
    """Return every file of the package, relative to it."""
    return sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def module(file: Path) -> str:
    """Return the dotted name of *file* below ours; an empty string for the package itself."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str:
    """Return the package that a module belongs to, or its own name when it lies directly in ours."""
    return name.split(".")[0] or "__init__"


MODULES = {module(file): file for file in files()}


def imports(body: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the modules of ours, dotted, that *body* imports when it runs, at the top or inside a function."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "cclaunch":
            base = (node.module or "").removeprefix("cclaunch").removeprefix(".")
            for alias in node.names:
                name = f"{base}.{alias.name}".removeprefix(".")
                yield name if name in MODULES else base
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("cclaunch.") for alias in node.names if alias.name.startswith("cclaunch."))
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield from imports(ast.iter_child_nodes(node))


IMPORTS = {file: set(imports([ast.parse((PACKAGE / file).read_text())])) for file in files()}


def beyond() -> list[str]:
    """Return the imports that the table does not allow, as ``module -> package``."""
    return sorted(
        f"{name} -> {there}"
        for name, names in ((module(file), names) for file, names in IMPORTS.items())
        for there in {room(other) for other in names} - MAY_IMPORT[room(name)] - {room(name), HANDED_ON.get(name)}
    )


def circles(edges: dict[str, set[str]]) -> list[str]:
    """Return the sets of names that reach one another, each sorted into one text."""

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


def test_a_file_imports_only_whom_its_package_may() -> None:
    """The table has a line for every package, and knows every neighbour."""
    assert beyond() == []


def test_what_is_handed_on_is_imported_upward_by_that_file_alone() -> None:
    """The exceptions that are named are all there are, and each is one still."""
    upward = {module(file): name for file, names in IMPORTS.items() for name in names & set(HANDED_ON.values())}
    assert {file: name for file, name in upward.items() if name not in MAY_IMPORT[room(file)]} == HANDED_ON


def test_a_circle_is_found() -> None:
    """Two that need each other, and one that both need."""
    assert circles({"a": {"b", "c"}, "b": {"a"}, "c": set()}) == ["a b"]


def test_no_file_comes_back_to_itself() -> None:
    """Imports inside functions included: what is late is still a circle."""
    assert circles({module(file): names - {module(file)} for file, names in IMPORTS.items()}) == []


def test_no_package_comes_back_to_itself() -> None:
    """Of the table itself, so that a line added without thought is seen."""
    assert circles({name: set(known) for name, known in MAY_IMPORT.items()}) == []


@pytest.mark.parametrize("file", [file for file in files() if file.name != "otel.py"], ids=str)
def test_an_otel_name_stands_in_otel_only(file: Path) -> None:
    """The variables of OpenTelemetry have one home."""
    names = [
        node.value
        for node in ast.walk(ast.parse((PACKAGE / file).read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("OTEL_")
        and node.value.isupper()
        and " " not in node.value
    ]
    assert not names


DOORS = ("main.py",)


@pytest.mark.parametrize("file", [file for file in files() if str(file) not in DOORS], ids=str)
def test_the_environment_is_passed_down(file: Path) -> None:
    """`os.environ` is read by the doors alone."""
    tree = ast.parse((PACKAGE / file).read_text())
    assert not [
        n.lineno
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute)
        and n.attr in ("environ", "getenv")
        and isinstance(n.value, ast.Name)
        and n.value.id in ("os", "system", "posix")
    ]


BASES = ("config", "state", "cache", "data")


def joined(tree: ast.AST) -> Iterator[int]:
    """Yield the lines where a name is put behind one of our four directories."""

    def is_base(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr in BASES
            and "paths" in (getattr(node.value, "id", ""), getattr(node.value, "attr", "").lstrip("_"))
        )

    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and is_base(node.left):
            yield node.lineno
        elif isinstance(node, ast.JoinedStr):
            for first, then in itertools.pairwise(node.values):
                is_path = isinstance(then, ast.Constant) and str(then.value).startswith("/")
                if is_path and isinstance(first, ast.FormattedValue) and is_base(first.value):
                    yield node.lineno


def test_a_name_behind_a_directory_is_seen() -> None:
    """Both ways of writing it."""
    assert list(joined(ast.parse("a = paths.data + '/x'\nb = f'{self._paths.state}/x'\nc = f'ls {paths.data}'"))) == [1, 2]


@pytest.mark.parametrize("file", [file for file in files() if str(file) != "hot/paths.py"], ids=str)
def test_a_file_of_ours_is_named_in_one_place(file: Path) -> None:
    """`Paths` has a line for each."""
    assert list(joined(ast.parse((PACKAGE / file).read_text()))) == []


LIBRARIES = {
    "docker": {"backends"},
    "grpc": {"otlp", "collector"},
    "google": {"otlp", "collector"},
    "opentelemetry": {"otlp", "collector"},
    "click": {"commands", "cli", "completion", "console", "dialog"},
    "rich": {"bars", "console"},
    "uvicorn": {"serving"},
    "starlette": {"collector", "serving", "web"},
    "tomlkit": {"profiles"},
    "tomli_w": {"files", "config", "profiles", "commands"},
    "shellingham": {"shells"},
}
"""Library -> the packages that may use it."""


@pytest.mark.parametrize("file", files(), ids=str)
def test_a_library_is_used_where_it_belongs(file: Path) -> None:
    """Whoever wants to replace one knows where to look."""
    found = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in ast.walk(ast.parse((PACKAGE / file).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name for name in found if room(module(file)) not in LIBRARIES.get(name, {room(module(file))})} == set()


def test_hot_ground_is_closed() -> None:
    """A file of `hot/` imports its neighbours and C modules; only a rare branch imports more of the standard library."""
    wrong = []
    for file in files():
        if file.parts[0] != "hot":
            continue
        tree = ast.parse((PACKAGE / file).read_text())
        for node in at_import(tree.body):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            wrong += [f"{file}: {name}" for name in names if name.partition(".")[0] not in C_MODULES]
    assert wrong == []


C_MODULES = {"cclaunch", "sys", "posix", "os", "time", "_signal", "_socket", "_blake2", "_locale"}
"""What may be imported when a file of `hot/` is; `os` where there is no `posix`."""


def at_import(body: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the import statements that run when a file is imported."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from at_import(node.orelse)
        elif not isinstance(node, ast.FunctionDef):
            yield from at_import(ast.iter_child_nodes(node))


def test_a_backend_is_told_by_its_name_in_backends_only() -> None:
    """Everybody else asks the protocol."""
    found = [
        f"{file}:{node.lineno}"
        for file in files()
        if file.parts[0] != "backends"
        for node in ast.walk(ast.parse((PACKAGE / file).read_text()))
        if isinstance(node, ast.Compare)
        and any(
            isinstance(part, ast.Constant) and part.value in ("docker", "embedded") for part in [node.left, *node.comparators]
        )
    ]
    assert found == []


def test_no_file_has_outgrown_its_room() -> None:
    """At most 350 lines; half of the files have at most 100; few lie directly in the package."""
    lengths = sorted(len((PACKAGE / file).read_text().splitlines()) for file in files())
    assert lengths[-1] <= 350
    assert lengths[len(lengths) // 2] <= 100
    assert len([file for file in files() if len(file.parts) == 1]) <= 14


ARCHITECTURE = PACKAGE.parent / "docs" / "architecture.md"
PROSE = sorted([*ARCHITECTURE.parent.glob("*.md"), PACKAGE.parent / "README.md", PACKAGE.parent / "CONTRIBUTING.md"])
QUOTED = re.compile(r"`([^`\n]+)`")


def drawn() -> dict[str, frozenset[str]]:
    """Return what the drawing says: package, or file directly in ours, as its path -> whom it knows."""
    parts = re.split(r"^### `([^`]+)`\n", ARCHITECTURE.read_text(), flags=re.MULTILINE)[1:]
    known = (re.search(r"^- Knows: ((?:[^\n]+(?:\n  )?)+)", text, re.MULTILINE) for text in parts[1::2])
    return {name: frozenset(QUOTED.findall(found[1])) for name, found in zip(parts[::2], known, strict=True) if found}


def path_of_room(name: str) -> str:
    """Return the path of a package or of a file directly in ours, relative to ours, as people write it."""
    return f"{name}/" if (PACKAGE / name / "__init__.py").exists() else f"{name}.py"


def test_the_drawing_has_each_package_and_no_other() -> None:
    """A package that nobody described has no owner; one that is gone leads people astray."""
    assert set(drawn()) == {path_of_room(room(module(file))) for file in files()}


def test_the_drawing_says_whom_a_package_may_know() -> None:
    """Prose and table are one."""
    assert drawn() == {path_of_room(name): known for name, known in MAY_IMPORT.items()}


def test_a_floor_knows_nobody_above_it() -> None:
    """Of the floors as they are drawn, the upper ones first."""
    floors = re.findall(r"^\| \w+ \| (`.+`) \|$", ARCHITECTURE.read_text().partition("## Who owns what")[0], re.MULTILINE)
    height = {name: -number for number, floor in enumerate(floors) for name in QUOTED.findall(floor)}
    assert set(height) == set(drawn())
    assert [
        f"{name} -> {there}"
        for name, known in MAY_IMPORT.items()
        for there in sorted(known)
        if height[path_of_room(there)] > height[path_of_room(name)]
    ] == []


def absent(text: str) -> list[str]:
    """Return the paths and modules of ours that *text* names, and that are not there."""
    root = PACKAGE.parent
    paths = set(re.findall(r"(?<![\w./-])(?:cclaunch|tests|docs|shell|completions)/[\w./-]*[\w/]", text))
    names = {name for name in QUOTED.findall(text) if re.fullmatch(r"[\w/]+(\.py)?", name) and "/" in name}
    rooms = {room(name) for name in MODULES}
    paths |= {f"cclaunch/{name}" for name in names if name.partition("/")[0] in rooms}
    dotted = {word.replace(".", "/") for word in re.findall(r"(?<![\w./-])cclaunch(?:\.[a-z_]+){2,}", text)}  # one: an attribute
    wrong = [path for path in paths if not ((root / path).exists() or (root / f"{path}.py").exists())]
    return sorted(wrong + [path for path in dotted if not ((root / path).is_dir() or (root / f"{path}.py").exists())])


def test_a_path_that_is_not_there_is_seen() -> None:
    """Each way of writing it; what lies elsewhere is left alone."""
    text = "`hot/gone.py`, `hot/paths`, tests/gone.py, cclaunch.hot.gone and cclaunch.hot.paths; `data/stack/ports`"
    assert absent(text) == ["cclaunch/hot/gone", "cclaunch/hot/gone.py", "tests/gone.py"]


@pytest.mark.parametrize("file", PROSE, ids=lambda file: file.name)
def test_what_the_prose_names_is_there(file: Path) -> None:
    """Whoever follows a path arrives."""
    assert absent(file.read_text()) == []


def test_every_directory_of_tests_is_run() -> None:
    """By the README's command: what nobody named there would be run by nobody, and no failure would tell."""
    named = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["testpaths"]
    run = {path for pattern in named for path in PACKAGE.parent.glob(pattern)}
    tests = (PACKAGE.parent / "tests").rglob("test_*.py")
    assert sorted({str(file.parent) for file in tests if not run & {file, *file.parents}}) == []


def test_no_test_is_imported() -> None:
    """What two tests need lies in the harness."""
    tests = PACKAGE.parent / "tests"
    names = {file.stem for file in tests.rglob("test_*.py")}
    assert names
    assert not [
        f"{file.relative_to(tests)}: {node.module}"
        for file in tests.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] in names
    ]

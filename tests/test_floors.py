"""Imports go down only: doors, verbs, edges, values, facts."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "cclaunch"

FLOORS = [
    {"__init__", "otel", "errors", "assets", "bundled"},
    set("shellwords environment config config_checks toml_file yaml_text attributes profiles profile_text".split())
    | set("placetext gitconfig".split())
    | set("shells shell_files templates rcfile rcdiff byhand claude_json jsonsplice grafana".split()),
    set("claude probe plan ownership repository placefile compile console ports store collector backends wake".split())
    | set("detect files state profile_files claims override background bundle claude_settings".split())
    | set("asking syntax rcread rcwrite rcbackup inplace blocks shell_now persisted reached refresh".split())
    | set("sweeping dashboards download".split()),
    {"commands"},
    {"__main__", "launch", "refusals", "cli", "completion"},
]

FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def floor(name):
    """Return the floor of the first part of a module's path."""
    for number, rooms in enumerate(FLOORS):
        if name in rooms:
            return number
    raise AssertionError(f"{name} has no floor: put it into FLOORS")


def imported(path):
    """Return the rooms of ours that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cclaunch":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("cclaunch.")}
    return {name if name != "__version__" else "__init__" for name in found}


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_go_down_only(file):
    """A module may import from its own floor and from those below."""
    here = floor(file.parts[0].removesuffix(".py"))

    above = {name for name in imported(PACKAGE / file) if floor(name) > here}

    assert not above


@pytest.mark.parametrize("file", [file for file in FILES if file.name != "otel.py"], ids=str)
def test_an_otel_name_stands_in_otel_only(file):
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


@pytest.mark.parametrize("file", [file for file in FILES if file.name not in ("launch.py", "__main__.py")], ids=str)
def test_the_environment_is_passed_down(file):
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

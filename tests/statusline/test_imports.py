"""What the status line may import: it runs many times a minute, beside claude."""

import json
import sys
from pathlib import Path

import pytest
from guard import REPOSITORY
from sandbox import Sandbox
from status_lines import LAUNCHED, line, said

from cclaunch.bundle import ROOTS, SENT, SHARED, SHOWN, TOLD, WRAPPED, groups
from cclaunch.hot.paths import our_paths

GROUPS = {root: set(group) for root, group in zip(ROOTS, groups(), strict=True)}
ALWAYS = set().union(*(GROUPS[root] for root in ("cclaunch.main", *SHARED, "cclaunch.hot.budget", SHOWN)))

LISTS_MODULES = """
import sys
before = set(sys.modules)
import posix
sys.path.insert(0, sys.argv.pop(1))
sys.argv[0] = "cclaunch"
from cclaunch.main import main
def end(code):
    print(*(set(sys.modules) - before))
    sys.exit(code)
posix._exit = end
main()
"""


@pytest.fixture
def warm(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose plan is made, with a line that was shown before."""
    sandbox.configure()
    line(sandbox, stdin=json.dumps({**said(), "rate_limits": None}).encode())
    return sandbox


def imported(place: Sandbox, *words: str, whole: object = None, **environ: str) -> set[str]:
    """Return what the line has imported when all is done."""
    given = [sys.executable, "-IS", "-c", LISTS_MODULES, str(REPOSITORY), "statusline", *words]
    done = place.run(given, input=json.dumps(whole or said()).encode(), environ={**LAUNCHED, **environ})
    assert (done.returncode, done.stderr) == (0, b"")
    return set(done.stdout.decode().splitlines()[-1].split())


def check(loaded: set[str], *groups: str, c_modules: str = "") -> None:
    """It loads what every line needs and these *groups*, and of the standard library C modules alone."""
    assert {name for name in loaded if name.startswith("cclaunch")} - set().union(*GROUPS.values()) == set()
    assert ALWAYS.union(*(GROUPS[root] for root in groups)) <= loaded
    assert {name for name in loaded if not name.startswith("cclaunch")} == {"_json", *c_modules.split()}


def test_a_line_imports_only_these(warm: Sandbox) -> None:
    """And nothing of a launch that it has no use for."""
    loaded = imported(warm, whole={**said(), "rate_limits": None})
    check(loaded)
    assert {name for name in loaded if name.startswith("cclaunch")} == ALWAYS


def test_plan_windows_that_are_not_told_import_only_what_compares(warm: Sandbox) -> None:
    """Where claude sends no telemetry."""
    check(imported(warm), TOLD)


def test_a_wrapped_command_imports_only_what_runs_it(warm: Sandbox) -> None:
    """No `subprocess`."""
    check(imported(warm, "--wrap", ":"), TOLD, WRAPPED, c_modules="select")


def test_what_is_told_imports_only_what_sends_it(warm: Sandbox) -> None:
    """No `json`, no `socket`."""
    Path(our_paths(warm.environ).data).mkdir(parents=True)
    Path(our_paths(warm.environ).collector_ports).write_text("grpc=1\nhttp=1\n")
    check(imported(warm, CLAUDE_CODE_ENABLE_TELEMETRY="1"), TOLD, SENT, c_modules="_socket")


def test_wide_characters_import_only_their_table(warm: Sandbox) -> None:
    """It is a C module, too."""
    check(imported(warm, "--format", "界 {profile}", COLUMNS="80"), TOLD, c_modules="unicodedata")

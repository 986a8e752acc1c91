"""
What a launch may import: every module costs each launch, and one careless import costs more than all the rest.

Asked of a fresh interpreter as install.sh lays the launcher down (``-IS``), at the moment of the exec.
"""

import os
import sys
from collections.abc import Iterator, Set
from pathlib import Path

import pytest
from collector_client import beats, wait_until
from docker_stack import DockerStack
from doubles import fake_claude
from guard import REPOSITORY
from receiver import RECEIVER
from sandbox import Sandbox, kill
from spending_file import write_spending
from transcript_lines import record, write

from cclaunch.bundle import ASKING, ROOTS, SHARED, groups, hot
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.hot.ports import adopted_ports, keeper

C_MODULES = {"_socket", "_blake2"}
"""Modules of the standard library that a launch may load when it has to ask: C modules without a line of Python."""

GROUPS = {root: set(group) for root, group in zip(ROOTS, groups(), strict=True)}
DOOR, QUESTIONS = GROUPS["cclaunch.main"], GROUPS[ASKING]
BUDGETS, MONEY, SAID = (GROUPS[f"cclaunch.{name}"] for name in ("launch.budgets", "hot.budget", "launch.standing"))
LINE = GROUPS["cclaunch.launch.line"].union(*(GROUPS[root] for root in SHARED))

LISTS_MODULES = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv.pop(1))
sys.argv[0] = "cclaunch"
from cclaunch.main import main
from cclaunch.hot import claude
claude.become = lambda *_: (print(*(set(sys.modules) - before)), (0, ""))[1]
main()
"""


def imported(sandbox: Sandbox, *words: str, told: bytes = b"") -> set[str]:
    """Return what a launch with *words* has imported when it would become claude, having *told* no more than that."""
    done = sandbox.run([sys.executable, "-IS", "-c", LISTS_MODULES, str(REPOSITORY), *words])
    assert done.returncode == 0, done.stderr
    assert done.stderr == told
    return set(done.stdout.decode().split())


@pytest.fixture
def warm(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude, with its caches made."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    sandbox.cclaunch("mcp", "list")
    return sandbox


@pytest.fixture
def stranger(warm: Sandbox) -> Iterator[None]:
    """A collector of somebody else's making on the gRPC port."""
    port = warm.configure()["grpc"]
    with warm.popen([sys.executable, "-c", RECEIVER, str(port)]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        process.kill()


def check_hot(loaded: set[str], *groups: set[str], c_modules: Set[str] = frozenset()) -> None:
    """Of what says ``Hot:`` a launch loads these *groups*, no less and no more; beside them some *c_modules* and nothing else."""
    assert {name for name in loaded if name.startswith("cclaunch")} == set().union(*groups)
    assert {name for name in loaded if not name.startswith("cclaunch")} <= c_modules


def check_asking(loaded: set[str]) -> None:
    """All that says ``Hot:`` is loaded, and what sends and proves a question."""
    check_hot(loaded, DOOR, LINE, QUESTIONS, c_modules=C_MODULES)


def test_every_hot_module_is_in_a_group() -> None:
    """One that is in none would be looked for in each directory at each launch."""
    assert set(hot()) == set().union(*GROUPS.values())


def test_a_launch_that_is_to_do_nothing_imports_the_door_alone(warm: Sandbox) -> None:
    """With CCLAUNCH_DISABLE=1 claude is found, and we become it."""
    warm.environ["CCLAUNCH_DISABLE"] = "1"
    check_hot(imported(warm, "-p", "x"), DOOR)


def test_a_launch_that_exports_nothing_imports_only_these(warm: Sandbox) -> None:
    """`claude mcp list` sends no telemetry, so nobody is asked."""
    check_hot(imported(warm, "mcp", "list"), DOOR, LINE)


def test_one_bare_word_without_a_terminal_imports_nothing_more(warm: Sandbox) -> None:
    """What it was meant for is asked where a person reads the answer."""
    check_hot(imported(warm, "mcp"), DOOR, LINE)


def test_a_launch_with_a_healthy_collector_imports_only_these(warm: Sandbox) -> None:
    """The usual case: its lock says that it is well, so it is not asked, and no socket is made."""
    warm.cclaunch("-p", "wakes it")
    assert wait_until(lambda: beats(our_paths(warm.environ)))
    check_hot(imported(warm, "-p", "x"), DOOR, LINE)


def budgeted(place: Sandbox) -> Paths:
    """Give the profile in use a budget, and wake the collector; return our directories."""
    place.cclaunch("profile", "set", "shop", "--budget", "300")
    place.cclaunch("profile", "use", "shop")
    place.cclaunch("-p", "wakes it")
    paths = our_paths(place.environ)
    assert wait_until(lambda: beats(paths))
    return paths


def test_a_launch_with_a_budget_imports_what_looks_at_it(warm: Sandbox) -> None:
    """And nothing else, as long as there is nothing to say: not the money, either."""
    paths = budgeted(warm)
    write_spending(paths, {"month": 400, "month.shop": 200})
    check_hot(imported(warm, "-p", "x"), DOOR, LINE, BUDGETS)


def test_a_launch_that_tells_of_a_budget_imports_the_money_and_what_prints(warm: Sandbox) -> None:
    """It does so at each launch from there on."""
    paths = budgeted(warm)
    write_spending(paths, {"month": 400, "month.shop": 300})
    loaded = imported(warm, "-p", "x", told=b"cclaunch: shop: $300 of $300 this month\n")
    check_hot(loaded, DOOR, LINE, BUDGETS, MONEY, SAID, {"cclaunch.console", "cclaunch.errors"})


def test_a_launch_that_no_budget_concerns_imports_no_money(warm: Sandbox) -> None:
    """What exports nothing spends nothing."""
    budgeted(warm)
    check_hot(imported(warm, "mcp", "list"), DOOR, LINE)


def test_transcripts_that_nobody_has_read_cost_a_launch_nothing(warm: Sandbox) -> None:
    """Nor does claude's directory in its environment, once it is noted."""
    warm.environ["CLAUDE_CONFIG_DIR"] = str(warm.home / "other")
    write(warm.home / "other" / "projects" / "x" / "a.jsonl", record())
    warm.cclaunch("-p", "wakes it")
    paths = our_paths(warm.environ)
    assert wait_until(lambda: beats(paths))
    assert os.listdir(paths.claude_dirs)
    check_hot(imported(warm, "-p", "x"), DOOR, LINE)


def test_a_launch_that_no_lock_tells_of_the_collector_imports_what_asks(warm: Sandbox) -> None:
    """It may be hung, or of another release."""
    warm.cclaunch("-p", "wakes it")
    assert wait_until(lambda: beats(our_paths(warm.environ)))
    Path(our_paths(warm.environ).collector_alive).unlink()
    check_asking(imported(warm, "-p", "x"))


def test_a_launch_with_an_adopted_collector_imports_only_these(warm: Sandbox, stranger: None) -> None:
    """What was judged once is not judged again while it listens."""
    first = warm.cclaunch("-p", "judges it")
    assert b"has a collector already" in first.stderr
    check_asking(imported(warm, "-p", "x"))


def test_an_adopted_collector_that_is_gone_is_replaced_by_ours(warm: Sandbox, stranger: None) -> None:
    """The launch sees that nobody listens, and forgets it."""
    warm.cclaunch("-p", "judges it")
    paths = our_paths(warm.environ)
    assert adopted_ports(paths) is not None
    for process in warm.processes():
        kill(process)
    assert wait_until(lambda: not warm.processes())

    assert warm.cclaunch("-p", "x").returncode != 125
    assert adopted_ports(paths) is None
    assert (Path(paths.data) / "collector.ports").exists()


def kept(paths: Paths) -> bool:
    """Say whether a keeper vouches for itself."""
    found = keeper(paths)
    return found is not None and beats(paths, found.pid)


def test_a_launch_with_a_healthy_docker_stack_imports_only_these(stack: DockerStack) -> None:
    """The four questions cost no module; the SDK is for verbs."""
    box = stack.sandbox
    box.environ["PATH"] = f"{fake_claude(box.home / 'bin').parent}:{box.environ['PATH']}"
    box.cclaunch("-p", "wakes it")
    assert wait_until(lambda: kept(our_paths(box.environ)))
    check_asking(imported(box, "-p", "x"))


def test_a_launch_with_a_stand_in_for_docker_imports_only_these(warm: Sandbox) -> None:
    """Nobody pays for an engine that is away but the first launch, which says so."""
    warm.configure(extra='backend = "docker"\n[docker]\nhost = "unix:///nonexistent/docker.sock"')
    first = warm.cclaunch("-p", "wakes it")
    assert b"stands in" in first.stderr
    assert wait_until(lambda: beats(our_paths(warm.environ)))
    check_hot(imported(warm, "-p", "x"), DOOR, LINE)

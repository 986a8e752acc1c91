"""An environment so large that ours does not fit beside it: claude runs as we were started, and one line says so."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox

from cclaunch.main import launch

PART = 100_000
"""Bytes of one variable: no single one may have more than 128 KiB."""

SLACK = 500
"""Less than a launch adds, more than the words of the command and of what it becomes differ by."""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems count in other ways")


def filled(size: int) -> dict[str, str]:
    """Return variables of *size* bytes in all."""
    sizes = [PART] * (size // PART) + [size % PART]
    return {f"FILL_{number:03}": "x" * size for number, size in enumerate(sizes)}


def fits(box: Sandbox, size: int) -> bool:
    """Say whether the system starts our command with so much in the environment."""
    try:
        subprocess.run(["true", *box.command("-p", "hello")], env=box.environment(filled(size)), check=True)
    except OSError:
        return False
    return True


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose environment is as large as the system takes it, but for a little."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    low, high = 0, os.sysconf("SC_ARG_MAX") * 2
    while high - low > 16:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(sandbox, middle) else (low, middle)
    sandbox.environ |= filled(low - SLACK)
    return sandbox


def test_claude_runs_as_we_were_started(box: Sandbox) -> None:
    """With its words and its environment, but for the depth."""
    done = box.cclaunch("-p", "hello")
    seen = told(done.stdout)

    assert done.returncode == FAKE_EXIT
    assert seen["argv"][1:] == ["-p", "hello"]
    assert {name: value for name, value in seen["environ"].items() if name != "__CCLAUNCH_DEPTH"} == box.environment()


def test_one_line_says_so(box: Sandbox) -> None:
    """Whoever looks for the telemetry of this session finds out why there is none."""
    done = box.cclaunch("-p", "hello")

    assert done.stderr.decode().splitlines() == [
        "cclaunch: the system takes no larger environment: claude runs as cclaunch was started, without telemetry"
    ]


@pytest.fixture
def signals() -> Iterator[None]:
    """A launch that fails has undone what the interpreter does to signals: without it the tests would end at a closed pipe."""
    before = {number: signal.getsignal(number) for number in (signal.SIGPIPE, signal.SIGXFSZ)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("off", ["0", "1"])
def test_what_is_too_large_by_itself_is_a_failure_as_ever(
    sandbox: Sandbox, signals: None, capsys: pytest.CaptureFixture[str], off: str
) -> None:
    """A word that the system takes of nobody: nothing of ours is in its way."""
    sandbox.configure()
    path = fake_claude(sandbox.home / "bin")
    code = launch(["x" * 200_000], {**sandbox.environ, "CCLAUNCH_CLAUDE": str(path), "CCLAUNCH_DISABLE": off})

    assert code == 126
    assert capsys.readouterr().err.endswith(f"cannot run {path}: Argument list too long\n")


def test_a_command_runs_as_it_was_asked_for(box: Sandbox) -> None:
    """`exec --` is a launch, too."""
    done = box.cclaunch("exec", "--", "claude", "hello")

    assert done.returncode == FAKE_EXIT
    assert told(done.stdout)["argv"][1:] == ["hello"]

"""
The guard itself: what it forbids and what it lets through.

The problem it owns: a guard that never fires protects nobody.
"""

import os
import signal
from pathlib import Path

import guard
import pytest
from sandbox import Sandbox, free_ports


def test_opening_a_file_of_the_real_home_is_refused() -> None:
    """A path right below the real home raises, and the error names it."""
    path = guard.REAL_HOME + "/.bashrc"
    with pytest.raises(guard.RealHomeTouched, match="bashrc"):
        open(path)  # noqa: SIM115 - it never opens


def test_making_a_directory_in_the_real_home_is_refused() -> None:
    """Nothing can be created there either."""
    with pytest.raises(guard.RealHomeTouched, match=r"os\.mkdir"):
        os.mkdir(guard.REAL_HOME + "/.config-of-nobody")


def test_the_home_of_this_process_is_not_the_real_one() -> None:
    """``~`` leads to a throw-away directory while the tests run."""
    assert not os.path.expanduser("~").startswith(guard.REAL_HOME + "/")
    assert Path.home() != Path(guard.REAL_HOME)


def test_the_repository_may_be_read() -> None:
    """A checkout below the home of its owner can still be tested."""
    assert not guard.Guard().forbids(str(guard.REPOSITORY / "tests" / "conftest.py"))


@pytest.mark.parametrize("pid", [0, -1, os.getpid()])
def test_a_signal_to_the_tests_themselves_is_refused(pid: int) -> None:
    """No process stands as 0 in what a test looks up. The signal here would harm nobody."""
    with pytest.raises(guard.RunnerSignalled):
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(guard.RunnerSignalled):
        os.killpg(os.getpgid(pid) if pid >= 0 else pid, signal.SIGCONT)


def test_a_process_of_the_sandbox_is_found_and_ended(sandbox: Sandbox) -> None:
    """Whatever carries the sandbox's home in its environment is a survivor, and does not survive the finding."""
    with sandbox.popen(["sleep", "600"]):
        (found,) = sandbox.survivors(patience=0)
    assert "sleep 600" in found
    assert not sandbox.processes()


def test_free_ports_are_different() -> None:
    """Ten ports asked for at once are ten."""
    assert len(set(free_ports(10))) == 10

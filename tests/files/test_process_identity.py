"""A process is the same one by its pid and its ticks, whatever the clock says."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from collector_client import wait_until
from required import require

from cclaunch.files.process_identity import here, pid_here, start_ticks

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_a_process_keeps_its_ticks() -> None:
    """Asked twice."""
    assert start_ticks(os.getpid()) is not None
    assert start_ticks(os.getpid()) == start_ticks(os.getpid())


def test_a_later_process_has_later_ticks() -> None:
    """So that a pid that was given out again names another one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mine, its = start_ticks(os.getpid()), start_ticks(child.pid)
        child.kill()

    assert mine is not None
    assert its is not None
    assert mine < its


def test_one_that_is_gone_has_none() -> None:
    """Waited for, it is no process any more."""
    child = subprocess.Popen(["true"])
    child.wait()

    assert start_ticks(child.pid) is None


def test_one_that_has_ended_and_was_not_waited_for_has_none() -> None:
    """A zombie does nothing more."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert start_ticks(child.pid) is not None
        os.kill(child.pid, signal.SIGKILL)
        assert wait_until(lambda: start_ticks(child.pid) is None)
    finally:
        child.communicate()


@LINUX
def test_a_name_with_brackets_and_spaces_moves_no_field(tmp_path: Path) -> None:
    """The name of a program stands in the same line, as it is."""
    program = tmp_path / ") Z 1 (x"
    shutil.copy(require("sleep"), program)
    with subprocess.Popen([program, "60"]) as child:
        assert wait_until(lambda: Path(f"/proc/{child.pid}/comm").read_text() == ") Z 1 (x\n")
        ticks = start_ticks(child.pid)
        child.kill()

    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")
    assert ticks is not None
    assert 0 < ticks <= since_boot


def test_where_there_is_no_proc_the_process_still_has_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr(sys, "platform", "darwin")

    assert start_ticks(os.getpid()) is not None
    assert start_ticks(os.getpid()) == start_ticks(os.getpid())
    assert start_ticks(2**22 + 1) is None


@LINUX
def test_a_place_is_known_by_boot_and_namespaces() -> None:
    """Nothing of it is empty on a usual machine."""
    assert all(here().values())


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")
@pytest.mark.parametrize(("option", "differs"), [("-pf", "pids"), ("-n", "network")])
def test_another_namespace_is_another_place(option: str, differs: str) -> None:
    """And only that part of it differs."""
    code = "from cclaunch.files.process_identity import here; print(*here().values(), sep='\\n')"
    words = [require("unshare"), option, "--mount-proc", sys.executable, "-c", code]
    there = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()

    assert [name for name, mine, its in zip(here(), here().values(), there, strict=True) if mine != its] == [differs]


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make a namespace")
def test_a_process_of_a_namespace_inside_ours_is_found_here() -> None:
    """By the pid that it has there: the first one."""
    code = "import os; print(os.getpid(), os.stat('/proc/self/ns/pid').st_ino, flush=True); input()"
    words = [require("unshare"), "-pf", "--mount-proc", sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid, namespace = map(int, child.stdout.readline().split())
        found = pid_here(pid, namespace)
        command = Path(f"/proc/{found}/cmdline").read_text()
        child.communicate("\n")

    assert pid == 1
    assert code in command


@LINUX
def test_a_process_of_a_namespace_that_we_do_not_see_is_none() -> None:
    """Whatever its pid is."""
    assert pid_here(os.getpid(), 1) == 0

"""The person's command, whatever it is: it ends, it costs nothing to listen to it, and what it says is told in a line."""

import os
import subprocess
import threading
from pathlib import Path

import psutil
import pytest
from collector_client import wait_until

from cclaunch.budgets import running
from cclaunch.budgets.running import Running

SOON = 0.5


def run(command: str, deadline: float = 30, **added: str) -> tuple[str, str]:
    """Return (trouble, what it said) of *command*."""
    return Running(deadline).run(command, added)


def is_gone(pid: int) -> bool:
    """Say whether the process *pid* is no more, or only its name is."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_is_run_by_a_shell_and_knows_what_it_is_told() -> None:
    """With pipes and quotes, as one writes it."""
    assert run('printf "%s|" "$A B" | tr a-z A-Z', A="it's $5\"") == ("", "IT'S $5\" B|")


def test_it_has_a_session_of_its_own_and_no_input() -> None:
    """It can neither ask nor be reached by a terminal's signals."""
    code = "cat; test $$ = $(ps -o sid= -p $$) && echo own"
    assert run(code) == ("", "own")


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("definitely-no-such-program", 127), ("kill -9 $$", -9)])
def test_one_that_fails_says_so(command: str, code: int) -> None:
    """With its own last words."""
    assert run(command)[0] == f"it ended with {code}"


def test_what_both_streams_say_is_told_in_one_line() -> None:
    """Nothing in it drives whoever reads the log."""
    assert run("echo one; printf '\\033[2Jtwo\\a\\n\\n' >&2") == ("", "one ?[2Jtwo?")


@pytest.mark.parametrize(
    "command",
    ["sleep 600", "trap '' TERM HUP INT; sleep 600; :", "exec >/dev/null 2>&1; sleep 600", "sleep 600 & sleep 600 & wait"],
    ids=["waits", "ignores signals", "closes its output", "starts others"],
)
def test_one_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path, command: str) -> None:
    """At its deadline."""
    trouble, _ = run(f"echo $$ > {tmp_path}/pid; {command}", deadline=SOON)
    assert trouble == f"it was ended, after {SOON:g} s"
    group = int((tmp_path / "pid").read_text())
    assert wait_until(lambda: not [one for one in psutil.process_iter() if _group(one) == group])


def _group(process: psutil.Process) -> int:
    try:
        return 0 if process.status() == psutil.STATUS_ZOMBIE else os.getpgid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return 0


def test_one_that_talks_without_end_finds_its_output_closed() -> None:
    """A part of it is told."""
    trouble, said = run("yes budget", deadline=60)
    assert trouble in ("it ended with -13", "it ended with 1", "it ended with 141")
    assert said.startswith("budget budget")
    assert len(said) == running.LONGEST_TOLD + 1


def test_a_huge_line_is_cut() -> None:
    """Of bytes that are no text."""
    trouble, said = run("head -c 3000000 /dev/zero | tr '\\0' '\\377'", deadline=60)
    assert said.endswith("…")
    assert len(said) == running.LONGEST_TOLD + 1
    assert "ended, after" not in trouble


def test_what_it_leaves_in_the_background_stays() -> None:
    """A sound that plays on; it has given its output away."""
    trouble, said = run("sleep 600 >/dev/null 2>&1 & echo $!")
    assert trouble == ""
    assert not is_gone(int(said))
    os.kill(int(said), 9)
    assert wait_until(lambda: is_gone(int(said)))


def test_it_is_ended_when_the_collector_ends() -> None:
    """And nothing is begun any more."""
    one = Running(600)
    found: list[tuple[str, str]] = []
    thread = threading.Thread(target=lambda: found.append(one.run("sleep 600", {})))
    thread.start()
    assert wait_until(lambda: one._child is not None)
    one.end()
    thread.join(60)
    assert found == [("it was ended, the collector ends", "")]
    assert one.run("echo never", {}) == ("it was not begun: the collector ends", "")


def test_one_that_cannot_be_started_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """There can be no more processes."""

    def full(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)
    assert run("true")[0] == "it cannot be started: [Errno 11] Resource temporarily unavailable"


def test_with_many_descriptors_open_it_is_heard_all_the_same() -> None:
    """A collector may have thousands of connections."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("no more than that may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    held: list[int] = []
    try:
        while not held or held[-1] < 1100:
            held.append(os.dup(1))
        assert run("echo heard") == ("", "heard")
    finally:
        for handle in held:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

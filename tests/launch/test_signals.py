"""A signal that we were started with ignored stays ignored for the command that is run; any other is as bare."""

import signal
import subprocess
import sys

import pytest
from required import require
from sandbox import Sandbox

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a parent ignores")

SHOWS = ("sh", "-c", "grep SigIgn /proc/$$/status")


def started(sandbox: Sandbox, shell: str, trap: str) -> int:
    """Return what a command ignores that a *shell* with the *trap* starts by ``exec --``, as a mask."""
    sandbox.configure()
    script = f'{trap}; "$@"; exit $?'
    command = [require(shell), "-c", script, "sh", *sandbox.command("exec", "--", *SHOWS)]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, check=True, timeout=120)
    return int(done.stdout.split()[1], 16)


def mask(*numbers: int) -> int:
    """Return the mask of signals."""
    return sum(1 << number - 1 for number in numbers)


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "mksh", "yash"])
def test_what_a_shell_ignores_stays_ignored(sandbox: Sandbox, shell: str) -> None:
    """Whoever wrote `trap '' PIPE` wants an error from write(2), not the end of the command."""
    assert started(sandbox, shell, "trap '' PIPE") == mask(signal.SIGPIPE)


@pytest.mark.parametrize("name", ["XFSZ", "PIPE XFSZ"])
def test_so_does_a_file_too_large(sandbox: Sandbox, name: str) -> None:
    """The interpreter ignores that one, too."""
    numbers = [signal.Signals[f"SIG{one}"] for one in name.split()]

    assert started(sandbox, "bash", f"trap '' {name}") == mask(*numbers)


def test_what_no_shell_ignores_is_as_bare(sandbox: Sandbox) -> None:
    """The interpreter's own doing does not reach the command."""
    assert started(sandbox, "bash", ":") == 0


def test_what_a_parent_ignores_for_itself_is_as_bare(sandbox: Sandbox) -> None:
    """Python ignores SIGPIPE, and starts its children without."""
    sandbox.configure()
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
    done = sandbox.cclaunch("exec", "--", *SHOWS)

    assert int(done.stdout.split()[1], 16) == 0

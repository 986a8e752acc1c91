"""`cclaunch stack down --volumes` and the ledger: it counts what goes, and goes itself only when that is meant."""

import json
import subprocess
from pathlib import Path

import pexpect
import pytest
from ledger_rows import counted
from sandbox import Sandbox
from stored import SECOND_NS, request, store

from cclaunch import cli
from cclaunch.hot.paths import our_paths

START = 1_790_000_000 * SECOND_NS


@pytest.fixture
def recorded(sandbox: Sandbox) -> Sandbox:
    """A home in which three requests were recorded that nobody has counted yet."""
    store(sandbox.database, *(request(number, START + number, micros=1000) for number in range(3)))
    return sandbox


def down(sandbox: Sandbox, *words: str) -> subprocess.CompletedProcess[bytes]:
    """End the stack and delete what it recorded."""
    return sandbox.cclaunch("stack", "down", "--volumes", *words, environ={"TZ": "UTC"})


def cost(sandbox: Sandbox) -> float:
    """Return what `usage` answers."""
    done = sandbox.cclaunch("usage", "--json")
    assert done.returncode == 0, done.stderr
    return float(json.loads(done.stdout)["total"]["cost_usd"])


def test_usage_still_answers_when_the_raw_data_is_gone(recorded: Sandbox) -> None:
    """And it is said that the ledger stays, what it holds, and how it goes."""
    done = down(recorded, "--yes")

    assert done.returncode == 0
    assert done.stdout == b"collector: was not running\ndatabase: deleted\n"
    assert b"the ledger stays (--ledger deletes it): " in done.stderr
    assert b"3 requests from 2026-09-21 14:13:20 to 2026-09-21 14:13:20" in done.stderr
    assert not recorded.database.exists()
    assert cost(recorded) == 0.003


def test_with_ledger_it_goes_too_with_its_copies(recorded: Sandbox) -> None:
    """Nothing of it is left."""
    paths = our_paths(recorded.environ)
    copies = Path(paths.ledger_copies)
    copies.mkdir(parents=True)
    (copies / "ledger-1.db").write_text("a copy")
    Path(paths.spending).write_text("what was spent")
    done = down(recorded, "--ledger", "--yes")

    assert done.stdout.endswith(b"database: deleted\nledger: deleted\n")
    assert b"this deletes the ledger: " in done.stderr
    assert list(recorded.data.glob("ledger.db*")) == []
    assert list(copies.iterdir()) == []
    assert not Path(paths.spending).exists()  # a launch would count it
    assert cost(recorded) == 0


@pytest.mark.parametrize(("answers", "raw", "left"), [("yn", False, 3), ("yy", False, 0), ("n", True, 3)])
def test_on_a_terminal_the_ledger_is_asked_for_apart(recorded: Sandbox, answers: str, raw: bool, left: int) -> None:
    """Only a yes to that question deletes it."""
    command, *words = recorded.command("stack", "down", "--volumes")
    terminal = pexpect.spawn(command, words, env=recorded.environment(), cwd=str(recorded.work), timeout=120)
    for answer, question in zip(answers, ["Delete it? [y/N]", "Delete the ledger, too? [y/N]"], strict=False):
        terminal.expect_exact(question)
        terminal.send(answer + "\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert recorded.database.exists() == raw
    assert counted(our_paths(recorded.environ).ledger) == left


def test_without_a_terminal_the_ledger_needs_both_words(recorded: Sandbox) -> None:
    """A script must mean it."""
    done = down(recorded, "--ledger")

    assert done.returncode == 2
    assert counted(our_paths(recorded.environ).ledger) == 3
    assert recorded.database.exists()


def test_ledger_without_volumes_is_refused(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be filled anew at the next question."""
    assert cli.main(["stack", "down", "--ledger"], sandbox.environ) == 2
    assert "--volumes" in capsys.readouterr().err


def test_a_ledger_that_takes_nothing_in_is_said_before_anything_goes(recorded: Sandbox) -> None:
    """What it has not counted would be lost."""
    paths = our_paths(recorded.environ)
    Path(paths.ledger).mkdir()
    refused = down(recorded)
    kept = recorded.database.exists()
    done = down(recorded, "--yes")

    assert refused.returncode == 2
    assert kept
    assert b"what it has not counted is lost: " in refused.stderr
    assert (done.returncode, recorded.database.exists()) == (0, False)

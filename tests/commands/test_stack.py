"""`cclaunch stack`: the embedded collector up and down, its database deleted only when that was meant."""

import io
import json
import signal
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest
from sandbox import Sandbox
from stored import SECOND_NS, event, request, store

from cclaunch import cli, console, layout
from cclaunch.backends.embedded import collector
from cclaunch.commands.stack.erase import erase
from cclaunch.errors import StackError
from cclaunch.files import lock
from cclaunch.hot.paths import our_paths

START = 1_790_000_000 * SECOND_NS


def ok(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return stdout of a run that went well."""
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return done.stdout.decode()


def test_up_starts_it_once_and_status_tells(sandbox: Sandbox) -> None:
    """A second `up` finds the first one's process; ports are those of the configuration."""
    ports = sandbox.configure()

    first = ok(sandbox.cclaunch("stack", "up"))
    before = json.loads(ok(sandbox.cclaunch("stack", "status", "--json")))
    second = ok(sandbox.cclaunch("stack", "up"))
    after = json.loads(ok(sandbox.cclaunch("stack", "status", "--json")))

    assert first == second
    assert first == (
        f"collector: healthy, grpc 127.0.0.1:{ports['grpc']}, http 127.0.0.1:{ports['http']}, "
        f"metrics http://127.0.0.1:{ports['metrics']}/metrics\n"
    )
    assert before == after
    assert list(before) == ["backend", "healthy", "pid", "services", "store"]
    assert (before["backend"], before["healthy"]) == ("embedded", True)
    assert isinstance(before["pid"], int)


def test_restart_replaces_the_process_and_keeps_what_was_recorded(sandbox: Sandbox) -> None:
    """Another pid, the same events."""
    sandbox.configure()
    store(sandbox.database, request(1, START))
    ok(sandbox.cclaunch("stack", "up"))
    before = json.loads(ok(sandbox.cclaunch("stack", "status", "--json")))["pid"]

    ok(sandbox.cclaunch("stack", "restart"))

    assert json.loads(ok(sandbox.cclaunch("stack", "status", "--json")))["pid"] not in (None, before)
    assert json.loads(ok(sandbox.cclaunch("usage", "--json")))["total"]["requests"] == 1


def test_down_stops_it_and_keeps_the_database(sandbox: Sandbox) -> None:
    """And says whether there was anything to stop."""
    sandbox.configure()
    ok(sandbox.cclaunch("stack", "up"))

    assert ok(sandbox.cclaunch("stack", "down")) == "collector: stopped\n"
    assert ok(sandbox.cclaunch("stack", "down")) == "collector: was not running\n"
    assert sandbox.database.exists()


def test_volumes_without_terminal_and_yes_stops_and_deletes_nothing(sandbox: Sandbox) -> None:
    """A script must mean it."""
    sandbox.configure()
    ok(sandbox.cclaunch("stack", "up"))

    done = sandbox.cclaunch("stack", "down", "--volumes")

    assert done.returncode == 2
    assert b"--yes" in done.stderr
    assert sandbox.database.exists()
    assert json.loads(ok(sandbox.cclaunch("stack", "status", "--json")))["healthy"]


def test_volumes_with_yes_says_what_it_deletes(sandbox: Sandbox) -> None:
    """Size, number and dates; then nothing of the database is left, and the collector starts with a new one."""
    sandbox.configure()
    store(sandbox.database, event("user_prompt", START), event("user_prompt", START + 86400 * SECOND_NS))
    ok(sandbox.cclaunch("stack", "up"))

    done = sandbox.cclaunch("stack", "down", "--volumes", "--yes", environ={"TZ": "UTC"})

    assert done.returncode == 0
    assert done.stdout == b"collector: stopped\ndatabase: deleted\n"
    assert b"kB, 2 events from 2026-09-21 14:13:20 to 2026-09-22 14:13:20" in done.stderr
    assert list(sandbox.data.glob("telemetry.db*")) == []
    ok(sandbox.cclaunch("stack", "up"))
    assert sandbox.cclaunch("events").stdout == b""


@pytest.mark.parametrize(("answer", "left", "code"), [("y", False, 0), ("n", True, 1), ("", True, 1), ("\x03", True, 130)])
def test_on_a_terminal_volumes_asks(sandbox: Sandbox, answer: str, left: bool, code: int) -> None:
    """Only a yes deletes; Enter, no and Ctrl-C leave everything as it was."""
    store(sandbox.database, event("user_prompt", START))
    command, *words = sandbox.command("stack", "down", "--volumes")
    terminal = pexpect.spawn(command, words, env=sandbox.environment(), cwd=str(sandbox.work), timeout=120)

    terminal.expect_exact("Delete it? [y/N]")
    terminal.send(answer if answer == "\x03" else answer + "\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert (sandbox.database.exists(), terminal.exitstatus) == (left, code)


def test_volumes_without_a_database_is_no_question(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to lose, so no terminal is needed."""
    assert cli.main(["stack", "down", "--volumes"], sandbox.environ) == 0

    assert "there is no database to delete" in capsys.readouterr().err


def test_a_database_that_a_collector_holds_is_not_deleted(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One started between stop and deletion would write into a deleted file."""
    monkeypatch.setattr("cclaunch.commands.stack.erase.PATIENCE_S", 0.1)
    store(sandbox.database, event("user_prompt", START))
    held = lock.take(str(sandbox.data / "collector.lock"), 1)
    assert held is not None

    with pytest.raises(StackError, match="running again"):
        erase(our_paths(sandbox.environ))

    assert sandbox.database.exists()


def test_yes_without_volumes_is_refused(sandbox: Sandbox) -> None:
    """It answers a question that nobody asks; a typo of --volumes must not pass."""
    assert cli.main(["stack", "down", "--yes"], sandbox.environ) == 2


@pytest.mark.parametrize("part", ["up", "restart"])
def test_a_broken_configuration_is_named_before_anything_happens(sandbox: Sandbox, part: str) -> None:
    """File, line and key; exit 2; a running collector keeps running."""
    sandbox.configure()
    ok(sandbox.cclaunch("stack", "up"))
    sandbox.config_file.write_text("[stack]\nwiat = 3\n")

    done = sandbox.cclaunch("stack", part)

    assert done.returncode == 2
    assert f"{sandbox.config_file}, line 2: `stack.wiat` is not known".encode() in done.stderr
    assert collector.health(our_paths(sandbox.environ)) is None


def test_a_data_directory_that_cannot_be_made_is_one_error(sandbox: Sandbox) -> None:
    """Exit 1 with the path, and no traceback."""
    (sandbox.home / ".local").write_text("a file where a directory should be")

    done = sandbox.cclaunch("stack", "up")

    assert done.returncode == 1
    assert done.stderr.startswith(b"cclaunch: error: cannot make ")
    assert b"Traceback" not in done.stderr


def put_log(sandbox: Sandbox, text: str) -> Path:
    """Write the collector's log and return its path."""
    path = sandbox.home / ".local/state/cclaunch/collector.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_logs_shows_the_last_lines_and_no_escape_sequences(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """What others sent may stand in the log: it must not drive the terminal."""
    put_log(sandbox, "one\ntwo \x1b[2J\nthree\n")

    assert cli.main(["stack", "logs", "-n", "2"], sandbox.environ) == 0

    assert capsys.readouterr().out == "two \\x1b[2J\nthree\n"


def test_logs_before_the_first_start_is_an_error(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """And says where it would be."""
    assert cli.main(["stack", "logs"], sandbox.environ) == 1

    assert "collector.log" in capsys.readouterr().err


def test_logs_are_followed_through_rotation(sandbox: Sandbox) -> None:
    """What is added is shown, and so is what stands in the file that takes its place."""
    path = put_log(sandbox, "old\n")
    process = sandbox.popen(sandbox.command("stack", "logs", "-f"))
    watchdog = threading.Timer(20, process.kill)
    watchdog.start()
    assert process.stdout is not None
    seen = [process.stdout.readline()]
    with path.open("a") as file:
        file.write("added\n")
    seen.append(process.stdout.readline())
    path.rename(path.with_suffix(".1"))
    put_log(sandbox, "anew\n")
    seen.append(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    watchdog.cancel()

    assert (seen, err) == ([b"old\n", b"added\n", b"anew\n"], b"")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (53_200, "53.2 kB"), (10**9, "1.0 GB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_readable(count: int, text: str) -> None:
    """Decimal units, one digit."""
    assert layout.size(count) == text


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Return that it is a terminal."""
        return True


@pytest.mark.parametrize(
    ("environ", "welcome"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_terminals_that_want_it(environ: dict[str, str], welcome: bool) -> None:
    """NO_COLOR counts when it is not empty."""
    assert console.colourful(Terminal(), environ) is welcome

"""
`usage --watch` on a terminal: what stands there, what a person presses, and that the terminal is given back as it was.
"""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from required import require
from runners import Verb
from sandbox import Sandbox
from screens import columns_of
from stored import request, store
from watching import CURSOR, Watching

from cclaunch.files.lock import locked

SESSION = "5e551014-0000-4000-8000-000000000001"
OTHER = "07e40000-0000-4000-8000-000000000002"
NASTY = "\x1b[2J\u202e\u200b日本語のリポジトリ🙂e\u0301" * 3
ENDING = [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP), (signal.SIGQUIT, -signal.SIGQUIT)]


def ask(sandbox: Sandbox, number: int, *, session: str = SESSION, micros: int = 420_000, **attributes: str) -> None:
    """Have request *number* happen now."""
    named = {"vcs__repository__name": "webshop", "vcs__ref__head__name": "fix/cart", "cclaunch__profile": "shop", **attributes}
    store(sandbox.database, request(number, time.time_ns(), micros=micros, session__id=session, **named))


@pytest.fixture
def busy(sandbox: Sandbox) -> Sandbox:
    """A sandbox in which a request was just made."""
    ask(sandbox, 1)
    return sandbox


@pytest.fixture
def watching(busy: Sandbox) -> Iterator[Watching]:
    """`usage --watch` beside it, with a frame on the screen."""
    with Watching(busy) as found:
        found.shows("webshop")
        yield found


def test_it_shows_what_happens_now(watching: Watching) -> None:
    """Today, dollars an hour, who it is, the model, and the request itself."""
    rows = watching.screen.rows

    assert rows[0] == "Today $0.4200   $2.52/h now"
    (heading, session), (_, last) = [rows[at : at + 2] for at, row in enumerate(rows) if row.startswith(("live", "last"))]
    assert heading.split() == ["live", "session", "branch", "profile", "model", "cost", "last", "id"]
    assert session.split()[:5] == ["webshop", "fix/cart", "shop", "opus-4-8", "$0.4200"]
    assert last.split()[1:] == ["opus-4-8", "100", "$0.4200", "webshop", SESSION[:8]]
    assert rows[-1] == "q ends"


def test_a_request_appears(watching: Watching, busy: Sandbox) -> None:
    """Of a session that was not there; nobody has asked for anything."""
    ask(busy, 2, session=OTHER, micros=1_000_000, vcs__repository__name="ingest")

    screen = watching.shows("ingest")
    assert screen.rows[0] == "Today $1.42   $8.52/h now"
    assert [row.split()[0] for row in screen.rows[3:5]] == ["ingest", "webshop"]


def test_an_estimate_is_marked(busy: Sandbox) -> None:
    """In the sums, and beside the session and the request; as `usage` marks it."""
    assert busy.cclaunch("usage").returncode == 0
    with contextlib.closing(sqlite3.connect(busy.data / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE requests SET origin = 2")
        ledger.execute("UPDATE quarters SET estimated = micros")
    with Watching(busy) as watching:
        rows = watching.shows("webshop").rows

    assert rows[0] == "Today ≈$0.4200   ≈$2.52/h now"
    assert sum("≈$0.4200" in row for row in rows[1:]) == 2


def test_tokens_without_a_price_are_no_zero(sandbox: Sandbox) -> None:
    """Said in the head, and a dash stands for what it cost."""
    ask(sandbox, 1)
    assert sandbox.cclaunch("usage").returncode == 0
    with contextlib.closing(sqlite3.connect(sandbox.data / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE requests SET micros = NULL, origin = 0")
        ledger.execute("UPDATE quarters SET micros = 0, unpriced = 1")
    with Watching(sandbox) as watching:
        rows = watching.shows("webshop").rows

    assert rows[0].endswith("1 without a price")
    assert any(row.split()[1:5] == ["opus-4-8", "100", "-", "webshop"] for row in rows)


def test_nothing_is_written_while_nothing_changes(watching: Watching) -> None:
    """But the age of what was last; never the whole screen."""
    watching.until(lambda screen: screen.frames >= 2)
    before = len(watching.raw)
    watching.until(lambda screen: screen.frames >= 4)

    written = watching.raw[before:]
    assert b"\x1b[2J" not in written
    assert b"Today" not in written
    assert b"last request" not in written


@pytest.mark.parametrize("key", ["q", "Q", "\x03"], ids=["q", "Q", "Ctrl-C"])
def test_a_key_ends_it_and_the_terminal_is_as_it_was(watching: Watching, key: str) -> None:
    """With 0: it was to end, as `top` is."""
    assert CURSOR not in watching.screen.modes
    assert not termios.tcgetattr(watching.theirs)[3] & termios.ECHO
    watching.press(key)

    assert watching.ended() == 0
    assert watching.is_given_back()
    assert "webshop" not in watching.screen.outside


@pytest.mark.parametrize(("number", "code"), ENDING, ids=lambda value: str(int(value)))
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(watching: Watching, number: int, code: int) -> None:
    """And whoever waits for it sees the signal."""
    watching.send(number)

    assert watching.ended() == code
    assert watching.is_given_back()


def test_other_keys_do_nothing(watching: Watching) -> None:
    """Neither an arrow nor a line of words."""
    watching.press("\x1b[A xyz\r")
    watching.press("\x0c")
    watching.until(lambda screen: screen.frames >= 3)

    assert watching.process.poll() is None
    assert watching.screen.rows[0].startswith("Today")


def test_an_error_of_ours_gives_the_terminal_back(busy: Sandbox) -> None:
    """It is said behind, where it stays."""
    program = (
        "import sys\nfrom cclaunch.commands.usage import watch\n"
        "from cclaunch.cli import main\nfrom cclaunch.main import inherited\n"
        "def fail(*_): raise ZeroDivisionError('sorry')\n"
        "watch._ended = fail\n"
        "sys.exit(main(sys.argv[1:], inherited()))"
    )
    busy.command = lambda *words: [sys.executable, "-c", program, *words]  # type: ignore[method-assign]
    with Watching(busy) as watching:
        assert watching.ended() == 3
        assert watching.is_given_back()
        assert "this is a bug of ours: ZeroDivisionError: sorry" in watching.screen.outside


def test_another_size_is_drawn_at_once(watching: Watching) -> None:
    """Smaller and larger; nothing of the old frame is left."""
    for columns, rows in ((40, 10), (20, 5), (132, 50), (80, 24)):
        watching.resize(columns, rows)
        screen = watching.until(lambda screen: screen.rows[0].startswith("Today"))
        watching.shows("webshop")
        assert not screen.spilt


def test_what_cannot_be_stopped_goes_on(watching: Watching) -> None:
    """The leader of a session is not stopped by Ctrl-Z: nobody could have it go on. The next frame is whole."""
    watching.send(signal.SIGTSTP)
    watching.until(lambda screen: screen.frames >= 2)
    watching.shows("webshop")
    watching.press("q")

    assert watching.ended() == 0
    assert watching.is_given_back()


def test_stopped_from_outside_it_takes_the_terminal_again(watching: Watching) -> None:
    """Whoever stopped it has left the terminal in any state."""
    watching.send(signal.SIGSTOP)
    termios.tcsetattr(watching.theirs, termios.TCSANOW, watching.before)
    watching.send(signal.SIGCONT)

    watching.until(lambda screen: not termios.tcgetattr(watching.theirs)[3] & termios.ECHO)
    watching.press("q")
    assert watching.ended() == 0
    assert watching.is_given_back()


def test_a_terminal_that_takes_nothing_does_not_make_it_deaf(watching: Watching) -> None:
    """Ctrl-S: it draws no more, and still ends when it is told to."""
    watching.press("\x13")
    watching.read(2.5)
    watching.send(signal.SIGTERM)

    assert watching.ended() == -signal.SIGTERM
    assert watching.is_given_back()


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a store with thirty sessions of names that are long, wide, or hostile."""
    path = tmp_path_factory.mktemp("crowd") / "telemetry.db"
    for_all = [
        request(
            number, time.time_ns(), model=name, session__id=f"{number:08d}-s", vcs__repository__name=name, cclaunch__profile=name
        )
        for number in range(30)
        for name in (NASTY if number % 2 else "b" * 70,)
    ]
    store(path, *for_all)
    return path.parent


@pytest.mark.parametrize("columns", [20, 27, 40, 61, 200])
def test_nothing_wraps_and_nothing_scrolls(sandbox: Sandbox, crowd: Path, columns: int) -> None:
    """However short the terminal is; of wide characters both halves are there, and what is hostile is shown as what it is."""
    shutil.copytree(crowd, sandbox.data)
    with Watching(sandbox, columns=columns, rows=24) as watching:
        for rows in (24, 5, 2, 1, 40):
            watching.resize(columns, rows)
            screen = watching.until(lambda screen: screen.rows[0].startswith("Today"))
            assert max(map(columns_of, screen.rows)) <= columns
            assert not screen.spilt


def test_in_the_c_locale_all_of_it_is_ascii(sandbox: Sandbox) -> None:
    """Names too: what cannot be shown is an escape."""
    ask(sandbox, 1, vcs__repository__name="größe-" * 9)
    with Watching(sandbox, environ={"LC_ALL": "C"}) as watching:
        watching.shows("gr\\xf6")
        assert watching.raw.isascii()
        assert any("~" in row for row in watching.screen.rows)


def test_no_color_is_respected(busy: Sandbox) -> None:
    """The same words without a style."""
    with Watching(busy, environ={"NO_COLOR": "1"}) as watching:
        watching.shows("webshop")
        assert b"m" not in {part[-1:] for part in watching.raw.split(b"\x1b[")[1:] if part[-1:].isalpha() and len(part) < 4}
        assert b"\x1b[1m" not in watching.raw


def test_only_what_is_asked_for_counts(busy: Sandbox) -> None:
    """Sums, sessions and requests; and it is said."""
    ask(busy, 2, session=OTHER, micros=1_000_000, vcs__repository__name="ingest", cclaunch__profile="data")
    with Watching(busy, "--where", "profile=data") as watching:
        rows = watching.shows("ingest").rows

    assert rows[0] == "Today $1.00   $6.00/h now   only cclaunch.profile=data"
    assert not any("webshop" in row for row in rows)


def test_an_empty_ledger_waits_for_the_first_request(sandbox: Sandbox) -> None:
    """It says what to type."""
    with Watching(sandbox) as watching:
        watching.shows("run `cclaunch` where you would run `claude`")
        ask(sandbox, 1)
        watching.shows("webshop")


def test_a_ledger_of_a_newer_release_is_said_and_it_goes_on(watching: Watching, busy: Sandbox) -> None:
    """In the last line; what was there stays, and when it can be read again, the line is gone."""
    with contextlib.closing(sqlite3.connect(busy.data / "ledger.db")) as ledger, ledger:
        version = ledger.execute("PRAGMA user_version").fetchone()[0]
        ledger.execute("PRAGMA user_version = 99")
    rows = watching.shows("! ledger.db was written by a newer cclaunch").rows
    assert rows[-1] == "upgrade cclaunch"
    assert any("webshop" in row for row in rows)

    with contextlib.closing(sqlite3.connect(busy.data / "ledger.db")) as ledger, ledger:
        ledger.execute(f"PRAGMA user_version = {version}")
    watching.until(lambda screen: screen.rows[-1] == "q ends")


def test_a_ledger_that_goes_is_said_and_one_that_comes_is_read(watching: Watching, busy: Sandbox) -> None:
    """Everything, as `rm` takes it; the next request makes a new one."""
    for path in busy.data.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    watching.until(lambda screen: screen.rows[-1] == "! what was recorded is gone")
    ask(busy, 7, micros=5_000_000, vcs__repository__name="anew")

    watching.shows("anew")
    watching.until(lambda screen: screen.rows[-1] == "q ends")


def test_a_ledger_that_is_locked_does_not_hold_it(watching: Watching, busy: Sandbox) -> None:
    """Whoever writes is not waited for, and keys are heard."""
    with contextlib.closing(sqlite3.connect(busy.data / "ledger.db", isolation_level=None)) as ledger:
        ledger.execute("PRAGMA locking_mode = EXCLUSIVE")
        ledger.execute("BEGIN EXCLUSIVE")
        ledger.execute("INSERT INTO cursors (source, database, position) VALUES ('x', '', 0)")
        ask(busy, 8)
        frames = watching.screen.frames
        watching.until(lambda screen: screen.frames >= frames + 3)
        ledger.execute("ROLLBACK")
        watching.press("q")
        assert watching.ended() == 0


def test_what_is_in_the_way_of_catching_up_is_said(watching: Watching, busy: Sandbox) -> None:
    """Somebody holds the lock, and no collector lives: what was there stays, and what is new comes later."""
    with locked(str(busy.data / "ledger.lock"), 10):
        ask(busy, 9, session=OTHER, vcs__repository__name="late")
        watching.shows("! what is new is not here yet: another cclaunch")
    screen = watching.shows("late ")
    watching.until(lambda screen: not any(row.startswith("! ") for row in screen.rows))
    assert any("webshop" in row for row in screen.rows)


def test_a_terminal_that_is_gone_ends_it(watching: Watching) -> None:
    """Though it was told to ignore that, and nobody reads keys."""
    watching.hang_up()

    assert watching.process.wait(60) in (0, -signal.SIGHUP)


def test_budgets_stand_below_today(busy: Sandbox) -> None:
    """As `usage` tells them: only what launches of ours have spent counts."""
    busy.configure(extra="[budget]\nmonthly = 250")
    with Watching(busy) as watching:
        rows = watching.shows("all launches $0 of $250 this month").rows

    assert rows[1].startswith("all launches $0 of $250 this month")


def test_it_holds_nothing_while_it_waits(watching: Watching) -> None:
    """Neither the ledger nor our own database is open: no reader of ours lets a log grow."""
    watching.until(lambda screen: screen.frames >= 3)
    for _ in range(20):
        with contextlib.suppress(OSError):
            opened = [os.readlink(one) for one in Path(f"/proc/{watching.process.pid}/fd").iterdir()]
            if not any(".db" in path for path in opened):
                return
        time.sleep(0.05)
    raise AssertionError("a database stays open")


def test_a_launch_that_has_said_nothing_is_there(busy: Sandbox) -> None:
    """By what its claude was given; it goes when claude ends."""
    busy.configure()
    claude = busy.home / "bin" / "claude"
    claude.parent.mkdir()
    claude.write_text("#!/bin/sh\nexec sleep 600\n")
    claude.chmod(0o755)
    busy.environ |= {"CCLAUNCH_CLAUDE": str(claude), "OTEL_RESOURCE_ATTRIBUTES": "vcs.repository.name=fresh"}
    started = busy.popen(busy.command())
    try:
        with Watching(busy) as watching:
            watching.until(lambda screen: any(row.startswith("fresh") and row.endswith("new") for row in screen.rows))
            started.kill()
            started.wait()
            watching.until(lambda screen: not any(row.startswith("fresh") for row in screen.rows))
    finally:
        started.kill()
        started.communicate()


@pytest.mark.parametrize(
    "words", [("--json",), ("--csv",), ("--by", "day"), ("--since", "7d"), ("--top", "3"), ("--sort", "cost")]
)
def test_what_asks_for_something_else_is_refused(usage: Verb, words: tuple[str, ...]) -> None:
    """In words."""
    code, out, err = usage("--watch", *words)

    assert (code, out) == (2, "")
    assert "--watch shows what happens now: it takes --where, and no other option" in err


def test_a_time_is_refused(usage: Verb) -> None:
    """Now has no days."""
    code, _, err = usage("--watch", "--where", "day=2026-11-01")

    assert code == 2
    assert "--where day: --watch shows what happens now" in err


def test_a_pipe_is_refused_with_what_programs_use(usage: Verb) -> None:
    """There is nothing to draw on."""
    code, out, err = usage("--watch")

    assert (code, out) == (2, "")
    assert "`cclaunch usage --json` is for programs" in err


def test_a_dumb_terminal_is_refused(busy: Sandbox) -> None:
    """Before anything is drawn."""
    with Watching(busy, environ={"TERM": "dumb"}) as watching:
        assert watching.ended() == 2
        assert "cannot draw on this terminal" in watching.screen.outside
        assert "\x1b" not in watching.screen.outside


def test_a_key_that_was_never_sent_is_refused_with_those_like_it(busy: Sandbox) -> None:
    """As `usage` refuses it."""
    with Watching(busy, "--where", "repositori=x") as watching:
        assert watching.ended() == 2
        assert "no request ever had `repositori`" in watching.screen.outside


def test_without_a_keyboard_it_still_shows(busy: Sandbox) -> None:
    """Stdin is /dev/null, as under some supervisors."""
    command = busy.command
    busy.command = lambda *words: ["sh", "-c", 'exec "$@" < /dev/null', "sh", *command(*words)]  # type: ignore[method-assign]
    with Watching(busy) as watching:
        watching.shows("webshop")
        watching.press("\x03")
        assert watching.ended() == 0
        assert watching.is_given_back()


@pytest.mark.parametrize("multiplexer", ["tmux", "screen"])
def test_in_a_multiplexer_it_draws_and_gives_the_screen_back(busy: Sandbox, multiplexer: str) -> None:
    """What the shell had written is there again, and its prompt takes words."""
    require(multiplexer)
    shell = Inside(busy, multiplexer)
    try:
        shell.type("echo be''fore")
        shell.until("before")
        shell.type(" ".join(busy.command("usage", "--watch")))
        assert "webshop" in shell.until("q ends")
        shell.keys("q")
        shell.until("before" if multiplexer == "tmux" else "$")  # a screen without altscreen gives back an empty one
        shell.type("echo a''nd $?")
        assert "and 0" in shell.until("and 0")
    finally:
        shell.end()


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(busy: Sandbox) -> None:
    """As of any program that fills a screen."""
    require("tmux")
    shell = Inside(busy, "tmux")
    try:
        shell.type(" ".join(busy.command("usage", "--watch")))
        shell.until("webshop")
        shell.keys("\x1a")
        shell.until("Stopped")
        shell.type("echo i''n between")
        assert "Today" not in shell.until("in between")
        shell.type("fg")
        shell.until("webshop")
        shell.keys("q")
        shell.until("in between")
    finally:
        shell.end()


class Inside:
    """A shell in a *multiplexer* of its own, 80 by 24."""

    def __init__(self, sandbox: Sandbox, multiplexer: str) -> None:
        self._sandbox, self._name = sandbox, multiplexer
        self._environ = {"PS1": "$ ", "SHELL": "/bin/sh", "SCREENDIR": str(sandbox.home / "screens"), "TERM": "xterm-256color"}
        self._copy = sandbox.home / "copy"
        if multiplexer == "tmux":
            self._words = ["tmux", "-S", str(sandbox.home / "tmux"), "-f", "/dev/null"]
            self._do("new-session", "-d", "-x", "80", "-y", "24", "sh")
        else:
            (sandbox.home / "screens").mkdir(mode=0o700)
            self._words = ["screen", "-S", "watched"]
            sandbox.run(["screen", "-c", "/dev/null", "-dmS", "watched", "sh"], environ=self._environ)

    def _do(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return self._sandbox.run([*self._words, *words], environ=self._environ)

    def keys(self, text: str) -> None:
        """Press keys."""
        if self._name == "tmux":
            self._do("send-keys", "-l", text)
        else:
            self._do("-X", "stuff", text.replace("$", "\\$"))

    def type(self, line: str) -> None:
        """Type a line."""
        self.keys(line)
        self._do("send-keys", "Enter") if self._name == "tmux" else self._do("-X", "stuff", "\r")

    def seen(self) -> str:
        """Return what is on the screen."""
        if self._name == "tmux":
            return self._do("capture-pane", "-p").stdout.decode()
        self._do("-X", "hardcopy", str(self._copy))
        return self._copy.read_text(errors="replace") if self._copy.exists() else ""

    def until(self, text: str) -> str:
        """Return the screen when it has *text*."""
        deadline = time.monotonic() + 60
        while text not in (seen := self.seen()):
            assert time.monotonic() < deadline, seen
            time.sleep(0.1)
        return seen

    def end(self) -> None:
        """End it and its shell."""
        self._do("kill-server") if self._name == "tmux" else self._do("-X", "quit")

"""
Budgets, with the real claudes: what a person reads, and that only a new session is stopped.

The problem it owns: a launch that is stopped must have asked the API for nothing, one that is told must be recorded as any other,
and what claude itself calls going on must never be stopped. The budget is a tenth of a cent: whoever keeps the file of what was
spent may write over ours, and each request costs more.
"""

import json
import re
import shlex
import time

import pexpect
import pytest
import real_claude
from messages_api import MessagesApi
from real_claude import VERSIONS, outcome
from recorded import assert_complete
from sandbox import Sandbox
from spending_file import write_spending

from cclaunch.hot.paths import our_paths

pytestmark = pytest.mark.real

STOPPED = 125
PROMPT_SIGN = "\u276f".encode()
SETTLE = 0.3
"""Seconds for claude's editor to take in what is on the screen."""

LINE = re.compile(rb"cclaunch: shop: \$[\d.]+ of \$0\.0010 this month\n")
RELEASES = [*VERSIONS, *([newest.version] if (newest := real_claude.newest()) else [])]
every = pytest.mark.parametrize("claude", RELEASES, indirect=True)


@pytest.fixture
def shop(ready: Sandbox) -> Sandbox:
    """A sandbox with a real claude, and the profile shop in use, whose budget is spent."""
    ready.configure()
    assert ready.cclaunch("profile", "set", "shop", "--budget", "0.001").returncode == 0
    ready.cclaunch("profile", "use", "shop")
    spend(ready)
    return ready


def spend(place: Sandbox) -> None:
    """Write that the budget is spent, by more than what was recorded in *place* so far."""
    place.cclaunch("usage")
    write_spending(our_paths(place.environ), {"month": 400, "month.shop": 312})


def stop(place: Sandbox) -> None:
    """Have a launch stop at a budget that is spent."""
    place.config_file.write_text(f'{place.config_file.read_text()}\n[budget]\non_exceed = "stop"\n')


@every
def test_a_launch_that_is_told_is_recorded_as_any_other(shop: Sandbox, api: MessagesApi) -> None:
    """The line stands on stderr, claude's words alone on stdout."""
    done = shop.cclaunch("-p", "say hi", "--output-format", "json")
    assert LINE.fullmatch(done.stderr)
    assert outcome(done).code == 0
    assert_complete(shop, api, processes=1)


@every
def test_a_launch_that_is_stopped_asks_the_api_for_nothing(shop: Sandbox, api: MessagesApi) -> None:
    """It is overridden for one launch by the word that it names."""
    stop(shop)
    done = shop.cclaunch("-p", "say hi")
    assert (done.returncode, done.stdout) == (STOPPED, b"")
    assert re.search(
        rb"the budget of shop is spent: .* this month; nothing was launched\n.*CCLAUNCH_BUDGET=ignore", done.stderr, re.S
    )
    assert (api.answers, api.asked) == ([], [])

    once = shop.cclaunch("-p", "say hi", environ={"CCLAUNCH_BUDGET": "ignore"})
    assert (once.returncode, once.stderr) == (0, b"")
    assert len(api.good()) >= 1
    spend(shop)
    assert shop.cclaunch("-p", "say hi").returncode == STOPPED


@every
def test_a_session_that_goes_on_is_never_stopped(shop: Sandbox, api: MessagesApi) -> None:
    """In every form in which claude takes up the same session."""
    session = outcome(shop.cclaunch("-p", "say hi", "--output-format", "json")).session
    stop(shop)
    forms = (
        ["-p", "--resume", session],
        ["-p", f"--resume={session}"],
        ["-p", "-r", session],
        ["-p", "-c"],
        ["-p", "--continue"],
    )
    for words in forms:
        spend(shop)
        before = len(api.good())
        done = shop.cclaunch(*words, "--output-format", "json", "say hi")
        assert done.returncode == 0, words
        assert LINE.fullmatch(done.stderr), words
        assert json.loads(done.stdout)["session_id"] == session, words
        assert len(api.good()) > before, words


@every
def test_a_launch_inside_a_session_is_a_new_session(shop: Sandbox, api: MessagesApi) -> None:
    """Claude's Bash tool may run cclaunch: one that goes on is never stopped, what it starts is; an override holds for both."""
    session = outcome(shop.cclaunch("-p", "say hi", "--output-format", "json")).session
    stop(shop)
    code = shop.work / "code"
    (shop.work / "script.sh").write_text(f"{shlex.join(shop.command('-p', 'say hi'))}; echo $? > {code}\n")
    words = ["-p", f"run the script in {shop.work}", "--allowedTools", "Bash"]

    spend(shop)
    assert shop.cclaunch("--resume", session, *words).returncode == 0
    assert code.read_text() == f"{STOPPED}\n"

    spend(shop)
    assert shop.cclaunch(*words, environ={"CCLAUNCH_BUDGET": "ignore"}).returncode == 0
    assert code.read_text() == "0\n"


@every
def test_a_person_is_asked_before_claudes_screen_comes_up(shop: Sandbox, api: MessagesApi) -> None:
    """With yes claude has the terminal as ever; with Enter alone it is not started."""
    shop.config_file.write_text(f'{shop.config_file.read_text()}\n[budget]\non_exceed = "ask"\n')
    command = shop.command()
    for answer, code in (("\n", STOPPED), ("y\n", 0)):
        screen = pexpect.spawn(
            command[0], command[1:], env=shop.environment(), cwd=str(shop.work), dimensions=(40, 140), timeout=120
        )
        try:
            screen.expect_exact("Start claude all the same? [y/N]: ")
            screen.send(answer)
            if code == 0:
                screen.expect(PROMPT_SIGN)
                time.sleep(SETTLE)
                screen.send("/exit")
                screen.expect_exact("exit")
                time.sleep(SETTLE)
                screen.send("\r")
            screen.expect(pexpect.EOF)
        finally:
            screen.close(force=True)
        assert screen.exitstatus == code
    assert api.good() == []

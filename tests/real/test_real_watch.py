"""
`usage --watch` beside a real claude: the launch is there at once, its requests as they are made, and its cost is claude's own.
"""

import time

import pexpect
import pytest
import real_claude
from api_scripts import GREETING
from messages_api import MessagesApi
from sandbox import Sandbox
from watching import Watching

from cclaunch.hot.amounts import money

pytestmark = pytest.mark.real

PROMPT_SIGN = "\u276f".encode()
SETTLE = 0.3
"""Seconds for claude's editor to take in what is on the screen: it drops an Enter that comes in the same breath."""


def type_line(screen: pexpect.spawn, text: str) -> None:
    """Type *text* as a person does: first the words, and Enter when they are on the screen."""
    screen.send(text)
    screen.expect(text[-4:].encode())
    time.sleep(SETTLE)
    screen.send("\r")


def test_a_session_is_seen_from_its_launch_to_its_end(ready: Sandbox, api: MessagesApi) -> None:
    """Without a word to anybody: the collector takes it in, and the view follows."""
    ready.configure()
    assert ready.run(["git", "init", "-q"]).returncode == 0
    command = ready.command()
    screen = pexpect.spawn(
        command[0], command[1:], env=ready.environment(), cwd=str(ready.work), dimensions=(40, 140), timeout=120
    )
    try:
        screen.expect(PROMPT_SIGN)
        time.sleep(SETTLE)
        with Watching(ready, columns=100, rows=30) as watching:
            watching.until(lambda seen: any(row.startswith("work ") for row in seen.rows))
            type_line(screen, "say hi to everybody")
            screen.expect(GREETING.split()[0].encode())
            watching.until(lambda seen: any("last request" in row for row in seen.rows))
            type_line(screen, "/exit")
            screen.expect(pexpect.EOF)
            spent = money(real_claude.interactive_cost(ready))
            found = watching.until(lambda seen: seen.rows[0].startswith(f"Today {spent} "))
            (session,) = [row for row in found.rows if row.startswith("work ")][:1]
            assert spent in session.split()
            assert not any(row.startswith("! ") for row in found.rows)
            watching.press("q")
            assert watching.ended() == 0
            assert watching.is_given_back()
    finally:
        screen.close(force=True)

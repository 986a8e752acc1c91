"""
An interactive session on a terminal, started through ``cclaunch``.

The problem it owns: on a pty claude draws a screen, asks questions and exports by a timer; what it did
must be in the store just as after a ``-p`` run.
"""

import pexpect
import pytest

import real_claude
from api_scripts import GREETING
from messages_api import MessagesApi
from real_claude import VERSIONS
from recorded import assert_complete, assert_usage_is, events
from sandbox import PROTOCOLS, Sandbox

pytestmark = pytest.mark.real

CASES = [(VERSIONS[turn % 2], PROTOCOLS[turn]) for turn in range(3)]
PROMPT_SIGN = "\u276f".encode()
ENTER = "\r"


def terminal(sandbox: Sandbox) -> "pexpect.spawn[bytes]":
    """Start ``cclaunch`` on a terminal of its own."""
    program, *words = sandbox.command()
    return pexpect.spawn(program, words, env=sandbox.environment(), cwd=str(sandbox.work), dimensions=(40, 140), timeout=30)  # type: ignore[arg-type]


def type_line(screen: "pexpect.spawn[bytes]", text: str) -> None:
    """Type *text* as a person does: first the words, and Enter when they are on the screen."""
    screen.send(text)
    screen.expect(text[-4:].encode())
    screen.send(ENTER)


@pytest.mark.parametrize(("claude", "protocol"), CASES, indirect=["claude"])
def test_an_interactive_session_is_recorded_once(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """A prompt is typed and answered, ``/exit`` ends claude with 0, and usage is what claude wrote down as its cost."""
    ready.configure(protocol=protocol)
    screen = terminal(ready)
    try:
        screen.expect(PROMPT_SIGN)
        type_line(screen, "say hi to everybody")
        screen.expect(GREETING.split()[0].encode())
        type_line(screen, "/exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    assert screen.exitstatus == 0
    assert len(events(ready, "user_prompt")) >= 1
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, real_claude.interactive_cost(ready))

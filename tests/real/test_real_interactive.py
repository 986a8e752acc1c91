"""
An interactive session on a terminal, started through ``cclaunch``.

The problem it owns: on a pty claude draws a screen, asks questions and exports by a timer; what it did
must be in the store just as after a ``-p`` run.
"""

import time

import pexpect
import pytest
import real_claude
from api_scripts import GREETING
from messages_api import MessagesApi
from real_claude import VERSIONS
from recorded import assert_complete, assert_usage_is, events
from required import require
from sandbox import PROTOCOLS, Sandbox

pytestmark = pytest.mark.real

CASES = [(VERSIONS[turn % 2], PROTOCOLS[turn]) for turn in range(3)]
PROMPT_SIGN = "\u276f".encode()
ENTER = "\r"
CONTROL_Z = "\x1a"
SHELL_SIGN = "sh-waits> "
RULE = "\u2500".encode()
SETTLE = 0.3
"""Seconds for claude's editor to take in what is on the screen: it drops an Enter that comes in the same breath."""


def on_terminal(sandbox: Sandbox, command: list[str]) -> pexpect.spawn:
    """Start *command* on a terminal of its own, 140 columns wide."""
    environ = {**sandbox.environment(), "PS1": SHELL_SIGN}
    return pexpect.spawn(command[0], command[1:], env=environ, cwd=str(sandbox.work), dimensions=(40, 140), timeout=120)


def type_line(screen: pexpect.spawn, text: str) -> None:
    """Type *text* as a person does: first the words, and Enter when they are on the screen."""
    screen.send(text)
    screen.expect(text[-4:].encode())
    time.sleep(SETTLE)
    screen.send(ENTER)


def wait_for_prompt(screen: pexpect.spawn) -> None:
    """Wait until claude has drawn its prompt and reads keys."""
    screen.expect(PROMPT_SIGN)
    time.sleep(SETTLE)


@pytest.mark.parametrize(("claude", "protocol"), CASES, indirect=["claude"])
def test_an_interactive_session_is_recorded_once(ready: Sandbox, api: MessagesApi, protocol: str) -> None:
    """A prompt is typed and answered, ``/exit`` ends claude with 0, and usage is what claude wrote down as its cost."""
    ready.configure(protocol=protocol)
    screen = on_terminal(ready, ready.command())
    try:
        wait_for_prompt(screen)
        type_line(screen, "say hi to everybody")
        screen.expect(GREETING.split()[0].encode())
        type_line(screen, "/exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    assert screen.exitstatus == 0
    prompts = [event["prompt_length"] for event in events(ready, "user_prompt")]
    assert [int(length) for length in prompts].count(len("say hi to everybody")) == 1
    assert_complete(ready, api, processes=1)
    assert_usage_is(ready, api, real_claude.interactive_cost(ready))


def test_a_word_that_we_refuse_is_a_prompt_behind_two_dashes(ready: Sandbox) -> None:
    """``cclaunch profiles`` starts nothing; ``cclaunch -- profiles`` is what claude is asked."""
    ready.configure()
    refused = on_terminal(ready, ready.command("profiles"))
    refused.expect_exact("As a prompt: cclaunch -- profiles")
    refused.expect(pexpect.EOF)
    refused.close()
    assert refused.exitstatus == 125
    screen = on_terminal(ready, ready.command("--", "profiles"))
    try:
        screen.expect(GREETING.split()[0].encode())
        wait_for_prompt(screen)
        type_line(screen, "/exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    assert [int(event["prompt_length"]) for event in events(ready, "user_prompt")].count(len("profiles")) == 1


def test_a_resized_terminal_reaches_claude(ready: Sandbox) -> None:
    """After a change of the window's size claude draws its lines in the new width."""
    ready.configure()
    screen = on_terminal(ready, ready.command())
    try:
        wait_for_prompt(screen)
        screen.setwinsize(40, 97)
        screen.expect(RULE * 97 + b"[^" + RULE[:1] + b"]")
        type_line(screen, "/exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    assert screen.exitstatus == 0


def test_control_z_stops_claude_and_fg_brings_it_back(ready: Sandbox) -> None:
    """Under a shell with job control, as anybody runs it: stopped, continued, and ended with 0."""
    ready.configure()
    screen = on_terminal(ready, [require("bash"), "--norc", "--noprofile", "-i"])
    try:
        screen.expect_exact(SHELL_SIGN)
        screen.sendline(" ".join(ready.command()))
        wait_for_prompt(screen)
        screen.send(CONTROL_Z)
        screen.expect(b"Stopped")
        screen.expect_exact(SHELL_SIGN)
        screen.sendline("fg")
        wait_for_prompt(screen)
        type_line(screen, "/exit")
        screen.expect_exact(SHELL_SIGN)
        screen.sendline("echo code=$?.")
        screen.expect(rb"code=(\d+)\.")
        code = screen.match.group(1)
        screen.sendline("exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    assert code == b"0"

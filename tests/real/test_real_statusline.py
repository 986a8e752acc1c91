"""
The status line below the prompt of real claudes, on a terminal that keeps a screen.

The problem it owns: claude decides when the line is run, ends it when something new happens and blanks it for a mistake; what
counts is what stands on the screen.
"""

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import real_claude
from api_scripts import DONE, GREETING
from collector_client import wait_until
from messages_api import MessagesApi
from npm_lines import ccstatusline
from real_claude import VERSIONS
from recorded import events
from required import missing, require
from sandbox import Sandbox
from tmux import Window, window

from cclaunch.hot.amounts import money

pytestmark = pytest.mark.real

PROMPT_SIGN = "\u276f"
NEWEST = real_claude.newest()
CLAUDES = [*VERSIONS, *([pytest.param(NEWEST.version, marks=pytest.mark.newest)] if NEWEST else [])]
each_claude = pytest.mark.parametrize("claude", CLAUDES, indirect=True)


def line_of(place: Sandbox, *words: str) -> str:
    """Return the command of our line, as a shell reads it."""
    return shlex.join(place.command("statusline", *words))


def settle(place: Sandbox, command: str, **more: object) -> None:
    """Have claude run *command* for its status line."""
    settings = place.home / ".claude" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"statusLine": {"type": "command", "command": command, **more}}))


@contextmanager
def session(place: Sandbox, *words: str, columns: int = 150) -> Iterator[Window]:
    """Give an interactive session that is launched with the profile `shop`, and reads keys."""
    place.cclaunch("profile", "set", "shop", "team=shop")
    with window(place, place.command("+shop", *words), place.environment(), columns) as screen:
        screen.wait(lambda text: PROMPT_SIGN in text)
        yield screen


def row(screen: Window, word: str) -> str:
    """Return the row of the screen that has *word* in it, when there is one."""
    text = screen.wait(lambda text: any(word in one for one in text.splitlines()))
    return next(one for one in text.splitlines() if word in one).strip()


BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(100000):\n        pass\n"


@contextmanager
def load(loops: int) -> Iterator[None]:
    """Keep so many busy *loops* running; each ends by itself when we are gone."""
    started = [subprocess.Popen([sys.executable, "-IS", "-c", BUSY]) for _ in range(loops)]
    try:
        yield
    finally:
        for one in started:
            one.kill()
            one.wait()


def session_figure(text: str) -> str:
    """Return what the screen says that the session has cost; an empty text where it says nothing."""
    parts = (part for one in text.splitlines() for part in one.split(" | "))
    return next((part.strip().split(" ")[0] for part in parts if part.strip().startswith("$") and " session" in part), "")


def recorded(place: Sandbox) -> str:
    """Return what the requests of *place* have cost by our own store, as the line would say it."""
    return money(sum(real_claude.micros(float(event["cost_usd"])) for event in events(place, "api_request")))


@each_claude
def test_the_line_appears_and_follows(ready: Sandbox, api: MessagesApi) -> None:
    """Before the first prompt, and after each answer; its figure is what telemetry says of the session."""
    ready.configure()
    settle(ready, line_of(ready))
    with session(ready) as screen:
        assert row(screen, "$0.00 session").startswith("shop | ")
        screen.type("say hi to everybody")
        screen.wait(lambda text: GREETING in text and "$0.00 session" not in text and "cache" in text)
        screen.type("run ls")
        screen.wait(lambda text: DONE in text)
        assert wait_until(lambda: session_figure(screen.seen()) == recorded(ready)), (screen.seen(), recorded(ready))
    assert len(api.good()) > 2


@each_claude
def test_it_follows_a_burst_beside_a_busy_machine(ready: Sandbox) -> None:
    """Many triggers, one after the other, and twelve loops beside: what stands there at the end is the last of it."""
    ready.configure()
    settle(ready, line_of(ready), refreshInterval=5)
    with session(ready, "--allowedTools", "Bash") as screen:
        row(screen, "$0.00 session")
        with load(12):
            screen.type("three steps")
            screen.wait(lambda text: DONE in text)
            screen.resize(100)
            screen.resize(130)
            screen.wait(lambda text: session_figure(text) not in ("", "$0.00"))
        assert wait_until(lambda: session_figure(screen.seen()) == recorded(ready)), (screen.seen(), recorded(ready))


@each_claude
def test_a_collector_that_is_away_leaves_the_line(ready: Sandbox) -> None:
    """It goes on to follow; today is what was last known."""
    ready.configure()
    settle(ready, line_of(ready))
    with session(ready) as screen:
        row(screen, "$0.00 session")
        assert ready.cclaunch("stack", "down").returncode == 0
        screen.type("say hi to everybody")
        screen.wait(lambda text: GREETING in text and "$0.00 session" not in text and "shop | " in text)


@each_claude
def test_a_narrow_terminal_has_a_line_that_is_not_cut_by_claude(ready: Sandbox) -> None:
    """What is too much is left out by us, whole parts of it."""
    ready.configure()
    settle(ready, line_of(ready))
    with session(ready, columns=44) as screen:
        found = row(screen, "shop | ")
        assert "…" not in found
        assert "$0.00 session" in found


@each_claude
def test_a_real_line_of_somebody_elses_is_wrapped(ready: Sandbox) -> None:
    """ccstatusline, as people have it: its row first, and ours below."""
    require("node")
    script = ccstatusline() or missing("ccstatusline")
    ready.configure()
    theirs = shlex.join([str(shutil.which("node")), str(script)])
    settle(ready, line_of(ready, "--wrap", theirs))
    with session(ready) as screen:
        screen.type("say hi to everybody")
        text = screen.wait(lambda text: "Model:" in text and "shop | " in text and "$0.00 session" not in text)
    rows = text.splitlines()
    first, second = (next(at for at, one in enumerate(rows) if word in one) for word in ("Model:", "shop | "))
    assert second == first + 1


def windows() -> dict[str, str]:
    """Return what the API says of a plan; claude believes no window that begins anew later than in a year."""
    later = int(time.time()) + 9000
    return {
        "anthropic-ratelimit-unified-status": "allowed",
        "anthropic-ratelimit-unified-5h-utilization": "0.42",
        "anthropic-ratelimit-unified-5h-reset": str(later),
        "anthropic-ratelimit-unified-7d-utilization": "0.13",
        "anthropic-ratelimit-unified-7d-reset": str(later),
    }


LOGIN = {
    "accessToken": "dummy",
    "refreshToken": "dummy",
    "expiresAt": 4102444800000,
    "scopes": ["user:inference", "user:profile"],
    "subscriptionType": "max",
}
"""What claude keeps of a login to a plan."""


@each_claude
def test_plan_windows_become_events_of_the_session(ready: Sandbox, api: MessagesApi) -> None:
    """With a login to a plan; each figure once."""
    api.headers = windows()
    del ready.environ["ANTHROPIC_API_KEY"]
    ready.configure()
    settle(ready, line_of(ready))
    (ready.home / ".claude" / ".credentials.json").write_text(json.dumps({"claudeAiOauth": LOGIN}))
    with session(ready) as screen:
        screen.type("say hi to everybody")
        screen.wait(lambda text: "5h 42 %" in text and "week 13 %" in text)
        assert wait_until(lambda: all(events(ready, name) for name in ("plan_windows", "api_request")))
    told = events(ready, "plan_windows")
    assert [float(one["five_hour_used_percentage"]) for one in told] == [42.0]
    assert {one["session.id"] for one in told} == {one["session.id"] for one in events(ready, "api_request")}

"""
The pull request of a session, by a real claude: that it tells its status line, and what that becomes.

The problem it owns: `--by pr` stands on a field that claude fills in only where it has found a pull request of its branch.
"""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import posted
import pytest
from collector_client import wait_until
from github import NUMBER, REPOSITORY, URL, GitHub
from messages_api import MessagesApi
from required import require
from sandbox import Sandbox

pytestmark = pytest.mark.real

PROMPT_SIGN = "\u276f".encode()
SETTLE = 0.5
"""Seconds for claude's editor to take in what is on the screen: it drops an Enter that comes in the same breath."""

GIT = (
    ["init", "-q", "-b", "main"],
    ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"],
    ["remote", "add", "origin", f"https://github.com/{REPOSITORY}.git"],
    ["update-ref", "refs/remotes/origin/main", "main"],
    ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"],
    ["checkout", "-q", "-b", "work"],
)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    """A GitHub that has a pull request for the branch."""
    with GitHub(tmp_path) as host:
        yield host


@pytest.fixture
def line(ready: Sandbox, github: GitHub, tmp_path: Path) -> Path:
    """Have claude work on a branch of a repository there, with a status line that writes down what it gets; return where."""
    for words in GIT:
        subprocess.run([require("git"), "-C", str(ready.work), *words], check=True, env=ready.environment(), timeout=60)
    ready.environ |= {**github.environ, "PATH": f"{github.path}:{ready.environ['PATH']}"}
    log = tmp_path / "told"
    settings = ready.home / ".claude" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"statusLine": {"type": "command", "command": f"cat >> {log}; echo >> {log}; echo told"}}))
    return log


def told(line: Path) -> list[dict[str, Any]]:
    """Return what the status line was told, run by run."""
    return [json.loads(text) for text in line.read_text().splitlines() if text.strip()] if line.exists() else []


def say(screen: pexpect.spawn, text: str) -> None:
    """Type *text* as a person does."""
    screen.send(text)
    screen.expect(text[-4:].encode())
    time.sleep(SETTLE)
    screen.send("\r")


def test_a_session_has_its_pull_request_from_when_it_was_known(
    ready: Sandbox, line: Path, github: GitHub, api: MessagesApi
) -> None:
    """What was asked before is of none, what was asked behind the event is of that; all of it is the whole."""
    ports = ready.configure()
    words = ready.command()
    screen = pexpect.spawn(
        words[0], words[1:], env=dict(ready.environment()), cwd=str(ready.work), dimensions=(40, 140), timeout=120
    )
    try:
        screen.expect(PROMPT_SIGN)
        time.sleep(SETTLE)
        say(screen, "say hi to everybody")
        assert wait_until(lambda: any("pr" in one for one in told(line))), github.asked
        assert wait_until(lambda: told(line)[-1]["context_window"]["total_output_tokens"])
        before = len(api.answers)
        found = told(line)[-1]
        body = posted.pull_request(time.time_ns(), found["pr"]["number"], found["session_id"])
        asked = urllib.request.Request(f"http://127.0.0.1:{ports['http']}/v1/logs", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.status == 200
        say(screen, "and to the others")
        assert wait_until(lambda: len(api.answers) > before)
        say(screen, "/exit")
        screen.expect(pexpect.EOF)
    finally:
        screen.close(force=True)
    rows = json.loads(ready.cclaunch("usage", "--by", "pr", "--json").stdout)["rows"]

    assert found["pr"] == {"number": NUMBER, "url": URL, "review_state": "approved"}
    assert found["workspace"]["repo"] == {"host": "github.com", "owner": "owner", "name": "name"}
    assert {row["pr"] for row in rows} == {None, f"{REPOSITORY}#{NUMBER}"}
    assert sum(row["requests"] for row in rows) == len(api.answers)
    assert next(row["requests"] for row in rows if row["pr"]) <= len(api.answers) - before

"""Claude's status line in ``cclaunch check`` and ``cclaunch status``: which one is shown here, and what is wrong with ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from runners import Verb
from sandbox import Sandbox

from cclaunch.commands.check import Finding
from cclaunch.commands.check import _status_line as findings
from cclaunch.config.model import Config, StatusLine


@pytest.fixture
def here(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox in whose directory of work we are."""
    monkeypatch.chdir(sandbox.work)
    return sandbox


def put(base: Path, command: str, name: str = "settings.json", **more: Any) -> Path:
    """Write a settings file of claude's below *base*, with a line."""
    path = base / ".claude" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"statusLine": {"type": "command", "command": command, "refreshInterval": 5}, **more}))
    return path


def cclaunch_in(folder: Path) -> Path:
    """Lay a command that is called as ours."""
    path = folder / "cclaunch"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def check(sandbox: Sandbox, form: str = "") -> list[Finding]:
    """Return what `check` finds of the status line."""
    return list(findings(Config(statusline=StatusLine(form)), sandbox.environ))


def test_without_a_line_of_ours_check_has_nothing_to_say(here: Sandbox) -> None:
    """Whoever has another one is not told of ours by it."""
    assert check(here) == []
    put(here.home, "mine")
    assert check(here) == []


def test_a_line_that_serves_is_fine(here: Sandbox) -> None:
    """With its scope and file."""
    path = put(here.home, f"{cclaunch_in(here.home / 'a')} statusline")
    assert [(one.ok, one.detail) for one in check(here)] == [(True, f"ours, from the user settings ({path})")]


def test_a_command_that_is_gone_is_found(here: Sandbox) -> None:
    """Claude shows nothing then, and says nothing."""
    path = put(here.work, "/gone/cclaunch statusline --wrap x", "settings.local.json")
    found = Finding("status line", False, f"the status line runs /gone/cclaunch, which is not there ({path})", "")
    assert check(here) == [found._replace(hint="cclaunch persist --statusline local")]


def test_an_interval_that_is_too_short_is_found(here: Sandbox) -> None:
    """A run that is slower never shows anything."""
    path = put(here.home, f"{cclaunch_in(here.home / 'a')} statusline")
    path.write_text(path.read_text().replace(": 5", ": 1"))
    (one,) = check(here)
    assert (one.ok, one.hint) == (False, "cclaunch persist --statusline")
    assert "refreshInterval is 1: with less than 5" in one.detail


def test_a_name_that_means_nothing_is_found(here: Sandbox) -> None:
    """The line stays; a good format is nothing to tell of."""
    (one,) = check(here, "{profile} {tody}")
    assert (one.ok, one.detail) == (False, "[statusline] format names {tody}, and there is no such part: it stays empty")
    assert check(here, "{profile}") == check(here, "") == []


def test_check_tells_it(sandbox: Sandbox) -> None:
    """Of a real run, with the exit code that goes with it, and without the words of a line that is the person's."""
    sandbox.configure(extra='[statusline]\nformat = "{tody}"')
    put(sandbox.home, "/gone/cclaunch statusline --wrap 'secret-words'")
    done = sandbox.cclaunch("check", "--json")
    found = [one for one in json.loads(done.stdout)["checks"] if one["name"].startswith("status line")]
    assert ([one["ok"] for one in found], done.returncode) == ([False, False], 1)
    assert b"secret-words" not in done.stdout


def told(verb: Verb) -> tuple[Any, str]:
    """Return what `status` says of the line, to programs and to people."""
    document = json.loads(verb("status", "--json")[1])["status_line"]
    (text,) = [line for line in verb("status", COLUMNS="400")[1].splitlines() if line.startswith("status line")]
    return document, text.removeprefix("status line").strip()


def test_status_says_which_line_is_shown(verb: Verb, sandbox: Sandbox) -> None:
    """None, another one, ours, ours behind a nearer one."""
    assert told(verb) == (None, "none (`cclaunch persist --statusline` puts ours in)")

    mine = put(sandbox.home, "mine")
    document, text = told(verb)
    assert document == {"scope": "user", "path": str(mine), "ours": False, "stopped_by": None}
    assert text == f"another one, from {mine} (`cclaunch persist --statusline` puts ours in, around it)"

    ours = put(sandbox.work, "cclaunch statusline")
    document, text = told(verb)
    assert document == {"scope": "project", "path": str(ours), "ours": True, "stopped_by": None}
    assert text == f"ours, from the project settings ({ours})"

    local = put(sandbox.work, "another", "settings.local.json")
    assert told(verb)[1] == f"another one, from {local}; ours in {ours} is not shown here"


def test_status_says_what_stops_every_line(verb: Verb, sandbox: Sandbox) -> None:
    """disableAllHooks."""
    path = put(sandbox.home, "cclaunch statusline", disableAllHooks=True)
    document, text = told(verb)
    assert (document["stopped_by"], text) == (str(path), f"none: `disableAllHooks` in {path}")

"""`cclaunch status`: one screen and one document, whatever is missing or broken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sandbox import Sandbox
from stored import SECOND_NS, event, store

from cclaunch import cli
from cclaunch.launch.installed import version_of

SPEAKS = "#!/bin/sh\necho '2.1.330 (Claude Code)'\n"


def put_claude(sandbox: Sandbox, script: str, mode: int = 0o755) -> Path:
    """Lay a `claude` that is *script* into the sandbox's PATH and return its path."""
    path = sandbox.home / "bin" / "claude"
    path.parent.mkdir()
    path.write_text(script)
    path.chmod(mode)
    sandbox.environ["PATH"] = f"{path.parent}:/usr/bin:/bin"
    return path


@pytest.fixture
def status(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    """Run `status --json` and return the document."""

    def run() -> Any:
        assert cli.main(["status", "--json"], sandbox.environ) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_fresh_machine_has_a_status(sandbox: Sandbox, status: Callable[[], Any]) -> None:
    """Nothing installed, nothing running, nothing recorded: every key is there, and it is no error."""
    sandbox.environ["PATH"] = "/nowhere"

    found = status()

    assert list(found) == [
        "claude",
        "profile",
        "shell",
        "status_line",
        "stack",
        "store",
        "ledger",
        "transcripts",
        "notes",
        "last_event",
    ]
    assert found["claude"] == {"path": None, "version": None}
    assert (found["profile"], found["last_event"]) == (None, None)
    assert found["stack"]["backend"] == "embedded"
    assert (found["stack"]["healthy"], found["stack"]["pid"]) == (False, None)
    assert [set(one) for one in found["stack"]["services"]] == [{"name", "healthy", "url", "detail"}]


def test_claude_is_asked_for_its_version(sandbox: Sandbox, status: Callable[[], Any]) -> None:
    """Path and release of the claude that a launch would become."""
    path = put_claude(sandbox, SPEAKS)

    assert status()["claude"] == {"path": str(path), "version": "2.1.330"}


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\n", "#!/nowhere/interpreter\n"])
def test_a_claude_that_says_nothing_has_a_path_and_no_version(sandbox: Sandbox, status: Callable[[], Any], script: str) -> None:
    """Its silence is not our failure."""
    path = put_claude(sandbox, script)

    assert status()["claude"] == {"path": str(path), "version": None}


def test_a_claude_that_hangs_is_left_behind_with_its_children(sandbox: Sandbox) -> None:
    """The deadline ends it, and what it started and what holds its output too."""
    path = put_claude(sandbox, "#!/bin/sh\nsleep 600 &\nsleep 600\n")

    version, trouble = version_of(str(path), sandbox.environ, deadline_s=0.3)

    assert (version, trouble) == ("", "it did not answer `--version` within 0.3 s")
    assert sandbox.survivors(patience=5) == []


def test_the_last_event_is_named(sandbox: Sandbox, status: Callable[[], Any]) -> None:
    """The newest by its own time."""
    store(sandbox.database, event("user_prompt", 1_790_000_001 * SECOND_NS), event("api_error", 1_790_000_000 * SECOND_NS))

    assert status()["last_event"] == {"time": "2026-09-21T14:13:21.000Z", "name": "user_prompt"}


def test_a_broken_store_costs_one_line_not_the_screen(
    sandbox: Sandbox, status: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The trouble stands where the last event would."""
    sandbox.database.parent.mkdir(parents=True)
    sandbox.database.write_bytes(b"not a database, but long enough to be looked at" * 10)

    assert status()["last_event"] is None
    assert cli.main(["status"], sandbox.environ) == 0
    assert "is not a database" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environ", "expected"), [({"SHELL": "/usr/bin/fish"}, {"name": "fish", "source": "SHELL"}), ({"SHELL": ""}, None)]
)
def test_a_shell_that_cannot_be_detected_is_that_of_SHELL_or_unknown(
    sandbox: Sandbox,
    status: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    expected: dict[str, str] | None,
) -> None:
    """Detection reads foreign process tables; whatever it raises, the screen stays."""
    import psutil
    import shellingham

    def fails(*_: object) -> None:
        raise OSError("no process table here")

    monkeypatch.setattr(shellingham, "detect_shell", fails)
    monkeypatch.setattr(psutil, "Process", fails)
    sandbox.environ.update(environ)

    assert status()["shell"] == expected


def test_the_screen_shows_the_same(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """claude, profile, shell, stack and last event, one line each, without colour on a pipe."""
    put_claude(sandbox, SPEAKS)

    assert cli.main(["status"], sandbox.environ) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines if not line.startswith(" ")] == [
        "claude",
        "profile",
        "shell",
        "status line",
        "stack",
        "ledger",
        "transcripts",
        "last event",
    ]
    assert lines[0].endswith("bin/claude  2.1.330")
    assert "\x1b" not in "".join(lines)

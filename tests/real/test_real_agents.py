"""
What starts claude by itself, with the real claude: the Agent SDK, the adapter that editors use, the wrapper of an editor.

The problem it owns: none of these runs a shell, so neither a block nor a function reaches them. docs/editors.md says what
does; what it promises is run here, and what is shown there is taken from there.
"""

import re
import sys
from pathlib import Path

import agents
import pytest
from agents import AGENTS
from collector_client import wait_until
from guard import REPOSITORY
from messages_api import MessagesApi
from real_claude import VERSIONS, Claude
from recorded import events, usage
from sandbox import Sandbox

# One release: what differs between them is held against both elsewhere, and an SDK of today asks for a newer one.
pytestmark = [pytest.mark.real, pytest.mark.parametrize("claude", [VERSIONS[-1]], indirect=True)]

DATA = ("data-eng", "data-engineering")


@pytest.fixture
def team(ready: Sandbox) -> Sandbox:
    """A sandbox with a profile in use."""
    ready.configure()
    assert ready.cclaunch("profile", "set", "data-eng", "team=data-engineering").returncode == 0
    ready.cclaunch("profile", "use", "data-eng")
    return ready


@pytest.fixture
def cclaunch(team: Sandbox) -> Path:
    """The command as one file, which is all that an executable may be."""
    return script(team.home / "bin" / "cclaunch", f'exec {sys.executable} -m cclaunch "$@"')


def script(path: Path, line: str) -> Path:
    """Write a shell script of one *line*."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def assert_counted(team: Sandbox, api: MessagesApi, requests: int = 1) -> None:
    """Assert that what the API billed is what ``usage`` says, and that every event names profile and team."""
    assert len(api.good()) == requests
    assert wait_until(lambda: usage(team)["total"]["requests"] == requests)  # an editor may leave before its claude
    total = usage(team)["total"]
    tokens = api.tokens()
    assert (total["input_tokens"], total["output_tokens"]) == (tokens.input, tokens.output)
    assert {(event.get("cclaunch.profile"), event.get("team")) for event in events(team)} == {DATA}


@pytest.mark.parametrize("kind", AGENTS)
def test_an_agents_claude_may_be_cclaunch(team: Sandbox, api: MessagesApi, cclaunch: Path, kind: str) -> None:
    """Where an executable can be named, cclaunch is named: each session is a launch."""
    done = agents.run(team, AGENTS[kind].command(team), cclaunch)
    assert (done.returncode, done.stderr if kind != "editor" else b"") == (0, b"")
    assert_counted(team, api)


@pytest.mark.parametrize("kind", ["python", "typescript"])
def test_what_exec_starts_hands_the_environment_on(
    team: Sandbox, api: MessagesApi, claude: Claude, cclaunch: Path, kind: str
) -> None:
    """`cclaunch exec -- AGENT`: the claude it starts is not ours, and is counted."""
    own = kind == "python"  # its package brings a claude of its own; the others were fetched without
    done = agents.run(team, [str(cclaunch), "exec", "--", *AGENTS[kind].command(team)], "" if own else claude.path)
    assert done.returncode == 0, done.stderr
    assert_counted(team, api)


def test_all_sessions_of_one_exec_are_counted_as_one_launch(
    team: Sandbox, api: MessagesApi, claude: Claude, cclaunch: Path
) -> None:
    """One that is resumed while another runs: the sum is right, and one instance id stands for all."""
    done = agents.run(team, [str(cclaunch), "exec", "--", *AGENTS["python"].command(team, "again")], claude.path)
    assert done.returncode == 0, done.stderr
    assert_counted(team, api, requests=3)
    found = events(team)
    assert len({event["session.id"] for event in found}) == 2
    assert len({event["service.instance.id"] for event in found}) == 1


def test_the_script_that_is_shown_for_the_process_wrapper_of_an_editor_launches(
    team: Sandbox, api: MessagesApi, claude: Claude, cclaunch: Path
) -> None:
    """VS Code calls it with the path of its own claude before the words."""
    shown = re.findall(r"printf '#!/bin/sh\\n(exec cclaunch .*)\\n' > ~", (REPOSITORY / "docs/editors.md").read_text())
    assert len(shown) == 1
    wrapper = script(team.home / "bin" / "claude-wrapper", shown[0].replace("cclaunch", str(cclaunch), 1))
    done = team.run([str(wrapper), str(claude.path), "-p", "say hi"])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Hello from the script.\n", b"")
    assert_counted(team, api)


def test_a_background_session_of_a_bare_claude_is_counted_by_the_process_wrapper(
    team: Sandbox, api: MessagesApi, cclaunch: Path
) -> None:
    """CLAUDE_CODE_PROCESS_WRAPPER="…/cclaunch exec --": nobody ran cclaunch, and the session names its profile."""

    def recorded() -> set[tuple[str, str | None, str | None]]:
        found = events(team, "api_request") if team.database.exists() else []
        return {(event["request_id"], event.get("cclaunch.profile"), event.get("team")) for event in found}

    wrapped = {"CLAUDE_CODE_PROCESS_WRAPPER": f"{cclaunch} exec --"}
    try:
        done = team.run(["claude", "--bg", "say hi"], environ=wrapped)
        assert done.returncode == 0, done.stderr
        assert wait_until(recorded)
    finally:
        team.run(["claude", "daemon", "stop", "--any"], environ=wrapped)
    prompt, *_ = (answer for answer in api.good() if answer.kind == "main")  # what names the session is asked without telemetry
    assert recorded() == {(prompt.request_id, *DATA)}


def test_an_agent_reads_claudes_settings_which_route_and_do_not_label(team: Sandbox, api: MessagesApi, claude: Claude) -> None:
    """`persist --claude-settings` serves what can be told nothing: it is recorded, without a profile."""
    team.cclaunch("persist", "--claude-settings")
    assert team.cclaunch("stack", "up").returncode == 0
    done = agents.run(team, AGENTS["typescript"].command(team), claude.path)
    assert done.returncode == 0, done.stderr
    assert wait_until(lambda: usage(team)["total"]["requests"] == len(api.good()) == 1)
    assert {(event.get("cclaunch.profile"), event.get("team")) for event in events(team)} == {(None, None)}

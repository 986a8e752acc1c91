"""
Who the work is for, with the real claudes: the profile in force is on every event and every point, and stays that session's.

The problem it owns: a label that is composed right can still be lost on the way; only what is stored counts.
"""

import json
import shlex
from pathlib import Path

import pytest
from collector_client import wait_until
from messages_api import MessagesApi
from real_claude import VERSIONS
from recorded import Attributes, assert_complete, events, usage
from sandbox import Sandbox

pytestmark = pytest.mark.real


@pytest.fixture
def teams(ready: Sandbox) -> Sandbox:
    """A sandbox with two profiles, the first of them in use."""
    ready.configure()
    for name, team in (("data-eng", "data-engineering"), ("web", "web, Köln = 100 %")):
        assert ready.cclaunch("profile", "set", name, f"team={team}").returncode == 0
    ready.cclaunch("profile", "use", "data-eng")
    return ready


def labels(found: list[Attributes]) -> set[tuple[str | None, str | None]]:
    """Return (profile, team) of all of *found*."""
    return {(one.get("cclaunch.profile"), one.get("team")) for one in found}


DATA, WEB = ("data-eng", "data-engineering"), ("web", "web, Köln = 100 %")


def test_a_switch_shows_in_the_next_launch_while_a_running_session_keeps_its_own(teams: Sandbox, api: MessagesApi) -> None:
    """Every event of each session carries one profile, the one that was in use at its start."""
    running = teams.popen(teams.command("-p", "hold", "--output-format", "json"))
    api.wait_held(1)
    teams.cclaunch("profile", "use", "web")
    after = json.loads(teams.cclaunch("-p", "say hi", "--output-format", "json").stdout)["session_id"]
    api.let_go(1)
    out, _ = running.communicate(timeout=120)
    before = json.loads(out)["session_id"]

    found = events(teams)

    assert labels([one for one in found if one["session.id"] == before]) == {DATA}
    assert labels([one for one in found if one["session.id"] == after]) == {WEB}
    assert_complete(teams, api, processes=2)


def test_usage_by_profile_and_team_adds_up_to_the_truth(teams: Sandbox, api: MessagesApi) -> None:
    """What each team used is what the API billed while it was in force."""
    teams.cclaunch("-p", "three steps", "--allowedTools", "Bash")
    first = len(api.good())
    teams.cclaunch("+web", "-p", "say hi")

    rows = usage(teams, "--by", "profile", "--by", "team")["rows"]

    assert {(row["profile"], row["team"]): row["requests"] for row in rows} == {DATA: first, WEB: len(api.good()) - first}
    assert [row["team"] for row in usage(teams, "--by", "team", "--where", "profile=web")["rows"]] == [WEB[1]]


def test_metrics_carry_the_profile_too(teams: Sandbox) -> None:
    """On each point of `/metrics`."""
    teams.cclaunch("+web", "-p", "say hi")
    port = json.loads(teams.cclaunch("stack", "status", "--json").stdout)["services"][1]["url"]

    page = teams.run(["curl", "-s", port]).stdout.decode()

    lines = [line for line in page.splitlines() if line.startswith("claude_code_")]
    assert len(lines) > 3
    assert all('cclaunch_profile="web"' in line and 'team="web, Köln = 100 %"' in line for line in lines)


def test_a_launch_inside_claudes_bash_tool_stacks_nothing(teams: Sandbox, api: MessagesApi) -> None:
    """The inner session has the profile that is in use, not the outer one's attributes, and nobody counts depth against it."""
    inner = shlex.join(teams.command("-p", "say hi"))
    (teams.work / "script.sh").write_text(f"{inner} && {inner}\n")

    done = teams.cclaunch("+web", "-p", f"run the script in {teams.work}", "--allowedTools", "Bash")

    found = events(teams)
    sessions = {one["session.id"]: labels([one]) for one in found}
    assert done.returncode == 0
    assert sorted(map(str, sessions.values())) == sorted(map(str, [{WEB}, {DATA}, {DATA}]))
    assert_complete(teams, api, processes=3)


def test_an_old_hand_made_setup_in_bashrc_works_with_profiles_at_once(teams: Sandbox, api: MessagesApi) -> None:
    """Five exports and OTEL_RESOURCE_ATTRIBUTES: no word is said, the profile's team counts, the other attribute stays."""
    port = json.loads(teams.cclaunch("env", "--json").stdout)["OTEL_EXPORTER_OTLP_ENDPOINT"]
    (teams.home / ".bashrc").write_text(
        "export CLAUDE_CODE_ENABLE_TELEMETRY=1\nexport OTEL_METRICS_EXPORTER=otlp\nexport OTEL_LOGS_EXPORTER=otlp\n"
        f"export OTEL_EXPORTER_OTLP_PROTOCOL=grpc\nexport OTEL_EXPORTER_OTLP_ENDPOINT={port}\n"
        "export OTEL_RESOURCE_ATTRIBUTES=team=old,floor=3\n"
    )

    line = f". ~/.bashrc; exec {shlex.join(teams.command('-p', 'say hi'))}"
    done = teams.run(["bash", "-c", line])

    assert (done.returncode, done.stderr) == (0, b"")
    assert labels(events(teams)) == {DATA}
    assert {one["floor"] for one in events(teams)} == {"3"}


@pytest.mark.parametrize("claude", VERSIONS[1:], indirect=True)
def test_a_background_session_carries_the_profile_of_the_launch_that_asked_for_it(teams: Sandbox, api: MessagesApi) -> None:
    """The service has the first launch's environment; --settings brings the second one's. (The older release's sessions ignore
    the base URL, so they cannot be run here.)"""
    try:
        for words in (("--bg", "say hi"), ("+web", "--bg", "say hi")):
            done = teams.cclaunch(*words)
            assert done.returncode == 0, done.stderr
        assert wait_until(lambda: {DATA, WEB} <= labels(events(teams, "api_request")), 60)
    finally:
        teams.run(["claude", "daemon", "stop", "--any"])
    assert labels(events(teams)) == {DATA, WEB}


def test_the_sessions_of_a_bound_directory_and_of_a_repository_say_so(teams: Sandbox) -> None:
    """`profile bind`, `.cclaunch.toml` and the repository's name, each on the events."""
    teams.cclaunch("profile", "use", "--none")
    repository = teams.work / "shop"
    repository.mkdir()
    teams.run(["git", "init", "-q", str(repository)])
    (repository / ".cclaunch.toml").write_text('profile = "web"\n[attributes]\narea = "checkout"\n')
    teams.cclaunch("-p", "say hi", cwd=repository)
    teams.cclaunch("profile", "bind", "data-eng", str(repository))
    teams.cclaunch("-p", "say hi", cwd=repository)

    found = events(teams)

    assert labels(found) == {WEB, DATA}
    assert {(one["vcs.repository.name"], one["area"]) for one in found} == {("shop", "checkout")}


def test_a_profiles_own_directory_of_claude_is_used(teams: Sandbox) -> None:
    """CLAUDE_CONFIG_DIR: claude's sessions are kept there."""
    teams.cclaunch("profile", "set", "data-eng", "--claude-config-dir", str(teams.home / "work-claude"))

    done = teams.cclaunch("-p", "say hi")

    assert done.returncode == 0
    assert labels(events(teams)) == {DATA}
    assert list(Path(teams.home / "work-claude" / "projects").iterdir())

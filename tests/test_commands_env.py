"""`cclaunch env`: what a shell evaluates, held against the shells themselves."""

import json

import pytest
from conftest import require
from sandbox import Sandbox

from cclaunch import cli, launch, otel
from cclaunch.commands.env import POSIX, quoted
from cclaunch.environment import BLOCK, own_exports

NASTY = ["", "plain", "a b", "it's", "''", "$HOME `id` \\ !", "new\nline", "tab\t", "größe", "-n", "~", "a;b&c|d>e", "\x1b[0m"]


@pytest.fixture
def env(sandbox, capsys):
    """Run `env --json` with words and return the document."""

    def run(*words, **environ):
        assert cli.main(["env", "--json", *words], {**sandbox.environ, **environ}) == 0
        return json.loads(capsys.readouterr().out)

    return run


def evaluate(sandbox: Sandbox, shell: str, words: str = "", **environ: str) -> dict[str, str]:
    """Return the environment of a *shell* that evaluated `cclaunch env`."""
    line = f'eval "$({" ".join(sandbox.command("env"))} {words} 2>/dev/null)"; env -0'
    done = sandbox.run([shell, "-c", line], environ=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    return dict(item.decode().split("=", 1) for item in done.stdout.split(b"\0") if item)


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "ksh"])
def test_a_shell_that_evaluates_it_has_what_json_says(sandbox, env, shell):
    """Set, unset and marked, exactly; a variable that was in the way is gone."""
    require(shell)
    stray = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://elsewhere:4318/v1/logs"}

    found = evaluate(sandbox, shell, f"--shell {shell}", **stray)

    wanted = env(**stray)
    assert {name: found.get(name) for name in wanted} == wanted
    assert wanted["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] is None


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
@pytest.mark.parametrize("value", NASTY)
def test_a_quoted_value_is_itself_in_a_shell(sandbox, shell, value):
    """Whatever it holds: nothing is expanded, run or lost."""
    require(shell)

    done = sandbox.run([shell, "-c", f"x={quoted(value)}; printf '%s' \"$x\""])

    assert done.stdout.decode() == value


def test_the_routing_and_the_privacy_switches_are_set(env):
    """Switch, exporters, protocol, endpoint; all that discloses is off, explicitly."""
    found = env()

    assert (found[otel.ENABLE], found[otel.PROTOCOL], found[otel.ENDPOINT]) == ("1", "grpc", "http://127.0.0.1:4317")
    assert [found[name] for name in otel.PRIVACY.values()] == ["0"] * 4


def test_it_leaves_delta_and_mints_no_id(env):
    """Two processes of one shell must not share a cumulative series."""
    found = env()

    assert otel.TEMPORALITY not in found
    assert "service.instance.id" not in str(found)


def test_attributes_set_by_hand_stay_the_persons(sandbox, env):
    """Ours are merged into them; a launch from that shell starts from the person's own again, not from the mixture."""
    sandbox.cclaunch("profile", "set", "a", "team=a", "x=1")
    sandbox.cclaunch("profile", "use", "a")
    found = env(**{otel.RESOURCE_ATTRIBUTES: "cost=9"})
    sandbox.cclaunch("profile", "use", "--none")

    later = env(**{name: value for name, value in found.items() if value is not None})

    assert found[otel.RESOURCE_ATTRIBUTES] == "cclaunch.profile=a,team=a,x=1,cost=9"
    assert later[otel.RESOURCE_ATTRIBUTES] == "cost=9"


def test_what_env_exported_counts_as_ours(env):
    """A launch from a shell that evaluated it displaces nothing by hand, and says nothing."""
    found = {name: value for name, value in env().items() if value is not None}

    assert set(found) - own_exports(found) == {BLOCK}


def test_evaluating_it_twice_changes_nothing(env):
    """The second time sees the first, and comes to the same."""
    first = env()

    assert env(**{name: value for name, value in first.items() if value is not None}) == first


def test_a_switch_that_the_shell_set_is_left_alone(env):
    """Privacy: the shell wins, so there is nothing to export."""
    assert otel.LOG_USER_PROMPTS not in env(**{otel.LOG_USER_PROMPTS: "1"})


def test_a_shell_that_it_cannot_write_for_is_refused(sandbox, capsys):
    """Wrong quoting would be worse than none."""
    assert cli.main(["env", "--shell", "fish"], sandbox.environ) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert all(shell in told.err for shell in POSIX)


def explained(environ, capsys):
    """Return what `env --explain --json` says: variables and attributes, by name."""
    assert cli.main(["env", "--explain", "--json"], environ) == 0
    found = json.loads(capsys.readouterr().out)
    return {one["name"]: one for one in found["variables"]}, {one["attribute"]: one for one in found["attributes"]}


HARMFUL = {otel.ENDPOINT: "http://elsewhere:1", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret"}


def test_explain_names_sources_and_hides_credentials(sandbox, capsys):
    """The table tells what was displaced, but never a header's value."""
    assert cli.main(["env", "--explain"], {**sandbox.environ, **HARMFUL}) == 0

    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(otel.ENDPOINT + " ")]
    assert line.split() == [otel.ENDPOINT, "http://127.0.0.1:4317", "routing", "http://elsewhere:1"]
    variables, _ = explained({**sandbox.environ, **HARMFUL}, capsys)
    assert variables["OTEL_EXPORTER_OTLP_HEADERS"]["displaced"] == "(hidden)"
    assert "secret" not in str(variables)


def test_explain_tells_where_each_attribute_comes_from(sandbox, capsys):
    """Profile, shell, launch."""
    sandbox.cclaunch("profile", "set", "a", "team=a")
    environ = {**sandbox.environ, "CCLAUNCH_PROFILE": "a", otel.RESOURCE_ATTRIBUTES: "cost=9,team=x"}

    _, attributes = explained(environ, capsys)

    assert {key: (one["value"], one["source"]) for key, one in attributes.items() if key != "vcs.repository.name"} == {
        "service.instance.id": ("fresh-per-launch", "launch"),
        "cclaunch.profile": ("a", "profile a"),
        "team": ("a", "profile a"),
        "cost": ("9", "shell"),
    }


def test_explain_is_what_a_launch_composes(sandbox, capsys, monkeypatch):
    """The names in the table are those that a launch from here sets."""
    monkeypatch.chdir(sandbox.work)
    variables, _ = explained(sandbox.environ, capsys)

    wanted = launch.Launch("claude", ["mcp", "list"], dict(sandbox.environ), False, "")
    assert launch.prepare(wanted) == 0

    changed = {name for name, value in wanted.environ.items() if value != sandbox.environ.get(name)}
    assert set(variables) == changed - {BLOCK}


def test_explain_tells_what_claudes_settings_files_claim_in_vain(sandbox, capsys, monkeypatch):
    """With the file, also for a variable that is set nowhere else."""
    monkeypatch.chdir(sandbox.work)
    path = sandbox.home / ".claude" / "settings.json"
    path.parent.mkdir()
    claimed = {otel.METRICS_EXPORTER: "none", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "authorization=secret"}
    path.write_text(json.dumps({"env": claimed}))

    variables, _ = explained(sandbox.environ, capsys)

    assert variables[otel.METRICS_EXPORTER]["displaced"] == f"none ({path})"
    assert variables["OTEL_EXPORTER_OTLP_LOGS_HEADERS"]["displaced"] == f"(hidden) ({path})"

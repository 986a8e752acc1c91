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


def test_attributes_set_by_hand_stay_the_persons(env):
    """They are kept and not marked as ours: else the next launch would drop them."""
    found = env(**{otel.RESOURCE_ATTRIBUTES: "team=core"})

    assert found[otel.RESOURCE_ATTRIBUTES] == "team=core"
    assert otel.RESOURCE_ATTRIBUTES not in own_exports({name: value for name, value in found.items() if value})


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


def test_explain_names_sources_and_hides_credentials(sandbox, capsys):
    """The table tells what was displaced, but never a header's value."""
    environ = {
        **sandbox.environ,
        otel.ENDPOINT: "http://elsewhere:1",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret",
    }

    assert cli.main(["env", "--explain"], environ) == 0

    out = capsys.readouterr().out
    assert "in the place of the shell's `http://elsewhere:1`" in out
    assert "OTEL_EXPORTER_OTLP_HEADERS" in out
    assert "secret" not in out


def test_explain_is_what_a_launch_composes(sandbox, capsys, monkeypatch):
    """The names in the table are those that a launch from here sets."""
    monkeypatch.chdir(sandbox.work)

    assert cli.main(["env", "--explain"], sandbox.environ) == 0

    shown = {line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]}
    launched = launch.prepare(dict(sandbox.environ), wake=False)
    assert launched is not None
    assert shown == {name for name in launched if launched[name] != sandbox.environ.get(name)}

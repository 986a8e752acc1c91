"""`cclaunch env`: what a shell evaluates, held against the shells themselves."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import real_shells
from required import require
from runners import Verb
from sandbox import Sandbox

from cclaunch import cli, otel
from cclaunch.hot.marks import BLOCK, LAUNCH, SHELL_ATTRIBUTES, own_exports
from cclaunch.launch import line as launch
from cclaunch.launch.wanted import Launch
from cclaunch.shells.table import NAMES, quote

NASTY = ["", "plain", "a b", "it's", "''", "$HOME `id` \\ !", "new\nline", "tab\t", "größe", "-n", "~", "a;b&c|d>e", "\x1b[0m"]


@pytest.fixture
def env(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run `env --json` with words and return the document."""

    def run(*words: str, **environ: str) -> Any:
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
def test_a_shell_that_evaluates_it_has_what_json_says(sandbox: Sandbox, env: Callable[..., Any], shell: str) -> None:
    """Set, unset and marked, exactly; a variable that was in the way is gone."""
    require(shell)
    stray = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://elsewhere:4318/v1/logs"}

    found = evaluate(sandbox, shell, f"--shell {shell}", **stray)

    wanted = env(**stray)
    assert {name: found.get(name) for name in wanted} == wanted
    assert wanted["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"] is None


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
@pytest.mark.parametrize("value", NASTY)
def test_a_quoted_value_is_itself_in_a_shell(sandbox: Sandbox, shell: str, value: str) -> None:
    """Whatever it holds: nothing is expanded, run or lost."""
    require(shell)

    done = sandbox.run([shell, "-c", f"x={quote(shell, value)}; printf '%s' \"$x\""])

    assert done.stdout.decode() == value


def test_the_routing_and_the_privacy_switches_are_set(env: Callable[..., Any]) -> None:
    """Switch, exporters, protocol, endpoint; all that discloses is off, explicitly."""
    found = env()

    assert (found[otel.ENABLE], found[otel.PROTOCOL], found[otel.ENDPOINT]) == ("1", "grpc", "http://127.0.0.1:4317")
    assert [found[name] for name in otel.PRIVACY.values()] == ["0"] * 4


def test_it_leaves_delta_and_mints_no_id(env: Callable[..., Any]) -> None:
    """Two processes of one shell must not share a cumulative series."""
    found = env()

    assert otel.TEMPORALITY not in found
    assert "service.instance.id" not in str(found)


def test_attributes_set_by_hand_stay_the_persons(sandbox: Sandbox, env: Callable[..., Any]) -> None:
    """Ours are merged into them; a launch from that shell starts from the person's own again, not from the mixture."""
    sandbox.cclaunch("profile", "set", "a", "team=a", "x=1")
    sandbox.cclaunch("profile", "use", "a")
    found = env(**{otel.RESOURCE_ATTRIBUTES: "cost=9"})
    sandbox.cclaunch("profile", "use", "--none")

    later = env(**{name: value for name, value in found.items() if value is not None})

    assert found[otel.RESOURCE_ATTRIBUTES] == "cclaunch.profile=a,team=a,x=1,cost=9"
    assert later[otel.RESOURCE_ATTRIBUTES] == "cost=9"


def test_what_env_exported_counts_as_ours(env: Callable[..., Any]) -> None:
    """A launch from a shell that evaluated it displaces nothing by hand, and says nothing."""
    found = {name: value for name, value in env().items() if value is not None}

    assert set(found) - own_exports(found, otel.EXPORTED) == {BLOCK}


def test_evaluating_it_twice_changes_nothing(env: Callable[..., Any]) -> None:
    """The second time sees the first, and comes to the same."""
    first = env()

    assert env(**{name: value for name, value in first.items() if value is not None}) == first


def test_a_switch_that_the_shell_set_is_left_alone(env: Callable[..., Any]) -> None:
    """Privacy: the shell wins, so there is nothing to export."""
    assert otel.LOG_USER_PROMPTS not in env(**{otel.LOG_USER_PROMPTS: "1"})


def test_a_shell_that_it_cannot_write_for_is_refused(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong quoting would be worse than none."""
    assert cli.main(["env", "--shell", "cmd"], sandbox.environ) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert all(shell in told.err for shell in NAMES)


def explained(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what `env --explain --json` says: variables and attributes, by name."""
    assert cli.main(["env", "--explain", "--json"], environ) == 0
    found = json.loads(capsys.readouterr().out)
    return {one["name"]: one for one in found["variables"]}, {one["attribute"]: one for one in found["attributes"]}


HARMFUL = {otel.ENDPOINT: "http://elsewhere:1", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=secret"}


def test_explain_names_sources_and_hides_credentials(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The table tells what was displaced, but never a header's value."""
    assert cli.main(["env", "--explain"], {**sandbox.environ, **HARMFUL}) == 0

    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith(otel.ENDPOINT + " ")]
    assert line.split() == [otel.ENDPOINT, "http://127.0.0.1:4317", "routing", "http://elsewhere:1"]
    variables, _ = explained({**sandbox.environ, **HARMFUL}, capsys)
    assert variables["OTEL_EXPORTER_OTLP_HEADERS"]["displaced"] == "(hidden)"
    assert "secret" not in str(variables)


def test_explain_tells_where_each_attribute_comes_from(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Profile, shell, launch."""
    sandbox.cclaunch("profile", "set", "a", "team=a")
    environ = {**sandbox.environ, "CCLAUNCH_PROFILE": "a", otel.RESOURCE_ATTRIBUTES: "cost=9,team=x"}

    _, attributes = explained(environ, capsys)

    assert {key: (one["value"], one["source"]) for key, one in attributes.items() if not key.startswith("vcs.")} == {
        "service.instance.id": ("fresh-per-launch", "launch"),
        "cclaunch.profile": ("a", "profile a"),
        "team": ("a", "profile a"),
        "cost": ("9", "shell"),
    }


def test_explain_names_the_branch_as_what_a_launch_adds(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the configuration leaves it out."""
    monkeypatch.chdir(sandbox.work)
    sandbox.run(["git", "init", "-q", "-b", "feature/x"])
    _, attributes = explained(sandbox.environ, capsys)
    assert (attributes["vcs.ref.head.name"]["value"], attributes["vcs.ref.head.name"]["source"]) == ("feature/x", "automatic")

    sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
    sandbox.config_file.write_text("[telemetry]\nbranch = false\n")
    _, attributes = explained(sandbox.environ, capsys)
    assert "vcs.ref.head.name" not in attributes


def test_explain_is_what_a_launch_composes(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names in the table are those that a launch from here sets."""
    monkeypatch.chdir(sandbox.work)
    variables, _ = explained(sandbox.environ, capsys)

    wanted = Launch("claude", ["mcp", "list"], dict(sandbox.environ), False, "")
    assert launch.prepare(wanted) == 0

    changed = {name for name, value in wanted.environ.items() if value != sandbox.environ.get(name)}
    assert set(variables) == changed - {BLOCK, LAUNCH}


def test_explain_tells_what_claudes_settings_files_claim_in_vain(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file, also for a variable that is set nowhere else."""
    monkeypatch.chdir(sandbox.work)
    path = sandbox.home / ".claude" / "settings.json"
    path.parent.mkdir()
    claimed = {otel.METRICS_EXPORTER: "none", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "authorization=secret"}
    path.write_text(json.dumps({"env": claimed}))

    variables, _ = explained(sandbox.environ, capsys)

    assert variables[otel.METRICS_EXPORTER]["displaced"] == f"none ({path})"
    assert variables["OTEL_EXPORTER_OTLP_LOGS_HEADERS"]["displaced"] == f"(hidden) ({path})"


READERS = {
    "bash": 'eval "$({})"',
    "zsh": 'eval "$({})"',
    "dash": 'eval "$({})"',
    "posh": 'eval "$({})"',
    "busybox": 'eval "$({})"',
    "ksh": 'eval "$({})"',
    "mksh": 'eval "$({})"',
    "yash": 'eval "$({})"',
    "fish": "{} | source",
    "tcsh": "eval `{}`",
    "csh": "eval `{}`",
    "nu": "{} | save -f env.nu; nu -n -c 'source env.nu; ^env -0'",
    "elvish": "eval ({} | slurp)",
    "xonsh": "execx($({}))",
}
"""How each shell is told to do what `cclaunch env` prints, as the help has it; Nushell reads a script before it runs it."""


def read_by(sandbox: Sandbox, shell: str, words: str, environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of the real *shell* after it has read `cclaunch env` with *words*, started with *environ*."""
    program = sandbox.home / "bin" / "cclaunch"
    if not program.exists():
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {" ".join(sandbox.command())} "$@" 2>/dev/null\n')
        program.chmod(0o755)
    path = f"{program.parent}:{real_shells.NUSHELL}:{sandbox.environ['PATH']}"
    code = READERS[shell].format(f"cclaunch env {words}".strip())
    dump = "" if shell == "nu" else real_shells.DUMP
    done = real_shells.run(shell, code.encode(), sandbox.work, sandbox.environment({**environ, "PATH": path}), dump=dump)
    return real_shells.exported(done)


@real_shells.every_shell
def test_every_shell_does_what_is_printed_for_it_and_takes_it_back(sandbox: Sandbox, env: Callable[..., Any], shell: str) -> None:
    """Without --shell: the one that reads it is found. Values of every kind arrive, and --unset leaves what was there before."""
    sandbox.cclaunch("profile", "set", "a", "team=it's $HOME", "path=a\\b c!", "städte=größe")
    mine = {
        "CCLAUNCH_PROFILE": "a",
        otel.RESOURCE_ATTRIBUTES: "cost=9",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://elsewhere:4318/v1/logs",
        "no_proxy": 'it\'s,"$x" `id`,\\',
        "SHELL": "/bin/false",
    }
    wanted = env(**mine)

    found = read_by(sandbox, shell, "", mine)

    assert {name: found.get(name) for name in wanted} == wanted
    again = {name: value for name, value in found.items() if name in wanted or name in mine}
    back = read_by(sandbox, shell, "--unset", {**again, "CCLAUNCH_PROFILE": "a"})
    assert {name: back.get(name) for name in wanted} == {
        **dict.fromkeys(wanted),
        otel.RESOURCE_ATTRIBUTES: "cost=9",
    }


def test_a_script_gets_its_own_shells_words_whatever_the_person_types_into(sandbox: Sandbox, env: Callable[..., Any]) -> None:
    """fish starts a `#!/bin/sh` script that evaluates it."""
    require("fish")
    code = f'eval "$({" ".join(sandbox.command("env"))} 2>/dev/null)"; env -0'
    script = sandbox.work / "script"
    script.write_text(f"#!/bin/sh\n{code}\n")
    script.chmod(0o755)

    done = sandbox.run(["fish", "--no-config", "-c", f"{script}; true"], environ={"SHELL": "/usr/bin/fish"})

    assert f"{otel.ENDPOINT}={env()[otel.ENDPOINT]}".encode() in done.stdout.split(b"\0")


def test_where_no_process_can_be_seen_it_is_for_a_posix_shell(
    sandbox: Sandbox, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`eval "$(cclaunch env)"` is what most people have; SHELL does not tell who reads."""
    monkeypatch.setattr("cclaunch.shells.detect.ancestors", lambda: ())

    assert verb("env", SHELL="/usr/bin/fish")[1].startswith("export ")


@pytest.mark.parametrize(("name", "first"), [("nushell", "$env."), ("/usr/bin/fish", "set -gx "), ("powershell", "${env:")])
def test_a_shell_may_be_named_in_many_ways(verb: Verb, name: str, first: str) -> None:
    """A path, another name of it."""
    assert verb("env", "--shell", name)[1].startswith(first)


def test_powershell_gets_what_it_can_evaluate(verb: Verb, sandbox: Sandbox) -> None:
    """No PowerShell can be had: each line is one assignment of a quoted string, or one removal."""
    _, out, _ = verb("env", "--shell", "pwsh", OTEL_EXPORTER_OTLP_LOGS_ENDPOINT="http://elsewhere:1")

    lines = out.splitlines()
    assert "Remove-Item Env:OTEL_EXPORTER_OTLP_LOGS_ENDPOINT -ErrorAction Ignore" in lines
    assert f"${{env:{otel.ENDPOINT}}} = 'http://127.0.0.1:4317'" in lines
    assert all(line.startswith(("${env:", "Remove-Item Env:")) for line in lines)


def test_unset_leaves_what_a_hand_has_changed_since(verb: Verb, env: Callable[..., Any]) -> None:
    """It is not ours any more; with nothing of ours there is nothing to print."""
    mine = {name: value for name, value in env().items() if value is not None}
    mine[otel.ENDPOINT] = "http://by-hand:1"

    changes = json.loads(verb("env", "--unset", "--json", **mine)[1])

    assert otel.ENDPOINT not in changes
    assert set(changes.values()) == {None}
    assert verb("env", "--unset") == (0, "", "cclaunch: nothing in this shell came from cclaunch\n")


def test_unset_gives_back_the_attributes_of_a_hand(verb: Verb, env: Callable[..., Any]) -> None:
    """What env merged its own into."""
    mine = {name: value for name, value in env(**{otel.RESOURCE_ATTRIBUTES: "cost=9"}).items() if value is not None}
    assert mine[SHELL_ATTRIBUTES] == "cost=9"

    changes = json.loads(verb("env", "--unset", "--json", **mine)[1])

    assert changes[otel.RESOURCE_ATTRIBUTES] == "cost=9"
    assert (changes[SHELL_ATTRIBUTES], changes[BLOCK]) == (None, None)


def test_unset_and_explain_do_not_go_together(verb: Verb) -> None:
    """One prints for a shell, the other for a person."""
    assert verb("env", "--unset", "--explain")[0] == 2

"""What this shell and this directory have to be told: old exports, exports that cannot follow, a file that is refused."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping

import pytest
from real_shells import path_of
from runners import Verb
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.hot.marks import BLOCK, BY_BLOCK, LAUNCH, mark_of
from cclaunch.hot.paths import our_paths
from cclaunch.persist.content import content
from cclaunch.shells.evaluated import evaluated
from cclaunch.shells.table import NAMES

VERBS = [("status",), ("profile", "current"), ("check",)]


@pytest.fixture
def exported(verb: Verb) -> Callable[..., dict[str, str]]:
    """What `env` exports now; the function's value is the environment that a shell has from it."""

    def run(**environ: str) -> dict[str, str]:
        found = json.loads(verb("env", "--json", **environ)[1])
        return {name: value for name, value in found.items() if value is not None}

    return run


def by_block(sandbox: Sandbox) -> dict[str, str]:
    """Return what a block exports now."""
    holds = {name: value for name, value in content(sandbox.environ, our_paths(sandbox.environ)).values.items() if value}
    return {**holds, BLOCK: mark_of(BY_BLOCK, holds)}


def notes(verb: Verb, environ: Mapping[str, str]) -> list[str]:
    """Return what `status --json` has to say of the shell that has *environ*, and of the directory."""
    found: list[str] = json.loads(verb("status", "--json", **environ)[1])["notes"]
    return found


@pytest.fixture
def profiles(verb: Verb, sandbox: Sandbox) -> None:
    """Two of them, of which `web` is in use."""
    sandbox.configure()
    verb("profile", "set", "web", "team=web")
    verb("profile", "set", "data", "team=data")
    verb("profile", "use", "web")


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("by", ["env", "block"])
def test_what_was_exported_just_now_needs_no_word(
    verb: Verb, sandbox: Sandbox, exported: Callable[..., dict[str, str]], by: str
) -> None:
    """Nor does what was exported nowhere."""
    assert notes(verb, exported() if by == "env" else by_block(sandbox)) == []
    assert notes(verb, {}) == []


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("by", ["env", "block"])
def test_a_shell_that_is_older_than_a_choice_is_told_what_is_stale(
    verb: Verb, sandbox: Sandbox, exported: Callable[..., dict[str, str]], by: str
) -> None:
    """And the command that mends it, and the one that takes it out."""
    shell = exported() if by == "env" else by_block(sandbox)
    verb("profile", "use", "data")

    (told,) = notes(verb, shell)

    assert told.startswith("the exports of this shell are old (the profile `web`, now `data`): ")
    assert told.count("cclaunch env") == 2
    assert "cclaunch env --unset" in told


@pytest.mark.usefixtures("profiles")
def test_a_shell_that_began_without_a_profile_is_old_as_well(
    verb: Verb, sandbox: Sandbox, exported: Callable[..., dict[str, str]]
) -> None:
    """What it lacks would be exported now."""
    verb("profile", "use", "--none")
    shell = by_block(sandbox)
    verb("profile", "use", "web")

    assert "the profile none, now `web`" in notes(verb, shell)[0]


@pytest.mark.usefixtures("profiles")
def test_a_change_of_what_the_profile_says_is_told_by_its_name(verb: Verb, sandbox: Sandbox) -> None:
    """The variables that were changed beside it are named too."""
    shell = by_block(sandbox)
    verb("profile", "set", "web", "team=other", "--prompts", "on")

    (told,) = notes(verb, shell)

    assert f"are old (what the profile `web` says, {otel.LOG_USER_PROMPTS}): " in told


@pytest.mark.usefixtures("profiles")
def test_a_port_is_old_only_while_somebody_listens_on_another_one(sandbox: Sandbox, verb: Verb) -> None:
    """A collector that sleeps may get any when it starts."""
    shell = by_block(sandbox)
    sandbox.configure()
    before = notes(verb, shell)
    sandbox.cclaunch("stack", "up")

    assert before == []
    assert f"are old ({otel.ENDPOINT}): " in notes(verb, shell)[0]


@pytest.mark.usefixtures("profiles")
def test_what_a_hand_exported_is_never_called_old(verb: Verb, sandbox: Sandbox) -> None:
    """It counts as it is, and a launch says so itself."""
    shell = by_block(sandbox) | {otel.RESOURCE_ATTRIBUTES: "team=mine", otel.LOG_USER_PROMPTS: "1"}
    verb("profile", "use", "data")

    assert notes(verb, shell) == []


@pytest.mark.usefixtures("profiles")
def test_what_a_launch_exported_is_that_launch_s(verb: Verb, exported: Callable[..., dict[str, str]]) -> None:
    """Below `cclaunch exec` the profile may be any: it was asked for by name."""
    shell = exported() | {LAUNCH: "web:id"}
    verb("profile", "use", "data")

    assert notes(verb, shell) == []


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("how", ["bind", "file"])
def test_exports_that_cannot_follow_a_directory_are_told_there(verb: Verb, sandbox: Sandbox, how: str) -> None:
    """In one line, with the profile of either; elsewhere there is nothing to say."""
    shell = by_block(sandbox)
    if how == "bind":
        verb("profile", "bind", "data")
        asks = f"bind {sandbox.work}"
    else:
        (sandbox.work / ".cclaunch.toml").write_text('profile = "data"\n')
        asks = f".cclaunch.toml {sandbox.work}/.cclaunch.toml"

    (told,) = notes(verb, shell)

    assert told.startswith("exports cannot follow a directory: this shell's say `web`, and `data` is asked for here ")
    assert f" here ({asks}); `cclaunch` follows" in told
    assert notes(verb, {}) == []


@pytest.mark.usefixtures("profiles")
def test_attributes_that_a_directory_adds_are_missed_by_exports(verb: Verb, sandbox: Sandbox) -> None:
    """Named by their keys, when the profile is the same."""
    (sandbox.work / ".cclaunch.toml").write_text('[attributes]\nproject = "x"\nteam = "y"\n')

    (told,) = notes(verb, by_block(sandbox))

    assert f"say `web`, and {sandbox.work}/.cclaunch.toml adds `project` here; " in told


@pytest.mark.usefixtures("profiles")
def test_exports_that_were_made_for_a_directory_are_right_there(
    verb: Verb, exported: Callable[..., dict[str, str]], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And old as soon as one leaves it."""
    verb("profile", "bind", "data")
    shell = exported()
    there = notes(verb, shell)
    monkeypatch.chdir(sandbox.home)

    assert there == []
    assert "the profile `data`, now `web`" in notes(verb, shell)[0]


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_that_tells_of_here_says_the_same(sandbox: Sandbox, words: tuple[str, ...]) -> None:
    """Of the file that is refused, with its reason, and of the shell."""
    shell = by_block(sandbox)
    sandbox.cclaunch("profile", "use", "data")
    (sandbox.work / ".cclaunch.toml").write_text("command = 'rm'\n")

    done = sandbox.cclaunch(*words, environ=shell)

    said = (done.stdout + done.stderr).decode()
    assert f"{sandbox.work}/.cclaunch.toml, line 1: `command` " in said
    assert "; the whole file is left out" in said
    assert "the exports of this shell are old (the profile `web`, now `data`)" in said
    assert "cclaunch env" in said


@pytest.mark.usefixtures("profiles")
def test_a_choice_that_this_shell_does_not_go_with_says_so_at_once(sandbox: Sandbox, verb: Verb) -> None:
    """By every part of `profile` that may change it; what the shell goes with already needs no word."""
    shell = by_block(sandbox)

    told = [
        verb("profile", *words, **shell)[2]
        for words in (("use", "data"), ("use", "web"), ("bind", "data"), ("bind", "web"), ("unbind",), ("set", "web", "a=b"))
    ]

    assert ["of this shell are old" in text for text in told] == [True, False, False, False, False, True]
    assert ["cannot follow a directory" in text for text in told] == [False, False, True, False, False, False]


@pytest.mark.usefixtures("profiles")
def test_check_fails_for_what_is_old_or_refused_and_not_for_what_cannot_follow(sandbox: Sandbox) -> None:
    """The last is as the person settled it; it is said all the same."""
    shell = by_block(sandbox)
    sandbox.cclaunch("profile", "bind", "data")

    def findings() -> dict[str, bool]:
        document = json.loads(sandbox.cclaunch("check", "--json", environ=shell).stdout)
        return {one["name"]: one["ok"] for one in document["checks"] if one["name"] in ("place", "exports")}

    cannot_follow = findings()
    (sandbox.work / ".cclaunch.toml").write_text("command = 'rm'\n")
    sandbox.cclaunch("profile", "set", "web", "team=other")

    assert cannot_follow == {"exports": True}
    assert findings() == {"place": False, "exports": False}


@pytest.mark.usefixtures("profiles")
def test_the_names_of_profiles_are_no_part_of_a_public_report(sandbox: Sandbox, verb: Verb) -> None:
    """A name says who the work is for, as an attribute does."""
    verb("profile", "set", "moonshot", "team=moonshot")
    verb("profile", "use", "moonshot")
    shell = by_block(sandbox)
    verb("profile", "use", "web")

    short = sandbox.cclaunch("check", "--json", environ=shell).stdout.decode()

    assert "exports of this shell are old" in short
    assert "moonshot" not in short


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "tcsh", "csh", "elvish", "xonsh"])
def test_what_is_said_to_be_typed_takes_the_variables_in(sandbox: Sandbox, shell: str) -> None:
    """In the real shell: what `env` prints there is exported when the words were typed."""
    program = path_of(shell)
    script = sandbox.home / "bin" / "cclaunch"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {" ".join(sandbox.command())} "$@" --shell {shell}\n')
    script.chmod(0o755)
    environ = sandbox.environment({"PATH": f"{script.parent}:{os.environ['PATH']}"})
    typed = f"{evaluated(shell, 'cclaunch env')}\nenv"

    done = subprocess.run([program, "-c", typed], env=environ, cwd=sandbox.work, capture_output=True, text=True, check=False)

    assert f"\n{otel.ENABLE}=1\n" in f"\n{done.stdout}", done.stderr


def test_every_shell_has_a_way_to_take_variables_in() -> None:
    """As the help of `env` lists them."""
    from cclaunch.commands.env import command

    listed = command.help or ""
    assert [name for name in NAMES if evaluated(name, "cclaunch env").partition(";")[0] not in listed] == []

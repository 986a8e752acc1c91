"""The last words of `persist`, typed as they stand there, and what `persist status` says of the profile and of this shell."""

import json
import re
import shlex
from pathlib import Path

import pytest
from real_shells import path_of
from runners import Verb
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.hot.marks import BLOCK, BY_BLOCK, mark_of
from cclaunch.hot.paths import our_paths
from cclaunch.persist.content import content


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    """Have the shell of the person be told by SHELL alone: bash, with an rc file."""
    monkeypatch.setattr("cclaunch.shells.detect.ancestors", lambda: ())
    monkeypatch.setattr("cclaunch.shells.detect._shellingham", lambda: "")
    sandbox.environ["SHELL"] = "/bin/bash"
    for name in (".bashrc", ".zshrc", ".profile"):
        (sandbox.home / name).write_text("# mine\n")


def files_of(home: Path) -> dict[str, bytes]:
    """Return what the home holds but for our own state: path -> bytes."""
    found = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if not name.startswith((".local", ".cache"))}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--shell", "zsh"],
        ["--shell", "fish", "--shell", "zsh"],
        ["--all"],
        ["--rc-file", "../home/it's mine.sh", "--shell", "dash"],
        ["--claude-settings"],
    ],
    ids=" ".join,
)
def test_what_is_said_to_take_it_back_does(sandbox: Sandbox, verb: Verb, words: list[str]) -> None:
    """Typed from another shell, too: the files are again what they were."""
    before = files_of(sandbox.home)
    told = verb("persist", *words)[2]
    during = files_of(sandbox.home)
    (typed,) = re.findall(r"; `cclaunch (unpersist[^`]*)` takes it back", told)

    code, _, err = verb(*shlex.split(typed), SHELL="/usr/bin/fish")

    assert during != before
    assert (code, files_of(sandbox.home)) == (0, before), err


@pytest.mark.usefixtures("here")
def test_the_last_line_of_persist_is_what_to_type_next(verb: Verb) -> None:
    """The shell that it is typed into has read its files already; another one has not, and needs nothing."""
    last = [verb("persist", *words)[2].splitlines()[-1] for words in ([], ["--shell", "zsh"], ["--shell", "sh"])]

    assert last[0] == "cclaunch: type next: `exec bash`, for this shell has read its files already; then `claude`"
    assert ["type next" in line for line in last[1:]] == [False, False]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "ksh", "mksh", "tcsh", "dash"])
def test_what_is_to_be_typed_next_is_a_command_of_the_shell(sandbox: Sandbox, verb: Verb, shell: str) -> None:
    """It starts that shell anew, in its place."""
    told = verb("persist", SHELL=f"/usr/bin/{shell}")[2]
    (typed,) = re.findall(r"type next: `([^`]*)`", told)

    done = sandbox.run([path_of(shell), "-c", typed], input=b"echo began anew\n")

    assert b"began anew" in done.stdout


@pytest.mark.usefixtures("here")
def test_status_names_the_profile_that_a_block_carries(verb: Verb, sandbox: Sandbox) -> None:
    """As JSON and in the table; none where none is in use."""
    verb("persist")
    before = {row["profile"] for row in json.loads(verb("persist", "status", "--json")[1])["files"]}
    verb("profile", "set", "data.eng", "team=a")
    verb("profile", "use", "data.eng")

    rows = json.loads(verb("persist", "status", "--json")[1])["files"]

    assert before == {None}
    assert {row["profile"] for row in rows if row["written"]} == {"data.eng"}
    assert re.search(r"\.bashrc +bash +current +data\.eng", verb("persist", "status")[1])


@pytest.mark.usefixtures("here")
def test_status_says_that_this_shell_is_older_than_the_block(verb: Verb, sandbox: Sandbox) -> None:
    """With what is old, and what mends it; as `status` says it."""
    verb("persist")
    holds = {name: value for name, value in content(sandbox.environ, our_paths(sandbox.environ)).values.items() if value}
    shell = {**holds, BLOCK: mark_of(BY_BLOCK, holds)}
    fresh = json.loads(verb("persist", "status", "--json", **shell)[1])["notes"]
    verb("profile", "set", "web", "team=a", "--prompts", "on")
    verb("profile", "use", "web")

    (told,) = json.loads(verb("persist", "status", "--json", **shell)[1])["notes"]

    assert fresh == []
    assert f"are old (the profile none, now `web`, {otel.LOG_USER_PROMPTS}): " in told
    assert f"cclaunch: {told}\n" in verb("persist", "status", **shell)[2]

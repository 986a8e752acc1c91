"""`cclaunch profile delete` and `rename`: what names a profile follows it, or keeps it."""

import os
from collections.abc import Callable

import pexpect
import pytest
from runners import Verb
from sandbox import Sandbox

from cclaunch.config.state import State, change_state, load_state
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import load_profile, profile_names, profile_path, read_profile


def test_delete_without_a_terminal_wants_yes(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Nobody can be asked, so nothing is deleted."""
    put(a="[attributes]\nteam = 'x'\n")

    code, _, err = profile("delete", "a")

    assert code == 2
    assert "this deletes the profile a: team=x" in err
    assert "nothing was deleted" in err
    assert "hint: add --yes" in err
    assert profile_names(paths) == ["a"]


@pytest.mark.parametrize(("answer", "left", "code"), [("y", [], 0), ("n", ["a"], 1), ("", ["a"], 1), ("\x03", ["a"], 130)])
def test_delete_asks_on_a_terminal(
    sandbox: Sandbox, put: Callable[..., None], paths: Paths, answer: str, left: list[str], code: int
) -> None:
    """No is the default, and Ctrl-C is no."""
    put(a="")
    command, *words = sandbox.command("profile", "delete", "a")
    terminal = pexpect.spawn(command, words, env=sandbox.environment(), cwd=str(sandbox.work), timeout=120)

    terminal.expect_exact("Delete it? [y/N]")
    terminal.send(answer if answer == "\x03" else answer + "\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert (profile_names(paths), terminal.exitstatus) == (left, code)


def test_what_uses_a_deleted_profile_forgets_it_and_says_so(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Active, previous and bindings."""
    put(a="", b="", c="")
    change_state(paths, lambda _: State("a", "b", {"/x": "a", "/y": "c", "/z": "b"}))

    code, out, err = profile("delete", "a", "b", "--yes")

    assert (code, out) == (0, "profile a: deleted\nprofile b: deleted\n")
    assert load_state(paths) == State("", "", {"/y": "c"})
    assert "now none is" in err
    assert "/x is no longer bound" in err
    assert "/z is no longer bound" in err
    assert profile_names(paths) == ["c"]


def test_a_profile_that_another_extends_is_not_deleted(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Unless the other one goes with it."""
    put(base="", web="extends = 'base'\n", data="extends = 'base'\n")

    code, _, err = profile("delete", "base", "data", "--yes")

    assert (code, "`base` is still extended by web" in err) == (2, True)
    assert "hint: cclaunch profile unset web --extends" in err
    assert profile_names(paths) == ["base", "data", "web"]
    assert profile("delete", "base", "data", "web", "--yes")[0] == 0


def test_nothing_is_deleted_when_one_name_is_mistyped(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """All or nothing, and all that is wrong is told."""
    put(web="", data="")

    code, _, err = profile("delete", "web", "dtaa", "wbe", "--yes")

    assert code == 2
    assert "did you mean `data`?" in err
    assert "did you mean `web`?" in err
    assert profile_names(paths) == ["data", "web"]


def test_a_broken_profile_can_be_deleted(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """That may be just why."""
    put(a="= = =")

    assert profile("delete", "a", "--yes")[0] == 0

    assert profile_names(paths) == []


@pytest.mark.parametrize("words", [("delete", "a", "--yes"), ("rename", "a", "b")])
def test_a_state_that_cannot_be_changed_keeps_the_profile(
    profile: Verb, put: Callable[..., None], paths: Paths, words: tuple[str, str, str]
) -> None:
    """Else it would name what is not there."""
    put(a="")
    os.makedirs(paths.state, exist_ok=True)
    with open(paths.state_file, "w") as file:
        file.write("format = 2\n")

    code, _, err = profile(*words)

    assert (code, "a newer cclaunch wrote it" in err) == (2, True)
    assert profile_names(paths) == ["a"]


def test_rename_carries_along_whatever_names_it(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """State, bindings and children; comments of both files stay."""
    put(a="# mine\n[attributes]\nteam = 'x'\n", child="extends = 'a' # the base\n", other="")
    change_state(paths, lambda _: State("a", "other", {"/x": "a", "/y": "other"}))

    code, out, err = profile("rename", "a", "b")

    assert (code, out) == (0, "profile a: now b\n")
    assert profile_names(paths) == ["b", "child", "other"]
    assert read_profile(paths, "b") == b"# mine\n[attributes]\nteam = 'x'\n"
    assert read_profile(paths, "child") == b'extends = "b" # the base\n'
    assert load_state(paths) == State("b", "other", {"/x": "b", "/y": "other"})
    assert "/x is bound to b" in err
    assert "child extends b" in err


@pytest.mark.parametrize("text", ["budget = 3\n", "extends = 'base'\n"], ids=["its own", "a parent's"])
def test_rename_says_that_a_budget_begins_anew(profile: Verb, put: Callable[..., None], text: str) -> None:
    """What was spent stays under the old name, so launches that were stopped are not any more: that must not be a surprise."""
    put(a=text, base="budget = 9\n", c="")
    assert "the budget of b begins anew: what was spent this month stays under the name a\n" in profile("rename", "a", "b")[2]
    assert "budget" not in profile("rename", "c", "d")[2]


def test_rename_of_a_link_moves_the_link(profile: Verb, paths: Paths, sandbox: Sandbox, put: Callable[..., None]) -> None:
    """People keep their files in a repository and link them into place."""
    put(other="")
    (sandbox.work / "mine.toml").write_text("budget = 3\n")
    os.symlink(sandbox.work / "mine.toml", profile_path(paths, "a"))

    assert profile("rename", "a", "b")[0] == 0

    assert os.readlink(profile_path(paths, "b")) == str(sandbox.work / "mine.toml")
    assert profile_names(paths) == ["b", "other"]


def test_a_name_may_change_its_case(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """It is the same profile."""
    put(data="budget = 3\n")

    assert profile("rename", "data", "Data")[0] == 0

    assert (profile_names(paths), load_profile(paths, "Data").budget) == (["Data"], 3.0)


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("a", "b", 2, "there is a profile `b` already"),
        ("a", "B", 2, "there is `b` already"),
        ("a", "a", 2, "that is its name already"),
        ("a", "../x", 2, "cannot be the name of a profile"),
        ("x", "y", 1, "there is no profile `x`"),
        ("lost", "gone", 2, "names the profile itself"),
    ],
)
def test_a_rename_that_makes_no_sense_is_refused(
    profile: Verb, put: Callable[..., None], paths: Paths, old: str, new: str, code: int, told: str
) -> None:
    """Nothing changes."""
    put(a="", b="", lost="extends = 'gone'\n")

    found, _, err = profile("rename", old, new)

    assert (found, told in err) == (code, True)
    assert profile_names(paths) == ["a", "b", "lost"]

"""`cclaunch profile set`, `unset`, `create`: all that is wrong is told together, and then nothing is written."""

import os
import re
import shlex
import threading
from collections.abc import Callable

import pytest
from runners import Verb
from sandbox import Sandbox
from untouched import last_written

from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import load_profile, profile_names, profile_path, read_profile
from cclaunch.profiles.model import Profile


def test_set_creates_what_is_missing_and_says_how_it_is_used(profile: Verb, paths: Paths) -> None:
    """Attributes and settings in one go."""
    words = [
        "team=data engineering",
        "city=Köln=CGN",
        "--prompts",
        "on",
        "--responses",
        "off",
        "--description",
        "Data",
        "--budget",
        "9.5",
    ]

    code, out, err = profile("set", "data", *words)

    assert (code, out) == (0, "profile data: created\n")
    assert "cclaunch +data" in err
    assert load_profile(paths, "data") == Profile(
        "data", "Data", "", {"team": "data engineering", "city": "Köln=CGN"}, {"prompts": True, "responses": False}, "", 9.5
    )
    assert os.stat(profile_path(paths, "data")).st_mode & 0o777 == 0o600


def test_set_changes_what_it_names_and_nothing_else(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """A hand's comments stay."""
    put(data="# by hand\n[attributes]\nteam = 'a'  # short\nproject = 'p'\n")

    assert profile("set", "data", "team=b")[:2] == (0, "profile data: changed\n")

    assert read_profile(paths, "data") == b"# by hand\n[attributes]\nteam = \"b\"  # short\nproject = 'p'\n"


def test_set_to_what_it_is_changes_nothing(profile: Verb, paths: Paths) -> None:
    """The same words twice."""
    profile("set", "data", "team=a", "--budget", "3")
    before = last_written(profile_path(paths, "data"))

    assert profile("set", "data", "team=a", "--budget", "3")[1] == "profile data: unchanged\n"

    assert last_written(profile_path(paths, "data")) == before


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(profile: Verb, paths: Paths) -> None:
    """One round, not seven."""
    words = ["model=x", "session_id=x", "te am=x", "word", "long=" + "ö" * 50, "tab=\t", "a=1", "a=2", "--budget", "-3"]

    code, out, err = profile("set", "data", *words)

    assert (code, out) == (2, "")
    assert "8 things are wrong; nothing was written" in err
    for part in (
        "`model`",
        "`session_id`",
        "`te am`",
        "`word` is no KEY=VALUE",
        "300 characters",
        "U+0009",
        "given twice",
        "--budget",
    ):
        assert part in err
    assert profile_names(paths) == []


def test_one_thing_that_is_wrong_is_told_with_its_mend(profile: Verb) -> None:
    """As any error is."""
    code, _, err = profile("set", "data", "model=x")

    assert code == 2
    assert "the attribute name `model` is reserved" in err
    assert "hint: choose another name, `work.model` for instance" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--claude-config-dir", ""], "--claude-config-dir must not be empty"),
        (["--description", ""], "--description must not be empty"),
        (["--description", "a\nb"], "--description must be one line"),
        (["--description", "\udcff"], "--description must be one line"),
        (["--budget", "nan"], "--budget must be a number of US dollars"),
        (["--budget", "much"], "'much' is not a valid float"),
        (["--prompts", "yes"], "'yes' is not one of 'on', 'off'"),
        (["--extends", "../x"], "--extends must be the name of a profile"),
        (["--extends", "bsae"], "there is no profile `bsae`"),
        (["--extends", "data"], "cannot extend itself"),
        (["--extends", "child"], "`child` cannot be a parent"),
        (["a.b=1", "a_b=2"], "the attribute names"),
        ([], "there is nothing to set"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    profile: Verb, put: Callable[..., None], paths: Paths, words: list[str], told: str
) -> None:
    """Nothing is written."""
    put(base="", child="extends = 'base'\n")

    code, _, err = profile("set", "data", *words)

    assert code in (1, 2)
    assert told in err
    assert profile_names(paths) == ["base", "child"]


def test_a_parent_gets_no_parent_of_its_own(profile: Verb, put: Callable[..., None]) -> None:
    """Only one step is allowed."""
    put(base="", child="extends = 'base'\n", other="")

    assert "`child` extends it already" in profile("set", "base", "--extends", "other")[2]


def test_a_parent_is_not_changed_so_that_a_child_breaks(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Two names that are one label, only together."""
    put(base="", child="extends = 'base'\n[attributes]\ncost_center = '1'\n")

    code, _, err = profile("set", "base", "cost.center=2")

    assert code == 2
    assert "`child` and its parent `base` do not go together" in err
    assert load_profile(paths, "base").attributes == {}


def test_too_many_attributes_are_counted_with_those_of_the_parent(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """A hundred are sent, five are a launch's own."""
    put(base="[attributes]\n" + "".join(f"a{number} = 'x'\n" for number in range(60)))

    code, _, err = profile("set", "web", *(f"b{number}=x" for number in range(36)), "--extends", "base")

    assert code == 2
    assert "96 attributes" in err
    assert profile("set", "web", *(f"b{number}=x" for number in range(35)), "--extends", "base")[0] == 0


def test_a_setting_written_as_an_attribute_is_pointed_out(profile: Verb, paths: Paths) -> None:
    """It is done, as KEY=VALUE always is, and the option is named."""
    code, _, err = profile("set", "data", "budget=3", "tool-details=on")

    assert code == 0
    assert "--budget" in err
    assert "--tool-details" in err
    assert load_profile(paths, "data").attributes == {"budget": "3", "tool-details": "on"}


@pytest.mark.parametrize(
    ("typed", "kept"), [("~/x", "{home}/x"), ("~", "{home}"), ("sub/../x", "{work}/x"), ("/abs/olute", "/abs/olute")]
)
def test_a_directory_is_kept_whole(profile: Verb, sandbox: Sandbox, paths: Paths, typed: str, kept: str) -> None:
    """A profile is used from other directories than this one."""
    profile("set", "data", "--claude-config-dir", typed)

    assert load_profile(paths, "data").claude_config_dir == kept.format(home=sandbox.home, work=sandbox.work)


@pytest.mark.parametrize("name", ["../x", "a b", "-x", ".x", "x" * 101, "ä"])
def test_a_name_that_cannot_be_one_is_refused(profile: Verb, paths: Paths, name: str) -> None:
    """With the rule."""
    code, _, err = profile("create", "--", name)

    assert (code, "cannot be the name of a profile" in err) == (2, True)
    assert profile_names(paths) == []


def test_a_name_that_differs_only_in_case_is_refused(profile: Verb, put: Callable[..., None]) -> None:
    """Where file names know no case it would be the same file."""
    put(data="")

    assert "there is `data` already" in profile("set", "Data", "a=b")[2]


def test_a_new_name_that_is_nearly_an_old_one_is_pointed_out(profile: Verb, put: Callable[..., None]) -> None:
    """It is created, because that is what was asked; the way back is named."""
    put(**{"data-eng": ""})

    code, out, err = profile("set", "data-egn", "team=x")

    assert (code, out) == (0, "profile data-egn: created\n")
    assert "if you meant `data-eng`: cclaunch profile delete data-egn --yes" in err


def test_create_makes_a_profile_and_no_second_one(profile: Verb, paths: Paths) -> None:
    """An empty one is a profile too."""
    assert profile("create", "data")[:2] == (0, "profile data: created\n")

    code, _, err = profile("create", "data", "team=x")

    assert (code, "there is a profile `data` already" in err) == (2, True)
    assert load_profile(paths, "data") == Profile("data")


def test_a_profile_that_is_broken_is_not_changed(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """File, line and key; `edit` mends it."""
    put(data="\nbugdet = 3\n")

    code, _, err = profile("set", "data", "team=x")

    assert (code, "line 2: `bugdet` is not known" in err) == (2, True)
    assert read_profile(paths, "data") == b"\nbugdet = 3\n"


def test_what_cannot_be_changed_safely_points_at_edit(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """A spelling that TOML does not let us add to."""
    put(data="attributes.team = 'a' # mine\n")

    code, _, err = profile("set", "data", "project=x")

    assert (code, "cclaunch profile edit data" in err) == (1, True)
    assert read_profile(paths, "data") == b"attributes.team = 'a' # mine\n"


def test_unset_takes_attributes_and_settings_back(profile: Verb, paths: Paths) -> None:
    """Whatever was set."""
    words = ["a=1", "b.c=2", "d=3", "--prompts", "on", "--budget", "3", "--description", "x", "--claude-config-dir", "/x"]
    profile("set", "data", *words)

    gone = ["a", "b.c", "--prompts", "--budget", "--description", "--claude-config-dir"]

    assert profile("unset", "data", *gone)[:2] == (0, "profile data: changed\n")
    assert load_profile(paths, "data") == Profile("data", attributes={"d": "3"})


def test_unset_of_what_is_not_set_is_refused_with_the_nearest(profile: Verb, paths: Paths) -> None:
    """All of it, and nothing is written: the typo's label would stay."""
    profile("set", "data", "team=a", "project=b")

    code, _, err = profile("unset", "data", "project", "tema", "--prompts", "--extends")

    assert code == 2
    assert "3 things are wrong" in err
    assert "did you mean `team`?" in err
    assert "--prompts is not set" in err
    assert load_profile(paths, "data").attributes == {"team": "a", "project": "b"}


@pytest.mark.parametrize("words", [("unset", "data"), ("unset", "dtaa", "team")])
def test_unset_wants_a_profile_and_something_to_take_back(
    profile: Verb, put: Callable[..., None], words: tuple[str, ...]
) -> None:
    """Nothing is guessed."""
    put(data="[attributes]\nteam = 'x'\n")

    assert profile(*words)[0] in (1, 2)


def test_two_that_set_at_once_lose_nothing(sandbox: Sandbox, paths: Paths) -> None:
    """Each adds an attribute of its own."""

    def add(number: int) -> None:
        sandbox.cclaunch("profile", "set", "data", f"a{number}=x")

    workers = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert set(load_profile(paths, "data").attributes) == {"a0", "a1", "a2", "a3"}


@pytest.mark.parametrize("part", ["set", "create"])
def test_a_directory_that_cannot_be_written_is_one_error(profile: Verb, paths: Paths, part: str) -> None:
    """Exit 1 with the path, and no traceback."""
    os.makedirs(os.path.dirname(paths.config))
    with open(paths.config, "w"):
        pass

    code, _, err = profile(part, "data", "team=x")

    assert code in (1, 2)
    assert paths.config in err
    assert "bug of ours" not in err


@pytest.mark.parametrize("words", [["team="], ["--description", ""]], ids=" ".join)
def test_the_command_that_takes_back_is_one_to_type(profile: Verb, paths: Paths, words: list[str]) -> None:
    """It names the profile, and it works as it stands there."""
    profile("set", "web", "team=a", "--description", "b")

    code, _, err = profile("set", "web", *words)
    (typed,) = re.findall(r"take it back: cclaunch profile (.*)", err)

    assert code == 2
    assert profile(*shlex.split(typed))[:2] == (0, "profile web: changed\n")

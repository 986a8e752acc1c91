"""Profiles on the disk: which there are, what one says with its parent, and what may lie there instead."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.errors import ConfigError, ProfileMissing
from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.hot.paths import Paths
from cclaunch.profiles.disk import (
    children_of,
    forget_plan,
    load_profile,
    profile_names,
    profile_path,
    remove_profile,
    resolve_profile,
    write_profile,
)
from cclaunch.profiles.edit import edited


def test_before_the_first_one_there_are_none(paths: Paths) -> None:
    """No directory, no trouble."""
    assert profile_names(paths) == []


def test_names_are_sorted_and_only_those_of_profiles(paths: Paths, put: Callable[..., None]) -> None:
    """What an editor or a crash left there is none."""
    put(web="", data="")
    for name in (".data.toml.swp", "data.toml~", "notes.txt", "a b.toml", "-x.toml", ".web.12.34"):
        (open(f"{paths.profiles}/{name}", "w")).close()

    assert profile_names(paths) == ["data", "web"]


def test_a_profile_is_read_with_its_parent(paths: Paths, put: Callable[..., None]) -> None:
    """The merged profile, and both files, its own first."""
    put(base="[attributes]\norg = 'acme'\nteam = 'x'\n", data="extends = 'base'\n[attributes]\nteam = 'data'\n")

    found = resolve_profile(paths, "data")

    assert found.profile.attributes == {"org": "acme", "team": "data"}
    assert found.paths == [profile_path(paths, "data"), profile_path(paths, "base")]
    assert load_profile(paths, "data").attributes == {"team": "data"}


def test_one_without_a_parent_has_one_file(paths: Paths, put: Callable[..., None]) -> None:
    """Itself."""
    put(data="")

    assert resolve_profile(paths, "data").paths == [profile_path(paths, "data")]


def test_a_name_that_does_not_exist_is_answered_with_the_nearest(paths: Paths, put: Callable[..., None]) -> None:
    """A typo must not bill the wrong team."""
    put(**{"data-eng": "", "data-end": "", "web": ""})

    with pytest.raises(ProfileMissing) as caught:
        load_profile(paths, "data-emg")

    assert caught.value.message == "there is no profile `data-emg`"
    assert "`data-eng`" in caught.value.hint
    assert "`data-end`" in caught.value.hint
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(("names", "hint"), [([], "cclaunch profile set NAME"), (["web"], "cclaunch profile list")])
def test_where_nothing_is_near_the_hint_is_a_command(paths: Paths, put: Callable[..., None], names: list[str], hint: str) -> None:
    """To see what there is, or to make the first one."""
    put(**dict.fromkeys(names, ""))

    with pytest.raises(ProfileMissing) as caught:
        load_profile(paths, "zzz")

    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["../config", "", "DATA", "a/b", "data.toml"])
def test_only_the_very_name_is_found(paths: Paths, put: Callable[..., None], name: str) -> None:
    """No path leads out of the directory, and no other case of letters to a label of its own."""
    put(data="")
    with open(f"{paths.config}/config.toml", "w"):
        pass

    with pytest.raises(ProfileMissing):
        load_profile(paths, name)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"a": "\nextends = 'bse'\n", "base": ""}, "line 2: `extends` names `bse`, which does not exist"),
        ({"a": "extends = 'b'\n", "b": "extends = 'a'\n"}, "`extends` names `b`, which extends `a` itself"),
        ({"a": "extends = 'a'\n"}, "`extends` names the profile itself"),
        ({"a": "extends = 'b'\n", "b": "extends = 'c'\n", "c": ""}, "only one step is allowed"),
        ({"a": "extends = 'b'\n[attributes]\nx_y = '1'", "b": "[attributes]\nx.y = '1'"}, "does not go together"),
        ({"a": "bugdet = 3\n"}, "line 1: `bugdet` is not known"),
    ],
)
def test_a_family_that_does_not_work_is_named_in_the_childs_file(
    paths: Paths, put: Callable[..., None], texts: dict[str, str], told: str
) -> None:
    """File, line and key."""
    put(**texts)

    with pytest.raises(ConfigError) as caught:
        resolve_profile(paths, "a")

    assert profile_path(paths, "a") in caught.value.message
    assert told in caught.value.message


def test_a_broken_parent_is_named_by_its_own_file(paths: Paths, put: Callable[..., None]) -> None:
    """There it is to be mended."""
    put(a="extends = 'b'\n", b="\n\nfoo = 1\n")

    with pytest.raises(ConfigError, match=f"{profile_path(paths, 'b')}, line 3"):
        resolve_profile(paths, "a")


def test_a_pipe_a_directory_or_something_huge_is_refused_at_once(paths: Paths, put: Callable[..., None]) -> None:
    """None of them hangs us, none is read."""
    put(huge="#" + " " * 70_000)
    os.mkfifo(profile_path(paths, "pipe"))
    os.mkdir(profile_path(paths, "folder"))
    os.symlink("/nowhere", profile_path(paths, "link"))

    for name in ("huge", "pipe", "folder", "link"):
        with pytest.raises(ConfigError, match="regular file of at most 64 KiB"):
            load_profile(paths, name)


def test_a_file_in_the_place_of_the_directory_is_an_error(paths: Paths) -> None:
    """Not an empty list."""
    os.makedirs(paths.config)
    with open(paths.profiles, "w"):
        pass

    with pytest.raises(ConfigError, match="Not a directory"):
        profile_names(paths)


def test_children_are_found_past_a_broken_profile(paths: Paths, put: Callable[..., None]) -> None:
    """It cannot say whom it extends."""
    put(base="", a="extends = 'base'\n", b="extends = \n", c="", d="extends = 'base'\n")

    assert children_of(paths, "base") == ["a", "d"]


def test_writing_and_removing_make_the_compiled_plan_go(paths: Paths, put: Callable[..., None]) -> None:
    """The next launch compiles anew; without a plan nothing is amiss."""
    os.makedirs(paths.cache)
    changes: list[Callable[[], object]] = [lambda: put(a=""), lambda: remove_profile(paths, "a"), lambda: forget_plan(paths)]
    for change in changes:
        with open(f"{paths.cache}/plan", "w"):
            pass
        change()
        assert not os.path.exists(f"{paths.cache}/plan")
    forget_plan(paths)


VALUES = st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1).filter(lambda v: len(encode(v)) <= LONGEST)


@given(VALUES, VALUES)
def test_every_allowed_value_survives_the_disk(tmp_path_factory: pytest.TempPathFactory, team: str, description: str) -> None:
    """Written, read and parsed: the same text, whatever Unicode it is made of."""
    base = str(tmp_path_factory.getbasetemp() / "values")
    paths = Paths(f"{base}/config", f"{base}/state", f"{base}/cache", f"{base}/data")
    text = edited("a", "", {("attributes", "team"): team, ("description",): description}, "a.toml")

    write_profile(paths, "a", text.encode())

    found = load_profile(paths, "a")
    assert (found.attributes, found.description) == ({"team": team}, description)

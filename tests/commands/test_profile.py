"""`cclaunch profile`: listing, showing and choosing one."""

import json
import os
from collections.abc import Callable

import click
import pytest
from click.core import Command
from runners import Verb
from sandbox import Sandbox

from cclaunch import cli
from cclaunch.commands.profile import PARTS, command, look
from cclaunch.config.state import State, load_state
from cclaunch.hot.paths import Paths
from cclaunch.hot.selection import Selection
from cclaunch.profiles.disk import profile_path

NAMES = "list show current use set unset create delete rename edit bind unbind export import".split()


def test_there_are_fourteen_parts() -> None:
    """As the help lists them."""
    assert command.list_commands(click.Context(command)) == NAMES


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_the_help_of_a_part_shows_how_it_is_typed(profile: Verb, part: Command) -> None:
    """An example that begins as one would type it, and a summary that is not cut off."""
    code, out, _ = profile(part.name, "--help")

    assert code == 0
    assert f"    cclaunch profile {part.name}" in out or f"cclaunch profile {part.name}" in out.partition("\n\n")[2]
    assert not part.get_short_help_str().endswith("...")


@pytest.mark.parametrize(("typed", "meant"), [("lst", "list"), ("craete", "create"), ("exprot", "export"), ("ls", "list")])
def test_a_mistyped_part_is_answered_with_the_one_that_was_meant(profile: Verb, typed: str, meant: str) -> None:
    """And ends with 2."""
    code, _, err = profile(typed)

    assert code == 2
    assert f"did you mean `{meant}`?" in err


def test_without_profiles_the_list_says_how_to_make_one(profile: Verb) -> None:
    """To people; a program gets an empty array."""
    assert "profile set NAME" in profile("list")[2]
    assert json.loads(profile("list", "--json")[1]) == []


def test_the_list_has_each_with_what_its_parent_adds(profile: Verb, put: Callable[..., None]) -> None:
    """As data: nothing is left to be worked out."""
    put(base="[attributes]\norg = 'acme'\n", web="extends = 'base'\nbudget = 5\n[privacy]\nprompts = true\n")
    profile("use", "web")

    base, web = json.loads(profile("list", "--json")[1])

    keys = "name active description extends attributes privacy claude_config_dir budget trouble here bindings"
    assert list(base) == keys.split()
    assert (base["name"], base["active"], base["extends"], base["budget"]) == ("base", False, None, None)
    assert web == {
        "name": "web",
        "active": True,
        "description": None,
        "extends": "base",
        "attributes": {"org": "acme"},
        "privacy": {"prompts": True},
        "claude_config_dir": None,
        "budget": 5.0,
        "trouble": None,
        "here": {"source": "use", "detail": None},
        "bindings": [],
    }


def test_the_list_marks_what_is_in_force_here_and_names_the_bindings(
    profile: Verb, put: Callable[..., None], sandbox: Sandbox
) -> None:
    """The one that was chosen is another matter: a binding wins over it, in this directory."""
    put(a="", b="", c="")
    profile("use", "a")
    profile("bind", "b")
    profile("bind", "c", str(sandbox.home))

    a, b, c = json.loads(profile("list", "--json")[1])
    shown = [line.split() for line in profile("list")[1].splitlines()]

    assert [one["here"] for one in (a, b, c)] == [None, {"source": "bind", "detail": str(sandbox.work)}, None]
    assert [one["bindings"] for one in (a, b, c)] == [[], [str(sandbox.work)], [str(sandbox.home)]]
    assert shown[1:4] == [["*", "a", *"-----"[1:]], ["b", "bound:", str(sandbox.work), *"----"], ["c", *"----"]]
    assert shown[5:] == [["bound", "directory", "profile"], [str(sandbox.home), "c"], [str(sandbox.work), "b"]]


@pytest.mark.parametrize(
    ("variables", "place", "source"),
    [({}, "", "profile use"), ({"CCLAUNCH_PROFILE": "b"}, "", "CCLAUNCH_PROFILE"), ({}, "b", "{work}/.cclaunch.toml")],
)
def test_the_list_says_who_asks_for_the_one_that_is_in_force_here(
    profile: Verb, put: Callable[..., None], sandbox: Sandbox, variables: dict[str, str], place: str, source: str
) -> None:
    """The variable, the repository, or `profile use`."""
    put(a="", b="")
    profile("use", "a")
    if place:
        (sandbox.work / ".cclaunch.toml").write_text(f'profile = "{place}"\n')

    lines = profile("list", **variables)[1].splitlines()

    assert [source.format(work=sandbox.work) in line for line in lines[1:]] == [
        not (variables or place),
        bool(variables or place),
    ]


def test_a_binding_to_a_profile_that_is_gone_is_said_with_what_ends_it(
    profile: Verb, put: Callable[..., None], paths: Paths, sandbox: Sandbox
) -> None:
    """Somebody deleted its file by hand."""
    put(a="", b="")
    profile("bind", "a", str(sandbox.home))
    os.unlink(profile_path(paths, "a"))

    told = profile("list")[2]

    assert f"is bound to `a`, which does not exist: cclaunch profile unbind {sandbox.home}\n" in told


def test_a_broken_profile_is_a_row_with_its_trouble(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """The others are listed all the same, and it is no error."""
    put(a="description = 'fine'\n", b="bugdet = 3\n", c="description = 'kept'\nextends = 'gone'\n")

    code, out, _ = profile("list", "--json")
    a, b, c = json.loads(out)

    assert code == 0
    assert (a["trouble"], b["attributes"]) == (None, {})
    assert f"{profile_path(paths, 'b')}, line 1: `bugdet` is not known" in b["trouble"]
    assert (c["description"], "`gone`" in c["trouble"]) == ("kept", True)
    assert "broken: " in profile("list")[1]


def test_the_list_outlives_a_broken_state(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """What is wrong is said."""
    put(a="")
    os.makedirs(paths.state, exist_ok=True)
    with open(paths.state_file, "w") as file:
        file.write("format = 9\n")

    code, out, err = profile("list")

    assert (code, "a" in out) == (0, True)
    assert "a newer cclaunch wrote it" in err


def test_an_active_profile_that_is_gone_is_said(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Somebody deleted its file by hand."""
    put(a="", b="")
    profile("use", "a")
    os.unlink(profile_path(paths, "a"))

    assert "`a` is in use and does not exist" in profile("list")[2]


def test_values_cannot_drive_the_terminal(profile: Verb, put: Callable[..., None]) -> None:
    """What is allowed in TOML and no control character, yet turns text around, is made visible."""
    put(a="description = 'x\u202ey'\n[attributes]\nteam = '\u202e'\n")

    assert "\u202e" not in profile("list")[1] + profile("show", "a")[1]


def test_show_tells_what_comes_from_the_parent(profile: Verb, put: Callable[..., None]) -> None:
    """Each line with the profile that says so."""
    put(base="budget = 20\n[attributes]\norg = 'acme'\n[privacy]\nprompts = true\n")
    put(web="extends = 'base'\n[attributes]\nteam = 'w'\n[privacy]\nresponses = false\n")

    code, out, _ = profile("show", "web")

    assert code == 0
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["setting", "extends", "base", "web"],
        ["setting", "budget", "20", "USD", "a", "month", "base"],
        ["attribute", "org", "acme", "base"],
        ["attribute", "team", "w", "web"],
        ["privacy", "prompts", "on", "base"],
        ["privacy", "responses", "off", "web"],
    ]


@pytest.mark.parametrize(
    ("budget", "told"),
    [("20", "20"), ("20.0", "20"), ("1234567", "1234567"), ("0.5", "0.50"), ("12.34", "12.34"), ("0.001", "0.001")],
)
def test_show_tells_the_budget_with_all_its_digits(profile: Verb, put: Callable[..., None], budget: str, told: str) -> None:
    """A person has written them."""
    put(a=f"budget = {budget}\n")
    assert f" {told} USD a month " in profile("show", "a")[1]


def test_show_as_json_names_the_files(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """The merged profile, and where it is written."""
    put(base="[attributes]\norg = 'acme'\n", web="extends = 'base'\n")

    found = json.loads(profile("show", "web", "--json")[1])

    assert found["attributes"] == {"org": "acme"}
    assert found["files"] == [profile_path(paths, "web"), profile_path(paths, "base")]


@pytest.mark.parametrize("words", [("show", "wbe"), ("use", "wbe"), ("bind", "wbe"), ("edit", "wbe"), ("export", "wbe")])
@pytest.mark.parametrize("more", [(), ("--help",)])
def test_a_mistyped_name_is_answered_with_the_one_that_was_meant(
    profile: Verb, put: Callable[..., None], words: tuple[str, str], more: tuple[str, ...]
) -> None:
    """Exit 1; help needs no name that exists."""
    put(web="")

    code, _, err = profile(*words, *more)

    assert code == (0 if more else 1)
    assert ("did you mean `web`?" in err) is not bool(more)


@pytest.mark.parametrize("part", ["use", "bind", "show", "export"])
def test_a_broken_profile_is_not_put_in_force(profile: Verb, put: Callable[..., None], paths: Paths, part: str) -> None:
    """File, line and key; the state stays."""
    put(web="\nbugdet = 3\n")

    code, _, err = profile(part, "web")

    assert code == 2
    assert f"{profile_path(paths, 'web')}, line 2: `bugdet`" in err
    assert load_state(paths) == State()


def test_use_goes_there_and_back(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """`-` is the one before, and then the one before that."""
    put(a="", b="")
    seen = [profile("use", *words)[1].strip() for words in (["a"], ["b"], ["-"], ["-"], ["--none"], ["-"])]

    assert seen == ["profile: a", "profile: b", "profile: a", "profile: b", "profile: none", "profile: b"]


def test_using_what_is_in_use_keeps_the_one_before(profile: Verb, put: Callable[..., None], paths: Paths) -> None:
    """Else `-` would lead nowhere."""
    put(a="", b="")
    for name in ("a", "b", "b"):
        profile("use", name)

    assert load_state(paths) == State("b", "a")


@pytest.mark.parametrize("words", [(), ("a", "--none"), ("",)])
def test_use_wants_one_answer(profile: Verb, put: Callable[..., None], words: tuple[str, ...]) -> None:
    """A name, `-` or --none; an empty name is a variable that was not set."""
    put(a="")

    assert profile("use", *words)[0] == 2


def test_use_back_without_a_before_is_refused(profile: Verb) -> None:
    """There is nowhere to go."""
    code, _, err = profile("use", "-")

    assert code == 2
    assert "no other profile was in use before" in err


@pytest.mark.parametrize("words", [("use", "a"), ("bind", "a"), ("set", "a", "team=x"), ("use", "--none")])
def test_a_verb_that_writes_makes_the_compiled_plan_go(
    profile: Verb, put: Callable[..., None], paths: Paths, words: tuple[str, ...]
) -> None:
    """The next launch sees the change."""
    put(a="")
    os.makedirs(paths.cache)
    with open(f"{paths.cache}/plan", "w"):
        pass

    assert profile(*words)[0] == 0

    assert not os.path.exists(f"{paths.cache}/plan")


def test_bind_keeps_the_real_path(profile: Verb, put: Callable[..., None], paths: Paths, sandbox: Sandbox) -> None:
    """A link is followed: the directory counts, not the way to it."""
    put(a="")
    (sandbox.home / "shop").mkdir()
    (sandbox.work / "link").symlink_to(sandbox.home / "shop")

    assert profile("bind", "a", "link")[0] == 0
    assert profile("bind", "a")[0] == 0

    assert load_state(paths).bindings == {str(sandbox.home / "shop"): "a", str(sandbox.work): "a"}


def test_bind_says_what_it_replaces(profile: Verb, put: Callable[..., None]) -> None:
    """The directory was another profile's."""
    put(a="", b="")
    profile("bind", "a")

    assert profile("bind", "b")[1].endswith(": bound to b, no longer to a\n")


@pytest.mark.parametrize("directory", ["nowhere", "file"])
def test_only_a_directory_is_bound(
    profile: Verb, put: Callable[..., None], sandbox: Sandbox, paths: Paths, directory: str
) -> None:
    """A typo would never match."""
    put(a="")
    (sandbox.work / "file").write_text("")

    code, _, err = profile("bind", "a", directory)

    assert (code, "is not a directory" in err) == (2, True)
    assert load_state(paths).bindings == {}


def test_a_directory_that_the_state_cannot_hold_is_refused(profile: Verb, put: Callable[..., None], sandbox: Sandbox) -> None:
    """TOML is UTF-8, file names need not be."""
    put(a="")
    os.mkdir(os.fsencode(sandbox.work) + b"/\xff")

    assert "is no UTF-8" in profile("bind", "a", "\udcff")[2]


def test_unbind_frees_a_directory_that_is_gone(profile: Verb, put: Callable[..., None], sandbox: Sandbox, paths: Paths) -> None:
    """It was deleted; its binding should not stay for ever."""
    put(a="")
    (sandbox.work / "gone").mkdir()
    profile("bind", "a", "gone")
    (sandbox.work / "gone").rmdir()

    assert profile("unbind", "gone")[0] == 0

    assert load_state(paths).bindings == {}


def test_unbind_names_the_binding_that_reaches_here(profile: Verb, put: Callable[..., None], sandbox: Sandbox) -> None:
    """The nearest one above; `/work-evil` is not below `/work`."""
    put(a="")
    for name in ("in", "in/side", "in-other"):
        (sandbox.work / name).mkdir()
    profile("bind", "a", ".")
    profile("bind", "a", "in")

    assert f"hint: cclaunch profile unbind {sandbox.work}/in\n" in profile("unbind", "in/side")[2]
    assert f"hint: cclaunch profile unbind {sandbox.work}\n" in profile("unbind", "in-other")[2]


@pytest.mark.parametrize(
    ("found", "shown", "told"),
    [
        (("", "", "", ""), "none\n", ""),
        (("web", "use", "", ""), "web  (chosen by `cclaunch profile use`)\n", ""),
        (("web", "bind", "/src/shop", ""), "web  (bound: /src/shop)\n", ""),
        (("web", ".cclaunch.toml", "/s/.cclaunch.toml", ""), "web  (named by the repository: /s/.cclaunch.toml)\n", ""),
        (("x", "CCLAUNCH_PROFILE", "", "there is no profile `x`"), "none\n", "cclaunch: there is no profile `x`\n"),
    ],
)
def test_current_says_which_and_why(
    profile: Verb,
    monkeypatch: pytest.MonkeyPatch,
    found: tuple[str, str, str, str],
    shown: str,
    told: str,
) -> None:
    """One line for people, and null for what there is not in JSON."""
    made = type("Made", (), {"selection": Selection(*found)})
    monkeypatch.setattr(look, "composed", lambda environ, where, launch: type("Composed", (), {"made": made}))

    assert profile("current") == (0, shown, told)
    keys = ("name", "source", "detail", "trouble")
    said = ("" if found[3] else found[0], *found[1:])
    assert json.loads(profile("current", "--json")[1]) == {key: value or None for key, value in zip(keys, said, strict=True)}


def test_current_is_what_the_composer_selects(profile: Verb, put: Callable[..., None], sandbox: Sandbox) -> None:
    """Chosen, then bound, then named by the shell: each wins over the one before."""
    put(a="", b="", c="")
    seen = []
    profile("use", "a")
    seen.append(json.loads(profile("current", "--json")[1]))
    profile("bind", "b")
    seen.append(json.loads(profile("current", "--json")[1]))
    seen.append(json.loads(profile("current", "--json", CCLAUNCH_PROFILE="c")[1]))

    assert [(one["name"], one["source"]) for one in seen] == [("a", "use"), ("b", "bind"), ("c", "CCLAUNCH_PROFILE")]
    assert seen[1]["detail"] == str(sandbox.work)


def test_show_without_a_name_is_the_one_in_force(profile: Verb, put: Callable[..., None]) -> None:
    """And without one it says so."""
    put(a="")
    assert "no profile is in force here" in profile("show")[2]

    profile("use", "a")

    assert json.loads(profile("show", "--json")[1])["name"] == "a"


def test_the_group_is_the_verb_of_the_table() -> None:
    """`cclaunch --help` no longer says that it is not built."""
    assert cli.VERBS["profile"].module == "profile"


def test_use_says_what_wins_over_it_here(verb: Verb, sandbox: Sandbox) -> None:
    """A binding, a .cclaunch.toml or a variable of the shell: else somebody wonders why nothing changed."""
    for name in ("a", "b"):
        verb("profile", "set", name, f"team={name}")
    assert verb("profile", "use", "a")[2] == ""

    (sandbox.work / ".cclaunch.toml").write_text('profile = "b"\n')
    by_place = verb("profile", "use", "a")[2]
    verb("profile", "bind", "b")
    by_binding = verb("profile", "use", "a")[2]
    by_shell = verb("profile", "use", "a", CCLAUNCH_PROFILE="b")[2]

    assert by_place == f"cclaunch: here `b` is asked for by .cclaunch.toml {sandbox.work}/.cclaunch.toml, which wins over it\n"
    assert by_binding == f"cclaunch: here `b` is asked for by bind {sandbox.work}, which wins over it\n"
    assert by_shell == "cclaunch: here `b` is asked for by CCLAUNCH_PROFILE, which wins over it\n"

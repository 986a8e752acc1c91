"""Whatever we print for people fits the terminal: every table with long names in it, and the help of every verb."""

from collections.abc import Iterator

import click
import pytest
from doubles import fake_claude
from sandbox import Sandbox
from screens import columns_of, plain, shown
from stored import event, request, store

from cclaunch import cli, console
from cclaunch.console import BOLD

LONG = "a-profile-with-a-rather-long-name-that-somebody-made"
SENTENCE = "what this one is for, in a sentence that goes on and on for whoever reads it"
NOON = 1_795_176_000_000_000_000
WORDS = (
    ("env", "--explain"),
    ("profile", "list"),
    ("profile", "show", "child"),
    ("status",),
    ("check",),
    ("stack", "status"),
    ("persist", "status"),
    ("dashboard", "list"),
    ("events", "show", "5e55104e"),
    ("usage",),
    ("usage", "--by", "day"),
    ("usage", "--by", "project,branch", "--since", "2020-01"),
    ("usage", "--by", "session", "--since", "2020-01"),
)


@pytest.fixture
def crowded(sandbox: Sandbox) -> Sandbox:
    """A sandbox in which every name is long, and there are many of them."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    store(
        sandbox.database,
        request(1, NOON, session__id="5e55104e-0000", project="日本語" * 20, vcs__ref__head__name="b" * 90, team="t" * 200),
        request(2, NOON, micros=123_456_789_012, session__id="5e55104f-0000", project="\x1b[31mred\u202e" * 9, model="m" * 80),
        event("user_prompt", NOON, session__id="5e55104e-0000"),
    )
    for words in (
        ("profile", "set", LONG, "team=a-team-with-a-very-long-name-indeed", *(f"key_{n}=value-{n}" for n in range(12))),
        ("profile", "set", LONG, "--description", SENTENCE),
        ("profile", "set", "child", "team=core", "--extends", LONG),
        ("profile", "bind", LONG, str(sandbox.work)),
    ):
        assert cli.main(list(words), sandbox.environ) == 0
    return sandbox


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_no_line_is_wider_than_the_terminal(crowded: Sandbox, columns: int) -> None:
    """Names are cut or go on below; notes are sentences of one line, which the terminal breaks."""
    found = {words: shown(crowded, *words, columns=columns) for words in WORDS}

    assert {words: code for words, (code, _) in found.items() if code > 1} == {}
    wide = {
        words: line
        for words, (_, screen) in found.items()
        for line in plain(screen).splitlines()
        if columns_of(line) > columns and not line.startswith("cclaunch: ")
    }
    assert wide == {}
    assert all(len(plain(screen).splitlines()) > 1 for _, screen in found.values())


def test_no_word_is_broken_where_a_row_can_be_a_card(crowded: Sandbox) -> None:
    """The name of a profile can be selected with the mouse, and so can an address."""
    told = plain(shown(crowded, "profile", "list", columns=80)[1])
    lines = told.splitlines()

    assert lines[0] == LONG
    assert f"  extends      {LONG}" in lines
    assert "  attributes   team=a-team-with-a-very-long-name-indeed, key_0=value-0," in lines


def test_a_table_that_fits_is_a_table(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each row; on a pipe always."""
    rows = [["one", "a sentence that is of some length"], ["two", console.NOTHING]]
    console.table(["name", "about"], rows, {"COLUMNS": "30"})
    console.table(["name", "about"], rows, {})

    assert capsys.readouterr().out.splitlines() == [
        "name  about",
        "one   a sentence that is of",
        "      some length",
        "two   -",
        "name  about",
        "one   a sentence that is of some length",
        "two   -",
    ]


def test_a_card_says_only_what_there_is_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    """Its heading is what the row is about; the rest has titles."""
    rows = [["*", "one", "x" * 35, console.NOTHING], ["", "two", console.NOTHING, "y"]]
    console.table(["", "name", "value", "from"], rows, {"COLUMNS": "44"}, names=2)

    assert capsys.readouterr().out.splitlines() == ["*  one", f"  value  {'x' * 35}", "two", "  from   y"]


def test_what_is_long_may_stand_below_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    """So much of the table stays as fits; on less it is cards."""
    titles = ["service", "state", "url", "detail", "image"]
    rows = [
        ["grafana", "healthy", "http://127.0.0.1:3000", "a password a password a password", "grafana/grafana:12.3.0"],
        ["proxy", "down", *"---"],
    ]
    for columns in (43, 32):
        console.table(titles, rows, {"COLUMNS": str(columns)}, below=2)

    assert capsys.readouterr().out.splitlines() == [
        "service  state    url",
        "grafana  healthy  http://127.0.0.1:3000",
        "  detail  a password a password a password",
        "  image   grafana/grafana:12.3.0",
        "proxy    down     -",
        "grafana",
        "  state   healthy",
        "  url     http://127.0.0.1:3000",
        "  detail  a password a password",
        "          a password",
        "  image   grafana/grafana:12.3.0",
        "proxy",
        "  state   down",
    ]


def test_a_heading_is_bold_and_nothing_else_is(crowded: Sandbox) -> None:
    """As in a table."""
    styled = [line for line in shown(crowded, "profile", "list", columns=60)[1].splitlines() if "\x1b" in line]

    assert [plain(line) for line in styled][:2] == [LONG, "child"]
    assert all(line.startswith(f"\x1b[{BOLD}m") for line in styled)


def test_a_label_that_leaves_no_room_stands_above(capsys: pytest.CaptureFixture[str]) -> None:
    """On twenty columns."""
    console.labelled("last event", "", "api_request, a moment ago", {"COLUMNS": "20"})

    assert capsys.readouterr().out.splitlines() == ["last event", "  api_request, a", "  moment ago"]


def every_verb() -> Iterator[tuple[str, ...]]:
    """Yield the words of every verb and every part that has a help of its own."""

    def below(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        if isinstance(command, click.Group):
            ctx = click.Context(command)
            for name in command.list_commands(ctx):
                part = command.get_command(ctx, name)
                assert part is not None
                yield from below(part, (*words, name))

    return below(cli.group(), ())


HELPS = list(every_verb())


def test_the_tree_of_verbs_is_walked() -> None:
    """All verbs, and parts of parts."""
    assert {words[0] for words in HELPS if words} == set(cli.VERBS)
    assert {("usage", "forget"), ("profile", "set"), ("stack", "status"), ("events", "show")} <= set(HELPS)


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_every_help_fits_80_columns(
    words: tuple[str, ...], environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what the verb does, names no option without a word on it, and ends no sentence with dots."""
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([*words, "--help"], environ) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line for line in lines if columns_of(line) > 80] == []
    assert lines[0].startswith(f"Usage: {' '.join(('cclaunch', *words))}")
    assert lines[lines.index("") + 1].startswith("  ")
    assert [line for line in lines if line.endswith("...") and not line.startswith("Usage: ")] == []
    assert silent_options(words) == []


def silent_options(words: tuple[str, ...]) -> list[str]:
    """Return the options of a verb of which its help says nothing."""
    command: click.Command = cli.group()
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return [one.opts[0] for one in options if not one.help]


@pytest.mark.parametrize("columns", [60, 120])
def test_help_is_as_wide_as_the_terminal_and_no_wider_than_is_read_well(crowded: Sandbox, columns: int) -> None:
    """Prose is wrapped; what is to be typed is left whole."""
    prose = [line for line in plain(shown(crowded, "usage", "--help", columns=columns)[1]).splitlines() if "cclaunch" not in line]

    assert max(map(columns_of, prose)) <= min(columns, 100)

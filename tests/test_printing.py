"""What people read cannot drive their terminal, whoever wrote it, and whatever the verb; what programs read stays as it is."""

import ast
import io
import json
import sys
import time
from pathlib import Path

import pytest
from click import Context
from doubles import fake_claude
from runners import Verb
from sandbox import Sandbox
from stored import event, store

from cclaunch import cli, console
from cclaunch.bars import Bars
from cclaunch.main import VERBS

PACKAGE = Path(cli.__file__).parent
NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\u200b\U000e0041\x7f[red][link=http:x]\x85\u2028"
HARMLESS = {"\n", "\u00a0", "\u3000"}


def driving(text: str) -> list[str]:
    """Return the characters of *text* that a terminal could obey, or that hide something."""
    return sorted({character for character in text if not character.isprintable()} - HARMLESS)


@pytest.mark.parametrize(
    "character",
    [
        *map(chr, range(0x20)),
        *map(chr, range(0x7F, 0xA0)),
        *"\u200b\u200f\u2028\u202a\u202e\u2060\u2066\u2069\ufeff\U000e0041\udc9b",
    ],
    ids=ascii,
)
def test_a_character_that_drives_or_hides_is_shown(character: str) -> None:
    """C0, DEL, C1, directions, no width, tags, half a pair."""
    assert driving(console.printable(f"a{character}b")) == []


@pytest.mark.parametrize("text", ["größe", "日本語\u3000全角", "🙂", "a\u00a0b", "[red]x[/red]", "é"])
def test_what_people_write_stays(text: str) -> None:
    """Nothing else is touched."""
    assert console.printable(text) == text


@pytest.fixture
def nasty(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox in which everything that somebody else may write is nasty; the directory, the branch and the log too."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    store(
        sandbox.database,
        event(NASTY, time.time_ns(), session__id=NASTY, prompt=NASTY, model=NASTY, error=NASTY, team=NASTY),
        event("api_request", time.time_ns(), session__id=NASTY, model=NASTY, cost_usd=1.0, team=NASTY),
    )
    log = sandbox.home / ".local/state/cclaunch/collector.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"{NASTY}\ta\n{NASTY}\n", encoding="utf-8")
    sandbox.work = sandbox.home / f"w{NASTY}"
    (sandbox.work / ".git").mkdir(parents=True)
    (sandbox.work / ".git" / "HEAD").write_text(f"ref: refs/heads/{NASTY}\n", encoding="utf-8")
    (sandbox.work / ".cclaunch.toml").write_text(f"profile = 'x'\n'{NASTY[19:22]}' = 1\n", encoding="utf-8")
    (sandbox.home / ".config/cclaunch/profiles").mkdir(parents=True)
    (sandbox.home / ".config/cclaunch/profiles/odd.toml").write_text(f"description = {json.dumps(NASTY)}\n", encoding="utf-8")
    (sandbox.work / f"{NASTY}.json").write_text(
        json.dumps({"uid": "odd", "title": NASTY, "panels": [{"type": "text", "title": NASTY}]}), encoding="utf-8"
    )
    (sandbox.work / "bad.json").write_text("{" + NASTY, encoding="utf-8")
    sandbox.environ |= {"CCLAUNCH_PROFILE": NASTY, "OTEL_EXPORTER_OTLP_ENDPOINT": NASTY, "TEAM": NASTY}
    return sandbox


WORDS = [
    ["events"],
    ["events", "--name", NASTY],
    ["events", "--where", f"{NASTY}={NASTY}"],
    ["usage"],
    ["usage", "--by", "team"],
    ["usage", "--by", "session"],
    ["usage", "--by", NASTY],
    ["usage", "--since", NASTY],
    ["usage", NASTY],
    ["dashboard", "add", f"{NASTY}.json"],
    ["dashboard", "add", "bad.json"],
    ["dashboard", "add", NASTY],
    ["dashboard", "remove", NASTY],
    ["dashboard", "list"],
    ["dashboard", NASTY],
    ["stack", "logs"],
    ["stack", "logs", NASTY],
    ["stack", "status"],
    ["stack", "use", NASTY],
    ["stack", NASTY],
    ["stack", "disable"],
    ["status"],
    ["profile", "list"],
    ["profile", "show", "odd"],
    ["profile", "show", NASTY],
    ["profile", "current"],
    ["profile", "use", NASTY],
    ["profile", "set", "odd", f"k={NASTY}"],
    ["profile", "create", NASTY],
    ["profile", "bind", "odd"],
    ["profile", "unbind"],
    ["profile", "import", NASTY],
    ["profile", "delete", NASTY, "--yes"],
    ["profile", "rename", "odd", NASTY],
    ["persist", "--file", NASTY],
    ["persist", "status"],
    ["unpersist", "--file", NASTY],
    ["env", "--explain"],
    ["env", "--shell", NASTY],
    ["completions", "show", NASTY],
    ["completions", "install", "--shell", NASTY],
    ["exec", NASTY],
    ["check", NASTY],
    ["config", NASTY],
    ["statusline", NASTY],
]


def test_every_verb_is_walked() -> None:
    """A new verb gets a row."""
    assert {words[0] for words in WORDS} == VERBS


@pytest.mark.parametrize("words", WORDS, ids=lambda words: ascii(" ".join(words))[:40])
def test_no_verb_lets_anybody_drive_the_terminal(nasty: Sandbox, verb: Verb, words: list[str]) -> None:
    """Neither stdout nor stderr has a character that does."""
    _, out, err = verb(*words)

    assert driving(out + err) == []
    assert out + err != ""


def test_a_launch_says_nothing_that_drives_the_terminal(nasty: Sandbox) -> None:
    """Displaced variables, the place's file, a profile that is not there, a claude that is not there."""
    for environ in ({}, {"CCLAUNCH_CLAUDE": NASTY}):
        done = nasty.cclaunch("mcp", "list", environ=environ)

        assert driving(done.stderr.decode()) == []
        assert done.stderr


def test_what_follows_the_events_is_told_the_same_way(nasty: Sandbox, verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-f`."""

    def enough(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", enough)
    code, out, err = verb("events", "-f")

    assert (code, driving(out + err)) == (130, [])
    assert out.count("\n") == 2


@pytest.mark.parametrize("words", [["events"], ["usage", "--by", "team"], ["status"], ["dashboard", "list"], ["profile", "list"]])
def test_json_is_true_and_pure(nasty: Sandbox, verb: Verb, words: list[str]) -> None:
    """Programs get the value itself; a terminal that shows it gets no control character."""
    _, out, _ = verb(*words, "--json")

    assert driving(out) == []
    assert out.isascii()
    assert json.loads(out if words[0] != "events" and words[0] != "dashboard" else out.splitlines()[0]) is not None


def test_json_gives_back_what_was_sent(nasty: Sandbox, verb: Verb) -> None:
    """Byte for byte."""
    _, out, _ = verb("events", "--json", "--name", "api_request")

    assert json.loads(out)["session_id"] == NASTY


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Return that it is a terminal."""
        return True


def test_a_bar_takes_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of an image is anybody's."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with Bars({"TERM": "xterm-256color", "COLUMNS": "200"}) as bars:
        bars("[red]a[link=http://x]b", 1, 2)

    assert "[red]a[link=http://x]b" in shown.getvalue()


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_other_module_writes_to_a_terminal(file: Path) -> None:
    """`console` prints, and `dialog` asks; the collector's processes write their log, and `launcher` hands install.sh a file."""
    allowed = {"console.py": None, "dialog.py": None, "serving/log.py": {"say"}, "launcher.py": {"main"}}
    mine = allowed.get(str(file.relative_to(PACKAGE)), set())
    if mine is None:
        return
    tree = ast.parse(file.read_text())
    inside = {
        id(node) for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name in mine for node in ast.walk(one)
    }

    assert [ast.unparse(node) for node in ast.walk(tree) if id(node) not in inside and writes(node)] == []


def writes(node: ast.AST) -> bool:
    """Say whether *node* is a call that writes for people: print, click's functions, a method of stdout or stderr."""
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func)
    if name in ("print", "click.echo", "click.secho", "click.confirm", "click.prompt", "click.pause", "click.echo_via_pager"):
        return True
    return name.startswith(("sys.stdout", "sys.stderr", "sys.__std")) and name.endswith((".write", ".writelines", ".print"))


@pytest.mark.parametrize("name", ["profile", "stack", "completions"])
def test_a_verb_without_its_part_shows_its_help(verb: Verb, name: str) -> None:
    """On stdout, as `--help` does; nothing was asked for, so the code is 2."""
    code, out, err = verb(name)

    assert (code, err) == (2, "")
    assert out == verb(name, "--help")[1]
    assert len(out.splitlines()) > 5


def test_a_group_that_means_something_by_itself_is_left_alone() -> None:
    """`persist` and `dashboard` do something without a part."""
    with cli.group().make_context("cclaunch", ["dashboard"], obj={}) as ctx:
        assert isinstance(ctx, Context)
        command = cli.group().get_command(ctx, "dashboard")
        assert command is not None
        command.parse_args(Context(command), [])

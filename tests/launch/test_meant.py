"""A bare word alone: what is refused because it was meant for us, and what never is."""

import sys
from pathlib import Path

import pexpect
import pytest
from doubles import FAKE_EXIT, fake_claude
from sandbox import Sandbox

from cclaunch import cli
from cclaunch.launch.meant import CLAUDES, MEANT, ORDINARY, edits, meant
from cclaunch.main import VERBS, split

EXACT = {
    "help": ["--help"],
    "version": ["--version"],
    "profiles": ["profile list"],
    "stats": ["usage"],
    "cost": ["usage"],
    "weekly": ["usage --by week"],
    "sessions": ["usage --by session"],
    "up": ["stack up"],
}

NEAR = {
    "usage": "usgae usag uage usages useage usagee us-age Usage USAGE",
    "events": "event evnets evetns eventss envets evemts evntes",
    "status": "staus statsu sttaus statuss statu statis satuts statuses",
    "stack": "stakc stac stacks satck stackk sttack",
    "check": "chekc chek checks chcek checkk cehck",
    "env": "evn envs nev enb",
    "exec": "exce execs exe xec",
    "profile": "profil proflie porfile prifile profle pforile perofile profiler",
    "persist": "presist perist persits persiste",
    "unpersist": "unpresist un-persist unpersits unperist",
    "dashboard": "dashbord dashbaord dash-board dahsbaord dashborad",
    "statusline": "status-line statuslien statusbline statuslin",
    "config": "cofnig confg configs cnofig conifg",
    "completions": "completion compeltions complteions completoins",
}

PROMPTS = (
    "hi hello hey yo howdy thanks thx ok okay k y n yes no yep nope sure please sorry bye goodbye go run test tests continue "
    "cont proceed next more again retry redo undo stop wait start begin finish finished done end exit quit clear reset "
    "restart resume pause cancel abort abandon skip ignore accept approve approved reject confirm confirmed deny decline "
    "agree commit push pull merge rebase squash stash diff log blame branch checkout clone fetch tag release deploy ship "
    "publish build rebuild make compile lint format fix fixme debug trace profit refactor rename move copy delete remove add "
    "insert append create new init setup configure configuration document docs readme changelog comment explain describe "
    "summarize summarise summary translate review critique audit verify validate inspect investigate analyze analyse research "
    "search find grep look read write edit rewrite improve optimize optimise simplify clean cleanup benchmark measure plan "
    "think ultrathink brainstorm design implement code coding python rust javascript typescript java ruby haskell bash shell "
    "docker kubernetes linux git github what why how who when where which huh hmm lol wow nice great good bad perfect cool "
    "awesome wrong right stuck broken bug bugs error errors crash panic issue issues todo todos tasks memory context compact "
    "model models opus sonnet haiku fast slow left on off true false null zero one two seven seventh seventy stock static "
    "state states stage stages started startup image page sage permit provide promise resist complete completed compose "
    "computer conflict conflicts content component install upgrade update doctor login logout agents mcp plugin plugins logs "
    "kill attach auth ping pong echo print cat ls pwd cd vim emacs tmux ssh curl sudo npm pip uv cargo pytest ruff mypy hola "
    "bonjour hallo danke merci weiter continuer fortfahren statistik verlauf hilfe perfil estado eventually environment "
    "envelope envy executive execute executable checkers checklist checkmate stackoverflow stacked stacking usable user users "
    "using usual useful profession personal person perish dashing ahoy a b c 1 2 42 - -- e en ev us st"
).split()
"""What people say to claude in one word, its own subcommands among them."""


@pytest.mark.parametrize(("word", "verb"), [(word, verb) for verb, words in NEAR.items() for word in words.split()])
def test_a_slip_of_the_fingers_names_the_verb(word: str, verb: str) -> None:
    """A letter more, less, another, or two swapped; twice in a long word; capitals are no difference."""
    assert verb in meant(word, VERBS)


def test_every_verb_has_its_slips() -> None:
    """A verb that comes later is thought of here."""
    assert set(NEAR) == VERBS


@pytest.mark.parametrize("word", EXACT)
def test_a_word_that_tools_like_ours_take_names_what_does_that(word: str) -> None:
    """Also one that begins with a capital."""
    assert meant(word, VERBS) == meant(word.capitalize(), VERBS) == EXACT[word]


@pytest.mark.parametrize("told", sorted({told.split()[0] for told in MEANT.values()}))
def test_what_is_named_exists(told: str) -> None:
    """A verb, or an option of ours alone."""
    assert told in VERBS or split([told]).verb == told


@pytest.mark.parametrize("told", sorted({told for told in MEANT.values() if not told.startswith("-")}))
def test_what_is_named_can_be_run(told: str, environ: dict[str, str]) -> None:
    """Its words are all known: with --help behind them they end well."""
    assert cli.main([*told.split(), "--help"], environ) == 0


@pytest.mark.parametrize("word", sorted(set(PROMPTS) | ORDINARY))
def test_an_ordinary_prompt_is_claudes(word: str) -> None:
    """Whatever verb it is near to."""
    assert meant(word, VERBS) == []


def test_there_are_many_ordinary_prompts() -> None:
    """A table that has shrunk to nothing would hold everything."""
    assert len(set(PROMPTS)) > 300


@pytest.mark.parametrize("word", sorted(CLAUDES))
def test_a_subcommand_of_any_claude_is_claudes(word: str) -> None:
    """`agents` is two edits from `events`."""
    assert meant(word, VERBS) == []


def test_no_word_is_in_two_tables() -> None:
    """What is ours, claude's or ordinary is one of these."""
    assert not set(MEANT) & (CLAUDES | ORDINARY)
    assert not CLAUDES & ORDINARY
    assert not VERBS & (CLAUDES | ORDINARY | set(MEANT))


@pytest.mark.parametrize("word", sorted(ORDINARY))
def test_every_ordinary_word_would_be_refused_without_its_table(word: str) -> None:
    """No line of it is idle."""
    assert any(edits(word, verb) <= (2 if min(len(word), len(verb)) >= 6 else 1) for verb in VERBS)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("usage", "usage", 0),
        ("usgae", "usage", 1),
        ("usag", "usage", 1),
        ("usagee", "usage", 1),
        ("agents", "events", 2),
        ("mcp", "up", 2),
        ("sttausu", "status", 2),
        ("ca", "abc", 3),
        ("", "env", 3),
    ],
)
def test_edits_are_counted(one: str, other: str, count: int) -> None:
    """Either way round; a swapped pair is one, and nothing is put between its letters."""
    assert edits(one, other) == edits(other, one) == count


@pytest.mark.parametrize(("word", "names"), [("upersist", ["persist", "unpersist"]), ("unpersit", ["unpersist"])])
def test_of_several_verbs_the_nearest_are_named(word: str, names: list[str]) -> None:
    """Two when both are as near."""
    assert meant(word, VERBS) == names


@pytest.mark.parametrize("words", [["usgae"], ["un-persist"], ["42"], ["größe"]])
def test_one_bare_word_is_alone(words: list[str]) -> None:
    """Letters, digits and dashes."""
    assert split(words).alone


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["usgae", "--json"],
        ["-p", "usgae"],
        ["-p"],
        ["--", "usgae"],
        ["+team", "usgae"],
        ["+"],
        ["status?"],
        ["usgae of today"],
        ["a\udcff"],
        ["/cost"],
        ["usage"],
        ["--version"],
    ],
)
def test_what_is_not_one_bare_word_is_not_alone(words: list[str]) -> None:
    """Sentences, options, and what was said to be claude's."""
    assert not split(words).alone


def test_under_the_name_claude_no_word_is_alone() -> None:
    """As the shim calls us."""
    assert not split(["usgae"], "claude").alone


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose claude prints its words."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def on_terminal(place: Sandbox, command: list[str], **more: str) -> tuple[int, str]:
    """Return the exit code of *command* on a terminal, and what stood there."""
    child = pexpect.spawn(
        command[0],
        command[1:],
        env=place.environment(more),
        cwd=str(place.work),
        dimensions=(40, 400),
        encoding="utf-8",
        timeout=120,
    )
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before


def test_on_a_terminal_it_is_refused_with_what_was_meant(place: Sandbox) -> None:
    """What would have happened, the verb, and how it is a prompt after all; nothing was started."""
    code, told = on_terminal(place, place.command("usgae"))

    assert code == 125
    assert told.splitlines() == [
        "cclaunch: error: `usgae` is no verb of ours, and as a prompt for claude it costs money; nothing was launched",
        "hint: did you mean `cclaunch usage`? As a prompt: cclaunch -- usgae",
    ]
    assert not place.data.exists()


@pytest.mark.parametrize("words", [["--", "usgae"], ["hi"], ["usgae", "now"], ["usgae now"], ["--model", "usgae"], ["agents"]])
def test_on_a_terminal_other_words_reach_claude_as_they_are(place: Sandbox, words: list[str]) -> None:
    """Only the first double dash is ours."""
    code, told = on_terminal(place, place.command(*words))

    given = words[1:] if words[0] == "--" else words
    assert code == FAKE_EXIT
    assert f'"{place.home}/bin/claude", {", ".join(f"{chr(34)}{word}{chr(34)}" for word in given)}]' in told


def test_with_us_switched_off_every_word_reaches_claude(place: Sandbox) -> None:
    """CCLAUNCH_DISABLE=1 launches claude untouched."""
    assert on_terminal(place, place.command("usgae"), CCLAUNCH_DISABLE="1")[0] == FAKE_EXIT


def test_under_the_name_claude_every_word_reaches_claude(place: Sandbox, tmp_path: Path) -> None:
    """The shim's link."""
    link = tmp_path / "claude"
    link.write_text(f"#!{sys.executable}\nimport sys\nfrom cclaunch.main import main\nsys.exit(main())\n")
    link.chmod(0o755)

    assert on_terminal(place, [str(link), "usgae"])[0] == FAKE_EXIT


@pytest.mark.parametrize("away", ["</dev/null", "| cat", "2>/dev/null"])
def test_where_one_stream_is_no_terminal_nothing_is_refused(place: Sandbox, away: str) -> None:
    """A script has nobody who reads the advice."""
    line = f"set -o pipefail; {' '.join(place.command('usgae'))} {away}"

    assert on_terminal(place, ["bash", "-c", line])[0] == FAKE_EXIT


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stack", "upp"], "`up`"),
        (["stack", "dwon"], "`down`"),
        (["profile", "ues"], "`use`"),
        (["profile", "lst"], "`list`"),
        (["dashboard", "ad"], "`add`"),
        (["persist", "staus"], "`status`"),
        (["completions", "intall"], "`install`"),
    ],
)
def test_a_part_of_a_verb_is_named_as_well(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """It costs nothing, but it is a slip all the same."""
    assert cli.main(words, environ) == 2

    assert f"did you mean {told}?" in capsys.readouterr().err

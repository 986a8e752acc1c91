"""`cclaunch usage forget`: what it says, that it asks, and what a script gets."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, event, request, store
from two_witnesses import file_of, told

from cclaunch import dialog
from cclaunch.commands.shared import confirm
from cclaunch.hot.paths import our_paths
from cclaunch.reports.dates import nanoseconds
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import local_places

NOON = nanoseconds(datetime(2026, 11, 20, 12, tzinfo=UTC))
DAY_NS = 86400 * SECOND_NS


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """Three requests and a prompt of two sessions."""
    store(
        sandbox.database,
        request(1, NOON - DAY_NS, micros=1_000_001, session__id="s-1", team="core"),
        request(2, NOON, micros=5625, session__id="s-2", team="data"),
        request(3, NOON + 1, micros=2_000_000, session__id="s-1", team="core"),
        event("user_prompt", NOON, session__id="s-1"),
    )


def left(usage: Verb) -> tuple[int, float]:
    """Return (requests, dollars) of all that is known."""
    total = json.loads(usage("--json")[1])["total"]
    return total["requests"], total["cost_usd"]


def test_it_says_what_goes_and_it_goes(usage: Verb, recorded: None) -> None:
    """Requests, dollars, sessions, the time, raw events."""
    code, out, err = usage("forget", "--session", "s-1", "--yes")

    assert code == 0
    assert "2 requests ($3.0000) of 1 session, from 2026-11-19" in out
    assert "3 raw events" in out
    assert "forgotten" in err
    assert left(usage) == (1, 0.005625)


def test_without_a_terminal_and_without_yes_nothing_goes(usage: Verb, recorded: None) -> None:
    """Exit 2 with a sentence; what would go was said."""
    code, out, err = usage("forget", "--session", "s-1")

    assert code == 2
    assert "2 requests" in out
    assert "nothing was forgotten" in err
    assert "--yes" in err
    assert left(usage)[0] == 3


@pytest.mark.parametrize(
    ("words", "requests"),
    [
        (("--session", "s-1"), 2),
        (("--before", "2026-11-20"), 1),
        (("--before", "2026-11-20", "--session", "s-2"), 0),
        (("--where", "team=core"), 2),
        (("--where", "team=core", "--before", "2026-11-20"), 1),
        (("--where", "session=s-2"), 1),
        (("--where", "team=core", "--where", "team=data"), 3),
        (("--where", "model=claude-opus-4-8", "--where", "team=data"), 1),
    ],
)
def test_all_that_is_named_must_hold(usage: Verb, recorded: None, words: tuple[str, ...], requests: int) -> None:
    """The forms of `usage`, combined."""
    code, out, _ = usage("forget", *words, "--yes", "--json")

    document = json.loads(out)
    assert code == 0
    assert (document["requests"], document["forgotten"]) == (requests, requests > 0)
    assert left(usage)[0] == 3 - requests


@pytest.fixture
def alike(sandbox: Sandbox) -> None:
    """Two sessions whose ids begin alike."""
    store(sandbox.database, *(request(n, NOON, session__id=f"5e55104{n}-77aa-4000-8000-000000000000") for n in (1, 2)))


@pytest.mark.parametrize("words", [("--session", "5e551041"), ("--where", "session=5e551041")])
def test_the_beginning_of_an_id_will_do(usage: Verb, alike: None, words: tuple[str, str]) -> None:
    """As it is printed; what it means is said."""
    code, _, err = usage("forget", *words, "--yes")

    assert (code, left(usage)[0]) == (0, 1)
    assert json.loads(usage("--json", "--where", "session=5e551042")[1])["total"]["requests"] == 1
    assert "--session" not in words or "`5e551041` is the session 5e551041-77aa-4000-8000-000000000000" in err


@pytest.mark.parametrize("words", [("--session", "5e55"), ("--where", "session=5e55")])
def test_a_beginning_that_two_share_forgets_nothing(usage: Verb, alike: None, words: tuple[str, str]) -> None:
    """Both are named."""
    code, _, err = usage("forget", *words, "--yes")

    assert (code, left(usage)[0]) == (2, 2)
    assert "more than one session begins with `5e55`\n  5e551041  2026" in err
    assert "\n  5e551042  2026" in err


@pytest.mark.parametrize(
    ("first", "week", "requests"),
    [("monday", "2026-W47", 3), ("friday", "2026-11-13", 1), ("friday", "2026-11-20", 2), ("friday", "2026-W47", 0)],
)
def test_a_week_is_the_one_that_usage_shows(
    usage: Verb, recorded: None, sandbox: Sandbox, first: str, week: str, requests: int
) -> None:
    """It begins on the weekday that config.toml names."""
    sandbox.configure(extra=f"[usage]\nweek_start = '{first}'")
    shown = json.loads(usage("--json", "--by", "week", "--where", f"week={week}")[1])["total"]["requests"]

    document = json.loads(usage("forget", "--where", f"week={week}", "--yes", "--json")[1])

    assert document["requests"] == requests == shown
    assert left(usage)[0] == 3 - requests


def test_json_has_the_promised_shape(usage: Verb, recorded: None) -> None:
    """One object."""
    _, out, _ = usage("forget", "--where", "team=data", "--yes", "--json")

    assert json.loads(out) == {
        "forgotten": True,
        "requests": 1,
        "cost_usd": 0.005625,
        "sessions": 1,
        "first": "2026-11-20T12:00:00.000Z",
        "last": "2026-11-20T12:00:00.000Z",
        "raw_events": 1,
        "notes": [],
    }


def test_what_is_not_there_is_no_error(usage: Verb, recorded: None) -> None:
    """A script may say it twice."""
    code, out, err = usage("forget", "--session", "nobody", "--yes")

    assert (code, out) == (0, "")
    assert "there is nothing to forget" in err


def test_nothing_was_ever_recorded(usage: Verb) -> None:
    """There is no ledger, and none is needed."""
    code, _, err = usage("forget", "--session", "s-1", "--yes")

    assert code == 0
    assert "there is nothing to forget" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what"),
        (("--session", ""), "say what"),
        (("--before", "2199-01-01"), "lies ahead"),
        (("--before", "soon"), "is no date"),
        (("--where", "team"), "has no `=`"),
        (("--where", "taem="), "did you mean `team`?"),
    ],
)
def test_words_that_make_no_sense_forget_nothing(usage: Verb, recorded: None, words: tuple[str, ...], said: str) -> None:
    """A misspelt key with an empty value would mean everything."""
    code, _, err = usage("forget", *words, "--yes")

    assert code == 2
    assert said in err
    assert left(usage)[0] == 3


def test_options_before_the_word_are_refused(usage: Verb, recorded: None) -> None:
    """They would be taken for a bound of what goes."""
    code, _, err = usage("--where", "team=core", "forget", "--session", "s-1", "--yes")

    assert code == 2
    assert "stand behind it" in err
    assert left(usage)[0] == 3


def test_a_part_that_does_not_exist_is_named(usage: Verb) -> None:
    """With the one that was probably meant."""
    code, _, err = usage("forgt")

    assert code == 2
    assert "did you mean `forget`?" in err


def test_usage_itself_does_not_load_it(sandbox: Sandbox, recorded: None) -> None:
    """Who asks what it cost pays nothing for it."""
    program = (
        "import sys; from cclaunch import cli; cli.main(['usage'], dict(__import__('os').environ));"
        "print([name for name in sys.modules if 'forget' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], env=sandbox.environ, capture_output=True, text=True, check=True)

    assert "3.01" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_ledger_that_lies_beside_is_the_one_that_is_asked(usage: Verb, sandbox: Sandbox, recorded: None) -> None:
    """Nothing of the session stands in any file of ours."""
    usage("forget", "--where", "team=core", "--yes")

    with closing(sqlite3.connect(sandbox.data / "ledger.db")) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (1,)
    found = [path for path in sandbox.home.rglob("*") if path.is_file() and b"core" in path.read_bytes()]
    assert found == []


@pytest.mark.parametrize(("answer", "code", "requests"), [(True, 0, 1), (False, 1, 3)])
def test_on_a_terminal_it_asks(
    usage: Verb, recorded: None, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int, requests: int
) -> None:
    """No is the default, and no is 1."""
    asked: list[tuple[str, bool]] = []
    monkeypatch.setattr(confirm, "on_terminal", lambda: True)

    def ask(question: str, *, default: bool) -> bool:
        asked.append((question, default))
        return answer

    monkeypatch.setattr(dialog, "confirm", ask)

    assert usage("forget", "--session", "s-1")[0] == code

    assert asked == [("Forget this for good?", False)]
    assert left(usage)[0] == requests


def test_what_is_in_the_way_is_an_error_with_a_hint(usage: Verb, sandbox: Sandbox, recorded: None) -> None:
    """The ledger of a newer release: nothing is forgotten."""
    usage()
    with closing(sqlite3.connect(sandbox.data / "ledger.db")) as connection:
        connection.execute("PRAGMA user_version = 99")

    code, _, err = usage("forget", "--session", "s-1", "--yes")

    assert code == 1
    assert "newer cclaunch" in err
    assert "hint: upgrade cclaunch" in err
    with closing(sqlite3.connect(sandbox.database)) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (4,)


def read_transcript(sandbox: Sandbox) -> None:
    """Have the ledger take what a transcript tells of two requests, of which an event tells of one."""
    places = local_places(our_paths(sandbox.environ))
    catch_up(places)
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        of_both = told(2, session="s-2", time_ns=NOON + 5)
        take(connection, [(file_of(), [of_both, told(9, session="bare", time_ns=NOON)])])


def test_what_transcripts_alone_told_goes_and_is_not_read_again(usage: Verb, sandbox: Sandbox, recorded: None) -> None:
    """It says what goes, that claude's files stay, and how it comes back."""
    read_transcript(sandbox)
    assert left(usage)[0] == 4

    code, out, err = usage("forget", "--transcripts", "--yes")

    assert code == 0
    assert "1 request (≈$0.0009) that transcripts alone told of" in out
    assert "claude's files stay" in out
    assert "comes back only by `cclaunch usage import ~/.claude/projects`" in err
    assert left(usage)[0] == 3
    read_transcript(sandbox)
    assert left(usage)[0] == 3


def test_a_script_gets_what_went_with_the_transcripts(usage: Verb, sandbox: Sandbox, recorded: None) -> None:
    """As of every forgetting."""
    read_transcript(sandbox)
    code, out, _ = usage("forget", "--transcripts", "--yes", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["forgotten"], document["requests"], document["raw_events"]) == (True, 1, 0)


@pytest.mark.parametrize("words", [("--session", "s-1"), ("--before", "2026-11-20"), ("--where", "team=core")])
def test_all_transcripts_are_forgotten_or_none(usage: Verb, recorded: None, words: tuple[str, ...]) -> None:
    """A part of them is named by session, time or attribute alone."""
    code, _, err = usage("forget", "--transcripts", *words, "--yes")
    assert code == 2
    assert "no other condition" in err
    assert left(usage)[0] == 3

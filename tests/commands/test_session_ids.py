"""The beginning of a session's id, wherever a session is asked for: one, several, none, and words that are no id."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from runners import Verb
from sandbox import Sandbox
from stackproc import Vlogs
from stackproc import vlogs as running_vlogs
from stored import SECOND_NS, export_of, store

from cclaunch.backends import sources
from cclaunch.otlp.decode import decode_logs

NOW = time.time_ns() // SECOND_NS * SECOND_NS
FIRST = "0a1b2c3d-1111-4aaa-8aaa-aaaaaaaaaaaa"
SECOND = "0a1b2c3d-2222-4bbb-8bbb-bbbbbbbbbbbb"
OTHER = "f0e1d2c3-3333-4ccc-8ccc-cccccccccccc"
ONLY_EVENTS = "7777aaaa-4444-4ddd-8ddd-dddddddddddd"
RECORDS = [
    {"session.id": FIRST, "request_id": "r1", "time": NOW - 7200 * SECOND_NS, "vcs.repository.name": "webshop"},
    {"session.id": SECOND, "request_id": "r2", "time": NOW - 3600 * SECOND_NS},
    {"session.id": OTHER, "request_id": "r3", "time": NOW - 60 * SECOND_NS},
    {"session.id": ONLY_EVENTS, "event.name": "user_prompt", "time": NOW - 30 * SECOND_NS, "prompt_length": "6"},
]
EXPORT = export_of(*({"event.sequence": n, "cost_usd_micros": 1000, **one} for n, one in enumerate(RECORDS)), time_ns=NOW)

ASKING = {
    "usage --where session.id=": ("usage", "--json", "--where", "session.id={}"),
    "usage --where session=": ("usage", "--json", "--where", "session={}"),
    "events --session": ("events", "--json", "--session", "{}"),
    "events --where": ("events", "--json", "--where", "session={}"),
    "events show": ("events", "show", "--json", "{}"),
    "usage forget --session": ("usage", "forget", "--yes", "--json", "--session", "{}"),
    "usage forget --where": ("usage", "forget", "--yes", "--json", "--where", "session={}"),
}
"""Every way to ask for a session; ``{}`` is its id."""

HOSTILE = ["%", "_", "0a%", "0a1b2c3_", "'", '"', "' OR 1=1 --", "*", 'x") or (*', "\\", "\x00", "\U0010ffff", "0A1B2C3D"]
HOSTILE += ["x" * 10_000]


@pytest.fixture
def recorded(sandbox: Sandbox) -> None:
    """Four sessions, two of which begin alike, and one that has no request."""
    store(sandbox.database, decode_logs(EXPORT))


def asked(verb: Verb, how: str, word: str) -> tuple[int, str, str]:
    """Ask for a session by *word*."""
    return verb(*(part.replace("{}", word) for part in ASKING[how]))


def found(how: str, out: str) -> int:
    """Return how much was found: requests, events, steps, raw events that were forgotten."""
    if how.startswith("events --"):
        return len(out.splitlines())
    value = json.loads(out)
    return int(value["raw_events"] if "forget" in how else len(value["steps"]) if "show" in how else value["total"]["requests"])


@pytest.mark.parametrize("how", ASKING)
@pytest.mark.parametrize("word", ["f", "f0e1d2c3", OTHER])
def test_a_beginning_that_one_session_has_is_that_session(verb: Verb, recorded: None, how: str, word: str) -> None:
    """From one character to the whole id."""
    code, out, _ = asked(verb, how, word)

    assert (code, found(how, out)) == (0, 1)


@pytest.mark.parametrize("how", ASKING)
def test_a_beginning_that_several_have_is_refused_with_what_tells_them_apart(verb: Verb, recorded: None, how: str) -> None:
    """Exit 2: the newest first, as much of the id as is needed, when it began, where it was."""
    code, out, err = asked(verb, how, "0a1b")
    first, second = (time.strftime("%Y-%m-%d %H:%M", time.localtime(NOW / 1e9 - ago)) for ago in (7200, 3600))

    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "cclaunch: error: more than one session begins with `0a1b`",
        f"  0a1b2c3d-2  {second}",
        f"  0a1b2c3d-1  {first}  webshop",
    ]


@pytest.mark.parametrize("how", ASKING)
@pytest.mark.parametrize("word", HOSTILE)
def test_a_word_that_no_session_begins_with_finds_nothing(verb: Verb, recorded: None, how: str, word: str) -> None:
    """No wildcard, no quoting, no other case, whatever its length; and all is still there."""
    code, out, err = asked(verb, how, word)

    if how == "events show":
        assert (code, out) == (1, "")
        assert err.startswith("cclaunch: error: no event of a session `")
    else:
        assert (code, found(how, out)) == (0, 0)
    assert max(map(len, err.splitlines()), default=0) < 200
    assert json.loads(verb("usage", "--json")[1])["total"]["requests"] == 3


@pytest.mark.parametrize("how", ["events --session", "events show", "usage forget --session"])
@pytest.mark.parametrize("word", ["", "  ", "\udcff"])
def test_an_empty_word_or_one_that_is_no_text_is_refused(verb: Verb, recorded: None, how: str, word: str) -> None:
    """Not all sessions, nor what has none: exit 2."""
    assert asked(verb, how, word)[:2] == (2, "")


def test_a_session_without_a_request_is_found_too(verb: Verb, recorded: None) -> None:
    """Only events know it."""
    assert json.loads(asked(verb, "events show", "77")[1])["session"] == ONLY_EVENTS


def test_many_that_begin_alike_are_not_all_listed(verb: Verb, sandbox: Sandbox) -> None:
    """Five, and that there are more."""
    many = [{"session.id": f"s-{n}", "request_id": f"r{n}", "time": NOW + n} for n in range(9)]
    store(sandbox.database, decode_logs(export_of(*many, time_ns=NOW)))
    lines = asked(verb, "events show", "s-")[2].splitlines()

    assert (len(lines), lines[-1]) == (7, "  and more")


def test_an_id_that_is_the_beginning_of_another_is_itself(verb: Verb, sandbox: Sandbox) -> None:
    """Whoever types the whole id means it."""
    two = [{"session.id": name, "request_id": name, "time": NOW} for name in ("s-1", "s-10")]
    store(sandbox.database, decode_logs(export_of(*two, time_ns=NOW)))

    assert json.loads(asked(verb, "events show", "s-1")[1])["session"] == "s-1"


@pytest.fixture
def only_ledger(verb: Verb, sandbox: Sandbox, recorded: None) -> None:
    """What was used is known; the events are gone, as they are after 90 days."""
    assert verb("usage")[0] == 0
    sandbox.database.unlink()


def test_a_session_whose_events_are_gone_is_found_by_what_it_used(verb: Verb, only_ledger: None) -> None:
    """The ledger knows its id; and who wants its story is told where its figures are."""
    code, out, _ = asked(verb, "usage --where session=", "f0e1")
    assert (code, found("usage", out)) == (0, 1)

    code, out, err = asked(verb, "events show", "f0e1")
    assert (code, out) == (1, "")
    assert err.endswith("hint: what it used: cclaunch usage --by model --where session=f0e1\n")


def test_sessions_whose_events_are_gone_are_told_apart(verb: Verb, only_ledger: None) -> None:
    """The ledger knows when they began, and where they were."""
    first, second = (time.strftime("%Y-%m-%d %H:%M", time.localtime(NOW / 1e9 - ago)) for ago in (7200, 3600))

    assert asked(verb, "events show", "0a")[2].splitlines()[1:] == [
        f"  0a1b2c3d-2  {second}",
        f"  0a1b2c3d-1  {first}  webshop",
    ]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vlogs]:
    """A real VictoriaLogs that has the same four sessions."""
    with running_vlogs(tmp_path_factory.mktemp("vlogs")) as service:
        service.take(EXPORT)
        yield service


@pytest.fixture
def elsewhere(sandbox: Sandbox, there: Vlogs, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of ours: all is at VictoriaLogs."""
    sandbox.configure()
    monkeypatch.setattr(sources, "vlogs_url", lambda where: there.url)
    return sandbox.database


@pytest.mark.parametrize("word", ["f", "f0e1d2c3", "77"])
def test_a_beginning_is_found_at_victorialogs(verb: Verb, elsewhere: Path, word: str) -> None:
    """Before any ledger has heard of it."""
    code, out, _ = asked(verb, "events show", word)

    assert (code, json.loads(out)["session"], elsewhere.exists()) == (0, ONLY_EVENTS if word == "77" else OTHER, False)


def test_several_are_refused_with_the_same_words_at_victorialogs(verb: Verb, elsewhere: Path) -> None:
    """When they began, and where, as from our own database."""
    code, _, err = asked(verb, "events show", "0a1b")

    assert (code, [line.split()[0] for line in err.splitlines()[1:]]) == (2, ["0a1b2c3d-2", "0a1b2c3d-1"])
    assert err.endswith("  webshop\n")


@pytest.mark.parametrize("word", HOSTILE)
def test_a_hostile_word_finds_nothing_at_victorialogs(verb: Verb, elsewhere: Path, word: str) -> None:
    """It is a text there as well."""
    code, out, err = asked(verb, "events show", word)

    assert (code, out) == (1, "")
    assert err.startswith("cclaunch: error: no event of a session `")

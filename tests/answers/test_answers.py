"""What the page's answers say beside figures: refusals in words, live sessions, stories, capture, tools, states of the store."""

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from posted import batch, pull_request
from runners import Verb
from sandbox import Sandbox
from stored import SECOND_NS, event, request, store
from two_witnesses import file_of, told

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.errors import CclaunchError, StoreBroken, StoreMissing, StoreTooNew, UsageError
from cclaunch.files.lock import locked
from cclaunch.hot.alive import mark_of
from cclaunch.hot.paths import Paths
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.ledger.from_transcripts import take
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import local_places

INSTANCE = "0b1c8a3e-6f5d-4c3b-9a28-1d0e4f5a6b7c"
HOUR_NS = 3600 * SECOND_NS
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


@pytest.fixture
def answers(paths: Paths, now_ns: int) -> Answers:
    """The page of the sandbox."""
    return Answers(paths, lambda: now_ns)


@pytest.fixture
def recorded(sandbox: Sandbox, now_ns: int) -> None:
    """Two sessions with a launch's instance; one of them an hour ago, one a moment ago."""
    about: dict[str, Any] = {"team": "core", "service__instance__id": INSTANCE, "cclaunch__profile": "shop"}
    store(
        sandbox.database,
        request(1, now_ns - HOUR_NS, session__id="s-old", **about),
        request(2, now_ns - HOUR_NS + SECOND_NS, micros=2_000_000, session__id="s-old", **about),
        event("tool_result", now_ns - HOUR_NS, tool_name="Bash", success="true", duration_ms="48", session__id="s-old", **about),
        request(3, now_ns - 5 * SECOND_NS, model="claude-haiku-4-5", session__id="s-new"),
    )


QUESTIONS: dict[str, Callable[[Answers], Any]] = {
    "head": lambda page: page.head(),
    "days": lambda page: page.days(),
    "whom": lambda page: page.whom(),
    "what": lambda page: page.what(),
    "sessions": lambda page: page.sessions(),
    "capture": lambda page: page.capture(),
    "tools": lambda page: page.tools(),
    "csv": lambda page: page.csv("days"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_a_document(answers: Answers, recorded: None, question: str) -> None:
    """JSON, with the question, the moment and what was in the way."""
    found = QUESTIONS[question](answers)
    if question != "csv":
        assert json.loads(json.dumps(found)) == found
        assert {"question", "as_of", "troubles"} <= found.keys()
        assert found["troubles"] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_recorded_is_said_with_what_to_type(answers: Answers, question: str) -> None:
    """No error of ours, and no empty page."""
    with pytest.raises(StoreMissing, match="nothing was recorded yet") as raised:
        QUESTIONS[question](answers)
    assert "cclaunch" in raised.value.hint


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_newer_ledger_is_said(answers: Answers, recorded: None, paths: Paths, question: str) -> None:
    """And left alone."""
    answers.head()
    with closing(sqlite3.connect(paths.ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreTooNew, match="newer"):
        QUESTIONS[question](answers)


def test_a_busy_ledger_is_answered_as_it_is(
    answers: Answers, recorded: None, sandbox: Sandbox, paths: Paths, now_ns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a sentence on what is missing."""
    before = answers.days()["total"]
    monkeypatch.setattr("cclaunch.answers.asking.CATCH_UP_S", 0.05)
    store(sandbox.database, request(9, now_ns))
    with locked(paths.ledger_lock, 5.0):
        found, tools = answers.days(), answers.tools()
    assert found["total"] == before
    assert len(found["troubles"]) == 1
    assert tools["troubles"]
    assert answers.days()["total"]["requests"] == before["requests"] + 1


def test_a_ledger_that_is_none_is_said(answers: Answers, recorded: None, paths: Paths) -> None:
    """A directory in its place."""
    os.mkdir(paths.ledger)
    with pytest.raises(CclaunchError):
        answers.head()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (Words("30days"), "there is no range `30days`; did you mean `30d`"),
        (Words("a lot"), "there is no range `a lot`"),
        (Words(since="someday"), "--since: `someday` is no date"),
        (Words(until="2026-13-01"), "--until: `2026-13-01` is no date"),
        (Words(since="2026-02", until="2026-01"), "--since is not before --until"),
        (Words(sort="costs"), "there is no order `costs`; did you mean `cost`"),
        (Words(where=("team",)), "has no `=`"),
        (Words(where=("=core",)), "has no key"),
        (Words(where=("taem=core",)), "no request ever had `taem`; did you mean `team`"),
        (Words(where=("user.email=a@b.c",)), "money is not kept by that"),
        (Words(where=("team=\udcff",)), "not valid UTF-8"),
        (Words(where=("team=" + "x" * 5000,)), "longer than"),
        (Words(where=("team=core",) * 51), "too many"),
        (Words(since="1990"), "more than 4000 days"),
    ],
)
def test_words_that_make_no_sense_are_refused_in_words(answers: Answers, recorded: None, words: Words, says: str) -> None:
    """With what was probably meant."""
    with pytest.raises(UsageError) as raised:
        answers.days(words)
    assert says in raised.value.message


@pytest.mark.parametrize(
    ("key", "says"),
    [("taem", "did you mean `team`"), ("session", "not divided"), ("day", "not divided"), ("user.id", "not kept")],
)
def test_keys_that_make_no_sense_are_refused_in_words(answers: Answers, recorded: None, key: str, says: str) -> None:
    """As the verb does, and where there is no end of values."""
    with pytest.raises(UsageError) as raised:
        answers.days(Words(), key)
    assert says in raised.value.message


@pytest.mark.parametrize(("offset", "limit"), [(-1, 8), (0, 0), (0, 100_000), (1 << 40, 8)])
def test_a_page_has_bounds(answers: Answers, recorded: None, offset: int, limit: int) -> None:
    """Nobody asks for all of it at once."""
    with pytest.raises(UsageError):
        answers.sessions(Words(), offset, limit)
    with pytest.raises(UsageError):
        answers.capture("", offset, limit)
    with pytest.raises(UsageError):
        answers.session("s-old", offset, limit)


def test_a_key_of_a_profile_is_known(answers: Answers, recorded: None, put: Callable[..., None]) -> None:
    """Before any request had it."""
    put(shop='[attributes]\ncost_center = "42"\n')
    assert answers.days(Words(where=("cost_center=42",)))["total"]["requests"] == 0


def test_a_session_with_a_request_of_late_is_live(answers: Answers, recorded: None) -> None:
    """For ten minutes."""
    found = answers.sessions()
    assert [row["session"] for row in found["rows"]] == ["s-new", "s-old"]
    assert found["live"] == ["s-new"]


def test_a_session_whose_launch_lives_is_live(answers: Answers, recorded: None, paths: Paths) -> None:
    """However long it has been silent."""
    os.makedirs(paths.launched, exist_ok=True)
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    with open(f"/proc/{os.getpid()}/stat", encoding="ascii", errors="replace") as file:
        ticks = int(file.read().rpartition(") ")[2].split()[19])
    open(f"{paths.launched}/{mark_of(boot, os.getpid(), ticks, INSTANCE)}", "w").close()
    assert answers.sessions()["live"] == ["s-new", "s-old"]


@pytest.mark.parametrize("together", [0, 250])
def test_sessions_are_those_of_a_pull_request(
    answers: Answers, recorded: None, sandbox: Sandbox, now_ns: int, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """With their times, although that is what only requests can answer."""
    monkeypatch.setattr("cclaunch.answers.sessions.TOGETHER", together)
    whole = {row["session"]: row for row in answers.sessions()["rows"]}
    store(sandbox.database, batch(pull_request(now_ns - 2 * HOUR_NS, 7, "s-old")))
    assert answers.sessions(Words(where=("pr=owner/name#7",)))["rows"] == [whole["s-old"]]
    assert answers.sessions(Words(where=("pr=owner/name#8",)))["rows"] == []


def test_a_session_is_told_with_a_page_of_its_steps(answers: Answers, recorded: None, verb: Verb) -> None:
    """As `events show` tells it."""
    found = answers.session("s-old")
    _, out, _ = verb("events", "show", "s-old", "--json")
    document = json.loads(out)
    assert {name: found[name] for name in document} == document
    part = answers.session("s-old", 1, 1)
    assert (part["steps"], part["step_count"], part["cut"]) == (document["steps"][1:2], len(document["steps"]), False)


@pytest.mark.parametrize("name", ["s-nobody", ""])
def test_a_session_that_is_none_is_said(answers: Answers, recorded: None, name: str) -> None:
    """With what lists them."""
    with pytest.raises(StoreMissing, match="no event of a session"):
        answers.session(name)


def test_tools_have_no_dollars_and_say_what_they_are_not_told_apart_by(answers: Answers, recorded: None) -> None:
    """A tool has no model."""
    found = answers.tools(Words(where=("model=claude-haiku-4-5",)))
    assert [(one["tool"], one["calls"], one["failed"], one["total_ms"]) for one in found["tools"]] == [("Bash", 1, 0, 48)]
    assert found["question"] is None
    assert len(found["troubles"]) == 1
    assert "usd" not in json.dumps(found)


def test_tools_are_a_table_too(answers: Answers, recorded: None) -> None:
    """And what is no table is refused."""
    assert answers.csv("tools").splitlines()[0] == "tool,calls,failed,total_ms,mean_ms,p50_ms,p95_ms,p99_ms,decisions,failed_by"
    assert answers.csv("tools").splitlines()[1].startswith("Bash,1,0,48,48,")
    with pytest.raises(UsageError, match="there is no table"):
        answers.csv("dollars")


def test_a_formula_is_defused(answers: Answers, sandbox: Sandbox, now_ns: int) -> None:
    """As in all that a spreadsheet opens."""
    store(sandbox.database, request(1, now_ns, cclaunch__profile="=cmd|' /C calc'!A0"))
    assert "'=cmd" in answers.csv("days")


@pytest.fixture
def witnessed(recorded: None, paths: Paths, now_ns: int) -> None:
    """A transcript tells of a request that no event has, of one that nothing has a price for; and it was read to its end."""
    places = local_places(paths)
    catch_up(places)
    at = now_ns - HOUR_NS
    rows = [
        told(1, key=11, time_ns=at, session="s-old", request="req_1"),
        told(2, key=12, time_ns=at + 2 * SECOND_NS, session="s-old", request="req_77", micros=5000),
        told(3, key=13, time_ns=at + 3 * SECOND_NS, session="s-hole", request="req_78", micros=None),
    ]
    with writing(places) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        take(connection, [(file_of(), rows)])
        passes.finish(connection, now_ns)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """No transcripts are read by verbs: those of the test are in the ledger."""
    monkeypatch.setattr("cclaunch.commands.capture.read_history", lambda *_, **__: None)
    monkeypatch.setattr("cclaunch.commands.usage.read_history", lambda *_, **__: None)


def test_estimates_and_what_has_no_price_are_told_as_the_verb_does(
    answers: Answers, witnessed: None, settled: None, verb: Verb
) -> None:
    """In the total and by profile."""
    found = answers.days()
    _, out, _ = verb("usage", "--json", "--by", "day,profile", "--since", found["days"][0])
    document = json.loads(out)
    assert found["total"] == document["total"]
    assert found["total"]["cost_estimated_usd"] == 0.005
    assert found["total"]["requests_unpriced"] == 1


def test_capture_is_that_of_the_verb(answers: Answers, witnessed: None, settled: None, verb: Verb) -> None:
    """All of it, and the page of the sessions; with holes only where one has not seen all."""
    _, out, _ = verb("check", "--capture", "--json")
    document = json.loads(out)
    found = answers.capture()
    document["until"] = found["until"]  # the verb was asked a moment later
    assert {name: found[name] for name in document} == document
    assert document["both"] == 1
    holes = [one["session"] for one in document["sessions"] if one["transcript_alone"] or one["telemetry_alone"]]
    assert [one["session"] for one in answers.capture(holes=True)["sessions"]] == holes
    assert answers.capture(offset=1, limit=1)["sessions"] == document["sessions"][1:2]


def test_the_badge_counts_what_capture_counts(answers: Answers, witnessed: None) -> None:
    """Of the requests that both could have seen."""
    whole, badge = answers.capture(), answers.head()["badge"]
    missed = sum(whole["transcript_alone"].values())
    assert (badge["both"], badge["missed"], badge["share_both"]) == (whole["both"], missed, whole["share_both"])
    assert badge["requests"] == whole["both"] + missed + whole["telemetry_alone"]


def test_without_a_transcript_there_is_no_badge(answers: Answers, recorded: None) -> None:
    """Nothing vouches for it."""
    assert answers.head()["badge"] is None


def test_budgets_are_told(answers: Answers, recorded: None, sandbox: Sandbox, verb: Verb) -> None:
    """As the verb tells them."""
    sandbox.configure(extra="[budget]\nmonthly = 10\ndaily = 3\n")
    _, out, _ = verb("usage", "--json", "--by", "model")
    ours, theirs = answers.head()["budgets"], json.loads(out)["budgets"]
    by_the_clock = {"pace_usd": None, "reached": None}  # the verb was asked a moment later
    assert [{**one, **by_the_clock} for one in ours] == [{**one, **by_the_clock} for one in theirs]
    assert {one["limit_usd"] for one in ours} == {3.0, 10.0}


def test_windows_come_from_whoever_knows_them(paths: Paths, recorded: None, now_ns: int) -> None:
    """They are asked for at the present moment."""
    page = Answers(paths, lambda: now_ns, lambda places, at: {"seen": at})
    assert page.head()["plan_windows"] == {"seen": now_ns}


def test_no_reader_is_left_open(answers: Answers, recorded: None, paths: Paths) -> None:
    """The log of the ledger can be folded into it after each question."""
    for ask in QUESTIONS.values():
        ask(answers)
    with closing(sqlite3.connect(paths.ledger)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    assert not [path for path in opened if path in (paths.ledger, f"{paths.ledger}-wal", paths.database)]


def test_days_are_by_repository_where_no_request_has_a_profile(answers: Answers, sandbox: Sandbox, now_ns: int) -> None:
    """Bars of one colour say nothing; asked for by its name, profile is what it is."""
    store(sandbox.database, request(1, now_ns, vcs__repository__name="web-shop"))
    assert answers.days()["by"] == ["day", "repository"]
    assert answers.days()["question"].startswith("cclaunch usage --by day,repository ")
    assert answers.days(by="profile")["by"] == ["day", "profile"]
    store(sandbox.database, request(2, now_ns, cclaunch__profile="shop"))
    assert answers.days()["by"] == ["day", "profile"]


def test_days_are_by_profile_where_no_key_says_anything(answers: Answers, sandbox: Sandbox, now_ns: int) -> None:
    """As before."""
    store(sandbox.database, request(1, now_ns))
    assert answers.days()["by"] == ["day", "profile"]


def test_what_sets_are_called_is_learned_anew_when_they_change(
    answers: Answers, recorded: None, sandbox: Sandbox, now_ns: int
) -> None:
    """A new team is there with its first request."""
    assert [one["value"] for one in answers.days(Words(), "team")["series"]] == ["core", None]
    store(sandbox.database, request(4, now_ns, micros=9_000_000, team="web"))
    assert [one["value"] for one in answers.days(Words(), "team")["series"]] == ["web", "core", None]


def test_a_damaged_ledger_is_mended_by_the_catch_up(answers: Answers, recorded: None, paths: Paths) -> None:
    """It is put aside, and the answer is there; or it is said what is wrong, and it is there the next time."""
    answers.head()
    for end in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(paths.ledger + end)
    with open(paths.ledger, "wb") as file:
        file.write(b"no database at all" * 1000)
    with contextlib.suppress(StoreBroken):
        answers.days()
    assert answers.days()["total"]["requests"] == 3

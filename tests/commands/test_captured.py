"""`check --capture`, and the line of `usage`: how much was seen twice, in words and as an object."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from runners import Verb
from sandbox import Sandbox
from stored import request, store
from transcript_lines import SESSION, line, record, write

from cclaunch.commands.shared import captured
from cclaunch.hot.paths import our_paths
from cclaunch.reports import captured as reported
from cclaunch.reports.capture import Capture, Counted, Reason, SessionCapture
from cclaunch.reports.dates import iso
from cclaunch.store.ledger import passes
from cclaunch.transcripts.lines import LONGEST

NS = 1_000_000_000
SINCE = 1_795_000_000 * NS
COUNTED = Counted(970, 20, 5, {Reason.NO_TELEMETRY: 7, Reason.INTERRUPTED: 3, Reason.KILLED: 0, Reason.LOST: 0})
BEGUN = (time.time_ns() // NS - 3600) * NS
NOTHING = Counted(0, 0, 0, {})
FOUND = Capture(
    SINCE,
    SINCE + 86_400 * NS,
    COUNTED,
    [SessionCapture("s-1", SINCE, SINCE + NS, COUNTED), SessionCapture(None, SINCE, SINCE, Counted(1, 0, 0, {}))],
    history=400,
    estimated_micros=3_200_000,
    unpriced=2,
    left={"is no JSON": 4},
)


def test_a_line_says_how_much_was_seen_by_whom() -> None:
    """With what a table of prices says of the last part."""
    told = "seen twice 97 %, telemetry alone 2 %, transcript alone 1 % (≈$3.20, 2 without a price)"
    assert captured.line(FOUND) == told


def test_where_there_is_nothing_to_compare_there_is_no_line() -> None:
    """Neither without an event, nor without requests, nor before transcripts were read."""
    assert captured.line(FOUND._replace(since_ns=None, history=0)) == ""
    assert captured.line(FOUND._replace(until_ns=SINCE)) == ""
    assert captured.line(FOUND._replace(counted=NOTHING)) == ""


def test_before_the_first_event_all_is_an_estimate() -> None:
    """And the line says so."""
    assert captured.line(FOUND._replace(since_ns=None)) == "all by transcripts alone: there is no event yet"


def test_a_line_of_what_all_was_seen_twice_has_no_money() -> None:
    """Nothing of it is an estimate."""
    found = FOUND._replace(counted=Counted(3, 0, 0, {}), estimated_micros=0, unpriced=0)
    assert captured.line(found) == "seen twice 100 %, telemetry alone 0 %, transcript alone 0 %"


def test_what_has_no_price_is_never_zero() -> None:
    """Two requests of a model that no table has."""
    assert captured.cost(FOUND._replace(estimated_micros=0)) == "2 without a price"


def test_programs_get_the_figures_and_each_session() -> None:
    """Reasons by short names."""
    document = reported.document(FOUND)
    assert document == {
        "since": "2026-11-18T11:06:40.000Z",
        "until": "2026-11-19T11:06:40.000Z",
        "both": 970,
        "telemetry_alone": 20,
        "telemetry_alone_expected": 5,
        "transcript_alone": {"no_telemetry": 7, "interrupted": 3, "killed": 0, "lost": 0},
        "share_both": 0.97,
        "history": 400,
        "cost_estimated_usd": 3.2,
        "requests_unpriced": 2,
        "left_out": {"damaged": 4},
    }
    assert [one["session"] for one in reported.sessions(FOUND)] == ["s-1", None]


@pytest.fixture
def seen(sandbox: Sandbox) -> None:
    """An event, so that there is a ledger."""
    store(sandbox.database, request(1, SINCE))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger of which the above is true."""
    monkeypatch.setattr("cclaunch.reports.captured.capture", lambda *_: FOUND)


def test_people_get_rows_and_the_sessions_with_holes(verb: Verb, seen: None, found: None) -> None:
    """And what neither sees, once."""
    code, out, err = verb("check", "--capture")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert "seen by both 970 (97 %)" in lines
    assert "transcript alone 10 (1 %), ≈$3.20, 2 without a price" in lines
    assert "history 400 by transcripts alone: from before both could see, or from other machines" in lines
    assert "left out 4 x a line that is no JSON" in lines
    assert [line for line in lines if line.startswith("s-1")]
    assert not [line for line in lines if line.startswith("- ")]  # of that one all was seen twice
    assert err.count(captured.NEITHER) == 1


def test_each_reason_is_told_of_a_session_in_few_words() -> None:
    """Or a row of the table would be a card."""
    assert all(len(reason.brief) <= 20 for reason in Reason)


def test_programs_get_an_object(verb: Verb, seen: None, found: None) -> None:
    """All sessions are in it."""
    document = json.loads(verb("check", "--capture", "--json")[1])
    assert document["both"] == 970
    assert len(document["sessions"]) == 2


@pytest.mark.parametrize("words", [["--since", "today"], ["--capture", "--full"], ["--capture", "--since", "x"]], ids=str)
def test_words_that_do_not_go_together_are_refused(verb: Verb, words: list[str]) -> None:
    """Before anything is looked at."""
    assert verb("check", *words)[0] == 2


DAMAGED = {
    "damaged": line(record())[:-9],
    "not_text": line(record()).replace(b"main", b"\xff\xfe"),
    "too_long": line(record(message={"content": "x" * (LONGEST + 1)})),
    "too_deep": line(record(message={"content": 1})).replace(b'"content":1', b'"content":' + b"[" * 9_999 + b"]" * 9_999),
    "tokens": line(record(usage={"input_tokens": -1})),
    "time": line(record(timestamp="1970-01-01T00:00:00.000Z")),
}


def test_what_is_left_out_is_counted_by_its_reason(verb: Verb, sandbox: Sandbox) -> None:
    """Whatever a file holds: the rest of it is there, and nothing stops."""
    more = [
        record(usage={"output_tokens": "many"}),
        record(usage={"input_tokens": 10**30}),
        record(timestamp="2100-01-01T00:00:00Z"),
    ]
    write(sandbox.home / ".claude" / "projects" / "x" / "a.jsonl", *DAMAGED.values(), *more, record(2))
    found = json.loads(verb("check", "--capture", "--json")[1])
    assert found["left_out"] == {**dict.fromkeys(DAMAGED, 1), "tokens": 3, "time": 2}
    assert (found["history"], found["since"], found["until"]) == (1, None, None)
    assert "3 x a line that has tokens that can be none" in verb("check", "--capture")[1]


def test_a_fresh_machine_has_nothing_to_compare(verb: Verb) -> None:
    """And says so."""
    code, out, err = verb("check", "--capture")
    assert (code, out) == (0, "")
    assert "nothing was recorded yet" in err


def test_programs_get_the_same_keys_where_there_is_nothing(verb: Verb) -> None:
    """Zeros and null."""
    document = json.loads(verb("check", "--capture", "--json")[1])
    assert (document["since"], document["both"], document["share_both"], document["sessions"]) == (None, 0, None, [])


class TestWhole:
    """From files and events to figures."""

    @pytest.fixture
    def mixture(self, sandbox: Sandbox) -> None:
        """A request that both saw, one of each witness alone, all of one session; and one of a day before."""
        used = {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 40}
        times = {1: 0, 3: -10, 4: -86_400}
        records = [
            record(number, usage={**used, "cache_creation": None}, timestamp=iso(BEGUN + after * NS))
            for number, after in times.items()
        ]
        write(sandbox.home / ".claude" / "projects" / "x" / f"{SESSION}.jsonl", *records)
        told: dict[str, Any] = {"session__id": SESSION, "query_source": "sdk"}
        events = [request(number, BEGUN + after * NS, **told) for number, after in ((1, 0), (2, -20))]
        store(sandbox.database, *events)

    def test_each_kind_is_counted(self, verb: Verb, mixture: None) -> None:
        """As it is."""
        found = json.loads(verb("check", "--capture", "--json")[1])
        assert (found["both"], found["telemetry_alone"], found["transcript_alone"]) == (1, 1, {"between": 1})
        assert found["history"] == 1
        assert [one["session"] for one in found["sessions"]] == [SESSION]

    def test_what_came_after_the_last_reading_is_not_compared(
        self, verb: Verb, mixture: None, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its transcript may tell of it: nobody has looked."""
        monkeypatch.setattr("cclaunch.commands.shared.history.held", lambda _: True)  # a collector that will
        told = Path(our_paths(sandbox.environ).transcripts_told)
        told.parent.mkdir(parents=True, exist_ok=True)
        told.touch()
        assert json.loads(verb("usage", "--json")[1])["capture"]["both"] == 1
        store(sandbox.database, request(7, time.time_ns() - 90 * NS, session__id=SESSION, query_source="sdk"))
        with closing(sqlite3.connect(our_paths(sandbox.environ).ledger)) as ledger, ledger:
            passes.finish(ledger, time.time_ns() - 200 * NS)
        assert json.loads(verb("usage", "--json")[1])["capture"]["telemetry_alone"] == 1
        assert json.loads(verb("check", "--capture", "--json")[1])["telemetry_alone"] == 2  # which looks itself

    def test_usage_ends_with_one_line_of_it(self, verb: Verb, mixture: None) -> None:
        """Screen and table; programs get the object."""
        told = "seen twice 33 %, telemetry alone 33 %, transcript alone 33 % (≈$0.0006)"
        for words in ([], ["--by", "model"]):
            assert verb("usage", *words, LANG="C.UTF-8")[1].splitlines()[-1] == told
        assert json.loads(verb("usage", "--json")[1])["capture"]["both"] == 1

    def test_a_part_of_the_requests_has_no_such_line(self, verb: Verb, mixture: None) -> None:
        """It would be that of all."""
        assert "seen twice" not in verb("usage", "--by", "model", "--where", "model=claude-opus-5-5")[1]
        assert "capture" not in json.loads(verb("usage", "--json", "--where", "model=claude-opus-5-5")[1])

    def test_without_transcripts_there_is_no_such_line(self, verb: Verb, seen: None) -> None:
        """There is nothing to compare."""
        assert "seen twice" not in verb("usage")[1]
        assert "capture" not in json.loads(verb("usage", "--json")[1])

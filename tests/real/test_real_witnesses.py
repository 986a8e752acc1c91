"""
A mixed day with the real Claude Code, as its two witnesses tell it, held against the scripted API's log: each request once.

The problem it owns: what joins telemetry and transcripts are facts about claude that nobody documents. Each is asked of the
whole, release by release: claude, our collector, the pass over the transcripts, the ledger, the verbs. Each lives one
day.
"""

import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
import real_claude
from day_seen import Seen, see
from day_told import EVENT, TRANSCRIPT, Row, listed
from messages_api import MessagesApi, Tokens
from mixed_day import ANSWERED, ASKED, Day
from real_claude import VERSIONS, micros
from required import missing
from sandbox import Sandbox

from cclaunch.store.ledger.request import BY_EVENT, BY_TABLE

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]

NEWEST = pytest.mark.xfail(
    raises=(AssertionError, KeyError, ValueError, subprocess.TimeoutExpired),
    reason="the newest release differs from those that are held",
    strict=False,
)
RELEASES = [*VERSIONS, pytest.param("newest", marks=[pytest.mark.newest, NEWEST])]
"""What differs in the newest one is reported, never a red test."""


@pytest.fixture(scope="module", params=RELEASES)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A day with each release in turn, and what was made of it."""
    claude = real_claude.newest() if request.param == "newest" else real_claude.installed(request.param)
    if claude is None:
        pytest.skip(f"no @anthropic-ai/claude-code newer than {VERSIONS[-1]} is known")
    if not claude.path.exists():
        missing(f"@anthropic-ai/claude-code@{claude.version}")
    place = Sandbox(tmp_path_factory.mktemp("day"))
    with MessagesApi() as api:
        try:
            day = Day(place, claude, api)
            day.live()
            yield see(day)
        finally:
            left = place.close()
    assert not left, f"still running after `cclaunch stack down`: {left}"


def test_every_request_that_a_witness_can_see_is_in_the_ledger_once(seen: Seen) -> None:
    """With its tokens and those who saw it, whoever came first; and nothing else is there."""
    told = {one.mark: (one.answer.request_id or None, one.witnesses) for one in seen.expected}
    assert [
        (row.mark, (row.request, row.witnesses)) for row in seen.rows if told.get(row.mark) != (row.request, row.witnesses)
    ] == []
    assert Counter(row.mark for row in seen.rows) == dict.fromkeys(told, 1)
    whole = {one.mark: one.answer.tokens.output for one in seen.expected if one.run.cut != "interrupted" or one.witnesses & EVENT}
    assert {row.mark: row.output for row in seen.rows if row.mark in whole} == whole


def test_the_money_is_what_claude_says(seen: Seen) -> None:
    """Of an event its own; else the table's, which is an estimate and known as one."""
    outputs = {row.mark: row.output for row in seen.rows}
    alone = {one.mark: listed(seen.day, one, outputs[one.mark]) for one in seen.expected if one.witnesses == TRANSCRIPT}
    assert {row.mark: row.micros for row in seen.rows} == {**seen.prices, **alone}
    assert {row.mark: row.origin for row in seen.rows} == {
        **dict.fromkeys(seen.prices, BY_EVENT),
        **dict.fromkeys(alone, BY_TABLE),
    }
    figures = {name: micros(seen.total[name]) for name in ("cost_usd", "cost_estimated_usd")}
    assert figures == {
        "cost_usd": sum(row.micros or 0 for row in seen.rows),
        "cost_estimated_usd": sum(filter(None, alone.values())),
    }
    assert (seen.total["requests"], seen.total["requests_unpriced"]) == (len(seen.expected), 0)


def test_capture_says_who_saw_what(seen: Seen) -> None:
    """Each request of the API's log, from the first event on, is counted where it belongs."""
    begin = next(number for number, row in enumerate(seen.rows) if row.witnesses & EVENT)
    past, rows = seen.rows[:begin], seen.rows[begin:]
    told = Counter(_who_saw(seen, rows, number) for number in range(len(rows)))
    found = seen.capture
    names = ("both", "telemetry_alone", "telemetry_alone_expected")
    assert {**{name: found[name] for name in names if found[name]}, **found["transcript_alone"]} == told
    assert (found["history"], found["left_out"]) == (len(past), {})
    assert {row.witnesses for row in past} == {TRANSCRIPT}
    assert micros(found["cost_estimated_usd"]) == sum(row.micros or 0 for row in rows if row.witnesses == TRANSCRIPT)
    assert told["telemetry_alone"] == 0


def _who_saw(seen: Seen, rows: Sequence[Row], number: int) -> str:
    """Return what the capture has to say of one of *rows*."""
    row = rows[number]
    (one,) = [one for one in seen.expected if one.mark == row.mark]
    if row.witnesses == TRANSCRIPT:
        events = [at for at, other in enumerate(rows) if other.session == row.session and other.witnesses & EVENT]
        if one.run.cut == "interrupted" or not events:
            return "no_telemetry" if one.run.cut != "interrupted" else one.run.cut
        return "earlier" if number < min(events) else "killed" if number > max(events) else "between"
    if row.witnesses & TRANSCRIPT:
        return "both"
    return "telemetry_alone" if one.answer.purpose == "turn" and one.run.kept else "telemetry_alone_expected"


# The facts, in their order.


def test_an_id_joins_both_and_so_do_tokens_where_there_is_none(seen: Seen) -> None:
    """Behind a gateway that has one id for all, and one that gives none, too."""
    for name, ids in (("blocks", None), ("gateway", {"req_of_a_gateway"}), ("without ids", {None})):
        turns = [row for row in seen.of_run(name) if row.attributes["query_source"] == "sdk"]
        asked = [answer for answer in seen.day.answers(name) if answer.purpose == "turn"]
        assert [row.witnesses for row in turns] == [EVENT | TRANSCRIPT] * len(asked)
        assert {row.request for row in turns} == (ids or {answer.request_id for answer in asked})


def test_an_answer_of_several_blocks_is_one_request(seen: Seen) -> None:
    """Its transcript has a line for each."""
    first = next(answer for answer in seen.day.answers("blocks") if answer.purpose == "turn")
    lines = [line for line in seen.lines[seen.day.runs["blocks"].session] if line.get("requestId") == first.request_id]
    assert len([line for line in lines if line["type"] == "assistant"]) == 2
    assert [row.request for row in seen.rows].count(first.request_id) == 1


@pytest.mark.parametrize(("fork", "parent"), [("fork", "blocks"), ("fork of the past", "before")])
def test_a_forks_copies_are_their_parents(seen: Seen, fork: str, parent: str) -> None:
    """What a bare claude forks of a launch, and a launch of what was there before; in the file of the fork they stand again."""
    copied = {answer.request_id for answer in seen.day.answers(parent) if answer.purpose == "turn"}
    assert copied <= {line.get("requestId") for line in seen.lines[seen.day.runs[fork].session]}
    owners = [row.session for row in seen.rows if row.request in copied]
    assert owners == [seen.day.runs[parent].session] * len(copied)
    assert [row.session for row in seen.of_run(fork)] == [seen.day.runs[fork].session]


def test_claudes_own_sums_are_not_added(seen: Seen) -> None:
    """A newer transcript ends with what the session has cost up to then, and a fork begins with its parent's sum."""
    runs = seen.day.runs
    families = {name: seen.lines[runs[name].session] for name in ("blocks", "fork", "before", "fork of the past")}
    cumulative = {name: any(line["type"] == "cost-state" for line in lines) for name, lines in families.items()}
    assert set(cumulative.values()) == {seen.day.claude.restores_cost}
    before = {"fork": ("blocks", "resumed bare", "resumed"), "fork of the past": ("before",), "resumed by a launch": ("bare",)}
    for name, earlier in before.items():
        restored = sum(row.micros or 0 for one in earlier for row in seen.of_run(one)) if seen.day.claude.restores_cost else 0
        assert runs[name].micros == restored + sum(row.micros or 0 for row in seen.of_run(name))
    costs = Counter[str | None]()
    for row in seen.rows:
        costs[row.session] += row.micros or 0
    assert seen.by_session == costs


def test_what_only_telemetry_sees_is_expected(seen: Seen) -> None:
    """Compaction, titles, the search within a search, and a session that is not kept."""
    alone = [*seen.of_purpose("compaction", "title", "search"), *seen.of_run("not kept")]
    sources = {row.attributes["query_source"] for row in alone}
    assert sources == {"compact", "generate_session_title", "web_search_tool", "sdk"}
    assert {row.witnesses for row in alone} == {EVENT}
    assert seen.capture["telemetry_alone_expected"] == len(alone)
    compactions = seen.of_purpose("compaction")
    assert len(compactions) == (2 if seen.day.claude.restores_cost else 1)


@pytest.mark.parametrize("name", ["before", "bare", "resumed bare", "fork", "interrupted", "killed"])
def test_what_only_a_transcript_sees_is_an_estimate(seen: Seen, name: str) -> None:
    """What was before telemetry, what was bare, what was killed before it had sent its events, and what was interrupted."""
    last = max(run for run in seen.day.runs if run.startswith(name))
    rows = [row for row in seen.of_run(last if name == "killed" else name) if row.attributes.get("query_source") is None]
    older = name == "interrupted" and not seen.day.claude.restores_cost  # it may not come to write it
    assert rows or older
    assert {(row.witnesses, row.origin) for row in rows} <= {(TRANSCRIPT, BY_TABLE)}
    assert {row.output for row in rows} == {1} or name != "interrupted" or not rows


def test_what_neither_sees_is_said_once_and_the_total_is_a_lower_bound(seen: Seen) -> None:
    """What auto mode asks of each command; and, of newer releases, what labels a background session."""
    purposes = {answer.purpose for answer in seen.unseen} - {"turn"}
    assert purposes == {"judgement", "label"} if seen.day.claude.restores_cost else {"judgement"}
    assert len(seen.day.api.good()) - 1 == len(seen.rows) + len(seen.unseen)  # but for the one that has swept
    assert seen.total["total_tokens"] < sum(seen.day.api.tokens())
    assert seen.words.count("auto-mode classifier") == 1
    assert seen.words.count("every total is a lower bound") == 1


def test_the_price_is_of_the_model_that_was_asked(seen: Seen) -> None:
    """Where another answers it is named; a transcript of an older release knows of it alone, and its price is that one's."""
    names = ("later killed", "before, another answers")
    told, alone = [next(row for row in seen.of_run(name) if row.output != 20) for name in names]
    assert {row.attributes["model"] for row in (told, alone)} == {ANSWERED}
    assert _rates(told) == _rate(seen)
    assert _rates(alone) == (_rate(seen) if seen.day.claude.restores_cost else 1)


def test_the_same_tokens_cost_what_their_release_says(seen: Seen) -> None:
    """By a table, where no event tells; and claude itself says so, too."""
    (row,) = seen.of_run("before, another model")
    assert row.attributes["model"] == ASKED
    assert (_rates(row), row.micros) == (_rate(seen), seen.day.runs["before, another model"].micros)


def _rate(seen: Seen) -> int:
    """Return the dollars for a million tokens in, of the model that is asked for."""
    return 2 if seen.day.claude.restores_cost else 3


def weighed(row: Row) -> float:
    """Return the tokens of a request, each kind by its weight: the prices of all models here go by that of a token in."""
    return sum(weight * count for weight, count in zip((1, 5, 0.1, 1.25), row.tokens, strict=True))


def _rates(row: Row) -> float:
    """Return the dollars for a million tokens in at which a request comes to what it costs."""
    return round((row.micros or 0) / weighed(row), 6)


def test_what_claude_has_deleted_stays(seen: Seen) -> None:
    """Its clean-up takes transcripts of 40 days at the next start, and nothing goes from the ledger."""
    assert len(seen.swept) > len(seen.day.runs) / 2
    assert not any(file.exists() for file in seen.swept)
    assert seen.after == seen.total


# Beside it, what people use today.

LISTED = {"claude-opus-4-8": 5, "claude-sonnet-5": 2, "claude-haiku-4-5": 1}
"""Dollars for a million tokens in, in the list that comes with ccusage; a model that it does not know costs nothing."""


def test_ccusage_counts_what_transcripts_hold_and_prices_what_it_knows(seen: Seen) -> None:
    """Each request of them once, and none that only telemetry saw; by one list for all releases, which lacks the newest model."""
    held = [row for row in seen.rows if row.witnesses & TRANSCRIPT]
    tokens = Tokens(*(sum(column) for column in zip(*(row.tokens for row in held), strict=True)))
    assert Tokens(*(seen.ccusage[f"{name}Tokens"] for name in ("input", "output", "cacheRead", "cacheCreation"))) == tokens
    cost = sum(LISTED.get(row.attributes["model"], 0) * weighed(row) for row in held)
    assert round(seen.ccusage["totalCost"] * 1e6) == round(cost) < micros(seen.total["cost_usd"])
    assert set(seen.ccusage.get("unpricedModels", [])) == {row.attributes["model"] for row in held} - set(LISTED)

"""Every figure of the page, held against what `usage` prints to the question that the answer names, in odd zones."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from month_case import Month, Usage

from cclaunch.answers.answers import Answers
from cclaunch.answers.asked import Words
from cclaunch.reports.records import DOUBTS, MEASURES

Document = dict[str, Any]
Said = Callable[[str], Document]
FIGURES = (*MEASURES, *DOUBTS)
ASKED = {
    "today": Words("today"),
    "a week": Words("7d"),
    "a month": Words(),
    "a year": Words("365d"),
    "since a moment": Words(since="9d"),
    "until a day": Words(since="60d", until="5d"),
    "some minutes": Words(since="3h", until="now"),
    "a moment": Words(since="10m"),
    "one day": Words(since="yesterday", until="yesterday"),
    "one profile": Words("90d", where=("profile=shop",)),
    "two, and one branch": Words("90d", where=("profile=shop", "profile=ops", "branch=main")),
    "what has no team": Words("90d", where=("team=",)),
    "nothing": Words("90d", where=("profile=nobody",)),
    "weekends": Words("90d", where=("weekday=Saturday", "weekday=Sunday")),
    "the most tokens": Words("90d", sort="tokens"),
}


def figures(row: Document) -> Document:
    """Return the figures of a row."""
    return {name: row[name] for name in FIGURES}


@pytest.fixture(params=list(ASKED))
def words(request: pytest.FixtureRequest) -> Words:
    """What is asked of time and filters."""
    return ASKED[request.param]


def test_the_head_says_what_each_of_its_questions_says(answers: Answers, said: Said, month: Month) -> None:
    """Today, the week, the same span of the week before to the second, the month."""
    found = answers.head()
    for name in ("today", "week", "before", "month"):
        assert figures(found[name]) == said(found[name]["question"])["total"]


def test_the_head_is_narrowed(answers: Answers, said: Said) -> None:
    """As all else is."""
    found = answers.head(["profile=shop"])
    for name in ("today", "week", "before", "month"):
        assert figures(found[name]) == said(found[name]["question"])["total"]


def test_days_are_those_of_the_verb(answers: Answers, said: Said, words: Words) -> None:
    """By whatever they are divided."""
    for key in ("profile", "branch", "model", "agent", "effort"):
        days_agree(answers.days(words, key), said, key)


def days_agree(found: Document, said: Said, key: str) -> None:
    """Hold each value's days and its sum, and the rest of them, against the rows of the verb."""
    document = said(found["question"])
    rows = {(row[key], row["day"]): row for row in document["rows"]}
    named = [one["value"] for one in found["series"] if not one["rest"]]
    assert figures(found["total"]) == document["total"]
    for one in found["series"]:
        for at, day in enumerate(found["days"]):
            values = {row[0] for row in rows} - set(named) if one["rest"] else {one["value"]}
            there = [rows[value, day] for value in values if (value, day) in rows]
            assert one["requests"][at] == sum(row["requests"] for row in there)
            assert one["total_tokens"][at] == sum(row["total_tokens"] for row in there)
            assert one["cost_usd"][at] == pytest.approx(sum(row["cost_usd"] for row in there))
        assert sum(one["requests"]) == one["total"]["requests"]
    assert {day for _, day in rows} <= set(found["days"])


def test_days_without_anything_are_there(answers: Answers, month: Month) -> None:
    """Thirty days of the clock on the wall, today the last of them, whatever happened; behind them what a clock ahead has."""
    found = answers.days(Words("30d"))["days"]
    first = date.fromisoformat(found[0])
    assert found[:30] == [(first + timedelta(days=number)).isoformat() for number in range(30)]


def test_the_tree_says_what_the_rows_say(answers: Answers, said: Said, words: Words) -> None:
    """Each leaf is a row; each node the sum of the rows below it."""
    found = answers.whom(words)
    document = said(found["question"])
    keys = document["by"]
    assert figures(found["total"]) == document["total"]
    assert keys[0] == "profile"

    def below(node: Document, path: tuple[Any, ...]) -> None:
        rows = [row for row in document["rows"] if tuple(row[key] for key in keys[: len(path)]) == path]
        assert node["requests"] == sum(row["requests"] for row in rows)
        assert node["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
        for one in node.get("nodes", []):
            below(one, (*path, one["value"]))
        shown = sum(one["requests"] for one in node.get("nodes", [node]))
        assert shown + node.get("hidden", {"requests": 0})["requests"] == node["requests"]

    below({**found, **found["total"]}, ())


def test_where_it_went_is_what_the_verb_says(answers: Answers, said: Said, words: Words) -> None:
    """All of the document, beside the rate of cache hits."""
    found = answers.what(words)
    for name in ("models", "agents", "skills", "mcp"):
        part = found[name]
        document = said(part.pop("question"))
        for row in part["rows"]:
            del row["cache_hit_rate"]
        assert part == document


def test_a_page_of_sessions_is_cut_out_of_all(answers: Answers, said: Said, words: Words) -> None:
    """In the same order, with the same words."""
    whole: Document | None = None
    for offset, limit in ((0, 8), (0, 200), (5, 7), (50, 30), (100, 8)):
        found = answers.sessions(words, offset, limit)
        whole = whole or said(found["question"].replace(f" --top {limit}", ""))
        assert found["rows"] == whole["rows"][offset : offset + limit]
        assert found["sessions"] == len(whole["rows"])
        assert found["total"] == whole["total"]
        if not offset:
            assert found.get("hidden") == said(found["question"]).get("hidden")


def test_csv_is_that_of_the_verb(answers: Answers, usage: Usage) -> None:
    """Letter for letter."""
    words = Words("90d", where=("profile=shop",))
    since = answers.asked(words).words
    for what in ("days", "whom", "models", "agents", "skills", "mcp", "sessions"):
        keys = {"days": "day,profile", "whom": "profile,project,branch", "sessions": "session"}.get(what, what.rstrip("s"))
        assert answers.csv(what, words) == usage("--by", keys, *since, "--where", "profile=shop", "--csv").removesuffix("\n")


@pytest.mark.parametrize("together", [2, 250])
def test_a_table_of_all_sessions_is_that_of_the_verb(
    answers: Answers, usage: Usage, words: Words, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """However many of them are made at a time; and so is the first page."""
    monkeypatch.setattr("cclaunch.answers.sessions.TOGETHER", together)
    asked = answers.asked(words)
    more = ["--sort", words.sort] if words.sort else []
    whole = usage("--by", "session", *asked.words, *asked.narrowed, *more, "--csv").removesuffix("\n")
    assert answers.csv("sessions", words) == whole
    names = [line.split(",")[2] for line in whole.splitlines()[1:]]
    assert [row["session"] or "" for row in answers.sessions(words, 0, 20)["rows"]] == names[:20]


def test_nobody_is_left_out_of_the_sum(answers: Answers, words: Words) -> None:
    """Whatever it is divided by, the whole is the same."""
    total = answers.days(words)["total"]
    assert answers.whom(words)["total"] == total
    assert answers.what(words)["models"]["total"] == {**total}
    assert answers.sessions(words)["total"] == total

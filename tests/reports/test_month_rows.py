"""Every row of made-up months, whatever they are divided by and whatever is left out, held against the list of their requests."""

import csv
import io
import itertools
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any

import pytest
from made_month import NS, Made
from month_case import Month, Usage
from read_screen import is_count, is_money, is_tokens
from reckoned import Reckoned, Sums, summed

KEYS = (
    *(
        "hour",
        "day",
        "week",
        "month",
        "weekday",
        "session.id,model",
        "model",
        "profile",
        "team",
        "project",
        "repository",
        "branch",
    ),
    *("agent", "skill", "mcp", "query_source", "effort", "week,model", "team,repository", "session,branch", "profile,day"),
)
MEASURES = ("requests", "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
Row = dict[str, Any]


def figures(row: Row) -> Sums:
    """Return the figures of a row of the JSON; the total of its tokens must agree with them."""
    found = Sums(*(round(row[name] * 1e6) if name == "cost_usd" else row[name] for name in MEASURES))
    assert found.tokens == row["total_tokens"]
    return found


def rows_of(document: Row, keys: list[str]) -> dict[tuple[Any, ...], Sums]:
    """Return values -> figures of the rows; no values may come twice."""
    found = {tuple(row[key] for key in keys): figures(row) for row in document["rows"]}
    assert len(found) == len(document["rows"])
    return found


@pytest.mark.parametrize("keys", KEYS)
def test_each_row_and_subtotal_is_what_its_requests_come_to(month: Month, usage: Usage, keys: str) -> None:
    """By whatever they are divided; what lacks an attribute is a row too."""
    named, document = keys.split(","), json.loads(usage("--json", "--since", "2020-01", "--by", keys))
    parts = month.truth.parts(named)

    assert rows_of(document, named) == {values: summed(part) for values, part in parts.items()}
    assert figures(document["total"]) == summed(month.truth.requests)
    if len(named) == 2:
        firsts = {values[0]: summed(part) for values, part in month.truth.parts(named[:1]).items()}
        assert {row[named[0]]: figures(row) for row in document["subtotals"]} == firsts


SORTS: dict[str, Callable[[list[Made]], int]] = {
    "cost": lambda part: summed(part).micros,
    "requests": len,
    "tokens": lambda part: summed(part).tokens,
    "time": lambda part: max(one.time_ns for one in part) // (900 * NS),  # to the quarter of an hour
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("keys", ["branch", "repository,model", "effort,skill"])
def test_rows_come_in_the_order_that_is_asked_for(month: Month, usage: Usage, keys: str, sort: str) -> None:
    """Those with most first; with two keys, by their subtotals, and within them."""
    named = keys.split(",")
    document = json.loads(usage("--json", "--since", "2020-01", "--by", keys, "--sort", sort))
    rows = [tuple(row[key] for key in named) for row in document["rows"]]
    firsts = [value for value, _ in itertools.groupby(rows, key=itemgetter(0))]
    parts, wholes = month.truth.parts(named), month.truth.parts(named[:1])

    assert_falling([SORTS[sort](wholes[value,]) for value in firsts])
    for value in firsts:
        assert_falling([SORTS[sort](parts[row]) for row in rows if row[0] == value])


def assert_falling(ranks: list[int]) -> None:
    """Assert that no rank is higher than the one before it."""
    assert ranks == sorted(ranks, reverse=True)


@pytest.mark.parametrize(
    ("keys", "top"), [("branch", 2), ("model", 9), ("team,model", 1), ("day", 5), ("week", 3), ("weekday", 2)]
)
def test_what_is_beyond_the_first_is_told_as_one(month: Month, usage: Usage, keys: str, top: int) -> None:
    """The dearest stay, of times the newest; the rest and they are all there is."""
    named, truth = keys.split(","), month.truth
    document = json.loads(usage("--json", "--since", "2020-01", "--by", keys, "--top", str(top)))
    by_first = truth.parts(named[:1])
    newest = keys in ("day", "week")
    order = sorted(by_first, key=lambda values: (str(values[0]) if newest else "", summed(by_first[values]).micros), reverse=True)
    parts = truth.parts(named)
    shown = {values: summed(part) for values, part in parts.items() if values[:1] in order[:top]}
    beyond = [one for values, part in parts.items() if values not in shown for one in part]

    assert rows_of(document, named) == shown
    assert figures(document["total"]) == summed(truth.requests)
    assert document.get("hidden", {}).get("rows", 0) == len(parts) - len(shown)
    assert not beyond or figures(document["hidden"]) == summed(beyond)


def spans(truth: Reckoned) -> dict[tuple[str, ...], tuple[date | None, date | None]]:
    """Return words -> the first and the last day that they mean."""
    today, week = truth.today, truth.first_of_week(truth.today)
    month, day = today.replace(day=1), timedelta(days=1)
    first = (month - day).replace(day=1)
    return {
        ("--since", "today"): (today, None),
        ("--since", "this week"): (week, None),
        ("--since", "last week", "--until", "last week"): (week - 7 * day, week - day),
        ("--since", "this month"): (month, None),
        ("--since", "last month", "--until", "last month"): (first, month - day),
        ("--since", f"{first:%Y-%m}", "--until", f"{first:%Y-%m}"): (first, month - day),
        ("--since", "yesterday", "--until", "yesterday"): (today - day, today - day),
        ("--until", (today - 3 * day).isoformat()): (None, today - 3 * day),
        ("--since", (today - 20 * day).isoformat(), "--until", (today - 4 * day).isoformat()): (
            today - 20 * day,
            today - 4 * day,
        ),
        ("--by", "day"): (today - 13 * day, None),
        ("--by", "hour,model"): (today - 13 * day, None),
        ("--by", "session"): (today - 13 * day, None),
    }


def test_a_time_has_the_requests_of_its_days(month: Month, usage: Usage) -> None:
    """Whole days, weeks and months; rows by day, hour and session are of the last fourteen days."""
    for words, (first, last) in spans(month.truth).items():
        document = json.loads(usage("--json", *words))
        assert figures(document["total"]) == summed(month.truth.between(first, last)), words


@pytest.mark.parametrize(("word", "seconds"), [("7d", 7 * 86_400), ("36h", 36 * 3600), ("50m", 3000)])
def test_a_length_of_time_goes_back_from_now(month: Month, usage: Usage, word: str, seconds: int) -> None:
    """Whatever the clocks did; the quarters of an hour in which it begins are cut."""
    begin = month.truth.now_ns // 1000 * 1000 - seconds * NS
    document = json.loads(usage("--json", "--since", word))

    assert figures(document["total"]) == summed(one for one in month.truth.requests if one.time_ns >= begin)


def test_a_session_has_its_ends_its_place_and_its_figures(month: Month, usage: Usage) -> None:
    """The newest first; where it was is where most of its money went."""
    document = json.loads(usage("--json", "--by", "session", "--since", "2020-01"))
    parts = {values[0]: part for values, part in month.truth.parts(["session"]).items()}
    ends = {name: max(one.time_ns for one in part) for name, part in parts.items()}

    assert [row["session"] for row in document["rows"]] == sorted(parts, key=lambda name: (-ends[name], name or ""))
    for row in document["rows"]:
        assert_session(row, Reckoned(parts[row["session"]], month.truth.now_ns, month.truth.zone, 0))


def assert_session(row: Row, truth: Reckoned) -> None:
    """Assert that the *row* of a session tells the *truth*."""
    times = [one.time_ns for one in truth.requests]
    begin = datetime.fromtimestamp(min(times) // NS, UTC)

    assert figures(row) == summed(truth.requests)
    assert row["start"] == f"{begin:%Y-%m-%dT%H:%M:%S}.{min(times) // 1_000_000 % 1000:03d}Z"
    assert row["seconds"] == (max(times) - min(times)) // NS
    for key in ("repository", "branch", "profile"):
        costs = {values[0]: summed(part).micros for values, part in truth.parts([key]).items() if values[0] is not None}
        assert row[key] in [name for name, micros in costs.items() if micros == max(costs.values())] or not costs
    models = {str(values[0]): summed(part).micros for values, part in truth.parts(["model"]).items()}
    assert sorted(row["models"]) == sorted(models)
    assert [models[name] for name in row["models"]] == sorted(models.values(), reverse=True)


def test_csv_and_the_printed_table_say_what_the_json_says(month: Month, usage: Usage) -> None:
    """The same rows; on paper with fewer digits."""
    words = "--by", "team", "--since", "2020-01"
    rows = {row["team"]: row for row in json.loads(usage("--json", *words))["rows"]}
    in_csv = {row["team"] or None: row for row in csv.DictReader(io.StringIO(usage("--csv", *words)))}
    printed = [re.split(" {2,}", line.strip()) for line in usage(*words).splitlines()[1:]]

    assert {name: [float(row[key]) for key in MEASURES] for name, row in in_csv.items()} == {
        name: [row[key] for key in MEASURES] for name, row in rows.items()
    }
    names = [cells[0] for cells in printed]
    assert sorted(names[: len(rows)]) == sorted(name or "-" for name in rows)
    assert names[-1] == "total"
    for cells in printed[: len(rows)]:
        assert says(cells, figures(rows[None if cells[0] == "-" else cells[0]])), cells
    assert says(printed[-1], summed(month.truth.requests))


def says(cells: list[str], of: Sums) -> bool:
    """Say whether a line of the table, a name before it, has these figures."""
    counts = of.tokens, of.input, of.output, of.cache_read, of.cache_written
    tokens = all(is_tokens(text, count) for text, count in zip(cells[3:], counts, strict=True))
    return tokens and is_money(cells[1], of.micros) and is_count(cells[2], of.requests)


def test_printed_subtotals_and_the_rest_say_what_their_requests_come_to(month: Month, usage: Usage) -> None:
    """A line for each of the dearest values, its rows below it; how many more there are, and what they come to."""
    truth = month.truth
    wholes, parts = truth.parts(["effort"]), truth.parts(["effort", "branch"])
    order = sorted(wholes, key=lambda values: -summed(wholes[values]).micros)
    beyond = [values for values in parts if values[:1] == order[2]]
    wanted = [
        *((values[0], summed(wholes[values])) for values in order[:2]),
        *((values[1], summed(part)) for values, part in parts.items() if values[:1] != order[2]),
        (f"{len(beyond)} more", summed(wholes[order[2]])),
        ("total", summed(truth.requests)),
    ]
    lines = usage("--by", "effort,branch", "--since", "2020-01", "--top", "2").splitlines()[1:]
    printed = [re.split(" {2,}", line.strip(" …")) for line in lines if not line.startswith("---")]

    assert sorted(cells[0] for cells in printed) == sorted(name or "-" for name, _ in wanted)
    for cells in printed:
        assert any(cells[0] == (name or "-") and says(cells, of) for name, of in wanted), cells

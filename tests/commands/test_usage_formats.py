"""`usage` as JSON, CSV and Markdown: one answer under the same names, whatever the values are called."""

import csv
import io
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from markdown_it import MarkdownIt
from runners import Verb
from sandbox import Sandbox
from screens import plain, shown
from stored import SECOND_NS, events_of, request, store

from cclaunch.console import printable
from cclaunch.reports.dates import nanoseconds

NOON = nanoseconds(datetime(2026, 11, 20, 12, tzinfo=UTC))
DAY_NS = 86400 * SECOND_NS
HOSTILE = [
    "plain",
    "two\nlines",
    "three\r\nmore\rlines",
    'quo"tes"',
    "com,ma;semi\ttab",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "＝1+1",
    "pi|pe",
    "back\\slash\\",
    "back`tick`s",
    "<script>alert(1)</script>",
    "a & b &amp; c",
    "[link](http://x) ![image](y) **bold** _it_ ~~no~~ # h",
    "\x1b[31mred\x07",
    "right \u202e left \u2066",
    "none\u200b\ufeff",
    "größe 日本語 🙂",
    "x" * 1000,
    "null",
    "'quoted",
]


@pytest.fixture
def hostile(sandbox: Sandbox) -> None:
    """A request for each hostile value, one that has none and one that is empty; the first costs most."""
    values: list[str | None] = [*HOSTILE, None, ""]
    records = [
        {
            "request_id": f"req_{number}",
            "model": "claude-opus-4-8",
            "cost_usd_micros": 1_000_000 * (100 - number),
            "input_tokens": number,
            "session.id": f"s-{number}",
            **({} if value is None else {"team": value, "vcs.repository.name": value, "vcs.ref.head.name": value}),
        }
        for number, value in enumerate(values)
    ]
    store(sandbox.database, events_of(*records, time_ns=NOON))


def rows_of(text: str) -> list[dict[str, str]]:
    """Return the rows of CSV as Python reads them."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def cells_of(markdown: str) -> list[list[str]]:
    """Return the cells of the table that *markdown* is, as they are shown; it must be one table and nothing else."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert [token.type for token in tokens if token.level == 0] == ["table_open", "table_close"]
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            assert {child.type for child in token.children or ()} <= {"text", "text_special", "strong_open", "strong_close"}
            rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


def test_json_has_every_value_as_it_was_sent(usage: Verb, hostile: None) -> None:
    """And is pure ASCII, whatever reads it."""
    _, out, _ = usage("--json", "--by", "team")

    assert [row["team"] for row in json.loads(out)["rows"]] == [*HOSTILE, None, ""]
    assert out.isascii()
    assert not any((ord(character) < 32 and character != "\n") or character == "\x7f" for character in out)


def test_csv_has_the_rows_of_json_under_the_same_names(usage: Verb, hostile: None) -> None:
    """Missing and empty are both an empty cell; a text that a spreadsheet would run begins with an apostrophe."""
    found = rows_of(usage("--csv", "--by", "team")[1])
    document = json.loads(usage("--json", "--by", "team")[1])

    assert [list(row) for row in found] == [list(row) for row in document["rows"]]
    assert [row["team"].removeprefix("'") for row in found[:-3]] == [value.removeprefix("'") for value in HOSTILE[:-1]]
    assert [row["team"] for row in found[-3:]] == ["'quoted", "", ""]
    assert [float(row["cost_usd"]) for row in found] == [row["cost_usd"] for row in document["rows"]]
    assert [int(row["input_tokens"]) for row in found] == [row["input_tokens"] for row in document["rows"]]


def test_no_cell_of_csv_is_a_formula(usage: Verb, hostile: None) -> None:
    """Not behind white space either, nor in the wide forms of the signs."""
    cells = [row["team"] for row in rows_of(usage("--csv", "--by", "team")[1])]

    assert [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@＝＋－＠") and cell.strip()] == []
    assert [cell for cell in cells if cell.startswith("'")] == [
        *("'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\n=1", "'＝1+1", "'quoted")
    ]


def test_a_heading_is_no_formula_either(usage: Verb, sandbox: Sandbox) -> None:
    """A key is whatever an exporter sent."""
    store(sandbox.database, events_of({"request_id": "r", "cost_usd_micros": 1, "=1+1": "x", "a|b": "y"}, time_ns=NOON))

    assert next(iter(rows_of(usage("--csv", "--by", "=1+1")[1])[0])) == "'=1+1"
    assert cells_of(usage("--markdown", "--by", "a|b,=1+1")[1])[0][:2] == ["a|b", "=1+1"]


def test_markdown_is_one_table_that_shows_every_value(usage: Verb, hostile: None) -> None:
    """No markup of a value works, no line of it ends the table, nothing in it hides."""
    found = cells_of(usage("--markdown", "--by", "team")[1])

    wanted = [printable(" ".join(value.split())) for value in HOSTILE]
    assert [row[0] for row in found] == ["team", *wanted, "-", '""', "total"]
    assert {len(row) for row in found} == {8}


def test_markdown_says_what_the_table_says(usage: Verb, hostile: None) -> None:
    """The same figures in the same order, below the names that the other forms have, but for what programs alone see."""
    cells = cells_of(usage("--markdown", "--by", "model", "--top", "1")[1])
    table = [line.split() for line in usage("--by", "model", "--top", "1")[1].splitlines()]

    names = usage("--csv", "--by", "model")[1].splitlines()[0].split(",")
    assert [*cells[0], "cost_estimated_usd", "requests_unpriced"] == names
    assert [cells[1], cells[-1]] == [table[1], table[-1]]


@pytest.mark.parametrize("keys", ["day", "team,model", "session", "session,model", "weekday,hour"])
def test_all_formats_have_the_same_rows(usage: Verb, sandbox: Sandbox, keys: str) -> None:
    """In the same order, whatever is asked for."""
    store(
        sandbox.database,
        *(
            request(n, NOON - (n % 3) * DAY_NS, micros=n * 1_000_000, session__id=f"5e55-{n % 4}", team="ab"[n % 2])
            for n in range(1, 9)
        ),
    )
    words = ("--by", keys, "--since", "2026-11-01")
    document = json.loads(usage("--json", *words)[1])
    table = cells_of(usage("--markdown", *words)[1])

    assert rows_of(usage("--csv", *words)[1]) == [
        {key: csv_cell(value) for key, value in row.items()} for row in document["rows"]
    ]
    assert [row[-7] for row in table[1:]] == [
        *(f"${row['cost_usd']:.2f}" for row in document["rows"]),
        f"${document['total']['cost_usd']:.2f}",
    ]


def csv_cell(value: Any) -> str:
    """Return what CSV has for a value of JSON."""
    return " ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def test_what_is_hidden_is_told_to_programs_and_to_reviewers(usage: Verb, hostile: None) -> None:
    """As a sum; the total is of all."""
    document = json.loads(usage("--json", "--by", "team", "--top", "3")[1])
    cells = cells_of(usage("--markdown", "--by", "team", "--top", "3")[1])

    assert len(document["rows"]) == len(rows_of(usage("--csv", "--by", "team", "--top", "3")[1])) == 3
    assert document["hidden"]["rows"] == len(HOSTILE) - 1
    shown_usd = sum(row["cost_usd"] for row in document["rows"])
    assert shown_usd + document["hidden"]["cost_usd"] == document["total"]["cost_usd"]
    assert [row[0] for row in cells[-2:]] == [f"{len(HOSTILE) - 1} more", "total"]


def test_a_value_that_is_too_long_to_be_kept_is_counted_all_the_same(usage: Verb, sandbox: Sandbox) -> None:
    """The ledger has no room for ten thousand characters; the money is there, under no value."""
    store(sandbox.database, request(1, NOON, micros=5_000_000, team="x" * 10_000), request(2, NOON, micros=1, team="a"))

    assert [(row["team"], row["cost_usd"]) for row in json.loads(usage("--json", "--by", "team")[1])["rows"]] == [
        (None, 5.0),
        ("a", 1e-6),
    ]


@pytest.mark.parametrize("form", ["--csv", "--markdown", "--json"])
def test_an_empty_ledger_has_a_heading_and_no_rows(usage: Verb, form: str) -> None:
    """A script need not ask first."""
    code, out, err = usage(form, "--by", "team")

    assert (code, err) == (0, "")
    if form == "--csv":
        assert out.startswith("team,cost_usd,requests,")
        assert rows_of(out) == []
    elif form == "--markdown":
        assert [row[0] for row in cells_of(out)] == ["team", "total"]
    else:
        assert json.loads(out)["rows"] == []


@pytest.mark.parametrize("form", ["--csv", "--markdown"])
def test_a_heading_of_sessions_is_the_same_with_and_without_any(usage: Verb, sandbox: Sandbox, form: str) -> None:
    """What reads columns by name need not know whether anything was recorded yet."""
    before = usage(form, "--by", "session")[1].splitlines()[0]
    store(sandbox.database, request(1, time.time_ns(), session__id="one"))

    assert usage(form, "--by", "session")[1].splitlines()[0] == before


def test_what_no_request_matches_is_a_table_without_rows(usage: Verb, hostile: None) -> None:
    """Not the screen, and no sentence instead of it."""
    assert rows_of(usage("--csv", "--by", "team", "--where", "model=nobody")[1]) == []
    assert len(cells_of(usage("--markdown", "--by", "team", "--where", "model=nobody")[1])) == 2


@pytest.mark.parametrize("form", ["--csv", "--markdown", "--json"])
def test_on_a_terminal_no_value_drives_it(sandbox: Sandbox, hostile: None, form: str) -> None:
    """A program gets the bytes, a person sees escapes."""
    code, screen = shown(sandbox, "usage", form, "--by", "team", columns=80)

    assert code == 0
    assert plain(screen) == screen
    assert not [character for character in screen if not character.isprintable() and character not in "\n\r"]
    assert "\\x1b[31mred" in screen or "\\u001b[31mred" in screen or "\\\\x1b\\[31mred" in screen


def test_the_last_of_several_forms_counts(usage: Verb, hostile: None) -> None:
    """As with every option that is given twice."""
    assert usage("--json", "--csv", "--by", "team")[1] == usage("--csv", "--by", "team")[1]


@pytest.mark.parametrize("columns", [80, 40])
def test_a_table_cuts_hostile_values_and_stays_in_its_lines(sandbox: Sandbox, hostile: None, columns: int) -> None:
    """A line for each, of printable characters."""
    _, screen = shown(sandbox, "usage", "--by", "team", columns=columns)
    lines = plain(screen).splitlines()

    assert len(lines) == len(HOSTILE) + 2 + 3
    assert all(line.isprintable() for line in lines)
    assert max(len(line.encode("ascii", "replace")) for line in lines) <= columns


def test_a_long_name_makes_room_for_the_figures(usage: Verb, sandbox: Sandbox) -> None:
    """A model whose name is longer than the screen is wide costs its end, not requests and tokens."""
    store(sandbox.database, request(9, time.time_ns(), model="m" * 300))

    sandbox.environ["COLUMNS"] = "80"
    heading = usage("--by", "model")[1].splitlines()[0]
    assert heading.split()[:4] == ["model", "cost", "requests", "tokens"]

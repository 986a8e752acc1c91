"""
Each row of the price table is what the real Claude Code of its release says for scripted usage.

The problem it owns: a table that nobody holds to claude is an opinion. What is asked has another count for each kind of token, so
that no wrong price is made good by another; and the same request, read from its transcript, costs the same.
"""

from pathlib import Path

import pytest
from listed import Usage, cost_micros
from messages_api import MessagesApi
from priced import Asked, ask
from real_claude import Claude

from cclaunch.prices.table import TABLES, Release
from cclaunch.transcripts.finding import Files, claude_roots
from cclaunch.transcripts.reading import read
from cclaunch.transcripts.seen import Seen

pytestmark = pytest.mark.real

WHOLE = Usage(input=20_000, output=50_000, cache_read=40_000, cache_written=40_000, cache_1h=30_000)
"""Ten thousands: each price is a whole micro-dollar, also a tenth more. Together the longest prompt that is no long one."""

DEAREST = WHOLE._replace(input=30_000, searches=7, fast=True, place="us")
"""All that makes a request dearer at once: a long prompt, served fast, in the United States, with searches."""


def release_of(claude: Claude) -> Release:
    """Return the key of the table of *claude*."""
    return tuple(map(int, claude.version.split(".")))


def seen(home: Path) -> list[Seen]:
    """Return the requests that the transcripts below *home* tell of."""
    return [row for file in Files(claude_roots(str(home), {})) for part in read(file.path) for row in part.rows]


@pytest.mark.parametrize("usage", [WHOLE, DEAREST], ids=["plain", "dearest"])
def test_a_row_is_what_claude_says(tmp_path: Path, claude: Claude, api: MessagesApi, usage: Usage) -> None:
    """Every model of the release's table, asked by its name; and its transcript comes to the same."""
    asked = [Asked(model, usage) for model in TABLES[release_of(claude)].prices]
    wrong = []
    for (model, _), priced in zip(asked, ask(tmp_path, claude, api, asked), strict=True):
        (row,) = seen(priced.sandbox.home)
        read_there = Usage(
            row.input, row.output, row.cache_read, row.cache_written, row.cache_1h, row.searches, row.fast, row.place
        )
        costs = cost_micros(usage, claude.version, model), cost_micros(read_there, row.version, row.asked, row.model)
        if costs != (priced.micros, priced.micros):
            wrong.append((model, costs, priced.micros))
    assert wrong == []


SPELLED = (
    "claude-opus-4-8[1m]",
    "claude-haiku-4-5-20251001",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic/claude-sonnet-4-6",
)


def test_a_model_costs_the_same_however_it_is_spelled(tmp_path: Path, claude: Claude, api: MessagesApi) -> None:
    """As clouds and gateways call it."""
    asked = [Asked(model, WHOLE) for model in SPELLED]
    found = [one.micros for one in ask(tmp_path, claude, api, asked)]
    assert found == [cost_micros(WHOLE, claude.version, model) for model in SPELLED]


UNKNOWN = ("gpt-5", "claude-opus-9", "claude-haiku-9")
GUESSED: dict[Release, str] = {(2, 1, 197): "claude-opus-4-8", (2, 1, 330): "claude-opus-5-5"}
"""Release -> the model whose price it gives to one that it does not know."""


def test_what_claude_guesses_is_no_price_of_ours(tmp_path: Path, claude: Claude, api: MessagesApi) -> None:
    """It gives an unknown model the price of its own first one, without a word; here it has none."""
    found = [one.micros for one in ask(tmp_path, claude, api, [Asked(model, WHOLE) for model in UNKNOWN])]
    guessed = cost_micros(WHOLE, claude.version, GUESSED[release_of(claude)])
    assert found == [guessed] * len(UNKNOWN)
    assert [cost_micros(WHOLE, claude.version, model) for model in UNKNOWN] == [None] * len(UNKNOWN)

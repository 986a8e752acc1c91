"""
What the API's log says that two witnesses can tell of a day, and what the ledger has of it.

The problem it owns: each answer has tokens that no other has, so it is known again whatever became of its ids; and which witness
can tell of it follows from who asked and for what.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from listed import Usage, cost_micros
from messages_api import Answer, Tokens
from mixed_day import ASKED, Day, Run
from real_claude import micros
from recorded import events

from cclaunch.hot.paths import our_paths

NEVER = ("judgement", "label")
"""What no witness tells of."""

Mark = tuple[int, int, int]
"""Tokens in, read from the cache, written to it: no two answers have the same."""

QUERY = """
SELECT s.name, r.request, r.micros, r.input, r.output, r.cache_read, ifnull(r.cache_5m, 0) + ifnull(r.cache_1h, 0),
    r.origin, r.witnesses, t.attributes
FROM requests r LEFT JOIN sessions s ON s.id = r.session JOIN sets t ON t.id = r."set" ORDER BY r.time_ns
"""


class Row(NamedTuple):
    """A request in the ledger."""

    session: str | None
    request: str | None
    micros: int | None
    input: int
    output: int
    cache_read: int
    cache_written: int
    origin: int
    witnesses: int
    attributes: dict[str, Any]

    @property
    def mark(self) -> Mark:
        """Return what it is known by."""
        return self.input, self.cache_read, self.cache_written

    @property
    def tokens(self) -> Tokens:
        """Return all tokens."""
        return Tokens(self.input, self.output, self.cache_read, self.cache_written)


class Expected(NamedTuple):
    """An answer, the *run* that it was given to, and who can tell of it: a bit for each witness, as in the ledger."""

    answer: Answer
    run: Run
    witnesses: int

    @property
    def mark(self) -> Mark:
        """Return what it is known by."""
        return mark(self.answer)


EVENT, TRANSCRIPT = 1, 2


def mark(answer: Answer) -> Mark:
    """Return what an answer is known by."""
    return answer.tokens.input, answer.tokens.cache_read, answer.tokens.cache_creation


def rows(day: Day) -> list[Row]:
    """Return all that the ledger has, in the order of time."""
    with closing(sqlite3.connect(f"file:{our_paths(day.place.environ).ledger}?mode=ro", uri=True)) as connection:
        return [Row._make((*row[:9], json.loads(row[9]))) for row in connection.execute(QUERY)]


def transcripts(day: Day) -> list[Path]:
    """Return the transcripts that there are."""
    return list((day.place.home / ".claude" / "projects").rglob("*.jsonl"))


def expected(day: Day) -> list[Expected]:
    """Return every answer of the day that a witness can tell of, with those who can."""
    told, written = day.told_by_events(), b"".join(file.read_bytes() for file in transcripts(day))
    found = []
    for name, run in day.runs.items():
        for answer in day.answers(name):
            event = run.launched and answer.purpose not in NEVER
            if run.cut:  # a killed one takes with it what it has not sent yet; what was interrupted has no event
                event = answer.request_id in told and (run.cut, answer.purpose) != ("interrupted", "turn")
            # An older release may not come to write what was interrupted.
            kept = run.cut != "interrupted" or answer.message_id.encode() in written
            transcript = run.kept and answer.purpose == "turn" and kept
            if event or transcript:
                found.append(Expected(answer, run, EVENT * event | TRANSCRIPT * transcript))
    return found


def unseen(day: Day) -> list[Answer]:
    """Return the answers of which no witness can tell."""
    seen = {one.answer.message_id for one in expected(day)}
    return [answer for answer in day.api.good() if answer.message_id not in seen]


def prices(day: Day) -> dict[Mark, int]:
    """Return what claude says that each request costs of which it has sent an event, in micro-dollars."""
    names = "input_tokens", "cache_read_tokens", "cache_creation_tokens"
    return {
        (int(event[names[0]]), int(event[names[1]]), int(event[names[2]])): micros(event["cost_usd"])
        for event in events(day.place, "api_request")
    }


def listed(day: Day, one: Expected, output: int) -> int | None:
    """
    Return what the table says of an answer of which only a transcript tells.

    Newer transcripts name who was asked; older ones who has answered, and that is whose price it is given.
    """
    tokens = one.answer.tokens
    usage = Usage(tokens.input, output, tokens.cache_read, tokens.cache_creation)
    asked = ASKED if one.answer.prompt.startswith("answered by") and day.claude.restores_cost else one.answer.model
    return cost_micros(usage, day.claude.version, asked)

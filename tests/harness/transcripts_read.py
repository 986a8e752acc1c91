"""
What the reader makes of the transcripts in a home, beside what the scripted API has answered.

The problem it owns: each answer that a transcript can hold is one request, whatever claude has copied or written twice.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from messages_api import Answer, Tokens

from cclaunch.transcripts.finding import Files, claude_roots
from cclaunch.transcripts.reading import read
from cclaunch.transcripts.seen import Left, Seen


class Told(NamedTuple):
    """A request as an answer of the API and a transcript both tell of it."""

    request: str | None
    message: str | None
    model: str
    tokens: Tokens


def by_file(home: Path) -> dict[str, list[Seen]]:
    """Return name of a file -> the requests in it, of all transcripts below *home*. What is left out fails the test."""
    found: dict[str, list[Seen]] = {}
    files = Files(claude_roots(str(home), {}))
    for file in files:
        for part in read(file.path):
            assert part.left == {}
            found.setdefault(os.path.basename(file.path).removesuffix(".jsonl"), []).extend(part.rows)
    assert not files.left, Left
    return found


def rows(home: Path) -> list[Seen]:
    """Return all requests of all transcripts below *home*, copies too."""
    return [row for some in by_file(home).values() for row in some]


def told(seen: Iterable[Seen]) -> list[Told]:
    """Return what *seen* come to, each once, in the order of answers."""
    found = {
        (row.request, row.message): Told(
            row.request, row.message, row.model, Tokens(row.input, row.output, row.cache_read, row.cache_written)
        )
        for row in seen
    }
    return sorted(found.values(), key=lambda one: one.message or "")


def answered(answers: Iterable[Answer]) -> list[Told]:
    """Return those of *answers* that a transcript can hold: all but what claude asks by itself."""
    main = [answer for answer in answers if answer.kind == "main" and answer.status == 200]
    found = [Told(answer.request_id or None, answer.message_id, answer.model, answer.tokens) for answer in main]
    return sorted(found, key=lambda one: one.message or "")

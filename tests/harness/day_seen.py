"""
What was made of a day: by the ledger, by the verbs, by ccusage, and after claude's own clean-up.

The problem it owns: a day is lived once, and every question about it is asked once, in an order in which none changes the answer
of another.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import native_ccusage
from collector_client import wait_until
from day_told import Expected, Row, expected, prices, rows, transcripts, unseen
from messages_api import Answer
from mixed_day import Day
from recorded import usage
from required import missing
from screens import program

from cclaunch.hot.paths import our_paths
from cclaunch.store.ledger.passes import was_finished

HOUR_NS = 3600 * 1_000_000_000
OLD_S = 40 * 86_400
"""Claude keeps transcripts for thirty days."""


class Seen(NamedTuple):
    """
    A day and what was made of it.

    Attributes:
        day: What was lived.
        expected: The answers that a witness can tell of.
        unseen: Those that none can tell of.
        prices: What claude says that the requests cost of which it sent events.
        rows: What the ledger has.
        lines: Name of a transcript -> its records, in their order.
        total: What `usage` says of all.
        by_session: And of each session, in micro-dollars.
        capture: What `check --capture --json` says an hour later, when nothing is on its way any more.
        words: The same without `--json`: all that is printed.
        ccusage: What that counts.
        swept: Transcripts that claude's clean-up has deleted then.
        after: What `usage` says of all after that.
    """

    day: Day
    expected: list[Expected]
    unseen: list[Answer]
    prices: dict[tuple[int, int, int], int]
    rows: list[Row]
    lines: dict[str, list[dict[str, Any]]]
    total: dict[str, Any]
    by_session: dict[str, int]
    capture: dict[str, Any]
    words: str
    ccusage: dict[str, Any]
    swept: list[Path]
    after: dict[str, Any]

    def of_run(self, name: str) -> list[Row]:
        """Return what the ledger has of a run."""
        marks = {one.mark for one in self.expected if one.run == self.day.runs[name]}
        return [row for row in self.rows if row.mark in marks]

    def of_purpose(self, *purposes: str) -> list[Row]:
        """Return what the ledger has of what was asked for such purposes."""
        marks = {one.mark for one in self.expected if one.answer.purpose in purposes}
        return [row for row in self.rows if row.mark in marks]


def see(day: Day) -> Seen:
    """Return what was made of *day*, which has been lived."""
    place = day.place
    assert wait_until(lambda: was_finished(our_paths(place.environ).ledger))  # the collector has read transcripts, too
    assert place.cclaunch("stack", "down").returncode == 0  # so that `usage` itself reads the rest
    ccusage = native_ccusage.native()
    if ccusage is None:
        missing(f"ccusage {native_ccusage.VERSION}")
    total = usage(place)["total"]
    by_session = {row["session"]: round(row["cost_usd"] * 1e6) for row in usage(place, "--by", "session")["rows"]}
    capture = [_an_hour_later(day, *words) for words in ([], ["--json"])]
    told = expected(day), unseen(day), prices(day), rows(day), _lines(day)
    counted = native_ccusage.totals(ccusage, place)
    old = transcripts(day)
    for file in old:
        os.utime(file, (time.time() - OLD_S,) * 2)
    day.sweep(old)
    after = usage(place)["total"]
    return Seen(day, *told, total, by_session, json.loads(capture[1]), capture[0], counted, old, after)


def _an_hour_later(day: Day, *words: str) -> str:
    done = day.place.run(program(["check", "--capture", *words], time.time_ns() + HOUR_NS))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode() + ("" if words else done.stderr.decode())


def _lines(day: Day) -> dict[str, list[dict[str, Any]]]:
    return {file.stem: [json.loads(line) for line in file.read_bytes().splitlines()] for file in transcripts(day)}

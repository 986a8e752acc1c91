"""How much is handed to the ledger at once: as much as can be where nobody waits, else as much as is done in a moment."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ledgers import places_at

from cclaunch.history import turns
from cclaunch.history.turns import FEWEST, HELD_S, ROWS, Turns
from cclaunch.store.ledger.from_transcripts import Taken
from cclaunch.store.ledger.witnessed import File


class Ledger:
    """One that takes its time by a clock of its own: *each_s* a row."""

    def __init__(self, each_s: float) -> None:
        self.each_s = each_s
        self.now = 0.0
        self.sizes: list[int] = []

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    @contextlib.contextmanager
    def writing(self, *_: object) -> Iterator[sqlite3.Connection]:
        """Give a connection to nothing."""
        yield sqlite3.connect(":memory:")

    def take(self, _: object, parts: Sequence[tuple[File, Sequence[Any]]], *, asked: bool) -> Taken:
        """Take them."""
        self.sizes.append(sum(len(rows) for _, rows in parts))
        self.now += self.sizes[-1] * self.each_s
        return Taken(self.sizes[-1], 0, 0)


Hand = Callable[[float, bool], list[int]]


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hand:
    """How many rows are handed over in each turn, of 20,000 in files of ten, at so many seconds a row, giving way or not."""

    def hand(each_s: float, gives_way: bool) -> list[int]:
        ledger = Ledger(each_s)
        monkeypatch.setattr(turns, "time", ledger)
        for name in ("writing", "take"):
            monkeypatch.setattr(turns, name, getattr(ledger, name))
        made = Turns(places_at(tmp_path / "telemetry.db"), 5, (lambda held: None) if gives_way else None)
        for number in range(2_000):
            made.add(File(number, b"", {}, anew=True), [object()] * 10)  # type: ignore[list-item]
        made.hand_over()
        return ledger.sizes

    return hand


def test_who_gives_way_begins_with_little_and_goes_on_with_what_fits(handed: Hand) -> None:
    """A fast ledger takes more and more."""
    assert handed(HELD_S / 1_000, True)[:5] == [FEWEST, 500, 1000, 1000, 1000]


def test_nobody_takes_more_than_a_turn_has(handed: Hand) -> None:
    """However fast it is."""
    assert max(handed(0, True)) == ROWS
    assert handed(0, False) == [ROWS] * 5


def test_a_slow_ledger_gets_little_at_once(handed: Hand) -> None:
    """As of a process that is hardly given a processor."""
    assert set(handed(HELD_S / 10, True)) == {FEWEST}


def test_a_person_waits_for_all_of_it_and_gives_way_to_nobody(handed: Hand) -> None:
    """Fewer turns are faster."""
    assert handed(HELD_S / 10, False) == [ROWS] * 5

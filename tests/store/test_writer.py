"""The writer: what it promises, what it refuses, and that nothing stops it."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
import stored
from collector_client import logs

from cclaunch.collector import budget
from cclaunch.collector.budget import Budget
from cclaunch.collector.service import EmbeddedCollector
from cclaunch.hot.paths import Paths
from cclaunch.otlp.encoding import PROTOBUF
from cclaunch.otlp.signals import SIGNALS, Rejected
from cclaunch.store.reader import open_reader
from cclaunch.store.rows import Batch
from cclaunch.store.write_queue import StoreUnavailable, Unstorable
from cclaunch.store.writer import Writer

NOW = 1_790_000_000_000_000_000
REFUSE = """
CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.name = 'unstorable'
BEGIN SELECT RAISE(ABORT, 'never'); END
"""
"""What makes a real database refuse one batch and take every other."""


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[EmbeddedCollector]:
    """A collector without servers, whose writer runs."""
    made = EmbeddedCollector(Paths(*[str(tmp_path)] * 4), "")
    made.writer.start()
    yield made
    made.writer.close()


@pytest.fixture
def writer(collector: EmbeddedCollector) -> Writer:
    """Its writer alone."""
    return collector.writer


@contextlib.contextmanager
def locked(writer: Writer) -> Iterator[None]:
    """Keep the writer from committing for the length of the block."""
    connection = sqlite3.connect(writer.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


def refuse_by_name(writer: Writer) -> None:
    """Have the database refuse every event that is called `unstorable`."""
    with sqlite3.connect(writer.path) as connection:
        connection.execute(REFUSE)
    connection.close()


def names(writer: Writer) -> list[str]:
    """Return the names of all stored events."""
    connection = open_reader(writer.path)
    try:
        return [row[0] for row in connection.execute("SELECT name FROM events ORDER BY id")]
    finally:
        connection.close()


def named(name: str) -> Batch:
    """Return a batch of one event."""
    return stored.event(name, NOW)


def test_one_unstorable_batch_is_refused_alone(writer: Writer) -> None:
    """Four clients wait for one commit, and one of them sent what no database takes."""
    refuse_by_name(writer)
    with locked(writer):  # the first waits for the disk, the others for the first
        waiting = [writer.submit(named(name)) for name in ("first", "before", "unstorable", "behind")]
    troubles = [one.exception(120) for one in waiting]

    assert [type(trouble) for trouble in troubles] == [type(None), type(None), Unstorable, type(None)]
    assert names(writer) == ["first", "before", "behind"]


def test_an_unstorable_batch_is_refused_whole(writer: Writer) -> None:
    """Its good rows are not kept, and the next batch finds no half of a transaction."""
    refuse_by_name(writer)
    both = Batch(events=[*named("good").events, *named("unstorable").events])

    assert isinstance(writer.submit(both).exception(120), Unstorable)
    assert writer.submit(named("next")).exception(120) is None
    assert names(writer) == ["next"]


def test_a_number_that_sqlite_cannot_hold_is_unstorable(writer: Writer) -> None:
    """Whatever passes the decoder one day: the thread that writes outlives it."""
    (row,) = named("large").events

    assert isinstance(writer.submit(Batch(events=[row._replace(sequence=1 << 70)])).exception(120), Unstorable)
    assert writer.trouble == ""
    assert writer.submit(named("next")).exception(120) is None


def test_want_of_memory_passes(writer: Writer) -> None:
    """It says nothing about the batch: the exporter is to try again."""

    class Greedy(dict[str, Any]):
        def items(self) -> NoReturn:
            raise MemoryError

    (row,) = named("greedy").events
    greedy = row._replace(own=Greedy(a=1))

    refused = writer.submit(Batch(events=[greedy])).exception(120)
    assert isinstance(refused, StoreUnavailable)
    assert "MemoryError" in str(refused)
    assert writer.submit(named("next")).exception(120) is None
    assert writer.trouble == ""


def test_who_gives_up_waiting_does_not_stop_the_writer(writer: Writer) -> None:
    """A promise cannot be taken back: the batch is committed, and so is the next one."""
    with locked(writer):
        waiting = writer.submit(named("given_up"))
        assert not waiting.cancel()

    assert writer.submit(named("next")).exception(120) is None
    assert names(writer) == ["given_up", "next"]


def body(name: str) -> bytes:
    """Return a request with one event, as it arrives."""
    return logs(name).SerializeToString()


def test_an_unstorable_message_is_rejected(collector: EmbeddedCollector) -> None:
    """Rejected is what the two servers answer with 400 and INVALID_ARGUMENT."""
    refuse_by_name(collector.writer)

    with pytest.raises(Rejected, match="never"):
        asyncio.run(collector.take(SIGNALS[0], body("unstorable"), PROTOBUF))


def narrow(collector: EmbeddedCollector, monkeypatch: pytest.MonkeyPatch, size: int) -> Budget:
    """Give the collector room for *size* bytes that wait for the disk, and a tenth of a second of patience."""
    made = Budget(size)
    monkeypatch.setattr(collector.intake, "_rows", made)
    monkeypatch.setattr(budget.Budget.take, "__defaults__", (0.1,))
    return made


def test_what_waits_for_the_disk_is_bounded_in_bytes(collector: EmbeddedCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message too many is sent back for later; once the disk has caught up, it is taken."""
    narrow(collector, monkeypatch, 1)

    async def both() -> None:
        with locked(collector.writer):
            waiting = asyncio.ensure_future(collector.take(SIGNALS[0], body("first"), PROTOBUF))
            await asyncio.sleep(0.05)
            with pytest.raises(StoreUnavailable):
                await collector.take(SIGNALS[0], body("second"), PROTOBUF)
        await waiting
        await collector.take(SIGNALS[0], body("second"), PROTOBUF)

    asyncio.run(both())
    assert names(collector.writer) == ["first", "second"]


def test_a_message_that_is_larger_than_the_bound_is_taken_when_nothing_waits(
    collector: EmbeddedCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it never would be."""
    narrow(collector, monkeypatch, 1)
    asyncio.run(collector.take(SIGNALS[0], body("large"), PROTOBUF))

    assert names(collector.writer) == ["large"]


def test_a_client_that_hangs_up_frees_no_bytes_before_the_commit(
    collector: EmbeddedCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message is still in memory: clients that lose patience must not pile up more and more."""
    room = narrow(collector, monkeypatch, 1)
    over: list[str] = []

    async def give_up() -> None:
        with locked(collector.writer):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(collector.take(SIGNALS[0], body("given_up"), PROTOBUF, lambda: over.append("first")), 0.1)
            with pytest.raises(StoreUnavailable):
                await collector.take(SIGNALS[0], body("next"), PROTOBUF)
            assert over == []
        deadline = time.monotonic() + 120
        while room.used and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await collector.take(SIGNALS[0], body("later"), PROTOBUF)

    asyncio.run(give_up())
    assert over == ["first"]
    assert names(collector.writer) == ["given_up", "later"]

"""
From the bytes of one request to its answer: parsed, decoded, committed, in slices where it is large.

A small request is done at once, in the loop. A large one is looked through first, then stored slice by slice in one thread,
in turns with other large ones; it is answered when every slice is committed. Sent again, what was stored of it before is
recognised by its keys.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.message import Message

from cclaunch.collector.budget import AT_WORK, Budget
from cclaunch.collector.peer import marked
from cclaunch.otlp import jsonwire, wire
from cclaunch.otlp.encoding import JSON, PROTOBUF, parse_request
from cclaunch.otlp.signals import Rejected, Signal, answer_of
from cclaunch.otlp.slices import SLICE_RECORDS, Tally
from cclaunch.store.rows import Batch
from cclaunch.store.write_queue import Unstorable
from cclaunch.store.writer import Writer

SMALL_BODY = {PROTOBUF: 64 << 10, JSON: 16 << 10}
"""Bytes of a body that is read in the loop: a few milliseconds."""

SLICES_AT_ONCE = 8
"""Slices that are parsed and on their way into the database at the same time; the next commit takes them together."""

ROWS_PER_BYTE = 8
BYTES_PER_RECORD = 2048
"""What a record becomes in memory, beside its own bytes eight times."""


class Intake:
    """What both servers hand the bodies to; *writer* stores."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows = Budget(AT_WORK)
        self._turns = asyncio.Semaphore(SLICES_AT_ONCE)
        self._reader = ThreadPoolExecutor(1, "large-requests")

    async def take(self, signal: Signal, body: bytes | bytearray, kind: str, over: Callable[[], None]) -> Message:
        """
        Store the request *body*; return the answer only when it is committed.

        *over* is called when nothing of it is in memory any more. A client that hangs up does not free it sooner.

        Raises:
            Malformed, Rejected, NeverFits: Sending it again is no use.
            StoreUnavailable: It is.
        """
        work = asyncio.ensure_future(self._take(signal, body, kind))

        def done(_: object) -> None:
            trouble = None if work.cancelled() else work.exception()  # who asked may be gone, and nobody else would look
            if trouble is not None:
                traceback.clear_frames(trouble.__traceback__)  # they hold the body, and each other
            over()

        work.add_done_callback(done)
        return await asyncio.shield(work)

    async def _take(self, signal: Signal, body: bytes | bytearray, kind: str) -> Message:
        if len(body) <= SMALL_BODY[kind]:
            request = parse_request(body, kind, signal)
            count = signal.count(request)
            if count <= SLICE_RECORDS:
                batch = await self._store(signal, request, len(body), count, None)
                return answer_of(signal, [batch])
        return await self._take_slices(signal, body, kind)

    async def _take_slices(self, signal: Signal, body: bytes | bytearray, kind: str) -> Message:
        """Look through the whole request, so that nothing of a damaged one is stored; then store it."""
        tally = Tally()
        await self._look(_checked(signal, body, kind, tally))
        slices = _slices(signal, body, kind, Tally())
        refused = Batch(rejected=sum(tally.refused.values()), message=_sentence(tally))
        batches = [refused]
        seen: Counter[bytes] = Counter()
        while (piece := await self._step(slices)) is not None:
            if not piece:
                continue
            async with self._turns:  # what is parsed and waits takes more room than its bytes
                request = await self._read(parse_request, piece, kind, signal)
                batch = await self._store(signal, request, len(piece), signal.count(request), seen)
                del request  # else it waits along for the next turn
            batches.append(Batch(rejected=batch.rejected, message=batch.message))
        return answer_of(signal, batches)

    async def _store(self, signal: Signal, request: Any, size: int, count: int, seen: Counter[bytes] | None) -> Batch:
        """Decode and commit one slice; *seen* is for a slice of more. Raises Rejected, StoreUnavailable."""
        room = size * ROWS_PER_BYTE + count * BYTES_PER_RECORD
        await self._rows.take(room)
        try:
            decoded: Batch = signal.decode(request) if seen is None else await self._read(signal.decode, request, seen)
            batch = marked(decoded)
            if batch.events or batch.points:
                await asyncio.wrap_future(self._writer.submit(batch))
        except Unstorable as error:
            raise Rejected(str(error)) from error
        finally:
            self._rows.give(room)
        return batch

    async def _look(self, pieces: Iterator[bytes]) -> None:
        """Go through all of *pieces*, in turns with others."""
        while await self._step(pieces) is not None:
            pass

    async def _step(self, pieces: Iterator[bytes]) -> bytes | None:
        """Return the next of *pieces*, or None: one turn of the thread."""
        found: bytes | None = await self._read(next, pieces, None)
        return found

    async def _read(self, work: Callable[..., Any], *words: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work, *words)


def _slices(signal: Signal, body: bytes | bytearray, kind: str, tally: Tally) -> Iterator[bytes]:
    """Return the slices of a request. Raises Malformed, NeverFits, also later."""
    if kind == JSON:
        return jsonwire.slices(body, signal.name, tally)
    return wire.slices(body, signal.name, signal.request.DESCRIPTOR, tally)


def _checked(signal: Signal, body: bytes | bytearray, kind: str, tally: Tally) -> Iterator[bytes]:
    """Parse every slice of a request; yield nothing but turns. Raises Malformed, NeverFits."""
    for piece in _slices(signal, body, kind, tally):
        if piece:
            parse_request(piece, kind, signal)
        yield b""


def _sentence(tally: Tally) -> str:
    return "; ".join(f"{count} not stored: {reason}" for reason, count in sorted(tally.refused.items()))

"""
The answer to a question, kept until there may be another one.

The problem it owns: a page asks every two seconds, and mostly nothing has happened. So the files that the answer comes from
are looked at first, and the ledger is asked only when they changed; a store that does not answer in time costs a look back, not
the page. It is asked in a thread that nobody waits for at the end, and not again before it has answered.
"""

import asyncio
import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cclaunch.errors import CclaunchError
from cclaunch.serving.log import say
from cclaunch.web.assets import tag

PATIENCE_S = 4.0
"""So long an answer is waited for; then the last one is shown, with the time it is of."""

SETTLED_NS = 20_000_000
"""A file that was changed less long ago could change again without looking different."""

CLOCK_S = 60.0
"""So often it is asked without a change: what is compared goes by the clock."""

BUSY = "the store does not answer just now"

Document = dict[str, Any]


class Answer(NamedTuple):
    """What the browser gets: JSON, and the tag that tells it from others."""

    body: bytes
    etag: str


class Kept:
    """
    One question, asked as often as need be.

    Args:
        ask: Returns the answer; raises CclaunchError where there is none. Called in a thread.
        files: Returns the paths that the answer comes from; called at each look.
        lasts_s: Returns for how many seconds an answer is good although no file changed.
        patience_s: Seconds that one look waits for an answer.
    """

    def __init__(
        self,
        ask: Callable[[], Document],
        files: Callable[[], Sequence[str]],
        lasts_s: Callable[[], float] = lambda: CLOCK_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._ask = ask
        self._files = files
        self._lasts_s = lasts_s
        self._patience = patience_s
        self._good: Document = {"state": "trouble", "notes": []}
        self._last = written(self._good)
        self._stamp = ""
        self._until = 0.0
        self._asking: asyncio.Task[None] | None = None

    @property
    def is_asking(self) -> bool:
        """Say whether an answer is on its way."""
        return self._asking is not None

    async def get(self) -> Answer:
        """Return the answer of now, or the last one with the time that it is of. Raises nothing for what a store does."""
        stamp = stamp_of(self._files())
        if stamp and stamp == self._stamp and time.monotonic() < self._until:
            return self._last
        if self._asking is None:
            self._asking = asyncio.create_task(self._renew(stamp))
        done, _ = await asyncio.wait({self._asking}, timeout=self._patience)
        return self._last if done else self._look_back(BUSY, "")

    async def _renew(self, stamp: str) -> None:
        began = time.monotonic()
        try:
            found = await in_thread(self._ask)
        except CclaunchError as error:
            self._stamp, self._last = "", self._look_back(said(error), error.hint)
        except Exception as error:
            say(f"a bug of ours: {traceback.format_exc()}")
            self._stamp, self._last = "", self._look_back(f"this is a bug of ours: {type(error).__name__}: {error}", "")
        else:
            self._good = {**found, "answered_at": int(time.time())}
            self._stamp, self._until, self._last = stamp, began + self._lasts_s(), written(found)
        finally:
            self._asking = None

    def _look_back(self, trouble: str, hint: str) -> Answer:
        """Return the last good answer, which says when it was given, and what is in the way of a newer one."""
        return written({**self._good, "trouble": trouble, "hint": hint})


def said(error: CclaunchError) -> str:
    """Return what *error* says, with its cause, in a line."""
    return f"{error.message}: {error.cause}" if error.cause else error.message


def written(document: Document) -> Answer:
    """Return *document* as the browser gets it."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Answer(body, tag(body))


def stamp_of(paths: Sequence[str]) -> str:
    """Return what tells this state of the files at *paths* from others; nothing where one changes just now."""
    border = time.time_ns() - SETTLED_NS
    found = []
    for path in paths:
        try:
            one = os.stat(path)
        except OSError:
            found.append("-")
            continue
        if border < one.st_mtime_ns:
            return ""
        found.append(f"{one.st_mtime_ns}.{one.st_size}.{one.st_ino}")  # opening a log as root changes its ctime
    return " ".join(found)


async def in_thread(work: Callable[[], Document]) -> Document:
    """Return what *work* returns, or raise what it raises; it runs in a thread of its own, which no end waits for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Document] = loop.create_future()

    def settle(found: Document | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(found or {})

    def run() -> None:
        found, error = None, None
        try:
            found = work()
        except Exception as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(settle, found, error)
        except RuntimeError:  # the loop has ended meanwhile
            return

    threading.Thread(target=run, name="question", daemon=True).start()
    return await future

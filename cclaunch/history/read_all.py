"""
One pass over all transcripts that there are: what has changed is read, and the ledger takes it.

The problem it owns: it may be killed at any moment, and the next one goes on where it was; files grow, go and come meanwhile; and
most have not changed since the last pass, so they cost a look and no more.
"""

import contextlib
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from cclaunch.errors import StoreMissing
from cclaunch.history import known as knowledge
from cclaunch.history.rows import Rows
from cclaunch.history.turns import Turns
from cclaunch.store.ledger import passes
from cclaunch.store.ledger.from_transcripts import known_files
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.witnessed import File, Witnessed
from cclaunch.store.places import Places
from cclaunch.transcripts.finding import Files, Found
from cclaunch.transcripts.reading import Part, read
from cclaunch.transcripts.seen import Left

Tell = Callable[[int, int], None]


class Before(NamedTuple):
    """
    What the ledger knew before the pass.

    Attributes:
        files: Number of a file -> what was kept of it.
        finished: When the last pass that was finished began (ns); None without any.
    """

    files: dict[int, bytes]
    finished: int | None = None


def before(places: Places) -> Before:
    """Return what the ledger knows of transcripts. Raises StoreTooNew, StoreBroken."""
    with contextlib.suppress(StoreMissing), reading(places.ledger) as connection:
        return Before(known_files(connection), passes.finished(connection))
    return Before({})


def read_all(roots: Iterable[str], rows: Rows, turns: Turns, known: Before, tell: Tell = lambda done, whole: None) -> int:
    """
    Have the ledger take what is new in the transcripts below *roots*; return how many requests were handed over.

    Args:
        roots: Directories.
        rows: Makes rows.
        turns: Takes them to the ledger.
        known: What it knew before.
        tell: Called with how many bytes are done, of how many.

    Raises:
        CclaunchError, OSError, sqlite3.Error: The ledger cannot be written to; what was handed over stays.
    """
    with not_looking_for_circles():
        return _read_all(roots, rows, turns, known, tell)


def _read_all(roots: Iterable[str], rows: Rows, turns: Turns, known: Before, tell: Tell) -> int:
    began = time.time_ns()
    files = Files(roots, read=knowledge.states(known.files.values()))
    changed = sorted(files, key=lambda one: one.status.st_mtime_ns)  # whom others are copies of comes first
    whole, done, count = sum(one.status.st_size for one in changed), 0, 0
    for one in changed:
        for file, found in _parts(one, rows, known):
            turns.add(file, found)
            count += len(found)
        done += one.status.st_size
        tell(done, whole)
    _add_others(turns, files.left, known)
    is_kept = bool(changed) or passes.is_due(known.finished, began)
    turns.hand_over(partial(passes.finish, began_ns=began) if is_kept else None)
    return count


@contextlib.contextmanager
def not_looking_for_circles() -> Iterator[None]:
    """Leave them be: rows have none, and looking through so many costs more than reading them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _parts(one: Found, rows: Rows, known: Before) -> Iterator[tuple[File, list[Witnessed]]]:
    """Yield what is new in a file, part by part."""
    number = knowledge.number_of_file(one.path, None)
    kept = known.files.get(number)
    rows.begin(one.path)
    for part in read(one.path, None if kept is None else knowledge.unpacked(kept)):
        if part.known is None and kept == knowledge.UNREAD:
            return  # it is counted already
        yield file_of(number, part), [rows.made(seen) for seen in part.rows]


def file_of(number: int, part: Part) -> File:
    """Return what the ledger keeps of the file that a *part* was read from."""
    left = {reason.value: count for reason, count in part.left.items()}
    if part.known is None:
        return File(number, knowledge.UNREAD, left, anew=True)
    return File(number, knowledge.packed(part.known), left, anew=part.anew)


def _add_others(turns: Turns, left: Counter[Left], known: Before) -> None:
    """Have the ledger count what could not be looked at, where that has changed."""
    counts = {reason.value: count for reason, count in sorted(left.items())}
    mark = repr(counts).encode() if counts else b""
    if known.files.get(knowledge.ELSEWHERE, b"") != mark:
        turns.add(File(knowledge.ELSEWHERE, mark, counts, anew=True), [])

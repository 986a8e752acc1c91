"""
A change of a file as the one stretch in which its bytes differ, so that it can be undone while the file is as we left it.

The problem it owns: settings of claude's are spliced as text, and given back to the byte. A record holds ``after``, the hash
of what we left, in which ``length`` bytes from ``start`` stand for the ``old`` ones, and ``made``: 0 for a file that was
there, 1 for one that we made, and one more for each directory above it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

Record = Mapping[str, Any]
"""What the state keeps of a file that we wrote into; empty when we did not."""


def record_of(before: bytes, after: bytes, made: int, **more: Any) -> Record:
    """Return what to write down of the change from *before* to *after*, with whatever *more* there is to know."""
    shorter = min(len(before), len(after))
    start = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), shorter)
    tail = 0
    while tail < shorter - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old = before[start : len(before) - tail]
    return {
        **more,
        "after": sha256(after).hexdigest(),
        "start": start,
        "old": old.hex(),
        "length": len(after) - tail - start,
        "made": made,
    }


def is_as_left(data: bytes, record: Record) -> bool:
    """Say whether nobody has changed the file since."""
    return bool(record) and sha256(data).hexdigest() == record.get("after")


def put_back(data: bytes, record: Record) -> bytes | None:
    """Return what was before in a file that ``is_as_left``; None when it is ours and held nothing."""
    start, length = int(record["start"]), int(record["length"])
    rest = data[:start] + bytes.fromhex(record["old"]) + data[start + length :]
    return None if record.get("made") and not rest else rest

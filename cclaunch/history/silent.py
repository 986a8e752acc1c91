"""
Questions to file systems that may not answer.

The problem it owns: a directory that a transcript names may lie on a disk of the network that is gone by now, and who looks there
waits for ever. So somebody else looks, and is left behind where he does not come back.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

PATIENCE_S = 10.0
"""Long, as a process of low priority may get no processor for seconds."""

MOST = 3
"""Of questions that wait for an answer: then nobody asks until there is one."""

_waiting: list[threading.Thread] = []


def answered(question: Callable[[], Answer]) -> Answer | None:
    """Return the answer to *question*, which raises nothing; None where there is none within `PATIENCE_S`."""
    _waiting[:] = [one for one in _waiting if one.is_alive()]
    if len(_waiting) >= MOST:
        return None
    found: list[Answer] = []
    asking = threading.Thread(target=lambda: found.append(question()), daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    if not found:
        _waiting.append(asking)
    return found[0] if found else None

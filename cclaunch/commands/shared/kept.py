"""What the verbs say about the store beside its content: what waits in memory, what was refused, what was put aside."""

import os

from cclaunch.backends.embedded import collector
from cclaunch.hot.paths import Paths

ANSWER_S = 0.5


def sentences(paths: Paths, *, waiting: bool = True) -> list[str]:
    """
    Return what has to be known of the store of *paths*, a sentence each; nothing when all is well.

    *waiting*: ask the collector, too, whether something waits in memory.
    """
    from cclaunch.store import set_aside
    from cclaunch.store.beside import UNSAVED
    from cclaunch.store.refused import refusals

    path = paths.database
    found = [set_aside.sentence(path), set_aside.sentence_of_ledger(paths.ledger)]
    if (refused := refusals(path)) is not None:
        found.append(refused.sentence())
    if waiting:
        trouble = collector.health(paths, ANSWER_S) or ""
        if trouble.startswith(collector.SICK):
            found.append(trouble.removeprefix(collector.SICK))
    found.append(_unsaved(path + UNSAVED, running=collector.running(paths) is not None))
    return [text for text in found if text]


def _unsaved(path: str, *, running: bool) -> str:
    if running or not os.path.exists(path):
        return ""
    return f"the collector ended before it could store all that it had received: {path} is read when it starts again"

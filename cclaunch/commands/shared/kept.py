"""What the verbs say about the store beside its content: what waits in memory, what was refused, what was put aside."""

import os

from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import collector_ports

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
    if waiting and collector_ports(paths) is not None:
        found.append(_sick(paths))
    if os.path.exists(path + UNSAVED):
        found.append(_unsaved(path + UNSAVED, paths))
    return [text for text in found if text]


def _sick(paths: Paths) -> str:
    from cclaunch.backends.embedded import collector

    trouble = collector.health(paths, ANSWER_S) or ""
    return trouble.removeprefix(collector.SICK) if trouble.startswith(collector.SICK) else ""


def _unsaved(path: str, paths: Paths) -> str:
    from cclaunch.backends.embedded import collector

    if collector.running(paths) is not None:
        return ""
    return f"the collector ended before it could store all that it had received: {path} is read when it starts again"

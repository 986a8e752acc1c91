"""
Forgetting, as a verb asks for it: what would go, and that it goes, from every file on this machine.

The problem it owns: what a person agrees to is what goes. Both are found by the same rules, made once.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from cclaunch.errors import StoreError, StoreMissing
from cclaunch.store import keys, set_aside, trouble
from cclaunch.store.filters import canonical
from cclaunch.store.ledger import raw, scrub
from cclaunch.store.ledger.answering import answering
from cclaunch.store.ledger.forget import Gone, find, forget_requests
from cclaunch.store.ledger.forget_pull_requests import pulled_rules
from cclaunch.store.ledger.forget_transcripts import find_transcripts, forget_transcripts
from cclaunch.store.ledger.names import PULL_REQUEST
from cclaunch.store.ledger.opening import reading
from cclaunch.store.ledger.periods import LABELS
from cclaunch.store.ledger.reading import names
from cclaunch.store.ledger.tombstones import Rule, is_left
from cclaunch.store.ledger.wanted import Wanted, rules_for
from cclaunch.store.ledger.writing import writing
from cclaunch.store.places import Places
from cclaunch.store.reader import open_reader
from cclaunch.store.usage import brought_up

LOCK_S = 60.0
ALWAYS = frozenset((*LABELS, "session.id", "model", "service.name"))
NOTHING = Gone(0, 0, 0, None, None)


class Found(NamedTuple):
    """What would go: the *rules*, what they mean (*gone*), and what is in the way of a whole answer (*troubles*)."""

    rules: list[Rule]
    gone: Gone
    troubles: list[str]


def unknown(places: Places, asked: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return key -> names most like it, for each of *asked* by which no request is known."""
    with reading(places.ledger) as connection:
        known = names(connection) | ALWAYS
    missing = [key for key in asked if canonical(key) not in known]
    return keys.guesses(missing, known) if missing else {}


def look(places: Places, wanted: Wanted, now_ns: int) -> Found:
    """Return what *wanted* means now. Raises StoreError, StoreMissing."""
    rules, troubles = rules_for(wanted, now_ns), list[str]()
    try:
        with answering(places, brought_up(places)) as (connection, troubles):
            if PULL_REQUEST in wanted.where:
                rules = pulled_rules(connection, wanted, now_ns)
            gone = find(connection, rules)
    except StoreMissing:
        gone = NOTHING
    return Found(rules, gone._replace(events=_events(places, rules)), troubles)


def _events(places: Places, rules: Sequence[Rule]) -> int:
    try:
        with closing(open_reader(places.database)) as connection:
            return raw.count(connection, rules)
    except StoreMissing:
        return 0


def forget(places: Places, rules: Sequence[Rule], tell: scrub.Tell = scrub.say_nothing) -> Gone:
    """
    Forget what *rules* mean, for good.

    Raises:
        Busy: Another one has been at the ledger for long; nothing was forgotten.
        StoreError: Something is in the way: nothing was forgotten, or what is left to do is done by itself later, as it says.
    """
    return _forget(places, lambda connection: forget_requests(connection, rules), tell, raw_events=True)


def look_transcripts(places: Places) -> Gone:
    """Return what transcripts alone told. Raises StoreError."""
    try:
        with reading(places.ledger) as connection:
            return find_transcripts(connection)
    except StoreMissing:
        return NOTHING


def forget_all_transcripts(places: Places, now_ns: int, tell: scrub.Tell = scrub.say_nothing) -> Gone:
    """Forget all that transcripts told up to *now_ns*, for good, as `forget` does; the transcripts themselves are claude's."""
    return _forget(places, lambda connection: forget_transcripts(connection, now_ns), tell, raw_events=False)


def _forget(places: Places, deed: Callable[[sqlite3.Connection], Gone], tell: scrub.Tell, *, raw_events: bool) -> Gone:
    try:
        with writing(places, LOCK_S) as connection:
            raw_events = raw_events or is_left(connection)  # of what was forgotten before
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                gone = deed(connection)
            scrub.finish(connection, places, time.time(), tell, raw_events=raw_events)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(trouble.describe(places.ledger, error), cause="nothing was forgotten") from error
    return gone


def elsewhere(places: Places, *, of_events: bool = True) -> list[str]:
    """Return what may hold still what is forgotten here, a sentence each; *of_events*: what events told is forgotten."""
    told = []
    if places.vlogs and of_events:
        told.append(
            "VictoriaLogs and Prometheus cannot delete: what they hold is not counted any more, is shown by `events` and Grafana"
            " until their retention is over, and goes at once with `cclaunch stack down --volumes`"
        )
    kept = (places.database, places.ledger) if of_events else (places.ledger,)
    for path in [path for one in kept for path in set_aside.everything_aside(os.path.realpath(one))]:
        told.append(f"{path} was put aside and may hold it still: delete it")
    return told

"""
From transcripts: requests that the second witness tells of, each taken once, whatever file tells of it and how often.

The problem it owns: what is told may be known (from another file, as an event), may be more of what is known, or may be
forgotten. Only what no event tells of gets a row of its own; and what is kept of the files that were read changes with the rows
or not at all.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import NamedTuple, cast

from cclaunch.store.ledger.agreeing import Told
from cclaunch.store.ledger.alone import insert_alone, stored
from cclaunch.store.ledger.forget_transcripts import forgotten_until
from cclaunch.store.ledger.insert import add_up, known_session
from cclaunch.store.ledger.joining import GO, agreed, is_any_event
from cclaunch.store.ledger.opening import has_transcripts
from cclaunch.store.ledger.schema import HOUR_NS, QUARTER_NS
from cclaunch.store.ledger.seen import COPIED, DROP, GONE, KEEP, PARTIAL, Known, known_of
from cclaunch.store.ledger.witnessed import File, Witnessed, together

KEEP_FILE = (
    "INSERT INTO files (file, known, left_out) VALUES (?, ?, ?)"
    " ON CONFLICT (file) DO UPDATE SET known = excluded.known, left_out = excluded.left_out"
)


class Taken(NamedTuple):
    """How many requests were told of: *new* ones, such that a transcript told of before, and such that are *forgotten*."""

    new: int
    known: int
    forgotten: int


def known_files(connection: sqlite3.Connection) -> dict[int, bytes]:
    """Return file -> what its reader wants back, of all files that were read. Raises sqlite3.Error."""
    if not has_transcripts(connection):
        return {}
    return dict(connection.execute("SELECT file, known FROM files").fetchall())


def take(connection: sqlite3.Connection, parts: Sequence[tuple[File, Sequence[Witnessed]]], *, asked: bool = False) -> Taken:
    """
    Take what was read of files into the ledger, in the transaction that is open.

    Args:
        connection: The ledger's.
        parts: Of each file what is to be kept of it, and the requests that it told of.
        asked: A person has named these files: they are taken though transcripts were forgotten.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    border = 0 if asked else forgotten_until(connection)
    told: dict[int, Witnessed] = {}
    for file, rows in parts:
        _keep(connection, file)
        for one in rows:
            told[one.key] = together(told[one.key], one) if one.key in told else one
    late = [one for one in told.values() if one.time_ns >= border]
    known = known_of(connection, late)
    fresh = [one for one in late if one.key not in known]
    more = {
        key: together(stored(connection, before), told[key]) for key, before in known.items() if before.is_less_than(told[key])
    }
    changed = {one.time_ns // QUARTER_NS for one in more.values()}
    changed |= _drop(connection, [known[key] for key in more])
    away, quarters = _insert(connection, [*fresh, *more.values()])
    add_up(connection, changed | quarters)
    held = sum(one.key not in known for one in away)
    return Taken(len(fresh) - held, len(known), len(told) - len(late) + held)


def _keep(connection: sqlite3.Connection, file: File) -> None:
    left = Counter(file.left)
    row = None if file.anew else connection.execute("SELECT left_out FROM files WHERE file = ?", (file.file,)).fetchone()
    if row:
        left.update(json.loads(row[0]))
    connection.execute(KEEP_FILE, (file.file, file.known, json.dumps(left) if left else "{}"))


def _drop(connection: sqlite3.Connection, known: Collection[Known]) -> set[int]:
    """Delete rows that are to be inserted anew; return their quarters."""
    connection.executemany(GO, [(one.time_ns, one.key) for one in known])
    connection.executemany(DROP, [(one.hour, one.key) for one in known])
    return {one.time_ns // QUARTER_NS for one in known}


def _insert(connection: sqlite3.Connection, told: Sequence[Witnessed]) -> tuple[list[Witnessed], set[int]]:
    """Join each of *told* with its event, or insert it; return (those that were forgotten, the quarters that changed)."""
    joined = _joined(connection, told)
    away = insert_alone(connection, [one for one in told if one.key not in joined])
    gone = {one.key for one in away}
    rows = []
    for one in told:
        time_ns, key, flags = one.time_ns, one.key, PARTIAL * one.partial | COPIED * one.copied
        request, event = key, joined.get(key)
        if event is not None:
            time_ns, request = event.time_ns, cast(int, event.key)
        elif key in gone:
            if one.copied:
                continue  # it is known under its own session, and may come from there
            flags |= GONE
        rows.append((one.time_ns // HOUR_NS, key, time_ns, request, flags))
    connection.executemany(KEEP, sorted(rows))  # as they lie: so each page is met once
    quarters = {event.time_ns // QUARTER_NS for event in joined.values()}
    return away, quarters | {one.time_ns // QUARTER_NS for one in told if one.key not in joined}


def _joined(connection: sqlite3.Connection, told: Sequence[Witnessed]) -> dict[Hashable, Told]:
    """Return key -> the event that tells of the same, for each of *told* that has one."""
    times = [one.time_ns for one in told]
    if not times or not is_any_event(connection, min(times), max(times)):
        return {}
    return {transcript.key: event for transcript, event in agreed(connection, list(_told(connection, told)))}


def _told(connection: sqlite3.Connection, told: Sequence[Witnessed]) -> Iterator[Told]:
    """Yield *told* as they are held against events, whose sessions are known by their ids."""
    sessions: dict[str | None, int | str | None] = {None: None}
    for one in told:
        if one.session is not None and one.session not in sessions:
            found = known_session(connection, one.session)
            sessions[one.session] = one.session if found is None else found
        tokens = one.input, one.output, one.cache_read, one.cache_5m + one.cache_1h
        yield Told(one.key, one.time_ns, sessions[one.session], one.request, *tokens, one.copied, one.partial)

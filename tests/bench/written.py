"""
The made-up year, written: as our own database, and as the transcripts that claude keeps.

The problem it owns: what millions of exports would have left is laid down in minutes, row by row as the collector writes
them, in bounded memory; and the same requests as the shortest transcripts that say them.
"""

import contextlib
import json
import random
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from year import SEED, Made, Session

from cclaunch import otel
from cclaunch.store.connection import connect, fold_back
from cclaunch.store.insert import INSERT_EVENT, INSERT_POINT, INSERT_SERIES, INSERT_SHARED
from cclaunch.store.rows import CUMULATIVE
from cclaunch.store.schema import dump
from cclaunch.store.shared import Shared, Split

TOGETHER = 500
"""Sessions of one transaction."""

PERSON = {"user.id": "57f6" * 16, "organization.id": "0b1c8a3e-6f5d-4c3b-9a28-1d0e4f5a6b7c", "terminal.type": "xterm-256color"}
BASH = '"tool_name":"Bash"'
TOOLS = tuple(f'"tool_name":"{name}"' for name in ("Bash", "Read", "Edit", "Grep", "Write", "Task", "mcp__jira__search"))
"""As JSON has them: what a tool is called that was used."""

OTHERS = ("user_prompt", "tool_decision", "tool_result", "hook_execution_complete")


def write_telemetry(path: Path, sessions: Iterable[Session], others: int = 0) -> None:
    """Write *sessions* into the database at *path*, each request with so many *others* of the OTHERS events beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    keys = random.Random(SEED)
    try:
        for many in _together(sessions):
            connection.execute("BEGIN")
            for session in many:
                _write_session(connection, session, others, keys)
            connection.execute("COMMIT")
            fold_back(connection)
    finally:
        connection.close()


def write_session(path: str, session: Session, keys: random.Random) -> None:
    """Write one more *session*, or more of one, into the database at *path*; *keys* gives its events their own."""
    with contextlib.closing(connect(path)) as connection:
        connection.execute("BEGIN")
        _write_session(connection, session, 0, keys)
        connection.execute("COMMIT")


def _together(sessions: Iterable[Session]) -> Iterator[list[Session]]:
    held: list[Session] = []
    for session in sessions:
        held.append(session)
        if len(held) == TOGETHER:
            yield held
            held = []
    yield held


def _write_session(connection: sqlite3.Connection, session: Session, others: int, keys: random.Random) -> None:
    split, shared, rows = Split(session.resource), dict[int, tuple[int, int, str]](), []
    beside = [_Beside(session, kind, split) for kind in OTHERS[:others]]
    for one in session.requests:
        common, own = split(_attributes(session, one, otel.REQUEST), request=True)
        assert common is not None
        rows.append(_row(session, one, _key(keys), dump(own), common))
        rows += [kind.row(one, _key(keys)) for kind in beside]
        for used in (common, *(kind.shared for kind in beside)):
            shared[used.key] = used.key, one.time_ns, used.text
    connection.executemany(INSERT_SHARED, shared.values())
    connection.executemany(INSERT_EVENT, rows)
    _write_metered(connection, session, keys)


def _key(keys: random.Random) -> int:
    return keys.getrandbits(64) - (1 << 63)


def _attributes(session: Session, one: Made, kind: str) -> dict[str, Any]:
    """Return what an event of this *kind* says, beside its resource."""
    found = {
        "event.name": kind,
        "event.timestamp": "2026-11-23T15:31:15.659Z",
        "event.sequence": one.sequence,
        "prompt.id": session.name,
        "session.id": session.name,
        **PERSON,
    }
    if kind == otel.REQUEST:
        return {
            **found,
            "model": one.model,
            "input_tokens": one.read_in,
            "output_tokens": one.out,
            "cache_read_tokens": one.cached,
            "cache_creation_tokens": one.written,
            "cost_usd": one.micros / 1e6,
            "cost_usd_micros": one.micros,
            "duration_ms": one.out * 9,
            "request_id": one.request_id,
            "query_source": one.source,
            "speed": "normal",
        }
    return {**found, "tool_name": "Bash", "tool_use_id": f"toolu_{one.message_id}", "success": "true", "duration_ms": "48"}


def _row(session: Session, one: Made, key: int, own: str, common: Shared) -> tuple[object, ...]:
    """Return the values of a request in the order of its columns."""
    return (
        *(key, one.time_ns, otel.REQUEST, otel.EVENT_PREFIX + otel.REQUEST, "claude-code", session.name, one.sequence),
        *(session.name, one.request_id, one.model, session.resource["cclaunch.profile"], one.micros),
        *(one.read_in, one.out, one.cached, one.written, one.out * 9, None, own, None, common.key),
    )


class _Beside:
    """The events of one *kind* in a session: alike but for a few ids, so that millions are made in no time."""

    def __init__(self, session: Session, kind: str, split: Split) -> None:
        first = session.requests[0]
        shared, own = split(_attributes(session, first, kind), request=False)
        assert shared is not None
        self.shared = shared
        self._own = dump(own)
        self._first = f"toolu_{first.message_id}"
        self._named = (kind, otel.EVENT_PREFIX + kind, "claude-code", session.name)
        self._more = (session.name, None, None, session.resource["cclaunch.profile"], *[None] * 5)

    def row(self, one: Made, key: int) -> tuple[object, ...]:
        """Return the values of the event beside *one*, in the order of its columns."""
        took = one.out * 7
        own = self._own.replace(self._first, f"toolu_{one.message_id}").replace(BASH, TOOLS[one.out % len(TOOLS)])
        return (key, one.time_ns, *self._named, one.sequence, *self._more, took, None, own, None, self.shared.key)


def _write_metered(connection: sqlite3.Connection, session: Session, keys: random.Random) -> None:
    """Write what claude's own metric counts of *session*: a series for each model, with two points."""
    spent: dict[str, int] = {}
    for one in session.requests:
        spent[one.model] = spent.get(one.model, 0) + one.micros
    begun, ended = session.requests[0].time_ns, session.requests[-1].time_ns
    for model, micros in spent.items():
        attributes = {**session.resource, **PERSON, "session.id": session.name, "model": model}
        values = (keys.randbytes(20), otel.COST, "USD", CUMULATIVE, 1, session.name, None, ended, dump(attributes))
        series = connection.execute(INSERT_SERIES, values).fetchone()[0]
        points = [(series, begun, ended - 1, micros / 2e6), (series, begun, ended, micros / 1e6)]
        connection.executemany(INSERT_POINT, points)


def write_transcripts(directory: Path, sessions: Iterable[Session]) -> None:
    """Write *sessions* below *directory* (claude's ``projects``), a file each, with nothing in it but the answers' usage."""
    for session in sessions:
        place = directory / f"-home-somebody-{session.resource['vcs.repository.name']}"
        place.mkdir(parents=True, exist_ok=True)
        with open(place / f"{session.name}.jsonl", "w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(answer_line(session, one), separators=(',', ':'))}\n" for one in session.requests)


def answer_line(session: Session, one: Made) -> dict[str, Any]:
    """Return the shortest record that tells of *one*."""
    usage = {
        "input_tokens": one.read_in,
        "cache_creation_input_tokens": one.written,
        "cache_read_input_tokens": one.cached,
        "output_tokens": one.out,
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": one.written},
    }
    message = {"id": one.message_id, "model": one.model, "role": "assistant", "content": [], "usage": usage}
    return {
        "type": "assistant",
        "timestamp": _moment(one.time_ns),
        "sessionId": session.name,
        "version": session.version,
        "requestId": one.request_id,
        "message": message,
    }


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{time_ns // 10**6 % 1000:03d}Z"

"""
Questions to VictoriaLogs over HTTP: a deadline on each, a limit on each line, and one sentence for whatever fails.

Rows are read as they come, one JSON object a line, so an answer of any size takes the memory of one row.
"""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from cclaunch.errors import StoreUnreachable

CONNECT_S = 2.0
SILENCE_S = 30.0
"""Seconds between two pieces of an answer."""

WHOLE_S = 120.0
"""Seconds for a whole answer."""

PIECE = 1 << 16
LONGEST_LINE = 16 << 20
LONGEST_ANSWER = 64 << 20
"""Bytes of an answer that is no stream of rows."""

HINT = "cclaunch stack status"


def rows(url: str, query: str, **arguments: str) -> Iterator[dict[str, str]]:
    """
    Yield the rows that *query* finds at the VictoriaLogs of *url*, in no order of ours: field -> text.

    Raises:
        StoreUnreachable: It does not answer, refuses the query, or breaks off.
    """
    connection, answer = _asked(url, "/select/logsql/query", {"query": query, **arguments})
    until = time.monotonic() + WHOLE_S
    rest = b""
    try:
        while piece := answer.read(PIECE):  # a chunked one that breaks off raises IncompleteRead
            *lines, rest = (rest + piece).split(b"\n")
            yield from (_object(url, line) for line in lines if line)
            if len(rest) > LONGEST_LINE:
                raise _trouble(url, "a row is too long")
            if time.monotonic() > until:
                raise _trouble(url, f"the answer took longer than {WHOLE_S:.0f} s")
        _refuse_short(url, answer)
        if rest:
            yield _object(url, rest)
    except (OSError, http.client.HTTPException) as error:
        raise _trouble(url, str(error) or type(error).__name__) from error
    finally:
        connection.close()


def field_names(url: str, query: str) -> list[str]:
    """Return the names of all fields of the rows that *query* finds. Raises StoreUnreachable."""
    connection, answer = _asked(url, "/select/logsql/field_names", {"query": query})
    try:
        text = answer.read(LONGEST_ANSWER)
        _refuse_short(url, answer)
        found = _object(url, text)
        return [str(one["value"]) for one in found["values"]]
    except (OSError, http.client.HTTPException, KeyError, TypeError) as error:
        raise _trouble(url, str(error) or type(error).__name__) from error
    finally:
        connection.close()


def _refuse_short(url: str, answer: http.client.HTTPResponse) -> None:
    """Raise StoreUnreachable when the answer promised more bytes than came: reading in pieces does not see that."""
    if answer.length:
        raise _trouble(url, f"the answer breaks off, {answer.length} bytes are missing")


def _object(url: str, text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _trouble(url, f"the answer is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise _trouble(url, "the answer is no JSON object")
    return found


def _asked(url: str, path: str, arguments: Mapping[str, str]) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Return the connection, which the caller closes, and the answer, of which nothing was read but its head."""
    try:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_S)
    except ValueError as error:
        raise _trouble(url, str(error)) from error
    try:
        connection.connect()
        connection.sock.settimeout(SILENCE_S)
        body = urlencode({**arguments, "timeout": f"{WHOLE_S:.0f}s"})
        connection.request("POST", parts.path.rstrip("/") + path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        if answer.status != 200:
            words = answer.read(1000).decode("utf-8", "replace").strip().splitlines()
            raise _trouble(url, f"HTTP {answer.status}{': ' + words[0] if words else ''}")
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise _trouble(url, str(error) or type(error).__name__) from error
    except StoreUnreachable:
        connection.close()
        raise
    return connection, answer


def _trouble(url: str, cause: str) -> StoreUnreachable:
    return StoreUnreachable(f"VictoriaLogs at {url} does not answer", cause=cause, hint=HINT)

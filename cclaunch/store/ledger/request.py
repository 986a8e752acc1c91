"""One request as the ledger keeps it, and the words of its columns."""

from typing import NamedTuple

NO_COST, BY_EVENT, BY_TABLE = 0, 1, 2
"""Where the money comes from: nowhere, what claude's event says, a table of prices."""

EVENT, TRANSCRIPT = 1, 2
"""Who has seen it: bits."""

UNKNOWN, OTHER, LAUNCH = 0, 1, 2
"""Who sent it: nobody knows; another program of this user; a claude that cclaunch has launched."""

SURE = {
    "estimated": f"iif(origin = {BY_TABLE}, micros, 0)",
    "unpriced": "micros IS NULL AND (input OR output OR cache_read OR cache_5m OR cache_1h)",
    "both": f"witnesses = {EVENT | TRANSCRIPT}",
    "unseen": f"witnesses = {TRANSCRIPT}",
}
"""Column of ``quarters`` -> what is added up of requests: what tells how sure the other sums are."""

LAUNCHED = f"CASE WHEN sender = {LAUNCH} AND witnesses & {EVENT} THEN micros END"
"""Of a request, the micro-dollars that count for a budget."""


class Request(NamedTuple):
    """
    One request.

    Attributes:
        time_ns: When it happened, in nanoseconds since the epoch.
        key: The key of its record (`record_key`).
        session: The id of its session, or None.
        attributes: The text of its attribute set.
        request: The id that the API gave it, or None; others may have the same.
        micros: What it cost, in micro-dollars; None where nothing says.
        input, output, cache_read: Tokens; None where nothing says.
        cache_5m, cache_1h: Tokens written to the cache for five minutes, and for an hour.
        origin, witnesses, sender: See above.
    """

    time_ns: int
    key: int
    session: str | None
    attributes: str
    request: str | None
    micros: int | None
    input: int | None
    output: int | None
    cache_read: int | None
    cache_5m: int | None
    cache_1h: int | None
    origin: int
    witnesses: int
    sender: int

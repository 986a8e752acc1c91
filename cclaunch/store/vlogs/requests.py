"""
The requests of VictoriaLogs, and what tells of pull requests: how many there are in each quarter of an hour, and those of a time.

The problem it owns: reading all of a year again to find one row that came late would take minutes, and a VictoriaLogs counts
a year in a blink. What it answers comes in no order, so a time is read to its end or not at all.
"""

from collections.abc import Collection, Iterator

from cclaunch import otel
from cclaunch.errors import StoreUnreachable
from cclaunch.store.vlogs import http
from cclaunch.store.vlogs.query import NOT_CHECKS, named, nanoseconds, within
from cclaunch.store.vlogs.read import Found, Row, read_row

NS = 1_000_000_000
QUARTER_NS = 900 * NS
TAKEN = (otel.REQUEST, otel.PULL_REQUEST)
"""What is asked for unless somebody names other events: what the ledger's requests are made of."""

LATEST_NS = (1 << 63) - 1


def counts(url: str, since: int | None, names: Collection[str] = TAKEN) -> dict[int, int]:
    """
    Return quarter of an hour -> events called one of *names* in it, from that of *since* (ns) on, or of all.

    Raises StoreUnreachable.
    """
    begin = None if since is None else since // QUARTER_NS * QUARTER_NS
    query = f"{within(begin, None)} {named(*names)} {NOT_CHECKS} | stats by (_time:15m) count() as rows"
    found: dict[int, int] = {}
    for row in http.rows(url, query):
        try:
            quarter = nanoseconds(row["_time"]) // QUARTER_NS
            found[quarter] = found.get(quarter, 0) + int(row["rows"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise strange(url, error) from error
    return found


def between(url: str, begin: int, end: int | None, names: Collection[str] = TAKEN) -> Iterator[tuple[Row, Found | None]]:
    """
    Yield the events called one of *names* of a time (begin <= time < end, ns): as each lies there, and as it is read; None for
    any other name.

    There may be fewer than are counted: what came a second ago is counted first, and given out when its stream is indexed.

    Raises:
        StoreUnreachable: VictoriaLogs does not answer.
    """
    for row in http.rows(url, f"{within(begin, end)} {named(*names)} {NOT_CHECKS}"):
        try:
            if not all(type(value) is str for value in row.values()):
                raise TypeError("a value is no text")
            found = read_row(row)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise strange(url, error) from error
        is_taken = found.name in names and 0 < found.time_ns <= LATEST_NS
        yield row, found if is_taken else None


def strange(url: str, error: Exception) -> StoreUnreachable:
    """Return what is raised where an answer is not one that VictoriaLogs gives."""
    cause = f"a row is not one of its: {type(error).__name__}: {error}"
    return StoreUnreachable(f"VictoriaLogs at {url} does not answer", cause=cause, hint=http.HINT)

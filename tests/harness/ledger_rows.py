"""
What stands in a ledger, and catch-up killed at each of its moments.

The problem it owns: two ledgers are the same when all of their rows are, whatever order they were read in.
"""

import sqlite3
import subprocess
import sys
from contextlib import closing

from guard import REPOSITORY

from cclaunch.store.places import Places

REQUESTS = """
SELECT r.time_ns, r.key, s.name, t.attributes, r.request, r.micros, r.input, r.output, r.cache_read, r.cache_5m, r.cache_1h,
    r.origin, r.witnesses, r.sender
FROM requests r LEFT JOIN sessions s ON s.id = r.session JOIN sets t ON t.id = r."set"
"""
QUARTERS = """
SELECT q.quarter, s.name, t.attributes, q.requests, q.micros, q.input, q.output, q.cache_read, q.cache_5m, q.cache_1h,
    q.estimated, q.unpriced, q.both, q.unseen, q.launched
FROM quarters q LEFT JOIN sessions s ON s.id = q.session JOIN sets t ON t.id = q."set"
"""
METERED = """
SELECT s.name, t.attributes, m.micros, m.first_ns, m.last_ns
FROM metered m LEFT JOIN sessions s ON s.id = m.session JOIN sets t ON t.id = m."set"
"""

PULL_REQUESTS = "SELECT s.name, p.since_ns, p.name FROM pull_requests p LEFT JOIN sessions s ON s.id = p.session"


def rows_of(ledger: str) -> list[list[str]]:
    """Return what the ledger at this path says: its requests, the quarters of an hour, what the metric counted, pull requests."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        return rows_in(connection)


def rows_in(connection: sqlite3.Connection) -> list[list[str]]:
    """Return what the ledger that is open says, as `rows_of` does."""
    return [sorted(map(repr, connection.execute(query))) for query in (REQUESTS, QUARTERS, METERED, PULL_REQUESTS)]


def counted(ledger: str) -> int:
    """Return how many requests the ledger at this path has, its own sums agreeing; 0 where there is none."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            query = "SELECT (SELECT count(*) FROM requests), (SELECT ifnull(sum(requests), 0) FROM quarters)"
            rows, added_up = connection.execute(query).fetchone()
    except sqlite3.OperationalError:
        return 0
    assert rows == added_up
    return int(rows)


KILLED = """
import os, signal, sqlite3, sys
sys.path[:] = {path!r}
from ledger_rows import rows_of
from cclaunch.store.ledger import catch_up as catching_up, from_events, from_vlogs
from cclaunch.store.ledger.catch_up import catch_up
from cclaunch.store.places import Places

places = Places(*sys.argv[1:])
from_events.TOGETHER = catching_up.FIRST_ROWS = from_vlogs.TOGETHER = 7
real = sqlite3.connect

def dying(moment):
    left = [moment]
    def count(_):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def connect(*words, **named):
        made = real(*words, **named)
        made.set_trace_callback(count)
        return made
    return connect

def away():
    for end in ("", "-wal", "-shm"):
        if os.path.exists(places.ledger + end):
            os.unlink(places.ledger + end)

away()
catch_up(places)
wanted = rows_of(places.ledger)
moment, killed = 1, 0
while True:
    away()
    child = os.fork()
    if child == 0:
        sqlite3.connect = dying(moment)
        catch_up(places)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    catch_up(places)
    assert rows_of(places.ledger) == wanted, moment
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    killed += 1
    moment += {step}
print(killed)
"""


def killed_at_each_moment(places: Places, step: int) -> int:
    """
    Catch up, killed before every *step*-th statement of the database's, then once more: each time the ledger must be the same.

    Returns:
        How often it was killed.
    """
    code = KILLED.format(path=[str(REPOSITORY), *sys.path], step=step)
    words = [sys.executable, "-c", code, *places]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)

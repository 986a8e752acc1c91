"""
What stays for ever when raw rows go: the daily totals.

Raw events are kept for 90 days; before they are deleted, what they cost is added to one row per day and
label set. A request that is sent again after its row was folded would count twice: exporters give up
after seconds, so that is out of reach.
"""

import sqlite3

RETENTION_NS = 90 * 24 * 3600 * 1_000_000_000

DAY = "date(time_ns / 1000000000, 'unixepoch', 'localtime')"

LABELS = """json_object(
    'model', model, 'profile', profile,
    'team', attributes -> '$."team"',
    'project', attributes -> '$."project"',
    'repository', attributes -> '$."vcs.repository.name"')"""
"""What can still be asked of a day whose rows are gone."""

COUNTED = "name = 'api_request' AND check_nonce IS NULL"
"""Which events are requests that cost something."""

FOLD = f"""
INSERT INTO daily (day, labels, requests, cost_usd_micros, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens)
SELECT {DAY}, {LABELS}, count(*), total(cost_usd_micros), total(input_tokens), total(output_tokens),
       total(cache_read_tokens), total(cache_creation_tokens)
FROM (SELECT *, min(id) FROM events WHERE {COUNTED} AND time_ns < ? GROUP BY coalesce(request_id, hex(key)))
GROUP BY 1, 2
ON CONFLICT (day, labels) DO UPDATE SET
    requests = requests + excluded.requests,
    cost_usd_micros = cost_usd_micros + excluded.cost_usd_micros,
    input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_creation_tokens = cache_creation_tokens + excluded.cache_creation_tokens
"""


def fold(connection: sqlite3.Connection, now_ns: int, keep_ns: int = RETENTION_NS) -> int:
    """
    Fold what is older than *keep_ns* into the daily totals and delete it, in one transaction.

    Returns:
        The number of events that were deleted.
    """
    border = _local_midnight(connection, now_ns - keep_ns)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(FOLD, (border,))
        gone = connection.execute("DELETE FROM events WHERE time_ns < ?", (border,)).rowcount
        connection.execute("DELETE FROM points WHERE series IN (SELECT id FROM series WHERE last_ns < ?)", (border,))
        connection.execute("DELETE FROM series WHERE last_ns < ?", (border,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return gone


def _local_midnight(connection: sqlite3.Connection, time_ns: int) -> int:
    """Return the start of the local day that holds *time_ns*: a day is folded whole or not at all."""
    found = connection.execute(
        "SELECT unixepoch(date(?, 'unixepoch', 'localtime'), 'utc')", (time_ns // 1_000_000_000,)
    ).fetchone()[0]
    return int(found) * 1_000_000_000

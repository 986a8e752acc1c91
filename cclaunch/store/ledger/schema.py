"""
What the ledger looks like.

The problem it owns: a request has one narrow row for ever, and a question over years must not read them all. So requests
lie in the order of time, and are added up by quarters of an hour: the largest piece of time that neither an hour nor a
day of any time zone cuts. What many requests have in common (their attributes, their session) is stored once.
"""

APPLICATION_ID = 0x63636C62
VERSION = 4
WITH_TRANSCRIPTS = 2
"""The first version that has a place for what transcripts tell."""

WITH_LAUNCHED = 3
"""The first version that knows by the quarter what launches of ours have spent, and which pull request a session was at."""

WITH_DOINGS = 4
"""The first version that knows what tools were used, what failed, and how long it took."""

QUARTER_NS = 900 * 1_000_000_000
HOUR_NS = 3600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
ROUNDING = 1
"""Micro-dollars by which the sums of a session may differ, and as many for each request: fractions were rounded."""

TABLES = (
    """CREATE TABLE sets (
        id INTEGER PRIMARY KEY,
        key INTEGER NOT NULL UNIQUE,
        attributes TEXT NOT NULL)""",
    """CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE)""",
    """CREATE TABLE requests (
        time_ns INTEGER NOT NULL,
        key INTEGER NOT NULL,
        session INTEGER,
        "set" INTEGER NOT NULL,
        request TEXT,
        micros INTEGER,
        input INTEGER,
        output INTEGER,
        cache_read INTEGER,
        cache_5m INTEGER,
        cache_1h INTEGER,
        origin INTEGER NOT NULL,
        witnesses INTEGER NOT NULL,
        sender INTEGER NOT NULL,
        PRIMARY KEY (time_ns, key)) WITHOUT ROWID""",
    """CREATE TABLE quarters (
        quarter INTEGER NOT NULL,
        session INTEGER NOT NULL,
        "set" INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        micros INTEGER NOT NULL,
        input INTEGER NOT NULL,
        output INTEGER NOT NULL,
        cache_read INTEGER NOT NULL,
        cache_5m INTEGER NOT NULL,
        cache_1h INTEGER NOT NULL,
        PRIMARY KEY (quarter, session, "set")) WITHOUT ROWID""",
    """CREATE TABLE cursors (
        source TEXT PRIMARY KEY,
        database TEXT NOT NULL,
        position INTEGER NOT NULL,
        key BLOB) WITHOUT ROWID""",
    "CREATE TABLE launches (instance INTEGER PRIMARY KEY, sender INTEGER NOT NULL, seen_ns INTEGER NOT NULL)",
    """CREATE TABLE metered (
        session INTEGER NOT NULL,
        "set" INTEGER NOT NULL,
        micros INTEGER NOT NULL,
        first_ns INTEGER NOT NULL,
        last_ns INTEGER NOT NULL,
        owed INTEGER NOT NULL,
        PRIMARY KEY (session, "set")) WITHOUT ROWID""",
    "CREATE INDEX metered_owed ON metered (session) WHERE owed",
    """CREATE TABLE forgotten (
        time_ns INTEGER NOT NULL,
        key INTEGER NOT NULL,
        request INTEGER,
        PRIMARY KEY (time_ns, key)) WITHOUT ROWID""",
    "CREATE INDEX forgotten_by_request ON forgotten (request) WHERE request IS NOT NULL",
    """CREATE TABLE forgotten_rules (
        id INTEGER PRIMARY KEY,
        since_ns INTEGER NOT NULL,
        until_ns INTEGER NOT NULL,
        rule TEXT NOT NULL,
        UNIQUE (since_ns, until_ns, rule))""",
    "CREATE TABLE forgotten_sessions (session INTEGER PRIMARY KEY)",
)
"""
The first version.

``sets``: attributes as JSON with sorted keys, under 64 bits of its hash. ``requests.request``: the id that the API
gave it, which is no key: gateways repeat them. ``origin``, ``witnesses``, ``sender``: see `request`. ``metered``: what
claude's own cost metric counted; ``owed``: requests may be missing for it, 0 where they were found to be there.
``launches``: 64 bits of the hash of an instance id, who has it, and when it was met last.
``forgotten``: tombstones, hashes all (see `tombstones`).
``quarters.session``: 0 where a request names none, as NULL would be no part of a key.
"""

SINCE_2 = (
    *(
        f"ALTER TABLE quarters ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"
        for name in ("estimated", "unpriced", "both", "unseen")
    ),
    """CREATE TABLE seen (
        hour INTEGER NOT NULL,
        key INTEGER NOT NULL,
        time_ns INTEGER NOT NULL,
        request INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        PRIMARY KEY (hour, key)) WITHOUT ROWID""",
    """CREATE TABLE files (
        file INTEGER PRIMARY KEY,
        known BLOB NOT NULL,
        left_out TEXT NOT NULL)""",
    "CREATE INDEX requests_by_transcript ON requests (time_ns) WHERE witnesses = 2",
)
"""
What the second version adds: transcripts.

``quarters.estimated``: micro-dollars by the table of prices; ``unpriced``: requests with tokens and no money; ``both``,
``unseen``: requests that both witnesses saw, and those that no event told of. ``seen``, ``files``: see `seen` and `witnessed`.
"""

SINCE_3 = (
    "ALTER TABLE quarters ADD COLUMN launched INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE pull_requests (
        session INTEGER NOT NULL,
        since_ns INTEGER NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (session, since_ns)) WITHOUT ROWID""",
)
"""
What the third version adds.

``quarters.launched``: micro-dollars that events of launches of ours tell of, without estimates: what budgets are counted by.
``pull_requests``: from *since_ns* on, *session* (of ``sessions``) worked for the pull request *name*.
"""

SINCE_4 = (
    """CREATE TABLE doing_names (
        id INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT NOT NULL,
        detail TEXT NOT NULL,
        UNIQUE (kind, name, detail))""",
    """CREATE TABLE doings (
        quarter INTEGER NOT NULL,
        session INTEGER NOT NULL,
        "set" INTEGER NOT NULL,
        what INTEGER NOT NULL,
        bin INTEGER NOT NULL,
        times INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        ms INTEGER NOT NULL,
        PRIMARY KEY (quarter, session, "set", what, bin)) WITHOUT ROWID""",
    """CREATE TABLE doing_days (
        day TEXT NOT NULL,
        what INTEGER NOT NULL,
        bin INTEGER NOT NULL,
        times INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        ms INTEGER NOT NULL,
        PRIMARY KEY (day, what, bin)) WITHOUT ROWID""",
)
"""
What the fourth version adds: what was done beside being billed for it, see `doings`.

``doing_names``: what it was, by its *kind*. ``doings``: how often (*times*) in a quarter of an hour, how often it *failed*, and
how many milliseconds that took, by how long one took (*bin*). ``doing_days``: the same of all sessions by the local day.
"""

NOBODY = 0
"""The session of requests that name none."""

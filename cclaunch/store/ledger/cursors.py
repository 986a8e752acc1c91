"""
Cursors: by its name, how far something has come, kept in the ledger itself.

The problem it owns: what was done and that it was done change in one transaction, whoever does it.
"""

import sqlite3


def position(connection: sqlite3.Connection, source: str, database: str = "") -> int | None:
    """Return where the cursor *source* stands, of *database* where it has one for each; None where it stands nowhere."""
    row = connection.execute("SELECT position FROM cursors WHERE source = ? AND database = ?", (source, database)).fetchone()
    return None if row is None else int(row[0])


def move(connection: sqlite3.Connection, source: str, to: int, database: str = "") -> None:
    """Have the cursor *source* stand there, in the transaction that is open."""
    query = "INSERT OR REPLACE INTO cursors (source, database, position) VALUES (?, ?, ?)"
    connection.execute(query, (source, database, to))

"""
Which sessions there are: those of the ledger, and those that only have events so far.

The problem it owns: a person types the beginning of an id, and it has to be found in an index, not among all rows.
"""

import os

from cclaunch.errors import StoreError
from cclaunch.store import reader
from cclaunch.store.ledger import opening
from cclaunch.store.places import Places

FROM_LEDGER = "SELECT name FROM sessions WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
FROM_EVENTS = "SELECT DISTINCT session_id FROM events WHERE session_id >= ? AND session_id < ? ORDER BY session_id LIMIT ?"


def beginning_with(places: Places, beginning: str, most: int) -> list[str]:
    """Return at most *most* sessions whose id begins with *beginning*, in order; an exact one comes first."""
    if not beginning:
        return []
    ends = beginning, _after(beginning), most
    found: set[str] = set()
    for path, opened, query in (
        (places.ledger, opening.reading, FROM_LEDGER),
        (places.database, reader.reading, FROM_EVENTS),
    ):
        if os.path.exists(path):
            try:
                with opened(path) as connection:
                    found.update(row[0] for row in connection.execute(query, ends))
            except StoreError:
                continue  # whoever asks for the rows says what is wrong
    return sorted(found)[:most]


def _after(beginning: str) -> str:
    """Return the first text that sorts behind all that begin with *beginning*."""
    return beginning + "\U0010ffff"

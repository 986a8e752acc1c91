"""
Transcripts from elsewhere: a backup, another machine; read because a person has asked for it.

The problem it owns: the same may be brought again, with more in it, under another path. So nothing is believed of what was read
before: every file is read whole, and the ledger knows each request by its own key.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cclaunch.history.known import number_of_file
from cclaunch.history.read_all import file_of, not_looking_for_circles
from cclaunch.history.rows import Rows
from cclaunch.history.turns import PATIENCE_S, Turns
from cclaunch.store.ledger.from_transcripts import Taken
from cclaunch.store.places import Places
from cclaunch.transcripts.finding import Files
from cclaunch.transcripts.reading import read
from cclaunch.transcripts.seen import Left


class Brought(NamedTuple):
    """How many *files* were read, what was *taken* of their requests, and how many lines were *left* out, by reason."""

    files: int
    taken: Taken
    left: Counter[Left]


def bring(places: Places, source: Sequence[str], host: str | None, tell: Callable[[int, int], None], *, branch: bool) -> Brought:
    """
    Have the ledger take all requests of the transcripts *source*, directories and files, whoever they belong to.

    Args:
        places: Where the ledger is; it is made where there is none.
        source: Absolute paths.
        host: The machine that they are from, where that is another one.
        tell: Called with how many bytes are done, of how many.
        branch: Whether branches are kept.

    Raises:
        CclaunchError, OSError, sqlite3.Error: The ledger cannot be written to; what was handed over stays.
    """
    files = Files(source, own_only=False)
    found = sorted(files, key=lambda one: one.status.st_mtime_ns)
    whole, done = sum(one.status.st_size for one in found), 0
    rows, turns, left = Rows(host, branch=branch), Turns(places, PATIENCE_S, asked=True), files.left
    with not_looking_for_circles():
        for one in found:
            rows.begin(one.path)
            for part in read(one.path, own_only=False):
                left += part.left
                turns.add(file_of(number_of_file(one.path, host), part), [rows.made(seen) for seen in part.rows])
            done += one.status.st_size
            tell(done, whole)
        turns.hand_over()
    return Brought(len(found), turns.taken, left)

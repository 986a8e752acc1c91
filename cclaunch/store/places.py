"""Where on this machine what was recorded lies, and where it is counted."""

from typing import NamedTuple

from cclaunch.hot.paths import Paths


class Places(NamedTuple):
    """
    All places that may hold events, and the ledger.

    Attributes:
        database: The path of the embedded collector's store; there may be none yet.
        ledger: The path of the ledger; there may be none yet.
        ledger_lock: The lock of whoever brings it up to date.
        vlogs: The URL of VictoriaLogs, or an empty text where there is none.
        metrics: The URL of the page on which the stack's collector shows its metrics, or an empty text.
        launched: The directory in which launches leave their names, or an empty text.
        copies: The directory of the ledger's weekly copies, or an empty text where none are made.
    """

    database: str
    ledger: str
    ledger_lock: str
    vlogs: str = ""
    metrics: str = ""
    launched: str = ""
    copies: str = ""


def local_places(paths: Paths, vlogs: str = "", metrics: str = "") -> Places:
    """Return the places of ours below *paths*, and those of the stack where there is one."""
    return Places(paths.database, paths.ledger, paths.ledger_lock, vlogs, metrics, paths.launched, paths.ledger_copies)

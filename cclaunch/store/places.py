"""Where on this machine what was recorded lies, and where it is counted."""

from typing import NamedTuple


class Places(NamedTuple):
    """
    All places that may hold events, and the ledger.

    Attributes:
        database: The path of the embedded collector's store; there may be none yet.
        ledger: The path of the ledger; there may be none yet.
        ledger_lock: The lock of whoever brings it up to date.
        vlogs: The URL of VictoriaLogs, or an empty text where there is none.
        metrics: The URL of the page on which the stack's collector shows its metrics, or an empty text.
        copies: The directory of the ledger's weekly copies, or an empty text where none are made.
    """

    database: str
    ledger: str
    ledger_lock: str
    vlogs: str = ""
    metrics: str = ""
    copies: str = ""

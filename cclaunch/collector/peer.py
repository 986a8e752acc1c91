"""
Who sends, and whether what comes from there is taken: by `serving.peer` for each connection, and what follows from it here.

What is stored is billed. So this user and root may send; anybody else is refused, counted and named in the log. Where nobody
tells (no such question on this system, the sender is gone already) the rows are taken and marked: `cclaunch.sender` is
``unknown``. The mark is no part of what tells one record from another.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cclaunch import otel
from cclaunch.serving import peer
from cclaunch.serving.peer import CURRENT, Sender
from cclaunch.store import marking

if TYPE_CHECKING:
    from cclaunch.store.rows import Batch

ONLY = "only the user whose collector this is, and root, may send"


def marked(batch: "Batch") -> "Batch":
    """Return *batch*, its rows marked when nobody tells who sent it; a sender's own word on that was left out already."""
    return batch if CURRENT.get() is Sender.TRUSTED else marking.marked(batch, otel.SENDER, Sender.UNKNOWN.value)


class Door(peer.Door):
    """
    Looks at every connection once, also at those that the relay hands on.

    Attributes:
        relayed: Port of loopback that the relay speaks to gRPC from -> who is behind it.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(say, ONLY)
        self.relayed: dict[int, Sender] = {}

    def behind(self, address: str) -> Sender:
        """Return who speaks gRPC from *address*, as gRPC has it (``ipv4:127.0.0.1:50000``): nobody comes around the relay."""
        port = address.rpartition(":")[2]
        return self.relayed.get(int(port), Sender.STRANGER) if port.isdigit() else Sender.STRANGER

"""
Where the collector listens: the ports that ours, or an adopted one, has left word of.

Hot: C modules only.
"""

from cclaunch import __version__
from cclaunch.hot.alive import here
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat


class Ports:
    """
    The collector's ports, as it wrote them down when it began to listen.

    *owner* is empty when it is ours; else the name of whose it is, and *uids* are those that it was judged by, of whoever
    listens there. *pid* is ours, and *here* the place in which that and the ports mean something.
    """

    __slots__ = ("grpc", "here", "http", "metrics", "owner", "pid", "uids", "version")

    def __init__(self, grpc: str, http: str, metrics: str, version: str = "", owner: str = "", uids: str = "") -> None:
        self.grpc = grpc
        self.http = http
        self.metrics = metrics
        self.version = version
        self.owner = owner
        self.uids = uids
        self.pid = self.here = ""


def collector_ports(paths: Paths) -> "Ports | None":
    """Return the ports of our collector from its ports file, or None when it left none."""
    found = read_flat(paths.collector_ports)
    if not (found.get("grpc", "").isdigit() and found.get("http", "").isdigit()):
        return None
    ports = Ports(found["grpc"], found["http"], found.get("metrics", ""), found.get("version", ""))
    ports.pid, ports.here = found.get("pid", ""), found.get("here", "")
    return ports


def keeper(paths: Paths) -> "Ports | None":
    """Return where the keeper is that is of this release and runs in this very place: it has no ports, but *pid* and *here*."""
    found = read_flat(paths.collector_ports)
    place = found.get("here", "")
    if not place or place != here() or "grpc" in found or not is_same(found.get("version", "")):
        return None
    none = Ports("", "", "")
    none.pid, none.here = found.get("pid", ""), place
    return none


def is_same(version: str) -> bool:
    """Say whether a collector of *version* is of this release."""
    return version == __version__


def is_older(version: str) -> bool:
    """Say whether a collector of *version* is older than this release: then it is replaced, while a newer one is used."""
    if version == __version__:
        return False
    return [int(part) for part in version.split(".") if part.isdigit()] < [int(part) for part in __version__.split(".")]


def adopted_ports(paths: Paths) -> "Ports | None":
    """Return the ports of a collector that is not ours and is used, or None."""
    found = read_flat(paths.adopted)
    if not found.get("grpc", "").isdigit():
        return None
    owner, uids = found.get("owner", ""), found.get("uids", "")
    return Ports(found["grpc"], found.get("http", ""), found.get("metrics", ""), owner=owner, uids=uids)

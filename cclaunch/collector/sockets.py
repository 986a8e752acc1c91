"""
The listening sockets, held by the supervisor so that they outlive a collector.

While a killed collector is started again, clients still connect: the kernel keeps them waiting, and the new one
serves them. Claude gives up two seconds after its end, and a refused connection can cost it all of that.

Imported by the supervisor: C modules only.
"""

from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_flat
from cclaunch.serving.sockets import first_free

NAMES = ("grpc", "http", "metrics")


def open_all(paths: Paths, configured: list[int]) -> dict[str, list[int]]:
    """
    Return name -> descriptors for gRPC, HTTP and metrics.

    The port that was held before a crash comes first: sessions still send there. Then the configured one, then any.
    """
    before = read_flat(paths.collector_ports)
    return {name: first_free(before.get(name, ""), port) for name, port in zip(NAMES, configured, strict=True)}


def write_sockets(held: dict[str, list[int]]) -> str:
    """Return *held* as one word of a command line."""
    return ";".join(f"{name}={','.join(map(str, handles))}" for name, handles in held.items())


def read_sockets(text: str) -> dict[str, list[int]]:
    """Return what ``write_sockets`` wrote; empty for an empty word."""
    found = {}
    for part in text.split(";"):
        name, separator, handles = part.partition("=")
        if separator:
            found[name] = [int(handle) for handle in handles.split(",")]
    return found

"""
What another user has left in a directory of a data volume, given to the one that its service runs as.

The compose file has the collector run as root, because compose cannot give a fresh volume to anybody else. Its queue is
root's then, and unreadable for the user without rights that our own container has. No image of ours holds a program
that could change that, so the files go out of the volume and come back with another owner, while nobody writes there.
"""

import contextlib
import errno
import io
import tarfile
import tempfile
from collections.abc import Iterator
from typing import Any

from cclaunch.backends.docker.connect import translated
from cclaunch.backends.docker.model import Service
from cclaunch.errors import DiskFull

SMALL = 16 << 20
"""Bytes that need no file: a queue that was handed on is next to nothing."""


def hand_over(api: Any, container: str, service: Service) -> None:
    """
    Give everything in the folders of *service* to its user; *container* was made and does not run.

    Nothing is written to the volume where nothing differs.

    Raises:
        DiskFull: There is no space for a copy of what has to be changed.
        StackError: The engine could not do it.
    """
    for path, uid, gid in service.folders:
        with tempfile.SpooledTemporaryFile(SMALL) as copy, translated(doing=f"give {path} of {service.name} to its user"):
            if _copied(api, container, path, uid, gid, copy):
                copy.seek(0)
                api.put_archive(container, path.rpartition("/")[0], copy)


def _copied(api: Any, container: str, path: str, uid: int, gid: int, copy: Any) -> bool:
    """Write what is at *path* to *copy* as it should be; return whether anything of it belonged to somebody else."""
    owners = set()
    with _no_space(path), tarfile.open(fileobj=copy, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in _entries(api, container, path):
            owners.add((entry.uid, entry.gid))
            entry.uid, entry.gid, entry.uname, entry.gname = uid, gid, "", ""
            tar.addfile(entry, data)
    return owners != {(uid, gid)}


@contextlib.contextmanager
def _no_space(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):  # the SDK's are of this kind too
            raise
        raise DiskFull(f"there is no space in {tempfile.gettempdir()} for a copy of {path}", cause=str(error.strerror)) from error


def _entries(api: Any, container: str, path: str) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    """Yield (entry, its data or None) of everything at *path*, itself included, named from the directory above."""
    pieces, _ = api.get_archive(container, path)
    with tarfile.open(fileobj=io.BufferedReader(_Pieces(pieces)), mode="r|") as tar:
        for entry in tar:
            yield entry, tar.extractfile(entry) if entry.isfile() else None
    for _ in pieces:  # what is not read to its end keeps the container locked
        pass


class _Pieces(io.RawIOBase):
    """A file to be read once, out of the pieces of an answer."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* with what comes next; 0 at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

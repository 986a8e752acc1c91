"""
The files and folders of a service as one tar archive, with their owners and modes.

An engine unpacks it into the volumes of a container that was made and not yet started: no directory of the host is
mounted, so it works where the engine lives in a virtual machine, and a user that is not root finds what it may write.
"""

import io
import tarfile
from collections.abc import Iterator

from cclaunch.backends.docker.model import Service

CHANGED = 1_700_000_000
"""One time for all files: what is the same shall look the same."""


def archive(service: Service) -> bytes:
    """Return the tar archive of *service*, to be unpacked at ``/``; empty when it has nothing to put in."""
    entries = [*_folders(service), *_files(service)]
    if not entries:
        return b""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, data in entries:
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _folders(service: Service) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for mount in service.mounts:
        if mount.uid >= 0:
            yield _entry(mount.target, mount.uid, mount.gid, 0o755), b""
    for path, uid, gid in service.folders:
        yield _entry(path, uid, gid, 0o700), b""


def _files(service: Service) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    homes = {mount.target for mount in service.mounts}
    made: set[str] = set()
    for file in service.files:
        for parent in reversed(_parents(file.path, homes)):
            if parent not in made:
                made.add(parent)
                yield _entry(parent, file.uid, file.gid, 0o755), b""
        entry = _entry(file.path, file.uid, file.gid, file.mode)
        entry.type, entry.size = tarfile.REGTYPE, len(file.data)
        yield entry, file.data


def _parents(path: str, homes: set[str]) -> list[str]:
    """Return the directories between *path* and the volume that it is in, the nearest first."""
    found = []
    parent = path.rpartition("/")[0]
    while parent and parent not in homes:
        found.append(parent)
        parent = parent.rpartition("/")[0]
    return found


def _entry(path: str, uid: int, gid: int, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.uid, entry.gid, entry.mode, entry.mtime = tarfile.DIRTYPE, uid, gid, mode, CHANGED
    return entry

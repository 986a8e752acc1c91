"""When a file was written, and which one it is: what tells that nothing has touched it; that somebody reads it does not count."""

import os


def last_written(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Return (inode, time in ns, size) of the file at *path*."""
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns, found.st_size

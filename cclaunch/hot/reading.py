"""
Reading a small file that may be anything: missing, a device, a directory, somebody else's.

The problem it owns: whatever stands in the place of a file must neither hang a launch nor fill its memory, and one version
of a file must be told from another without reading it.

Hot: C modules only.
"""

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows has the same functions under another name
    import os as system  # type: ignore[no-redef]

SIZE_LIMIT = 1 << 20

BLOCK = 1 << 20

MISSING = "-"


def read_small(path: str, limit: int = SIZE_LIMIT) -> "bytes | None":
    """
    Return the bytes of a regular file of at most *limit* bytes, or None when there is none to be had.

    Opened non-blocking: a FIFO or a device in the place of a file of ours must not hang a launch. A file that says it is
    empty and is not is one of the kernel's (``/proc``), and may be endless: no more than one byte of it is read.
    """
    try:
        handle = system.open(path, system.O_RDONLY | getattr(system, "O_NONBLOCK", 0) | getattr(system, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return None
    try:
        found = system.fstat(handle)
        if found.st_mode & 0o170000 != 0o100000 or found.st_size > limit:
            return None
        data = system.read(handle, found.st_size + 1)
        if len(data) == found.st_size:
            return data  # one byte more was asked for: this is all
        if not found.st_size:
            return None
        while len(data) <= limit and (part := system.read(handle, BLOCK)):  # it grows
            data += part
        return data if len(data) <= limit else None
    except OSError:
        return None
    finally:
        system.close(handle)


def stamp(path: str) -> str:
    """Return what tells one version of *path* from another: times in ns, size and inode; ``-`` when it is missing."""
    try:
        found = system.stat(path)
    except (OSError, ValueError):
        return MISSING
    if found.st_mode & 0o170000 == 0o040000:  # a directory: its entries count, and they move its mtime
        return f"d{found.st_ctime_ns}.{found.st_mtime_ns}.{found.st_ino}"
    return f"{found.st_ctime_ns}.{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"


def read_flat(path: str) -> "dict[str, str]":
    """Return a ``key=value`` file as a dictionary; empty when it is missing."""
    data = read_small(path, 4096)
    found = {}
    for line in (data or b"").decode("utf-8", "replace").splitlines():
        name, separator, value = line.partition("=")
        if separator:
            found[name] = value
    return found


def numbers(text: str) -> "list[int]":
    """Return the numbers in *text*; whatever else stands there is left out."""
    return [int(word) for word in text.split() if word.isdigit() and word.isascii()]

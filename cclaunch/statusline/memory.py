"""
What the status line of a session said last, and what it has told the collector: one small file for each session.

The problem it owns: whatever fails, the person sees the line of before; and what did not change is neither written nor told
again. The file is disposable, replaced in one step (claude ends us at any time), and swept with the rest of the cache.

Hot: C modules only.
"""

from cclaunch.hot.paths import Paths
from cclaunch.hot.records import FORMAT, fingerprint, read_compiled, write_records

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

LONGEST = 200
"""Characters of a session's id that count."""


class Memory:
    """
    What is remembered of a session.

    Attributes:
        session: Its id.
        line: Our own row, as it was printed.
        rows: Those of the command that is wrapped, with ends of lines between them.
        windows: What the collector was told of plan windows, in its words.
        pull_request: The same of a pull request.
    """

    __slots__ = ("_is_new", "_path", "_was", "line", "pull_request", "rows", "session", "windows")
    NAMES = ("line", "rows", "windows", "pull_request")

    def __init__(self, paths: "Paths | None", session: str) -> None:
        """Read what there is of *session*; without *paths* nothing is remembered."""
        self.session = session[:LONGEST]
        self._path = f"{paths.status_lines}/{fingerprint(self.session)}" if paths is not None and session else ""
        self.line = self.rows = self.windows = self.pull_request = ""
        records = read_compiled(self._path, self._key()) if self._path else None
        for record in records or ():
            if len(record) == 2 and record[0] in self.NAMES:
                setattr(self, record[0], record[1])
        self._was = self._records() if records else None
        self._is_new = self._was is None

    def _key(self) -> str:
        return f"status line {self.session}"

    def _records(self) -> "list[list[str]]":
        return [[FORMAT, self._key()], *([name, getattr(self, name)] for name in self.NAMES)]

    def keep(self, cache: str) -> None:
        """Write it down, if anything is new; *cache* is swept when the session is. Raises OSError, and what has no directory."""
        if not self._path:
            return
        if self._records() != self._was:
            self.put(self.written())
        if self._is_new:
            from cclaunch.files.sweeping import sweep

            sweep(cache)

    def written(self) -> str:
        """Write it beside its file, and return where, for `put` or `drop`. Raises OSError where nothing can be remembered."""
        if not self._path:
            raise FileNotFoundError(self.session)
        data = write_records(self._records()).encode("utf-8", "surrogateescape")
        beside = f"{self._path}.{system.getpid()}"
        try:
            self._write(beside, data)
        except FileNotFoundError:
            from cclaunch.files.atomic import make_directory

            make_directory(self._path.rpartition("/")[0])
            self._write(beside, data)
        return beside

    def put(self, beside: str) -> None:
        """Have what `written` wrote *beside* take the place of the file. Raises OSError."""
        try:
            system.replace(beside, self._path)
        except OSError:
            self.drop(beside)
            raise
        self._was = self._records()

    def drop(self, beside: str) -> None:
        """Delete what `written` wrote *beside*."""
        try:
            system.unlink(beside)
        except OSError:  # it is swept one day
            return

    def _write(self, path: str, data: bytes) -> None:
        """Write a file. `files/atomic` does the same for what has to last, in modules that cost more than the line."""
        flags = system.O_WRONLY | system.O_CREAT | system.O_TRUNC
        handle = system.open(path, flags | getattr(system, "O_CLOEXEC", 0) | getattr(system, "O_NOFOLLOW", 0), 0o600)
        try:
            if system.write(handle, data) < len(data):
                raise OSError("it was cut off: the disk is full")
        except OSError:  # or there would be one more with each line
            self.drop(path)
            raise
        finally:
            system.close(handle)

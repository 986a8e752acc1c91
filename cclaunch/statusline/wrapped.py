"""
The line that a person had before: their command, run as claude would run it, with ours behind.

The problem it owns: it gets the same stdin and environment, and whatever it does (hang, fail, print without end, leave something
running) costs a bounded time. What claude ends with us is ended: it stands in a process group of its own.

Hot: C modules only.
"""

import _signal
import sys
from time import monotonic, sleep

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

DEADLINE_S = 3.0
TURN_S = 0.1
"""So often it is looked whether the command has ended while somebody else still holds its output."""

PATIENCE_S = 0.2
"""What it has between being asked to end and being ended."""

SHORTEST_S, LONGEST_S = 0.0002, 0.01
"""Pauses between looks at whether it has ended."""

LARGEST = 64 << 10
"""Bytes of its output that count."""

MOST_ROWS = 24
"""Rows of it that are shown: claude shows all that come, and ours stands below."""


class Wrapped:
    """The command of a person's own line, running."""

    def __init__(self, command: str, data: bytes, environ: "dict[str, str]") -> None:
        """Start *command* by sh with *data* on its stdin. Raises OSError, ValueError."""
        self._data = data
        self._printed = b""
        self._until = monotonic() + DEADLINE_S
        self._pid = 0
        self._ended = False
        _signal.signal(_signal.SIGTERM, self._end_with_us)
        theirs_in, self._into = system.pipe()
        self._out, theirs_out = system.pipe()
        try:
            system.set_blocking(self._into, False)
            actions = [
                (system.POSIX_SPAWN_DUP2, theirs_in, 0),
                (system.POSIX_SPAWN_DUP2, theirs_out, 1),
                (system.POSIX_SPAWN_OPEN, 2, "/dev/null", system.O_WRONLY, 0),  # what it leaves running would hold claude's
            ]
            self._pid = system.posix_spawn(
                "/bin/sh",
                ["sh", "-c", command],
                environ,
                file_actions=actions,
                setpgroup=0,
                setsigdef=[_signal.SIGPIPE, _signal.SIGXFSZ, _signal.SIGTERM, _signal.SIGALRM],
            )
        finally:
            system.close(theirs_in)
            system.close(theirs_out)

    def rows(self, before: str) -> str:
        """Return the rows that it prints; those of *before*, if there are any, when it is not done in time."""
        try:
            is_done = self._exchange()
        except (OSError, ImportError, ValueError):
            is_done = False
        if not self._ended:
            self._end()
        lines = self._printed.decode("utf-8", "surrogateescape").split("\n")
        found = "\n".join([row for line in lines if (row := line.strip())][:MOST_ROWS])
        return found if is_done else before or found

    def _exchange(self) -> bool:
        """Hand its stdin over and take what it prints, until its end; say whether that came in time. Raises OSError."""
        from select import select

        writing = [self._into]
        while (left := self._until - monotonic()) > 0:
            readable, writable, _ = select([self._out], writing, [], min(left, TURN_S))
            if writable and not self._fed():
                writing = []
            if readable:
                part = system.read(self._out, LARGEST)
                self._printed = (self._printed + part)[:LARGEST]
                if not part:
                    return self._wait(left)
            elif not writable and self._wait(0):  # it is done, and what it has left running holds its output
                self._take_rest()
                return True
        return False

    def _take_rest(self) -> None:
        """Take what it has printed between the last look and its end. Raises OSError."""
        from select import select

        while len(self._printed) < LARGEST and select([self._out], [], [], 0)[0] and (part := system.read(self._out, LARGEST)):
            self._printed += part

    def _fed(self) -> bool:
        """Write some more of its stdin; say whether there is more."""
        try:
            self._data = self._data[system.write(self._into, self._data) :] if self._data else b""
        except BlockingIOError:
            return True
        except OSError:  # it does not read
            self._data = b""
        if not self._data:
            system.close(self._into)
        return bool(self._data)

    def _wait(self, seconds: float) -> bool:
        """Say whether it has ended, or does so in so many *seconds*."""
        until, pause = monotonic() + seconds, SHORTEST_S
        while not self._ended:
            try:
                self._ended = system.waitpid(self._pid, system.WNOHANG)[0] != 0
            except ChildProcessError:  # who started us heeds no end of a child, and neither do we then: the system buries it
                self._ended = True
            if self._ended or monotonic() >= until:
                break
            sleep(pause)
            pause = min(2 * pause, LONGEST_S)
        return self._ended

    def _end(self) -> None:
        """End it, and all that it has started in its group: asked first. The shell goes when asked, what it runs may not."""
        until = monotonic() + PATIENCE_S
        left = self._send(_signal.SIGTERM)
        while left and monotonic() < until:
            sleep(LONGEST_S)
            left = not self._wait(0) or self._send(0)
        if left:
            self._send(_signal.SIGKILL)
        self._wait(PATIENCE_S)

    def _send(self, number: int) -> bool:
        """Send a signal to its group, and say whether there is any left."""
        try:
            system.killpg(self._pid, number)
        except OSError:  # they are gone
            return False
        return True

    def _end_with_us(self, number: int, frame: "FrameType | None") -> None:
        """Claude ends us: what was started ends first, and we as if we had not listened."""
        if self._pid and not self._ended:
            self._end()
        _signal.signal(number, _signal.SIG_DFL)
        system.kill(system.getpid(), number)
        sys.exit(128 + number)  # pragma: no cover - the signal is faster

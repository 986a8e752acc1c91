"""
What claude hands to its status line: JSON on stdin, of a stranger as far as we are concerned.

The problem it owns: it may be missing, cut, of another form, endless, or never end; whatever comes, there is an answer in time,
and a value of the wrong type is no value.

Hot: C modules only.
"""

import _signal

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

SIZE_LIMIT = 1 << 20
PIECE = 1 << 16
LARGEST = 1e15
"""No number of claude's is larger; what is, is none."""


class Late(Exception):
    """The alarm: what was begun takes too long."""


def set_alarm(seconds: float) -> None:
    """Have `Late` raised in so many *seconds*; 0: not any more."""
    if hasattr(_signal, "setitimer"):  # Windows has none
        _signal.signal(_signal.SIGALRM, _ring if seconds else _signal.SIG_IGN)
        _signal.setitimer(_signal.ITIMER_REAL, seconds)


def _ring(number: int, frame: "FrameType | None") -> None:
    raise Late


def read_stdin(seconds: float) -> bytes:
    """Return what stands on stdin until its end, for *seconds* at most, and a megabyte at most."""
    data = b""
    try:
        set_alarm(seconds)
        while len(data) <= SIZE_LIMIT and (part := system.read(0, PIECE)):
            data += part
    except (Late, OSError):
        pass
    finally:
        set_alarm(0)
    return data


class Given:
    """What stood there, asked for by the names on the way to a value."""

    __slots__ = ("whole",)

    def __init__(self, whole: object) -> None:
        self.whole = whole

    def at(self, *names: str) -> object:
        """Return the value behind *names*, of any type; None where there is none."""
        found = self.whole
        for name in names:
            if not isinstance(found, dict):
                return None
            found = found.get(name)
        return found

    def text(self, *names: str) -> str:
        """Return the text there; an empty one for anything else."""
        found = self.at(*names)
        return found if isinstance(found, str) else ""

    def number(self, *names: str) -> "float | None":
        """Return the number there, finite and of a size that means something; None for anything else."""
        found = self.at(*names)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return None
        return found if -LARGEST < found < LARGEST else None  # what is no number is neither


class Context:
    """What the scanner asks for: how values are made."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(lambda name: None)
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the scanner's own, which nobody fills


def parsed(data: bytes) -> Given:
    """Return what the JSON in *data* says; where it is none, of an empty object. The package `json` costs more than all else."""
    text = data.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    try:
        found = _scanner()(text, 0)[0]
    except Exception:  # of an empty text a scanner says SystemError, of a deep one RecursionError, of a broken one ValueError
        found = None
    return Given(found if isinstance(found, dict) else {})


def _scanner() -> "Callable[[str, int], tuple[object, int]]":
    try:
        from _json import make_scanner
    except ImportError:  # pragma: no cover - another interpreter
        from json.scanner import make_scanner
    return make_scanner(Context)  # type: ignore[arg-type]

"""That nothing can be committed just now: why, for everybody who asks, and in the log once, however often it is tried."""

from collections.abc import Callable

from cclaunch.store import trouble


class Outage:
    """
    The present state of writing to the database at *path*. The writer's thread changes it, everybody may read it.

    Attributes:
        trouble: Why nothing can be committed just now, or an empty text.
    """

    def __init__(self, path: str, say: Callable[[str], None]) -> None:
        self.path = path
        self.trouble = ""
        self._say = say
        self._said = ""

    def note(self, error: BaseException) -> None:
        """Note why nothing can be committed; the log has it once."""
        kind = f"{type(error).__name__} {getattr(error, 'sqlite_errorcode', '')}"
        if self.trouble and kind == self._said:
            return
        self._said = kind
        self.trouble = trouble.describe(self.path, error)
        self._say(f"{self.trouble}; what is received is kept, within bounds")

    def over(self) -> None:
        """Note that something was committed."""
        if self.trouble:
            self._say("the database can be written again")
        self.trouble = self._said = ""

"""What every backend can do, and what it answers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from cclaunch.hot.ports import Ports


class Started(NamedTuple):
    """A collector that answers: its *ports*, and sentences worth saying."""

    ports: Ports
    notes: list[str]


class ServiceStatus(NamedTuple):
    """
    One service as `stack status` shows it.

    *made* is when its container was (seconds since 1970, 0: there is none); *data* the bytes that it keeps, -1 when unknown.
    """

    name: str
    healthy: bool
    url: str
    detail: str
    image: str = ""
    made: float = 0.0
    data: int = -1


class Page(NamedTuple):
    """A service that shows what is recorded: its *url* for a browser, and what else is worth knowing (*detail*)."""

    name: str
    url: str
    detail: str


class Backend(Protocol):
    """What provides the stack. `start`, `restart` and `shutdown` are called by one who holds the turn."""

    @property
    def name(self) -> str:
        """Return the name that config.toml and `stack use` know it by."""

    @property
    def what(self) -> str:
        """Return what a sentence calls it, with its article."""

    @property
    def patience(self) -> float:
        """Return the seconds that a person who asked for it waits for it; a launch waits as long as config.toml says."""

    @property
    def starts_by_itself(self) -> str:
        """Return the sentence that says why it needs no `stack enable`; an empty string where it does need that."""

    def endpoint(self) -> Ports | None:
        """Return where its collector listens, healthy or not; None while it does not run."""

    def health(self) -> str | None:
        """Return None when telemetry would be taken and kept, else the sentence that says why not."""

    def prepare(self) -> None:
        """Do what may take minutes, before anybody's turn is held: fetch what it lacks. Raises StackError."""

    def autostart(self) -> None:
        """Have the session's manager start it, where `stack enable` was asked for and it does not run."""

    def start(self, until: float, *, whole: bool = False) -> Started:
        """
        Make sure that its collector answers; idempotent.

        Args:
            until: The deadline, in ``time.monotonic()``'s seconds.
            whole: Wait for every service, and not only for the collector; one that fails is an error then.

        Raises:
            StackError: There is no collector that answers.
        """

    def restart(self, until: float) -> Started:
        """End every service and start it again. Raises StackError."""

    def shutdown(self) -> list[str]:
        """End every service and return the names of those that ran. What was recorded stays. Raises StackError."""

    def logs(self, services: Sequence[str], count: int, *, follow: bool) -> Iterator[str]:
        """
        Yield the last *count* lines of *services*, of all if none is named; then, to *follow*, those to come.

        Raises:
            StackError: It has no such service, or cannot be asked.
        """

    def status(self) -> list[ServiceStatus]:
        """Return what it consists of and how each part is; the collector first."""

    def pages(self, *, clear: bool) -> list[Page]:
        """
        Return what shows the recorded to whoever opens it on this machine; empty when nothing does.

        A password that was made here is told only if *clear*.
        """

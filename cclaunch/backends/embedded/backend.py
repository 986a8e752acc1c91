"""The embedded collector behind the protocol of the backends."""

from collections.abc import Iterator, Mapping, Sequence

from cclaunch.backends.embedded import collector, ending, starting
from cclaunch.backends.protocol import Page, ServiceStatus, Started
from cclaunch.config.model import Config
from cclaunch.errors import StackError
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports


class Embedded:
    """A collector of ours on this machine, without containers; as ``cclaunch.backends.protocol.Backend`` has it."""

    name = "embedded"
    what = "the collector"
    starts_by_itself = ""

    def __init__(self, paths: Paths, config: Config, environ: Mapping[str, str]) -> None:
        self._paths = paths
        self._config = config
        self._environ = environ

    @property
    def patience(self) -> float:
        """Return a launch's seconds: there is one process to start."""
        return self._config.stack.wait

    def endpoint(self) -> Ports | None:
        """Return where it listens, or the foreign one that is used."""
        return collector_ports(self._paths) or adopted_ports(self._paths)

    def health(self) -> str | None:
        """Return None when it answers and can store, else what is wrong."""
        return collector.health(self._paths)

    def prepare(self) -> None:
        """Do nothing: all of it is here."""

    def autostart(self) -> None:
        """Have the session's manager start it, where `stack enable` was asked for and it does not run."""
        from cclaunch.backends.embedded import autostart

        if collector.running(self._paths) is None and not collector.elsewhere(self._paths):
            autostart.start(self._paths, self._environ)

    def start(self, until: float, *, whole: bool = False) -> Started:
        """Make sure that it answers; for a person (*whole*) one that lives and is silent is replaced. Raises StartFailed."""
        return starting.start_in_turn(self._paths, self._config, until, environ=self._environ, replace=whole)

    def restart(self, until: float) -> Started:
        """End it and start it again, on the same ports where sessions send to them. Raises StartFailed."""
        collector.refuse_elsewhere(self._paths)
        keep = collector.needed(self._paths)
        ending.shutdown(self._paths)
        return starting.start_in_turn(self._paths, self._config, until, environ=self._environ, keep=keep)

    def shutdown(self) -> list[str]:
        """End it."""
        return ["collector"] if ending.shutdown(self._paths) else []

    def logs(self, services: Sequence[str], count: int, *, follow: bool) -> Iterator[str]:
        """Yield the last *count* lines of its log; to *follow*, those to come. Raises StackError."""
        if set(services) - {"collector"}:
            raise StackError("the embedded backend has a collector and nothing else", hint="cclaunch stack logs")
        from cclaunch.backends.embedded.log import lines

        return lines(self._paths.collector_log, count, follow=follow)

    def status(self) -> list[ServiceStatus]:
        """Return how it is."""
        return collector.status(self._paths)

    def pages(self, *, clear: bool) -> list[Page]:
        """Return nothing: its page of metrics shows no event."""
        return []

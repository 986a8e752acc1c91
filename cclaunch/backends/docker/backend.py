"""
The Docker stack behind the protocol of the backends: up, down, and how it is.

The collector comes last, because the embedded one may hold its ports: everything else is made ready first, so that
the ports change hands within a second or two, and go back when the new collector does not become healthy. The guard
comes with it, because one of its ports is the embedded collector's too.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cclaunch.backends.chosen import chosen
from cclaunch.backends.docker import brought, health, keeper, login, logs, record, services
from cclaunch.backends.docker.brought import COLLECTOR
from cclaunch.backends.docker.connect import WORK_S, connect, uids_of
from cclaunch.backends.docker.contexts import endpoint as endpoint_of
from cclaunch.backends.docker.engine import Engine, Found, owner
from cclaunch.backends.docker.held import adopted, refuse_strangers
from cclaunch.backends.docker.model import GUARD, StackModel, stack_model, without_metrics
from cclaunch.backends.docker.provisioned import grafana_files
from cclaunch.backends.docker.pull import pull
from cclaunch.backends.docker.record import endpoint, engine_uids, forget_stack, remember_stack, was_up
from cclaunch.backends.docker.takeover import take_over
from cclaunch.backends.embedded import collector, ending, foreign
from cclaunch.backends.listeners import strangers
from cclaunch.backends.protocol import Page, ServiceStatus, Started
from cclaunch.bars import Bars
from cclaunch.config.model import Config
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports

FETCH_S = 24 * 3600.0
"""Seconds after which nobody waits for an image any more; Ctrl-C is sooner."""

WHOLE_S = 60.0
"""Seconds that a person who asked for the stack waits for it at least; `stack.wait` is a launch's."""

STARTS_BY_ITSELF = "the containers start with Docker by themselves"


class DockerBackend:
    """The services and their guard in containers; as ``cclaunch.backends.protocol.Backend`` has it."""

    name = "docker"
    what = "the stack"
    starts_by_itself = STARTS_BY_ITSELF

    def __init__(self, paths: Paths, config: Config, environ: Mapping[str, str]) -> None:
        self._paths = paths
        self._config = config
        self._environ = environ

    def model(self) -> StackModel:
        """Return the stack as it should be."""
        return stack_model(login.filled(self._paths, self._config), owner(), grafana_files(self._paths, self._config))

    def connection(self, seconds: float = WORK_S) -> Any:
        """Return a connection to the engine. Raises EngineError."""
        return connect(self._config.docker, self._environ, seconds=seconds)

    def engine(self, seconds: float = WORK_S) -> Engine:
        """Return the engine, which has answered. Raises EngineError."""
        return Engine(self.connection(seconds), self.model())

    @property
    def patience(self) -> float:
        """Return the seconds that a person who asked for it waits until every service is healthy."""
        return max(self._config.stack.wait, WHOLE_S)

    def endpoint(self) -> Ports | None:
        """Return where its collector listens, or the foreign one that is used; None while it does not run."""
        return endpoint(self._paths)

    def health(self) -> str | None:
        """Return None when its collector says that it is well, else what is wrong."""
        return health.ask(COLLECTOR, record.port(self._paths, "health") or self._config.ports.health)

    def start(self, until: float, *, whole: bool = False) -> Started:
        """
        Make sure that the collector answers, and have everything else started; see ``Backend.start``.

        Raises:
            StackError: The engine, an image, a port or the collector; with *whole* also any other service.
        """
        well = not whole and self._is_well()
        started = Started(_ports(self._config), []) if well else self._start(until, whole=whole, fresh=False)
        return self._kept(started, until if whole else 0.0)

    def _kept(self, started: Started, until: float, *, fresh: bool = False) -> Started:
        """Have the keeper run beside the containers that were *started*; nobody reads what a collector of others has."""
        if started.ports.owner:
            return started
        return started._replace(notes=[*started.notes, *keeper.come_up(self._paths, self._environ, until, fresh=fresh)])

    def _is_well(self) -> bool:
        """Say whether all that we started is healthy: then a launch changes nothing, whatever config.toml says by now."""
        if not was_up(self._paths) or collector.running(self._paths) is not None:
            return False
        if strangers(self._used(), engine_uids(self._paths)):
            return False
        return not any(health.ask_all(self._config.stack.services, self._config.ports).values())

    def _used(self) -> list[int]:
        """Return the ports that decide whether telemetry goes to the collector's container: two are sent to, one is asked."""
        ports = self._config.ports
        return [ports.grpc, ports.http, ports.health]

    def _engine_uids(self) -> list[int]:
        """Return the uids of the engine, as far as its address tells."""
        return uids_of(endpoint_of(self._config.docker, self._environ))

    def _refuse_strangers(self) -> None:
        refuse_strangers(self._config.ports, self._engine_uids())

    def restart(self, until: float) -> Started:
        """End every service and start it again. Raises StackError."""
        return self._kept(self._start(until, whole=True, fresh=True), until, fresh=True)

    def _start(self, until: float, *, whole: bool, fresh: bool) -> Started:
        login.make(self._paths, self._config)
        with self.engine(max(1.0, min(WORK_S, until - time.monotonic()))) as engine:
            self._refuse_strangers()
            if used := adopted(engine, self._paths, self._config, self._engine_uids()):
                return used
            if not whole and not fresh and collector.running(self._paths) is None:
                found = engine.containers()
                if runs := brought.as_it_runs(engine, found, self._config, until):
                    self.write_down(engine, found)
                    return runs
            self.fetch(engine.missing_images(), until)
            engine.lay_ground()
            troubles = services.bring_others(engine, self.connection, fresh)
            stands_in = collector.running(self._paths) is not None
            if stands_in and whole and chosen(self._paths, self._config) != self.name:  # a move: first all the others are well
                services.bring(engine, without_metrics(services.guard_of(engine)), fresh)
                services.await_all(engine, self._config.ports, until, troubles, but=(COLLECTOR, GUARD))
            troubles |= take_over(
                engine,
                until,
                self._paths,
                self._config,
                self._environ,
                self._refuse_strangers,
                stands_in=stands_in,
                whole=whole,
                fresh=fresh,
            )
            self.write_down(engine, {})
            if whole:
                services.await_all(engine, self._config.ports, until, troubles)
                self._let_in(engine)
        notes = [f"{name} is down: {error.message}" for name, error in troubles.items()]
        return Started(_ports(self._config), notes)

    def write_down(self, engine: Engine, found: Mapping[str, Found]) -> None:
        """
        Write down where the containers *found* are (where they shall be, if none), and that no stranger's collector is used.

        Raises:
            FileTrouble: It cannot be written.
        """
        published = brought.published(engine, found)
        remember_stack(self._paths, self._config, engine.stack, self._engine_uids(), published=published)
        if COLLECTOR in found or not found:
            foreign.forget(self._paths)

    def prepare(self) -> None:
        """Fetch the images that are not here. Raises as `fetch` does."""
        self.fetch_missing()

    def autostart(self) -> None:
        """Do nothing: the engine starts the containers."""

    def fetch_missing(self) -> list[str]:
        """Fetch the images that are not here, however long that takes, and return them. Raises as `fetch` does."""
        with self.engine() as engine:
            missing = engine.missing_images()
        self.fetch(missing, time.monotonic() + FETCH_S)
        return missing

    def fetch(self, images: Sequence[str], until: float) -> None:
        """Fetch *images*, with a bar for each. Raises ImageMissing, DiskFull, EngineError."""
        if images:
            with Bars(self._environ) as bars:
                pull(self.connection, images, until, bars)

    def _let_in(self, engine: Engine) -> None:
        """See to it that the password of config.toml is the one that Grafana takes."""
        if self._config.grafana.admin_password and engine.stack.service("grafana") is not None:
            from cclaunch.backends.docker.password import settle

            settle(engine, login.filled(self._paths, self._config))

    def shutdown(self) -> list[str]:
        """Remove the containers and the network, and end the keeper, or a collector that stands in. Raises StackError."""
        kept = keeper.end(self._paths)
        stood_in = ending.shutdown(self._paths)
        with self.engine() as engine:
            ran = engine.remove()
        forget_stack(self._paths)
        return [*(ran or ([COLLECTOR] if stood_in else [])), *([keeper.NAME] if kept else [])]

    def logs(self, services: Sequence[str], count: int, *, follow: bool) -> Iterator[str]:
        """Yield the last *count* lines of *services*; to *follow*, those to come. Raises StackError."""
        with self.engine() as engine:
            yield from logs.lines(engine, services, count, follow=follow)

    def status(self) -> list[ServiceStatus]:
        """Return each service: by its own word, and by what the engine knows of its container."""
        from cclaunch.backends.docker.look import service_states

        return service_states(self.engine, self.write_down, self._paths, self._config)

    def pages(self, *, clear: bool) -> list[Page]:
        """Return the services that config.toml names beside the collector, each with its page."""
        from cclaunch.backends.docker.look import details, urls

        said, pages = details(self._config, self._paths, clear=clear), urls(self._config)
        return [Page(name, pages[name], said[name]) for name in self._config.stack.services if name != COLLECTOR]


def _ports(config: Config) -> Ports:
    return Ports(str(config.ports.grpc), str(config.ports.http), str(config.ports.metrics))

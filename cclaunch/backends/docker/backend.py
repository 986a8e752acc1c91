"""
The Docker stack behind the protocol of the backends: up, down, and how it is.

The collector comes last, because the embedded one may hold its ports: everything else is made ready first, so that
the ports change hands within a second or two, and go back when the new collector does not become healthy. The guard
comes with it, because one of its ports is the embedded collector's too.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cclaunch import console
from cclaunch.backends.chosen import chosen
from cclaunch.backends.docker import brought, guard, health, login, logs, record, render
from cclaunch.backends.docker.connect import ANSWER_S, WORK_S, connect, uids_of
from cclaunch.backends.docker.contexts import endpoint as endpoint_of
from cclaunch.backends.docker.engine import Engine, Found, owner, taken
from cclaunch.backends.docker.model import GUARD, Service, Wanted, wanted, without_metrics
from cclaunch.backends.docker.pull import pull
from cclaunch.backends.docker.record import endpoint, engine_uids, forget, remember, was_up
from cclaunch.backends.embedded import autostart, collector, ending, foreign, starting
from cclaunch.backends.listeners import strangers, whose
from cclaunch.backends.protocol import ServiceStatus, Started
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError, PortTaken, StartFailed
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports

COLLECTOR = "collector"
LAST_LINES = 5
GUARD_S = 1.0
"""Seconds that a launch waits for the guard at most, when the collector is well."""

FETCH_S = 24 * 3600.0
"""Seconds after which nobody waits for an image any more; Ctrl-C is sooner."""


class DockerBackend:
    """The services and their guard in containers; as ``cclaunch.backends.protocol.Backend`` has it."""

    name = "docker"

    def __init__(self, paths: Paths, config: Config, environ: Mapping[str, str]) -> None:
        self._paths = paths
        self._config = config
        self._environ = environ

    def wanted(self) -> Wanted:
        """Return the stack as it should be."""
        return wanted(login.filled(self._paths, self._config), owner(), _grafana_files(self._paths, self._config))

    def connection(self, seconds: float = WORK_S) -> Any:
        """Return a connection to the engine. Raises EngineError."""
        return connect(self._config.docker, self._environ, seconds=seconds)

    def engine(self, seconds: float = WORK_S) -> Engine:
        """Return the engine, which has answered. Raises EngineError."""
        return Engine(self.connection(seconds), self.wanted())

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
        if not whole and self._is_well():
            return Started(_ports(self._config), [])
        return self._start(until, whole=whole, fresh=False)

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
        """Raise PortTaken when somebody else listens where the collector's container should: its health is not its own word."""
        for name in ("grpc", "http", "health"):
            port = getattr(self._config.ports, name)
            if others := strangers([port], self._engine_uids()):
                raise PortTaken(
                    f"port {port} ({name}) is held by {whose(others)}", hint=f"end it, or set ports.{name} in config.toml"
                )

    def restart(self, until: float) -> Started:
        """End every service and start it again. Raises StackError."""
        return self._start(until, whole=True, fresh=True)

    def _start(self, until: float, *, whole: bool, fresh: bool) -> Started:
        login.make(self._paths, self._config)
        with self.engine(max(1.0, min(WORK_S, until - time.monotonic()))) as engine:
            self._refuse_strangers()
            if adopted := self._adopted(engine):
                return adopted
            if not whole and not fresh and collector.running(self._paths) is None:
                found = engine.containers()
                if runs := brought.as_it_runs(engine, found, self._config, until):
                    self.write_down(engine, found)
                    return runs
            self.fetch(engine.missing_images(), until)
            engine.lay_ground()
            troubles = self._bring_others(engine, fresh)
            stands_in = collector.running(self._paths) is not None
            if stands_in and whole and chosen(self._paths, self._config) != self.name:  # a move: first all the others are well
                self._bring(engine, without_metrics(_guard(engine)), fresh)
                self._await_all(engine, until, troubles, but=(COLLECTOR, GUARD))
            troubles |= self._take_over(engine, until, stands_in=stands_in, whole=whole, fresh=fresh)
            self.write_down(engine, {})
            if whole:
                self._await_all(engine, until, troubles)
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
        remember(self._paths, self._config, engine.stack, self._engine_uids(), published=published)
        if COLLECTOR in found or not found:
            foreign.forget(self._paths)

    def _adopted(self, engine: Engine) -> Started | None:
        """
        Return the collector of somebody else that holds our port and can be used; None when there is none.

        Raises:
            PortTaken: Somebody holds it who cannot be used.
        """
        found = engine.containers().get(COLLECTOR)
        port = self._config.ports.grpc
        if (found is not None and found.state == "running") or collector.running(self._paths) is not None:
            return None
        if not probe.listens(port, ANSWER_S):
            return None
        container = engine.publisher(port)
        judged = foreign.judge(self._paths, self._config, container, self._engine_uids())
        if judged.ports is not None:
            return Started(judged.ports, [*judged.notes, *_of_other(engine.other_project(port))])
        raise taken("grpc", port, container)

    def fetch_missing(self) -> list[str]:
        """Fetch the images that are not here, however long that takes, and return them. Raises as `fetch` does."""
        with self.engine() as engine:
            missing = engine.missing_images()
        self.fetch(missing, time.monotonic() + FETCH_S)
        return missing

    def fetch(self, images: Sequence[str], until: float) -> None:
        """Fetch *images*, with a bar for each. Raises ImageMissing, DiskFull, EngineError."""
        if images:
            with console.Bars(self._environ) as bars:
                pull(self.connection, images, until, bars)

    def _bring_others(self, engine: Engine, fresh: bool) -> dict[str, CclaunchError]:
        """Have every service but collector and guard made and started, all at once; return the troubles by service."""
        others = [one for one in engine.stack.services if one.name not in (COLLECTOR, GUARD)]
        troubles: dict[str, CclaunchError] = {}

        def bring(service: Service) -> None:
            try:
                with Engine(self.connection(), engine.stack) as own:
                    self._bring(own, service, fresh)
            except CclaunchError as error:
                troubles[service.name] = error

        with ThreadPoolExecutor(max(1, len(others))) as pool:
            list(pool.map(bring, others))
        return {one.name: troubles[one.name] for one in others if one.name in troubles}

    def _bring(self, engine: Engine, service: Service, fresh: bool) -> None:
        self._ready(engine, service, fresh)
        engine.start(service)

    def _ready(self, engine: Engine, service: Service, fresh: bool, *, beside: bool = False) -> None:
        """
        Have the container of *service* made; one that runs is stopped if it has to begin *fresh*.

        What has to make way for it goes on until then where it is made *beside*.
        """
        if not engine.prepare(service, beside=beside) and fresh:
            engine.stop(service.name)

    def _take_over(self, engine: Engine, until: float, *, stands_in: bool, whole: bool, fresh: bool) -> dict[str, CclaunchError]:
        """
        Bring the collector; where the embedded one *stands in*, it goes only now, and comes back if this fails.

        One that does not become healthy in a launch's time (not *whole*) leaves its ports too, to whoever stands in then.
        The guard, made before, starts as soon as it is; its trouble is returned, unless that ends a move.
        """
        service = engine.stack.service(COLLECTOR)
        assert service is not None  # config.toml cannot leave it out
        self._ready(engine, service, fresh, beside=True)
        troubles = _troubles(GUARD, lambda: self._ready(engine, _guard(engine), fresh))
        if stands_in:
            autostart.stop(self._environ)
            ending.shutdown(self._paths)
        try:
            engine.make_way(service)
            engine.start(service)
            self._await(engine, [COLLECTOR], until)
            self._refuse_strangers()
            engine.sweep(service)
            troubles = troubles or _troubles(GUARD, lambda: engine.start(_guard(engine)))
            if troubles and stands_in and whole:
                raise troubles[GUARD]
        except BaseException:
            if stands_in or not whole:
                for leave in (lambda: engine.stop(COLLECTOR), lambda: self.leave_metrics(engine)):
                    _troubles(COLLECTOR, leave)
            if stands_in:
                starting.start_in_turn(self._paths, self._config, time.monotonic() + 5, environ=self._environ)
            raise
        if not troubles:  # else the next launch, a moment later, would find everything behind it down
            health.wait([GUARD], self._config.ports, min(until, time.monotonic() + GUARD_S), lambda _: False)
        return troubles

    def leave_metrics(self, engine: Engine) -> None:
        """Have a guard that runs leave the port of the metrics to another collector; the other ports it keeps."""
        if GUARD not in engine.containers():
            return
        try:
            self._bring(engine, without_metrics(_guard(engine)), fresh=False)
        except CclaunchError:  # the port has to be free in any case
            with contextlib.suppress(CclaunchError):
                engine.stop(GUARD)

    def _await_all(self, engine: Engine, until: float, troubles: Mapping[str, CclaunchError], but: Sequence[str] = ()) -> None:
        """Wait for every service *but* some. Raises the first of their *troubles*, or StartFailed."""
        unseen = guard.BEHIND.values() if GUARD in troubles else ()
        names = [one.name for one in engine.stack.services if one.name not in (*but, *unseen)]
        self._await(engine, [name for name in names if name not in troubles], until)
        if troubles:
            raise next(iter(troubles.values()))

    def _await(self, engine: Engine, services: Sequence[str], until: float) -> None:
        """Wait until *services* are healthy. Raises StartFailed with the last lines of the first that is not."""

        def ended(name: str) -> bool:
            found = engine.containers().get(name)
            return found is None or found.state in ("exited", "dead") or engine.restarts(name) > 1

        troubles = health.wait(services, self._config.ports, until, ended)
        for name, trouble in troubles.items():
            raise StartFailed(
                f"{name} did not become healthy: {trouble}",
                cause="\n".join([line for line in engine.tail(name, 2 * LAST_LINES) if line.strip()][-LAST_LINES:]),
                hint=f"cclaunch stack logs {name}",
            )

    def _let_in(self, engine: Engine) -> None:
        """See to it that the password of config.toml is the one that Grafana takes."""
        if self._config.grafana.admin_password and engine.stack.service("grafana") is not None:
            from cclaunch.backends.docker.password import settle

            settle(engine, login.filled(self._paths, self._config))

    def shutdown(self) -> list[str]:
        """Remove the containers and the network, and end a collector that stands in. Raises StackError."""
        stood_in = ending.shutdown(self._paths)
        with self.engine() as engine:
            ran = engine.remove()
        forget(self._paths)
        return ran or ([COLLECTOR] if stood_in else [])

    def logs(self, services: Sequence[str], count: int, *, follow: bool) -> Iterator[str]:
        """Yield the last *count* lines of *services*; to *follow*, those to come. Raises StackError."""
        with self.engine() as engine:
            yield from logs.lines(engine, services, count, follow=follow)

    def status(self) -> list[ServiceStatus]:
        """Return each service: by its own word, and by what the engine knows of its container."""
        from cclaunch.backends.docker.look import look

        return look(self, self._paths, self._config)


def _troubles(name: str, work: Callable[[], object]) -> dict[str, CclaunchError]:
    """Do *work* for the service called *name*, and return its trouble under that name, if there is one."""
    try:
        work()
    except CclaunchError as error:
        return {name: error}
    return {}


def _guard(engine: Engine) -> Service:
    found = engine.stack.service(GUARD)
    assert found is not None  # it is always there
    return found


def _of_other(project: str) -> list[str]:
    """Return what to say of a stack of this user's own that has another name: its data is not where this one's is."""
    if not project:
        return []
    return [f'it is your own stack `{project}`: with `project = "{project}"` under [docker] in config.toml it is the one in use']


def _ports(config: Config) -> Ports:
    return Ports(str(config.ports.grpc), str(config.ports.http), str(config.ports.metrics))


def _grafana_files(paths: Paths, config: Config) -> Mapping[str, bytes]:
    """Return what Grafana is provisioned with, by path below its volume; nothing where it does not run."""
    if "grafana" not in config.stack.services:
        return {}
    from cclaunch.grafana.added import added
    from cclaunch.grafana.provisioning import Settings, files

    settings = Settings(
        prometheus=f"http://prometheus:{render.INNER['prometheus']}",
        vlogs=f"http://victorialogs:{render.INNER['victorialogs']}",
        scrape_interval=render.duration(config.metrics.scrape_interval),
        directory=f"{render.HOME}/provisioning",
        added=added(paths),
    )
    return {f"provisioning/{path}": content for path, content in files(settings).items()}

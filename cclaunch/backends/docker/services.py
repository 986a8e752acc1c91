"""The services of the stack brought up: a container made, started, and waited for until its service is well."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cclaunch.backends.docker import guard, health
from cclaunch.backends.docker.brought import COLLECTOR
from cclaunch.backends.docker.engine import Engine
from cclaunch.backends.docker.model import GUARD, Service, without_metrics
from cclaunch.config.model import PortNumbers
from cclaunch.errors import CclaunchError, StartFailed

LAST_LINES = 5


def bring_others(engine: Engine, connection: Callable[[], Any], fresh: bool) -> dict[str, CclaunchError]:
    """Have every service but collector and guard made and started, all at once; return the troubles by service."""
    others = [one for one in engine.stack.services if one.name not in (COLLECTOR, GUARD)]
    troubles: dict[str, CclaunchError] = {}

    def bring_one(service: Service) -> None:
        try:
            with Engine(connection(), engine.stack) as own:
                bring(own, service, fresh)
        except CclaunchError as error:
            troubles[service.name] = error

    with ThreadPoolExecutor(max(1, len(others))) as pool:
        list(pool.map(bring_one, others))
    return {one.name: troubles[one.name] for one in others if one.name in troubles}


def bring(engine: Engine, service: Service, fresh: bool) -> None:
    """Have the container of *service* made and started; anew if it has to begin *fresh*."""
    ready(engine, service, fresh)
    engine.start(service)


def ready(engine: Engine, service: Service, fresh: bool, *, beside: bool = False) -> None:
    """
    Have the container of *service* made; one that runs is stopped if it has to begin *fresh*.

    What has to make way for it goes on until then where it is made *beside*.
    """
    if not engine.prepare(service, beside=beside) and fresh:
        engine.stop(service.name)


def leave_metrics(engine: Engine) -> None:
    """Have a guard that runs leave the port of the metrics to another collector; the other ports it keeps."""
    if GUARD not in engine.containers():
        return
    try:
        bring(engine, without_metrics(guard_of(engine)), fresh=False)
    except CclaunchError:  # the port has to be free in any case
        with contextlib.suppress(CclaunchError):
            engine.stop(GUARD)


def await_all(
    engine: Engine, ports: PortNumbers, until: float, troubles: Mapping[str, CclaunchError], but: Sequence[str] = ()
) -> None:
    """Wait for every service *but* some. Raises the first of their *troubles*, or StartFailed."""
    unseen = guard.BEHIND.values() if GUARD in troubles else ()
    names = [one.name for one in engine.stack.services if one.name not in (*but, *unseen)]
    await_healthy(engine, ports, [name for name in names if name not in troubles], until)
    if troubles:
        raise next(iter(troubles.values()))


def await_healthy(engine: Engine, ports: PortNumbers, services: Sequence[str], until: float) -> None:
    """Wait until *services* are healthy. Raises StartFailed with the last lines of the first that is not."""

    def ended(name: str) -> bool:
        found = engine.containers().get(name)
        return found is None or found.state in ("exited", "dead") or engine.restarts(name) > 1

    troubles = health.wait(services, ports, until, ended)
    for name, trouble in troubles.items():
        raise StartFailed(
            f"{name} did not become healthy: {trouble}",
            cause="\n".join([line for line in engine.tail(name, 2 * LAST_LINES) if line.strip()][-LAST_LINES:]),
            hint=f"cclaunch stack logs {name}",
        )


def troubles_of(name: str, work: Callable[[], object]) -> dict[str, CclaunchError]:
    """Do *work* for the service called *name*, and return its trouble under that name, if there is one."""
    try:
        work()
    except CclaunchError as error:
        return {name: error}
    return {}


def guard_of(engine: Engine) -> Service:
    """Return the guard of the stack."""
    found = engine.stack.service(GUARD)
    assert found is not None  # it is always there
    return found

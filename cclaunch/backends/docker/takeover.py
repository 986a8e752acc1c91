"""
The collector's ports change hands: from the embedded one to the container, and back when that does not become healthy.

Everything else is ready by then, so that they are free for a second or two at most.
"""

import time
from collections.abc import Callable, Mapping

from cclaunch.backends.docker import health
from cclaunch.backends.docker.brought import COLLECTOR
from cclaunch.backends.docker.engine import Engine
from cclaunch.backends.docker.model import GUARD
from cclaunch.backends.docker.services import await_healthy, guard_of, leave_metrics, ready, troubles_of
from cclaunch.backends.embedded import autostart, ending, starting
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.hot.paths import Paths

GUARD_S = 1.0
"""Seconds that a launch waits for the guard at most, when the collector is well."""


def take_over(
    engine: Engine,
    until: float,
    paths: Paths,
    config: Config,
    environ: Mapping[str, str],
    refuse_strangers: Callable[[], None],
    *,
    stands_in: bool,
    whole: bool,
    fresh: bool,
) -> dict[str, CclaunchError]:
    """
    Bring the collector; where the embedded one *stands in*, it goes only now, and comes back if this fails.

    One that does not become healthy in a launch's time (not *whole*) leaves its ports too, to whoever stands in then.
    The guard, made before, starts as soon as it is; its trouble is returned, unless that ends a move.
    *refuse_strangers* raises PortTaken when somebody else has taken a port of it meanwhile.
    """
    service = engine.stack.service(COLLECTOR)
    assert service is not None  # config.toml cannot leave it out
    ready(engine, service, fresh, beside=True)
    troubles = troubles_of(GUARD, lambda: ready(engine, guard_of(engine), fresh))
    if stands_in:
        autostart.stop(environ)
        ending.shutdown(paths)
    try:
        engine.make_way(service)
        engine.start(service)
        await_healthy(engine, config.ports, [COLLECTOR], until)
        refuse_strangers()
        engine.sweep(service)
        troubles = troubles or troubles_of(GUARD, lambda: engine.start(guard_of(engine)))
        if troubles and stands_in and whole:
            raise troubles[GUARD]
    except BaseException:
        if stands_in or not whole:
            for leave in (lambda: engine.stop(COLLECTOR), lambda: leave_metrics(engine)):
                troubles_of(COLLECTOR, leave)
        if stands_in:
            starting.start_in_turn(paths, config, time.monotonic() + 5, environ=environ)
        raise
    if not troubles:  # else the next launch, a moment later, would find everything behind it down
        health.wait([GUARD], config.ports, min(until, time.monotonic() + GUARD_S), lambda _: False)
    return troubles

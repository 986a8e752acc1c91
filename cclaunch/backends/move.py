"""
Moving from one backend to the other, so that no running session notices.

Everything that takes long happens first: images are fetched, the other services are healthy. Then the port changes
hands, while new launches wait for the turn. A move that fails goes back, and what each backend has stored stays.
"""

import contextlib
import time
from collections.abc import Mapping

from cclaunch.backends.docker.record import was_up
from cclaunch.backends.embedded import autostart, starting
from cclaunch.backends.embedded.backend import Embedded
from cclaunch.backends.in_force import in_force
from cclaunch.backends.protocol import Started
from cclaunch.backends.turn import turn
from cclaunch.config.model import Config
from cclaunch.config.state import change_state
from cclaunch.errors import CclaunchError, EngineError
from cclaunch.hot.paths import Paths

BACK_S = 20.0
STILL_UP = "the other containers keep running, so that `cclaunch usage` can ask them: `cclaunch stack down` ends them"


def use(name: str, paths: Paths, config: Config, environ: Mapping[str, str], seconds: float) -> Started:
    """
    Make *name* the backend, running and healthy, and remember that it was chosen.

    Args:
        name: ``embedded`` or ``docker``.
        paths: Our directories.
        config: The configuration in force.
        environ: The environment.
        seconds: How long the services may take to become healthy; fetching images comes on top.

    Raises:
        StackError: It could not be made to run; what ran before runs again, and the choice is the old one.
    """
    move = _to_docker if name == "docker" else _to_embedded
    return move(paths, config, environ, seconds)


def _choose(paths: Paths, name: str) -> None:
    change_state(paths, lambda state: state._replace(backend=name))


def _to_docker(paths: Paths, config: Config, environ: Mapping[str, str], seconds: float) -> Started:
    from cclaunch.backends.docker.backend import DockerBackend

    backend = DockerBackend(paths, config, environ)
    backend.fetch_missing()
    until = time.monotonic() + seconds
    with turn(paths, until, environ.get("HOME", "")):
        started = backend.start(until, whole=True)
        _choose(paths, "docker")
    return started._replace(notes=[*started.notes, *_unit_undone(paths, environ)])


def _unit_undone(paths: Paths, environ: Mapping[str, str]) -> list[str]:
    """Undo `stack enable`, or the collector of the session would take the containers' ports; say so."""
    from cclaunch.backends.docker.backend import STARTS_BY_ITSELF

    if autostart.unit_state(environ).state != autostart.OURS:
        return []
    _, trouble = autostart.disable(environ, paths, force=False)
    told = f"; the manager said: {trouble}" if trouble else ""
    return [f"`stack enable` is undone: {STARTS_BY_ITSELF}{told}"]


def _to_embedded(paths: Paths, config: Config, environ: Mapping[str, str], seconds: float) -> Started:
    until = time.monotonic() + seconds
    with turn(paths, until, environ.get("HOME", "")):
        if not (in_force(paths, config, environ) == "docker" and was_up(paths)):
            started = Embedded(paths, config, environ).start(until)
        else:
            started = _out_of_docker(paths, config, environ, until)
        _choose(paths, "embedded")
    return started


def _out_of_docker(paths: Paths, config: Config, environ: Mapping[str, str], until: float) -> Started:
    """End the collector's container and start ours on its ports; the container again when that fails."""
    from cclaunch.backends.docker import keeper
    from cclaunch.backends.docker.backend import DockerBackend
    from cclaunch.backends.docker.brought import COLLECTOR
    from cclaunch.backends.docker.services import leave_metrics

    docker = DockerBackend(paths, config, environ)
    try:
        engine = docker.engine()
    except EngineError as error:
        if docker.health() is None:  # it runs, and we may not stop it
            raise
        started = starting.start_in_turn(paths, config, until, environ=environ)
        return started._replace(notes=[f"the containers are left as they are: {error.message}", *started.notes])
    with engine:
        leave_metrics(engine)
        keeper.end(paths)  # it has the lock; now, while somebody listens
        ran = engine.stop(COLLECTOR)
        try:
            started = starting.start_in_turn(paths, config, until, environ=environ)
        except BaseException:
            if ran:
                with contextlib.suppress(CclaunchError):
                    docker.start(time.monotonic() + BACK_S)
            raise
        others = [name for name in engine.containers() if name != COLLECTOR]
    return started._replace(notes=[*started.notes, *([STILL_UP] if others else [])])

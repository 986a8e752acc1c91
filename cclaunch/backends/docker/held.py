"""The collector's ports in somebody else's hands: refused, or a collector that is used in the place of ours."""

from collections.abc import Sequence

from cclaunch.backends.docker.brought import COLLECTOR
from cclaunch.backends.docker.connect import ANSWER_S
from cclaunch.backends.docker.engine import Engine, taken
from cclaunch.backends.embedded import collector, foreign
from cclaunch.backends.listeners import strangers, whose
from cclaunch.backends.protocol import Started
from cclaunch.config.model import Config, PortNumbers
from cclaunch.errors import PortTaken
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths


def refuse_strangers(ports: PortNumbers, engine_uids: Sequence[int]) -> None:
    """Raise PortTaken when somebody else listens where the collector's container should: its health is not its own word."""
    for name in ("grpc", "http", "health"):
        port = getattr(ports, name)
        if others := strangers([port], engine_uids):
            raise PortTaken(
                f"port {port} ({name}) is held by {whose(others)}", hint=f"end it, or set ports.{name} in config.toml"
            )


def adopted(engine: Engine, paths: Paths, config: Config, engine_uids: Sequence[int]) -> Started | None:
    """
    Return the collector of somebody else that holds our port and can be used; None when there is none.

    Raises:
        PortTaken: Somebody holds it who cannot be used.
    """
    found = engine.containers().get(COLLECTOR)
    port = config.ports.grpc
    if (found is not None and found.state == "running") or collector.running(paths) is not None:
        return None
    if not probe.listens(port, ANSWER_S):
        return None
    container = engine.publisher(port)
    judged = foreign.judge(paths, config, container, engine_uids)
    if judged.ports is not None:
        return Started(judged.ports, [*judged.notes, *_of_other(engine.other_project(port))])
    raise taken("grpc", port, container)


def _of_other(project: str) -> list[str]:
    """Return what to say of a stack of this user's own that has another name: its data is not where this one's is."""
    if not project:
        return []
    return [f'it is your own stack `{project}`: with `project = "{project}"` under [docker] in config.toml it is the one in use']

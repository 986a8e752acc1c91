"""How each service of the Docker stack is: its own word, and what the engine knows of its container and its data."""

import contextlib
from collections.abc import Callable, Mapping

from cclaunch.backends.docker import brought, health, login, volumes
from cclaunch.backends.docker.engine import Engine, Found
from cclaunch.backends.docker.model import GUARD
from cclaunch.backends.embedded import collector
from cclaunch.backends.protocol import ServiceStatus
from cclaunch.config.model import Config
from cclaunch.errors import CclaunchError
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import adopted_ports

ENGINE_S = 5.0
MEASURE_S = 5.0
STANDS_IN = "stands in while Docker does not run"


def service_states(
    open_engine: Callable[[float], Engine],
    write_down: Callable[[Engine, Mapping[str, Found]], None],
    paths: Paths,
    config: Config,
) -> list[ServiceStatus]:
    """
    Return every service that config.toml names, and the guard; ask the engine too, which may take five seconds at most.

    Args:
        open_engine: Returns the engine within so many seconds, or raises EngineError.
        write_down: Writes down where containers that run are, for the next launch.
        paths: Our directories.
        config: The configuration in force.
    """
    if collector.running(paths) is not None:
        return [one._replace(detail=f"the embedded collector {STANDS_IN}; {one.detail}") for one in collector.status(paths)]
    containers: dict[str, Found] = {}
    sizes: dict[str, int] = {}
    trouble = ""
    try:
        with open_engine(ENGINE_S) as engine:
            containers = engine.containers()
            config = config._replace(ports=brought.ports_of(engine, containers, config))
            if any(one.state == "running" for one in containers.values()):
                write_down(engine, containers)
            sizes = _sizes(engine)
    except CclaunchError as error:
        trouble = error.message
    names = (*config.stack.services, GUARD)
    answers = health.ask_all(names, config.ports)
    if "collector" not in containers and (adopted := adopted_ports(paths)) is not None:
        up = probe.listens(int(adopted.grpc), ENGINE_S)
        detail = f"{adopted.owner}; cclaunch cannot see what it stores"
        return [ServiceStatus("collector", up, f"http://127.0.0.1:{adopted.grpc}", detail)]
    said = details(config, paths)
    return [_row(name, answers[name], containers.get(name), sizes, config, trouble, said[name]) for name in names]


def _sizes(engine: Engine) -> dict[str, int]:
    """Return the bytes of each service's data; nothing when that takes too long."""
    with contextlib.suppress(CclaunchError):
        found = volumes.sizes(engine.connection, MEASURE_S)
        names = {volume.name: volume.key.removesuffix("-data") for volume in engine.stack.volumes if volume.kind == "data"}
        return {names[name]: size for name, size in found.items() if name in names}
    return {}


def _row(
    name: str, answer: str | None, found: Found | None, sizes: dict[str, int], config: Config, engine: str, said: str
) -> ServiceStatus:
    ours = found is not None and found.state == "running"
    if found is None:
        wrong = engine or ("its container is gone" if answer else "another program answers on its port")
    elif not ours:
        wrong = f"its container is {found.state}"
    else:
        wrong = answer or ""
    healthy = answer is None and (ours or bool(engine))
    return ServiceStatus(
        name,
        healthy,
        urls(config)[name],
        said if healthy else wrong,
        found.image if found else "",
        found.made if found else 0.0,
        sizes.get(name, -1),
    )


def urls(config: Config) -> dict[str, str]:
    """Return what a person opens, service by service."""
    ports = config.ports
    return {
        "collector": f"http://localhost:{ports.metrics}/metrics",
        "prometheus": f"http://localhost:{ports.prometheus}",
        "victorialogs": f"http://localhost:{ports.victorialogs}/select/vmui",
        "grafana": f"http://localhost:{ports.grafana}",
        GUARD: "",
    }


def details(config: Config, paths: Paths, *, clear: bool = False) -> dict[str, str]:
    """Return what else is worth knowing of each service that is well; a password that was made here only if *clear*."""
    ports = config.ports
    return {
        "collector": f"OTLP gRPC {ports.grpc}, HTTP {ports.http}; names with suffixes {ports.metrics_suffixed}",
        "prometheus": "",
        "victorialogs": "",
        "grafana": login.told(paths, config, clear=clear),
        GUARD: "keeps web pages of other origins out of the ports",
    }

"""
The stack as it should be: services, volumes and a network, each with the labels by which it is known as ours.

Pure. Names and labels are those that ``docker compose -p PROJECT`` would give, so that its `ps`, `logs` and `restart`
work. Ports are published on loopback alone, and those that show what was recorded by the guard. A hash over everything
that matters of a service tells whether the container that runs is still the one that is wanted; the release of cclaunch
does not matter.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cclaunch import __version__
from cclaunch.backends.docker import guard, render
from cclaunch.backends.docker.render import HOME, INNER, File
from cclaunch.config.model import Config
from cclaunch.hot.probe import SERVICES

COMPOSE = "com.docker.compose"
VERSION, OWNER, HASH, FORMAT, KIND = (f"cclaunch.{name}" for name in ("version", "owner", "hash", "format", "kind"))
DATA_FORMAT = "1"
"""The layout of the data volumes: one that says something else is of another release."""

GUARD = guard.NAME
DEFAULT_PASSWORD = b"admin"
"""Grafana's own."""

INGEST_PORTS = ("grpc", "http", "health")
METRICS_PORTS = ("metrics", "metrics_suffixed")
"""Those of the collector that the guard publishes; the first is also the embedded collector's."""

HEALTH: Mapping[str, tuple[str, str]] = {
    **SERVICES,
    GUARD: ("metrics", guard.OWN_PATH),
}
"""Service -> (port, path) of its own word on its health; a launch asks those that take or show telemetry."""


class Volume(NamedTuple):
    """A named volume: *kind* is ``config`` (ours to make anew) or ``data`` (never touched unless that is asked for)."""

    key: str
    name: str
    kind: str
    labels: Mapping[str, str]


class Mount(NamedTuple):
    """The volume called *key* at *target* in a container; *uid* and *gid* own its root, or nobody cares (-1)."""

    key: str
    target: str
    uid: int = -1
    gid: int = -1


class Service(NamedTuple):
    """
    One container as it should be.

    *ports* is host port -> (name, port inside); *folders* are owned directories below the mounts, as (path, uid, gid);
    *capabilities* may be in its program's file, which the kernel does not run without them, and stay without effect.
    """

    name: str
    container: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    user: str
    ports: Mapping[int, tuple[str, int]]
    mounts: tuple[Mount, ...]
    files: tuple[File, ...]
    folders: tuple[tuple[str, int, int], ...]
    grace_s: int
    capabilities: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def hash(self) -> str:
        """Return what tells this container from one with other settings."""
        return self.labels[HASH]


class StackModel(NamedTuple):
    """The whole stack as it should be; services in the order of their start."""

    project: str
    owner: str
    network: str
    labels: Mapping[str, str]
    volumes: tuple[Volume, ...]
    services: tuple[Service, ...]

    def service(self, name: str) -> Service | None:
        """Return the service called *name*, or None when it is not among those that run."""
        return next((one for one in self.services if one.name == name), None)


class Connection(NamedTuple):
    """The engine's *api* (a ``docker.APIClient``), and the *stack* that is looked for on it."""

    api: Any
    stack: StackModel

    @property
    def filters(self) -> dict[str, list[str]]:
        """Return what the engine's lists are narrowed by to what is ours."""
        return {"label": [f"{COMPOSE}.project={self.stack.project}", f"{OWNER}={self.stack.owner}"]}


def stack_model(config: Config, owner: str, grafana_files: Mapping[str, bytes]) -> StackModel:
    """
    Return the stack that *config* asks for.

    Args:
        config: The configuration in force.
        owner: Whose stack it is; another user's on the same engine is left alone.
        grafana_files: Grafana's provisioning and dashboards: path below ``/etc/cclaunch`` -> content.
    """
    project = config.docker.project
    makers = {"collector": _collector, "prometheus": _prometheus, "victorialogs": _victorialogs, GUARD: _guard}
    services = []
    for name in (*config.stack.services, GUARD):
        made = _grafana(config, grafana_files) if name == "grafana" else makers[name](config)
        services.append(_labelled(made, {**_labels(project, owner), **_compose(name)}))
    volumes = tuple(_volume(project, owner, mount.key) for service in services for mount in service.mounts)
    network = {**_labels(project, owner), f"{COMPOSE}.network": "default"}
    return StackModel(project, owner, f"{project}_default", network, volumes, tuple(services))


def without_metrics(service: Service) -> Service:
    """Return the guard as it is while another collector has the port of the metrics."""
    ports = {outer: inner for outer, inner in service.ports.items() if inner[0] not in METRICS_PORTS}
    return _labelled(service._replace(ports=ports), service.labels)


def _labelled(service: Service, labels: Mapping[str, str]) -> Service:
    """Return *service* with *labels* and its hash."""
    found = fingerprint(service)
    return service._replace(labels={**labels, HASH: found, f"{COMPOSE}.config-hash": found})


def _labels(project: str, owner: str) -> dict[str, str]:
    return {VERSION: __version__, OWNER: owner, f"{COMPOSE}.project": project}


def _compose(service: str) -> dict[str, str]:
    return {f"{COMPOSE}.service": service, f"{COMPOSE}.container-number": "1", f"{COMPOSE}.oneoff": "False"}


def _volume(project: str, owner: str, key: str) -> Volume:
    kind = key.rpartition("-")[2]
    labels = {**_labels(project, owner), f"{COMPOSE}.volume": key, KIND: kind, FORMAT: DATA_FORMAT}
    return Volume(key, f"{project}_{key}", kind, labels)


def fingerprint(service: Service) -> str:
    """Return the hash of everything in *service* but its labels."""
    parts = service._replace(labels={})._asdict()
    parts["files"] = [[*file._replace(data=b""), hashlib.sha256(file.data).hexdigest()] for file in service.files]

    def plain(value: Any) -> Any:
        return dict(value) if isinstance(value, Mapping) else value.decode("latin-1")

    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=plain).encode()).hexdigest()


def _made(
    config: Config,
    name: str,
    *,
    user: tuple[int, int],
    command: list[str],
    files: Mapping[str, bytes],
    data: str = "",
    ports: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    folders: tuple[str, ...] = (),
    grace_s: int = 10,
    modes: Mapping[str, int] | None = None,
    capabilities: tuple[str, ...] = (),
) -> Service:
    """Return a service with one volume for its data and one for its files, as far as it has any."""
    uid, gid = user
    mounts = [Mount(f"{name}-data", data, uid, gid)] if data else []
    if files:
        mounts.append(Mount(f"{name}-config", HOME))
    return Service(
        name,
        f"{config.docker.project}-{name}-1",
        getattr(config.images, name),
        tuple(command),
        dict(environment or {}),
        f"{uid}:{gid}",
        {getattr(config.ports, port): (port, INNER[port]) for port in ports},
        tuple(mounts),
        tuple(File(f"{HOME}/{path}", text, uid, gid, (modes or {}).get(path, 0o444)) for path, text in sorted(files.items())),
        tuple((folder, uid, gid) for folder in folders),
        grace_s,
        capabilities,
        {},
    )


def _collector(config: Config) -> Service:
    return _made(
        config,
        "collector",
        user=(10001, 10001),
        data=render.QUEUE.rpartition("/")[0],
        ports=INGEST_PORTS,
        command=[f"--config={HOME}/collector.yaml"],
        files={"collector.yaml": render.collector(config)},
        environment={"GOMEMLIMIT": f"{render.MEMORY_MIB * 4 // 5}MiB"},
        folders=(render.QUEUE,),
        grace_s=5,
    )


def _prometheus(config: Config) -> Service:
    return _made(
        config,
        "prometheus",
        user=(65534, 65534),
        data=render.METRICS_DATA,
        command=render.prometheus_flags(),
        files={"prometheus.yml": render.prometheus(config)},
    )


def _victorialogs(config: Config) -> Service:
    return _made(config, "victorialogs", user=(0, 0), data=render.LOGS_DATA, command=render.victorialogs_flags(config), files={})


def _guard(config: Config) -> Service:
    ports = tuple(port for port, service in guard.BEHIND.items() if service in config.stack.services)
    return _made(
        config,
        GUARD,
        user=(65534, 65534),
        command=["caddy", "run", f"--config={HOME}/{guard.FILE}"],
        files={guard.FILE: guard.configuration({port: INNER[port] for port in ports})},
        ports=ports,
        environment={"XDG_CONFIG_HOME": "/tmp", "XDG_DATA_HOME": "/tmp"},  # else it complains that it cannot write its own
        grace_s=5,
        capabilities=("NET_BIND_SERVICE",),
    )


def _grafana(config: Config, files: Mapping[str, bytes]) -> Service:
    password = config.grafana.admin_password.encode() or DEFAULT_PASSWORD
    return _made(
        config,
        "grafana",
        user=(472, 0),
        data=render.GRAFANA_DATA,
        ports=("grafana",),
        command=[],
        files={**files, "admin_password": password},
        environment=render.grafana_variables(config),
        modes={"admin_password": 0o400},
    )


RENAME = "set docker.project in config.toml to another name"

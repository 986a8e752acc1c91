"""
A sandbox whose backend is the Docker stack, on the engine that the tests run.

The problem it owns: every test has a project, ports and volumes of its own, and leaves none of them on the engine.
"""

import hashlib
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox import Sandbox, free_ports

PORT_NAMES = "grpc http metrics metrics_suffixed health prometheus victorialogs grafana".split()
SERVICES = ("collector", "prometheus", "victorialogs")
CONTAINERS = (*SERVICES, "guard")


class DockerStack:
    """
    The Docker stack of one sandbox.

    Attributes:
        sandbox: Where cclaunch runs.
        ports: Port by name, as config.toml has them.
        api: A connection of the tests' own to the engine.
        project: What everything of it is called there.
    """

    def __init__(self, sandbox: Sandbox, api: Any, host: str) -> None:
        """Write the configuration."""
        self.sandbox = sandbox
        self.api = api
        self.host = host
        self.project = "t" + hashlib.sha256(str(sandbox.home).encode()).hexdigest()[:10]
        self.ports = dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True))
        self.configure()

    def configure(self, *, backend: str = "docker", wait: float = 30, extra: str = "", **tables: Mapping[str, Any]) -> None:
        """Write config.toml anew; *tables* add to or change what stands there, *extra* is more text."""
        document: dict[str, dict[str, Any]] = {
            "stack": {"backend": backend, "services": list(SERVICES), "wait": wait, "idle_exit": 600},
            "docker": {"host": self.host, "project": self.project},
            "metrics": {"scrape_interval": 1},
            "ports": dict(self.ports),
        }
        for name, keys in tables.items():
            document[name] = {**document.get(name, {}), **keys}
        lines = []
        for name, keys in document.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
        self.sandbox.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.sandbox.config_file.write_text("\n".join([*lines, extra]) + "\n")

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine says of each container of the project, by service."""
        found = self.api.containers(all=True, filters={"label": f"com.docker.compose.project={self.project}"})
        return {one["Labels"].get("com.docker.compose.service", one["Names"][0]): one for one in found}

    def ids(self) -> dict[str, str]:
        """Return the id of each container, by service."""
        return {name: one["Id"] for name, one in self.containers().items()}

    def volumes(self) -> set[str]:
        """Return the names of the project's volumes, without the project."""
        found = self.api.volumes(filters={"label": f"com.docker.compose.project={self.project}"})["Volumes"] or []
        return {one["Name"].removeprefix(f"{self.project}_") for one in found}

    def get(self, name: str, path: str) -> tuple[int, bytes]:
        """Return (status, body) of a GET on the port called *name*."""
        return self.request("GET", name, path)

    def answers(self, name: str, path: str) -> bool:
        """Say whether a GET on the port called *name* is answered with 200, by now."""
        try:
            return self.get(name, path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def request(self, method: str, name: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Return (status, body) of a request; *body* goes as JSON."""
        peer = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=120)
        try:
            data = None if body is None else json.dumps(body)
            peer.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = peer.getresponse()
            return answer.status, answer.read()
        finally:
            peer.close()

    def clear(self) -> None:
        """Remove everything that the project has on the engine, whoever made it."""
        for one in self.containers().values():
            self.api.remove_container(one["Id"], force=True, v=True)
        label = {"label": f"com.docker.compose.project={self.project}"}
        for one in self.api.volumes(filters=label)["Volumes"] or []:
            self.api.remove_volume(one["Name"], force=True)
        for one in self.api.networks(filters=label):
            self.api.remove_network(one["Id"])


@contextmanager
def docker_stack(sandbox: Sandbox, host: str) -> Iterator[DockerStack]:
    """Give the stack of *sandbox* on the engine at *host*, and clear it at the end."""
    import docker

    api = docker.APIClient(base_url=host, version="auto", timeout=120)
    stack = DockerStack(sandbox, api, host)
    try:
        yield stack
    finally:
        sandbox.cclaunch("stack", "down", timeout=120)  # whoever works in the background must not make anew what is cleared
        stack.clear()
        api.close()


def eventually(check: Any, seconds: float = 90) -> Any:
    """Return what *check* returns as soon as it is true; fail after *seconds* with what it was last."""
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until, f"still {found!r}"
        time.sleep(0.05)
    return found

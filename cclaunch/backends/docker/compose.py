"""
The same stack as a compose file, for whoever would rather run it that way.

Project, volumes and networks have the names that our own have, so the data is the same; the files stand in it as text.
"""

from collections.abc import Mapping
from typing import Any

from cclaunch.backends.docker.model import COMPOSE, DEFAULT_PASSWORD, Service, Wanted
from cclaunch.backends.docker.render import File
from cclaunch.yaml_text import dump

HEADING = """\
The telemetry stack of cclaunch: docker compose -f FILE up -d
Made by `cclaunch stack compose`; needs Docker Compose 2.23.1 or newer. It uses the same volumes as
`cclaunch stack up`: run one or the other."""

MASKED = """\
Grafana's password is masked: `cclaunch stack compose --show-password` prints it in clear."""

ASKED = "${CCLAUNCH_GRAFANA_PASSWORD:?******** is masked; set it, or use: cclaunch stack compose --show-password}"
"""What stands for the password: compose takes it from the environment, and does not go on without it."""


def compose(stack: Wanted, *, clear: bool = False) -> str:
    """Return the compose file that is equivalent to *stack*; with the password of a person's own only if *clear*."""
    files = {_key(service, number): file for service in stack.services for number, file in enumerate(service.files)}
    document: dict[str, Any] = {
        "name": stack.project,
        "services": {service.name: _service(service) for service in stack.services},
        "volumes": {one.key: {"labels": _own(one.labels)} for one in stack.volumes if one.key.endswith("-data")},
        "configs": {key: {"content": file.data.decode().replace("$", "$$")} for key, file in files.items()},
    }
    masked = [] if clear else [key for key, file in files.items() if _secret(file)]
    for key in masked:
        document["configs"][key]["content"] = ASKED
    return dump(document, heading=f"{HEADING}\n{MASKED}" if masked else HEADING)


def _secret(file: File) -> bool:
    """Say whether *file* is for its user alone, and not what everybody knows anyway."""
    return not file.mode & 0o077 and file.data != DEFAULT_PASSWORD


def _own(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels by which we know a volume as ours; compose gives its own by itself."""
    return {name: value for name, value in labels.items() if not name.startswith(f"{COMPOSE}.")}


def _key(service: Service, number: int) -> str:
    return f"{service.name}-{number}"


def _service(service: Service) -> dict[str, Any]:
    made: dict[str, Any] = {"image": service.image}
    # compose cannot give a directory of a fresh volume to another user than root
    made["user"] = "0:0" if service.folders else service.user
    if service.command:
        made["command"] = [word.replace("$", "$$") for word in service.command]
    if service.environment:
        made["environment"] = {name: value.replace("$", "$$") for name, value in service.environment.items()}
    made["ports"] = [f"127.0.0.1:{outer}:{inner}" for outer, (_, inner) in service.ports.items()]
    made["volumes"] = [f"{mount.key}:{mount.target}" for mount in service.mounts if mount.key.endswith("-data")]
    made["configs"] = [
        {
            "source": _key(service, number),
            "target": file.path,
            "uid": "0" if service.folders else str(file.uid),
            "gid": "0" if service.folders else str(file.gid),
            "mode": file.mode,
        }
        for number, file in enumerate(service.files)
    ]
    made["restart"] = "unless-stopped"
    made["stop_grace_period"] = f"{service.grace_s}s"
    return {key: value for key, value in made.items() if value != []}

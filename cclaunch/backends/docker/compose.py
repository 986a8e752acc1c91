"""
The same stack as a compose file, for whoever would rather run it that way.

Project, volumes, network and labels are those that our own have, so that either side goes on where the other left off;
the files stand in it as text. Compose can ask for an owner of these, but an engine 20.10 then takes the `UID:GID` of the
container for the name of a user of the host, and refuses. So everybody may read them: in a container there is one user.
"""

from collections.abc import Mapping
from typing import Any

from cclaunch.backends.docker.container import LOG
from cclaunch.backends.docker.model import COMPOSE, DEFAULT_PASSWORD, OWNER, VERSION, Service, StackModel
from cclaunch.backends.docker.render import File
from cclaunch.files.yaml import dump

HEADING = """\
The telemetry stack of cclaunch: docker compose -f FILE up -d
Made by `cclaunch stack compose`; needs Docker Compose 2.23.1 or newer. Volumes, network and labels are those of
`cclaunch stack up`: either shows, stops and goes on with what the other has started."""
FIRST = "0.1.0"
"""
The release that the volumes' label names, for ever: compose offers to make a volume anew whose labels differ from the
file's, and does so unasked with ``up -y``. Its data is lost then.
"""

MASKED = """\
Grafana's password is masked: `cclaunch stack compose --show-password` prints it in clear."""

ASKED = "${CCLAUNCH_GRAFANA_PASSWORD:?******** is masked; set it, or use: cclaunch stack compose --show-password}"
"""What stands for the password: compose takes it from the environment, and does not go on without it."""


def compose(stack: StackModel, *, clear: bool = False) -> str:
    """Return the compose file that is equivalent to *stack*; with the password of a person's own only if *clear*."""
    files = {_key(service, number): file for service in stack.services for number, file in enumerate(service.files)}
    document: dict[str, Any] = {
        "name": stack.project,
        "services": {service.name: _service(service) for service in stack.services},
        "networks": {"default": {"labels": _known(stack.labels)}},
        "volumes": {
            one.key: {"labels": {**_own(one.labels), VERSION: FIRST}} for one in stack.volumes if one.key.endswith("-data")
        },
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


def _known(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the label by which we know a container or network as ours; with the release, each would be made anew by the next."""
    return {OWNER: labels[OWNER]}


def _key(service: Service, number: int) -> str:
    return f"{service.name}-{number}"


def _service(service: Service) -> dict[str, Any]:
    made: dict[str, Any] = {"image": service.image, "labels": _known(service.labels)}
    # compose cannot give a directory of a fresh volume to another user than root; that one has to read what ours has left
    made["user"] = "0:0" if service.folders else service.user
    made["cap_drop"] = ["ALL"]
    made["cap_add"] = [*service.capabilities, *(["DAC_OVERRIDE"] if service.folders else [])]
    made["security_opt"] = ["no-new-privileges:true"]
    if service.command:
        made["command"] = [word.replace("$", "$$") for word in service.command]
    if service.environment:
        made["environment"] = {name: value.replace("$", "$$") for name, value in service.environment.items()}
    made["ports"] = [f"127.0.0.1:{outer}:{inner}" for outer, (_, inner) in service.ports.items()]
    made["volumes"] = [f"{mount.key}:{mount.target}" for mount in service.mounts if mount.key.endswith("-data")]
    made["configs"] = [
        {"source": _key(service, number), "target": file.path, "mode": file.mode | 0o444}
        for number, file in enumerate(service.files)
    ]
    made["restart"] = "unless-stopped"
    made["stop_grace_period"] = f"{service.grace_s}s"
    made["logging"] = {"driver": "json-file", "options": dict(LOG)}
    return {key: value for key, value in made.items() if value != []}

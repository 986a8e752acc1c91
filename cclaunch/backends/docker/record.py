"""
What is written down of the Docker stack that runs: its ports, for a launch to ask, and a copy of its files.

``data/stack/ports`` holds ``key=value`` lines: a port of loopback for each service that runs, and for each of the
collector's protocols; and whose engine holds them (``engine``: uids). It is there from the first healthy start until
`stack down`, and wherever the stack was found running.
"""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cclaunch.files.atomic import remove, write_atomic
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports
from cclaunch.hot.reading import numbers, read_flat

if TYPE_CHECKING:
    from cclaunch.backends.docker.model import StackModel
    from cclaunch.config.model import Config


def remember_stack(
    paths: Paths, config: "Config", stack: "StackModel", engine: Iterable[int] = (), *, published: Mapping[str, int] | None = None
) -> None:
    """
    Write down that *stack* runs, in an *engine* of these uids. Raises FileTrouble.

    Its ports are those that it asks for, where none is *published* otherwise.
    """
    from cclaunch.backends.docker.compose import compose  # whoever only reads needs no model of the stack
    from cclaunch.backends.docker.model import GUARD

    ports = {name: number for service in stack.services for number, (name, _) in service.ports.items()} | dict(published or {})
    asked = [service.name for service in stack.services if service.name != GUARD]  # through which the others are asked
    lines = {**ports, "services": " ".join(asked), "project": stack.project, "engine": " ".join(map(str, engine))}
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    if read_flat(paths.stack_ports) != {name: str(value) for name, value in lines.items()}:
        write_atomic(paths.stack_ports, text.encode())
    write_atomic(paths.compose_file, compose(stack).encode())


def forget_stack(paths: Paths) -> None:
    """Write down that none runs. Raises FileTrouble."""
    remove(paths.stack_ports)


def was_up(paths: Paths) -> bool:
    """Say whether the stack was started, and not ended by us since."""
    return bool(read_flat(paths.stack_ports))


def engine_uids(paths: Paths) -> list[int]:
    """Return the uids of the engine that the stack runs in: it may listen on the stack's ports."""
    return numbers(read_flat(paths.stack_ports).get("engine", ""))


def url(paths: Paths, name: str) -> str:
    """Return the URL of the port called *name* (as in ``[ports]``) of the stack that runs, or an empty string."""
    found = port(paths, name)
    return f"http://127.0.0.1:{found}" if found else ""


def port(paths: Paths, name: str) -> int:
    """Return the port called *name* of the stack that runs, or 0."""
    found = read_flat(paths.stack_ports).get(name, "")
    return int(found) if found.isdigit() else 0


def ever_ran(paths: Paths) -> bool:
    """Say whether the stack was ever started here: then it may have left volumes."""
    return os.path.exists(paths.compose_file)


def endpoint(paths: Paths) -> Ports | None:
    """Return where the collector of the stack listens, or the foreign one that is used; None when there is none."""
    found = read_flat(paths.stack_ports)
    if not (found.get("grpc", "").isdigit() and found.get("http", "").isdigit()):
        return adopted_ports(paths)
    return Ports(found["grpc"], found["http"], found.get("metrics", ""))

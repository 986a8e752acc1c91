"""What the services have written: the last lines of each, and what comes after."""

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from cclaunch.backends.docker.connect import translated
from cclaunch.backends.docker.engine import Engine, Found
from cclaunch.errors import StackError


def lines(engine: Engine, services: Sequence[str], count: int, *, follow: bool) -> Iterator[str]:
    """
    Yield the last *count* lines of each of *services*; with *follow* go on as long as one of them runs.

    With more than one service each line begins with the name of its own.

    Raises:
        StackError: There is no container of a service that was asked for.
    """
    found = engine.containers()
    names = list(services) or [one.name for one in engine.stack.services if one.name in found]
    if missing := [name for name in names if name not in found]:
        raise StackError(f"there is no container of {missing[0]}", hint="cclaunch stack up")
    if not names:
        raise StackError("there is no container of the stack", hint="cclaunch stack up")
    wide = max(map(len, names))
    heads = {name: f"{name.ljust(wide)} | " if len(names) > 1 else "" for name in names}
    if not follow:
        for name in names:
            yield from (f"{heads[name]}{line}" for line in engine.tail(name, count))
        return
    yield from _followed(engine, [(heads[name], found[name]) for name in names], count)


def _followed(engine: Engine, wanted: list[tuple[str, Found]], count: int) -> Iterator[str]:
    lines: queue.Queue[str | None] = queue.Queue(1000)

    def read(head: str, one: Found) -> None:
        try:
            for text in _stream(engine.api, one, count):
                lines.put(head + text)
        except StackError as error:
            lines.put(f"{head}({error.message})")
        finally:
            lines.put(None)

    for head, one in wanted:
        threading.Thread(target=read, args=(head, one), daemon=True).start()
    left = len(wanted)
    while left:
        line = lines.get()
        if line is None:
            left -= 1
        else:
            yield line


def _stream(api: Any, one: Found, count: int) -> Iterator[str]:
    """Yield the lines of a container as they come; a line may arrive in pieces."""
    rest = b""
    with translated(doing=f"follow the log of {one.service}"):
        for piece in api.logs(one.id, stdout=True, stderr=True, stream=True, follow=True, tail=count):
            *whole, rest = (rest + piece).split(b"\n")
            yield from (text.decode("utf-8", "replace").rstrip("\r") for text in whole)
    if rest:
        yield rest.decode("utf-8", "replace")

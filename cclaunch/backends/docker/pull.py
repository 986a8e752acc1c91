"""
Fetching images: all at once, a bar for each, and only those that are not there.

The engine answers a pull with 200 and tells its troubles in the stream: every item is read. Credentials of the docker
command are used; where its helper cannot be run, the public images are fetched without.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from cclaunch.backends.docker.connect import explained, translated
from cclaunch.errors import CclaunchError, DiskFull, EngineError, ImageMissing, StackError

POLL_S = 0.1
TRIES = 3
BACK_OFF_S = 4.0
NOT_THERE = ("not found", "manifest unknown", "pull access denied", "repository does not exist", "invalid reference")


class Progress(Protocol):
    """Who is told how far a pull is."""

    def __call__(self, name: str, done: int, total: int) -> None:
        """Take the bytes *done* of *total* known so far of the image *name*."""


class Tally:
    """The bytes of one pull: each layer says how much it has of how much."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def take(self, item: Mapping[str, Any]) -> None:
        """Take one item of the stream. Raises StackError when it is a trouble."""
        if trouble := item.get("error"):
            raise explained(str((item.get("errorDetail") or {}).get("message") or trouble), "pull it")
        status, layer, detail = item.get("status"), str(item.get("id", "")), item.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail.get("current", 0)), int(detail["total"]))
        elif status in ("Download complete", "Pull complete") and layer in self._layers:
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)

    @property
    def done(self) -> int:
        """Return the bytes that are here."""
        return sum(done for done, _ in self._layers.values())

    @property
    def total(self) -> int:
        """Return the bytes of all layers known so far."""
        return sum(total for _, total in self._layers.values())


def pull(connect: Callable[[], Any], images: Sequence[str], until: float, progress: Progress) -> None:
    """
    Fetch *images*, all at once.

    Args:
        connect: Makes a connection to the engine; each image gets one of its own.
        images: What is not there.
        until: The deadline, in ``time.monotonic()``'s seconds. What was fetched by then stays with the engine.
        progress: Told how far each is.

    Raises:
        ImageMissing, DiskFull, EngineError: What the first that failed says, and which others failed.
        KeyboardInterrupt: The person had enough; nothing of it goes on.
    """
    given_up = threading.Event()
    troubles: dict[str, CclaunchError] = {}

    def one(image: str) -> None:
        try:
            _persistent(connect, image, given_up, progress)
        except CclaunchError as error:
            troubles[image] = error

    threads = [threading.Thread(target=one, args=(image,), daemon=True) for image in images]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            time.sleep(POLL_S)
    finally:
        given_up.set()
    if late := [image for image, thread in zip(images, threads, strict=True) if thread.is_alive()]:
        raise ImageMissing(f"{', '.join(late)} could not be fetched in time", hint="cclaunch stack pull")
    if troubles:
        raise _gathered(troubles)


def _gathered(troubles: Mapping[str, CclaunchError]) -> CclaunchError:
    image, first = next(iter(troubles.items()))
    if isinstance(first, (DiskFull, EngineError)):
        return first
    others = f" (nor {', '.join(list(troubles)[1:])})" if len(troubles) > 1 else ""
    known = any(mark in first.message.lower() for mark in NOT_THERE)
    return ImageMissing(
        f"the image {image} is not here and cannot be fetched{others}",
        cause=first.message.removeprefix("cannot pull it: "),
        hint="check its name under [images] in config.toml" if known else "with a network: cclaunch stack pull",
    )


def _persistent(connect: Callable[[], Any], image: str, given_up: threading.Event, progress: Progress) -> None:
    """Fetch *image*; a network that stumbles gets two more chances."""
    for attempt in range(TRIES):
        try:
            return _fetch(connect, image, given_up, progress)
        except (DiskFull, EngineError):
            raise
        except StackError as error:
            hopeless = attempt == TRIES - 1 or any(mark in error.message.lower() for mark in NOT_THERE)
            if hopeless or _offline(error.message) or given_up.wait(BACK_OFF_S * 2**attempt):
                raise


def _offline(text: str) -> bool:
    return any(
        mark in text.lower() for mark in ("no such host", "network is unreachable", "name resolution", "connection refused")
    )


def _fetch(connect: Callable[[], Any], image: str, given_up: threading.Event, progress: Progress) -> None:
    api = connect()
    try:
        tally = Tally()
        with translated(doing=f"pull {image}"):
            for item in _stream(api, image):
                if given_up.is_set():
                    return
                tally.take(item)
                progress(image, tally.done, tally.total)
    finally:
        api.close()


def _stream(api: Any, image: str) -> Iterable[Mapping[str, Any]]:
    """Ask the engine for *image*; without credentials when the helper that keeps them cannot be run."""
    import docker.errors

    name, tag = parts(image)
    try:
        stream: Iterable[Mapping[str, Any]] = api.pull(name, tag=tag, stream=True, decode=True)
    except docker.errors.APIError:
        raise
    except docker.errors.DockerException:
        stream = api.pull(name, tag=tag, stream=True, decode=True, auth_config={})
    return stream


def parts(image: str) -> tuple[str, str]:
    """Return (name, tag) of *image*; the digest counts as a tag and beats one."""
    if "@" in image:
        name, _, digest = image.partition("@")
        return name[: name.rindex(":")] if ":" in name.rpartition("/")[2] else name, digest
    name, _, tag = image.rpartition(":")
    return name, tag

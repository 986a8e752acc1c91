"""
The engine and what of ours is on it: made, started, made anew where it differs, and nothing else touched.

Ours is what carries the project's and the owner's label. Whatever else has a name that we need is an error that names
it. A container is made anew when its hash differs; its data volume stays, always. Who made it does not matter: what
`docker compose up` made of our own file carries the same labels, but no hash.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cclaunch.backends.docker import volumes
from cclaunch.backends.docker.archive import archive
from cclaunch.backends.docker.connect import explained, translated
from cclaunch.backends.docker.container import arguments
from cclaunch.backends.docker.handover import hand_over
from cclaunch.backends.docker.model import COMPOSE, HASH, OWNER, RENAME, Connection, Service, StackModel
from cclaunch.errors import ImageMissing, NotOurs, PortTaken, StackError

IN_USE = ("port is already allocated", "address already in use", "ports are not available", "failed to bind host port")


class Found(NamedTuple):
    """
    A container of ours.

    *state* is the engine's word (``running``, ``exited``...), *made* seconds since 1970, *published* port inside -> port of
    the host while it runs; *aside* says that it is a person's own run of the service's image (``docker compose run``).
    """

    service: str
    name: str
    id: str
    state: str
    hash: str
    image: str
    made: float
    published: Mapping[int, int] = MappingProxyType({})
    aside: bool = False


def owner() -> str:
    """Return whose stack it is: the user, because an engine may be shared."""
    return str(os.getuid()) if hasattr(os, "getuid") else os.getlogin()


class Engine:
    """The engine behind *api* (a ``docker.APIClient``), and what of *stack* is on it."""

    def __init__(self, api: Any, stack: StackModel) -> None:
        self.api = api
        self.stack = stack
        self.connection = Connection(api, stack)

    def close(self) -> None:
        """Give the connections back."""
        self.api.close()

    def __enter__(self) -> "Engine":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the connections back."""
        self.close()

    def containers(self) -> dict[str, Found]:
        """Return the containers of ours by service; of several one that runs, or that is as it should be, or the newest."""
        found = [one for one in self.everything() if not one.aside]
        return {one.service: one for one in sorted(found, key=lambda one: (one.state == "running", self._fits(one), one.made))}

    def _fits(self, one: Found) -> bool:
        service = self.stack.service(one.service)
        return service is not None and service.hash == one.hash

    def everything(self) -> list[Found]:
        """Return every container of ours: also what `docker compose` has left of one that it made anew."""
        with translated(doing="list the containers"):
            return [_found(one) for one in self.api.containers(all=True, filters=self.connection.filters)]

    def has_image(self, image: str) -> bool:
        """Say whether *image* is there."""
        import docker.errors

        with translated(doing=f"look for {image}"):
            try:
                self.api.inspect_image(image)
            except docker.errors.ImageNotFound:
                return False
        return True

    def missing_images(self) -> list[str]:
        """Return the images of the stack that are not there."""
        return [image for image in dict.fromkeys(one.image for one in self.stack.services) if not self.has_image(image)]

    def lay_ground(self) -> None:
        """
        Make the network, and remove containers of ours whose service is no longer wanted.

        Raises:
            NotOurs: Somebody else's network has the name.
        """
        import docker.errors

        name = self.stack.network
        with translated(doing=f"make the network {name}"):
            try:
                labels = self.api.inspect_network(name).get("Labels") or {}
                if labels.get(OWNER) != self.stack.owner:
                    raise NotOurs(f"the network {name} exists and was not made by this cclaunch", hint=RENAME)
            except docker.errors.NotFound:
                self.api.create_network(name, driver="bridge", labels=dict(self.stack.labels))
        for found in self.everything():
            if self.stack.service(found.service) is None:
                self._remove(found)

    def prepare(self, service: Service, *, beside: bool = False) -> bool:
        """
        Have a container for *service* that is as it should be, its files in their place; return whether it is another one.

        It is not started. One that differs, or was never started, is made anew; its data stays. With *beside* one that runs
        goes on under another name, until `make_way`: its port is free for no longer than it takes to start the new one.

        Raises:
            NotOurs: A container or volume of that name is not ours.
            ImageMissing: The image is not there.
            DiskFull, StackError: The engine could not do it.
        """
        found = self.containers().get(service.name)
        fits = found is not None and found.hash == service.hash and found.state not in ("created", "dead", "removing")
        kept = found.id if found is not None and fits else ""
        others = self._others(service, kept)
        going_on = [one for one in others if beside and not kept and one.state == "running"]
        for one in others:
            if one in going_on:
                self._rename(one, service)
            else:
                self._remove(one)
        if kept:
            return False
        for volume in self.stack.volumes:
            if volume.key in {mount.key for mount in service.mounts}:
                volumes.ensure(self.connection, volume, in_use=bool(going_on))
        made = self._create(service)
        if data := archive(service):
            with translated(doing=f"put the files of {service.name} in place"):
                self.api.put_archive(made, "/", data)
        if not going_on:
            hand_over(self.api, made, service)
        return True

    def _others(self, service: Service, kept: str) -> list[Found]:
        """Return the containers of *service*, but the one with the id *kept* and those that somebody runs aside."""
        return [one for one in self.everything() if one.service == service.name and not one.aside and one.id != kept]

    def _rename(self, found: Found, service: Service) -> None:
        """Free the name that *service* needs."""
        if found.name == service.container:
            with translated(doing=f"rename {found.name}"):
                self.api.rename(found.id, f"{found.name}-{found.id[:8]}")

    def make_way(self, service: Service) -> None:
        """Stop what runs in the place of the container that was prepared for *service*, and give that what it has left."""
        found = self._others(service, "")
        made = next((one for one in found if self._fits(one) and one.state == "created"), None)
        going_on = [one for one in found if made and one != made and one.state == "running"]
        for one in going_on:
            self._stop(one)
        if made and any(not one.hash for one in going_on):  # one of ours ran as the same user
            hand_over(self.api, made.id, service)

    def sweep(self, service: Service) -> None:
        """Remove what has made way for the container of *service*."""
        kept = self.containers().get(service.name)
        for one in self._others(service, kept.id) if kept else []:
            self._remove(one)

    def start(self, service: Service) -> bool:
        """
        Start the container of *service* if it does not run; return whether it did not.

        Raises:
            PortTaken: Another program listens on a port of it.
            StackError: It was removed meanwhile, or the engine could not start it.
        """
        import docker.errors

        found = self.containers().get(service.name)
        if found is None:
            raise StackError(f"the container of {service.name} is gone", hint="cclaunch stack up")
        if found.state == "running":
            return False
        with translated(doing=f"start {service.name}"):
            try:
                if found.state == "paused":
                    self.api.unpause(found.id)
                else:
                    self.api.start(found.id)
            except docker.errors.APIError as error:
                text = str(error.explanation or error)
                if any(mark in text for mark in IN_USE):
                    raise self._taken(service, text) from error
                raise explained(text, f"start {service.name}") from error
        return True

    def stop(self, name: str) -> bool:
        """Stop the container of the service called *name*; return whether it ran. It stays stopped."""
        found = self.containers().get(name)
        if found is None or found.state not in ("running", "restarting", "paused"):
            return False
        self._stop(found)
        return True

    def _stop(self, found: Found) -> None:
        service = self.stack.service(found.service)
        with translated(doing=f"stop {found.service}"):
            self.api.stop(found.id, timeout=service.grace_s if service else 10)

    def _remove(self, found: Found) -> None:
        """Remove a container of ours, stopped gently before."""
        import docker.errors

        with translated(doing=f"remove {found.name}"):
            try:
                if found.state in ("running", "restarting"):
                    self._stop(found)
                self.api.remove_container(found.id, force=True)
            except docker.errors.NotFound:
                pass  # somebody was faster

    def _create(self, service: Service) -> str:
        """Make the container of *service* and return its id."""
        import docker.errors

        with translated(doing=f"make the container {service.container}"):
            try:
                made = self.api.create_container(**arguments(self.connection, service))
            except docker.errors.ImageNotFound as error:
                raise ImageMissing(f"the image {service.image} is not here", hint="cclaunch stack pull") from error
            except docker.errors.APIError as error:
                if error.status_code == 409:
                    raise NotOurs(
                        f"a container called {service.container} exists and was not made by this cclaunch", hint=RENAME
                    ) from error
                raise
        return str(made["Id"])

    def _taken(self, service: Service, text: str) -> PortTaken:
        """Return the error that names port and holder."""
        for outer, (name, _) in service.ports.items():
            if f":{outer}" in text:
                return taken(name, outer, self.publisher(outer))
        return PortTaken(f"a port of {service.name} is taken: {' '.join(text.split())[:200]}", hint="cclaunch check")

    def publisher(self, port: int) -> str:
        """Return the name of a container that is not ours and publishes *port*, or an empty string."""
        with translated(doing="list the containers"):
            found = self.api.containers(filters={"publish": str(port)})
        ours = {one.id for one in self.everything()}
        return next((str(one["Names"][0]).lstrip("/") for one in found if one["Id"] not in ours), "")

    def other_project(self, port: int) -> str:
        """Return the compose project in which this user's own container publishes *port*, or an empty string."""
        with translated(doing="list the containers"):
            found = self.api.containers(filters={"publish": str(port), "label": f"{OWNER}={self.stack.owner}"})
        return next((str(one["Labels"].get(f"{COMPOSE}.project", "")) for one in found), "")

    def remove(self) -> list[str]:
        """Remove containers, the volumes for files and the network, and return which services there were. Data stays."""
        import docker.errors

        found = self.everything()
        order = ["collector", *reversed([one.name for one in self.stack.services if one.name != "collector"])]
        for one in sorted(found, key=lambda one: order.index(one.service) if one.service in order else len(order)):
            self._remove(one)
        volumes.remove_volumes(self.connection, "config")
        with translated(doing=f"remove the network {self.stack.network}"):
            try:
                if (self.api.inspect_network(self.stack.network).get("Labels") or {}).get(OWNER) == self.stack.owner:
                    self.api.remove_network(self.stack.network)
            except docker.errors.NotFound:
                pass
        return list(dict.fromkeys(one.service for one in found if not one.aside))

    def restarts(self, name: str) -> int:
        """Return how often the engine has started the container of the service called *name* again, by itself."""
        import docker.errors

        found = self.containers().get(name)
        with translated(doing=f"look at {name}"):
            try:
                return int(self.api.inspect_container(found.id).get("RestartCount", 0)) if found else 0
            except docker.errors.NotFound:
                return 0

    def tail(self, name: str, lines: int) -> list[str]:
        """Return the last *lines* of what the service called *name* has written; nothing when it cannot be had."""
        found = self.containers().get(name)
        if found is None:
            return []
        with translated(doing=f"read the log of {name}"):
            data: bytes = self.api.logs(found.id, stdout=True, stderr=True, tail=lines)
        return data.decode("utf-8", "replace").splitlines()[-lines:] if lines else []


def taken(name: str, port: int, container: str) -> PortTaken:
    """Return the error that says who holds *port*, which the service's port *name* is meant to be."""
    from cclaunch.backends.listeners import listener

    holder = f"the container {container}" if container else str(listener(port) or "another program")
    mend = f"docker stop {container}" if container else "end it"
    return PortTaken(f"port {port} ({name}) is held by {holder}", hint=f"{mend}, or set ports.{name} in config.toml")


def _found(one: dict[str, Any]) -> Found:
    labels = one.get("Labels") or {}
    return Found(
        str(labels.get(f"{COMPOSE}.service", "")),
        str((one.get("Names") or ["/?"])[0]).lstrip("/"),
        str(one["Id"]),
        str(one.get("State", "")),
        str(labels.get(HASH, "")),
        str(one.get("Image", "")),
        float(one.get("Created", 0)),
        {int(port["PrivatePort"]): int(port["PublicPort"]) for port in one.get("Ports") or () if port.get("PublicPort")},
        labels.get(f"{COMPOSE}.oneoff") == "True",
    )

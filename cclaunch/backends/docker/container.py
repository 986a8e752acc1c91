"""
How a container of ours is asked for.

Named volumes only, ports on loopback only, a user without capabilities that it could use, logs that do not fill the disk;
the engine starts it again after a crash and after its own restart, and leaves it when somebody has stopped it.
"""

from typing import Any

from cclaunch.backends.docker.model import Connection, Service

LOG = {"max-size": "10m", "max-file": "3"}


def arguments(on: Connection, service: Service) -> dict[str, Any]:
    """Return the words of ``create_container`` for *service*: loopback ports, named volumes, no rights beyond its user's."""
    from docker.types import LogConfig
    from docker.types import Mount as DockerMount

    names = {volume.key: volume.name for volume in on.stack.volumes}
    return {
        "name": service.container,
        "image": service.image,
        "command": list(service.command) or None,
        "environment": dict(service.environment),
        "user": service.user,
        "labels": dict(service.labels),
        "ports": [inner for _, inner in service.ports.values()],
        "host_config": on.api.create_host_config(
            mounts=[DockerMount(mount.target, names[mount.key], type="volume") for mount in service.mounts],
            port_bindings={inner: ("127.0.0.1", outer) for outer, (_, inner) in service.ports.items()},
            restart_policy={"Name": "unless-stopped"},
            log_config=LogConfig(type="json-file", config=LOG),
            security_opt=["no-new-privileges:true"],
            cap_drop=["ALL"],
            cap_add=list(service.capabilities),
            network_mode=on.stack.network,
        ),
        "networking_config": on.api.create_networking_config(
            {on.stack.network: on.api.create_endpoint_config(aliases=[service.name])}
        ),
    }

"""The backend that is wanted, made. Above all wings, so that none of them needs another."""

from collections.abc import Mapping

from cclaunch.backends.protocol import Backend
from cclaunch.config.model import Config
from cclaunch.hot.paths import Paths


def backend(name: str, paths: Paths, config: Config, environ: Mapping[str, str]) -> Backend:
    """Return the backend called *name*."""
    if name == "docker":
        from cclaunch.backends.docker.backend import DockerBackend

        return DockerBackend(paths, config, environ)
    from cclaunch.backends.embedded.backend import Embedded

    return Embedded(paths, config, environ)

"""What there may be to end: containers of ours, also where another backend is in force by now."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cclaunch import console
from cclaunch.backends.chosen import chosen
from cclaunch.backends.docker.record import ever_ran, was_up
from cclaunch.backends.in_force import notice
from cclaunch.config.model import Config
from cclaunch.errors import StackError
from cclaunch.hot.paths import Paths

if TYPE_CHECKING:
    from cclaunch.backends.docker.backend import DockerBackend


def containers_left(paths: Paths, config: Config, environ: Mapping[str, str], *, volumes: bool) -> "DockerBackend | None":
    """
    Return the Docker backend when it may have containers: it is in force, or was and has left some.

    With *volumes* also when it ever ran here, for it may have left some of those; then an engine that cannot be asked is
    only told, because what is in force runs without it.
    """
    notice(paths, config, environ)
    running = chosen(paths, config) == "docker" or was_up(paths)
    if not running and not (volumes and ever_ran(paths)):
        return None
    from cclaunch.backends.docker.backend import DockerBackend

    found = DockerBackend(paths, config, environ)
    if not running:
        try:
            found.connection().close()
        except StackError as error:
            console.note(f"volumes that the Docker stack has left are not deleted: {error.message}")
            return None
    return found

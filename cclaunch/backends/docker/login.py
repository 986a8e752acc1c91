"""
The password of Grafana's user ``admin``: Grafana's own, the person's, or one that is made here once.

``grafana.admin_password = "generate"`` asks for the last. It is kept in a file of ours that only its user may read, and
stays the same through restarts, upgrades and deleted volumes until that file is deleted.
"""

import secrets

from cclaunch.config.model import Config
from cclaunch.errors import StackError
from cclaunch.files.atomic import write_atomic
from cclaunch.files.lock import locked
from cclaunch.hot.paths import Paths

GENERATE = "generate"
BYTES = 18
LONGEST = 256
LOCK_S = 5.0


def make(paths: Paths, config: Config) -> None:
    """Make a password and keep it, when config.toml asks for one and there is none. Raises FileTrouble, StackError, Busy."""
    if config.grafana.admin_password != GENERATE:
        return
    with locked(paths.password_lock, LOCK_S):
        if not _kept(paths):
            write_atomic(paths.grafana_password, secrets.token_urlsafe(BYTES).encode() + b"\n")


def filled(paths: Paths, config: Config) -> Config:
    """Return *config* with the password that was made in the place of the word that asks for one. Raises StackError."""
    if config.grafana.admin_password != GENERATE:
        return config
    return config._replace(grafana=config.grafana._replace(admin_password=_kept(paths)))


def told(paths: Paths, config: Config, *, clear: bool = False) -> str:
    """Return how a person logs in; a password that was made here is named by its file, or *clear*. Raises StackError."""
    if not config.grafana.admin_password:
        return "login admin / admin"
    if config.grafana.admin_password != GENERATE:
        return "login admin and grafana.admin_password of config.toml"
    kept = _kept(paths)
    return f"login admin / {kept}" if clear and kept else f"login admin and the password in {paths.grafana_password}"


def _kept(paths: Paths) -> str:
    """Return the password that was made, or an empty string."""
    try:
        with open(paths.grafana_password, encoding="utf-8") as file:
            text = file.read(LONGEST + 2).removesuffix("\n")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise StackError(
            f"cannot read {paths.grafana_password}: {reason}", hint=f"rm {paths.grafana_password}; cclaunch stack up"
        ) from error
    if not text.isprintable() or not 0 < len(text) <= LONGEST:
        raise StackError(f"{paths.grafana_password} holds no password", hint=f"rm {paths.grafana_password}; cclaunch stack up")
    return text

"""
A user manager of the sandbox, and the unit that `stack enable` writes for it.
"""

from pathlib import Path

from sandbox import Sandbox

from cclaunch.backends.embedded import collector
from cclaunch.hot.paths import Paths, our_paths

MANAGER = Path(__file__).resolve().parent / "user_manager.py"


def put_systemctl(sandbox: Sandbox, script: str) -> None:
    """Lay a `systemctl` that is the shell *script* into the sandbox's PATH."""
    path = sandbox.home / "bin" / "systemctl"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    sandbox.environ["PATH"] = f"{path.parent}:/usr/bin:/bin"


def where(sandbox: Sandbox) -> Paths:
    """Return the directories of the sandbox."""
    return our_paths(sandbox.environ)


def unit_of(sandbox: Sandbox) -> Path:
    """Return the path of the unit."""
    return sandbox.home / ".config/systemd/user/cclaunch.service"


def supervisor(sandbox: Sandbox) -> int:
    """Return the pid of the supervisor that runs, or 0."""
    found = collector.running(where(sandbox))
    return found.supervisor if found else 0


def healthy(sandbox: Sandbox) -> bool:
    """Say whether the collector answers."""
    return collector.health(where(sandbox)) is None

"""
Environments that cclaunch was installed into.

The problem it owns: each installer's environment without the network, and in seconds. The dependencies are those of the
tests, which a .pth file names.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple


class Installed(NamedTuple):
    """An environment that cclaunch was installed into: its interpreter and its command."""

    python: Path
    command: Path

    def packages(self) -> Path:
        """Return its ``site-packages``."""
        (library,) = (self.python.parent.parent / "lib").glob("python3*")
        return library / "site-packages"


def install(base: Path, what: list[str], installer: str = "pip") -> Installed:
    """Make an environment below *base*, and have the *installer* (``pip`` or ``uv``) install *what* into it."""
    made = empty(base / "env")
    (made.packages() / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    words = ["-m", "pip", "--python", str(made.python), "install", "--disable-pip-version-check"]
    if installer == "uv":
        words = ["-m", "uv", "pip", "install", "--python", str(made.python), "--offline", "--no-config"]
    words += ["--quiet", "--no-deps", "--no-index", *what]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, timeout=120, cwd=base)
    return made


def empty(place: Path, *, system: bool = False) -> Installed:
    """Make an environment at *place* that nothing is in yet; with *system* the packages of the interpreter below count, too."""
    venv.create(place, with_pip=False, symlinks=True, system_site_packages=system)
    return Installed(place / "bin/python", place / "bin/cclaunch")

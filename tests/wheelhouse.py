"""
Our wheel, and the wheels of what we depend on, without the network.

The problem it owns: installing is tested as a user does it, and tests send no traffic. The dependencies are
installed already, so their files are packed into wheels again, as each distribution's own RECORD lists them.
"""

import re
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from guard import REPOSITORY

INSTALLERS_OWN = ("INSTALLER", "REQUESTED", "direct_url.json")


def build(target: Path) -> Path:
    """Build our wheel into *target*, with the hatchling that is installed, and return its path."""
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(REPOSITORY)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    (made,) = target.glob("cclaunch-*.whl")
    return made


def pack_dependencies(target: Path) -> None:
    """Pack whatever our distribution needs, and what that needs, into wheels in *target*."""
    waiting, seen = ["cclaunch"], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or another Python
        waiting += [_name(text) for text in found.requires or [] if "extra ==" not in text]
        if name != "cclaunch":
            _pack(found, target)


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def _pack(found: Distribution, target: Path) -> None:
    tags = [line.partition(":")[2].strip() for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag:")]
    parts = [sorted({tag.split("-")[index] for tag in tags}) for index in range(3)]
    name = re.sub(r"[-_.]+", "_", found.metadata["Name"])
    path = target / f"{name}-{found.version}-{'-'.join('.'.join(part) for part in parts)}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in found.files or []:
            if (
                ".." not in file.parts
                and file.suffix != ".pyc"
                and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json")
            ):
                wheel.write(str(file.locate()), str(file))

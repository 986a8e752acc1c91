"""
Our wheel, and the wheels of what we depend on, without the network.

The problem it owns: installing is tested as a user does it, and tests send no traffic. The dependencies are
installed already, so their files are packed into wheels again, as each distribution's own RECORD lists them.
The whole takes seconds to install, so what tests install.sh alone installs a lighter edition of ours.
"""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from guard import REPOSITORY

LIGHT = frozenset("click platformdirs psutil tomli-w tomlkit shellingham protobuf opentelemetry-proto typing-extensions".split())
"""What an edition without a collector needs: enough for `--version`, and for a launch that wakes nothing."""


def build(target: Path) -> Path:
    """Build our wheel into *target*, with the hatchling that is installed, and return its path."""
    return _built("--wheel", target, "cclaunch-*.whl")


def build_sources(target: Path) -> Path:
    """Build the archive of our sources into *target*, likewise, and return its path."""
    return _built("--sdist", target, "cclaunch-*.tar.gz")


def _built(what: str, target: Path, name: str) -> Path:
    words = [sys.executable, "-m", "build", what, "--no-isolation", "--outdir", str(target), str(REPOSITORY)]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    (made,) = target.glob(name)
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


def edition(
    wheel: Path, target: Path, *, version: str = "", light: bool = True, changes: Mapping[str, bytes] | None = None
) -> Path:
    """
    Write another edition of our *wheel* into *target* and return its path.

    Args:
        wheel: What `build` made.
        target: The directory to write into.
        version: The version it says of itself; an empty string leaves what it is.
        light: Whether it needs LIGHT alone.
        changes: Files to put in the place of others, by their name in the wheel.
    """
    old = wheel.name.split("-")[1]
    new = version or old
    path = target / wheel.name.replace(f"-{old}-", f"-{new}-")
    names, lines = {}, []
    with zipfile.ZipFile(wheel) as source:
        for name in source.namelist():
            data = (changes or {}).get(name, source.read(name))
            if name.endswith(".dist-info/METADATA"):
                data = _metadata(data.decode(), old, new, light).encode()
            elif name == "cclaunch/__init__.py":
                data = data.replace(old.encode(), new.encode())
            names[name.replace(f"-{old}.", f"-{new}.")] = (source.getinfo(name), data)
    with zipfile.ZipFile(path, "w") as made:
        for name, (info, data) in names.items():
            if name.endswith("/RECORD"):
                record = name
                continue
            info.filename = name
            made.writestr(info, data)
            sum_ = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={sum_},{len(data)}")
        made.writestr(record, "\n".join([*lines, f"{record},,", ""]))
    return path


def _metadata(text: str, old: str, new: str, light: bool) -> str:
    lines = []
    for line in text.replace(f"\nVersion: {old}\n", f"\nVersion: {new}\n").splitlines():
        key, _, value = line.partition(": ")
        if not (light and key == "Requires-Dist" and _name(value) not in LIGHT):
            lines.append(line)
    return "\n".join(lines) + "\n"


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

"""
The files that the page is made of, as they lie in the package: read once, each with its type and a tag of its content.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from cclaunch import __version__

HERE = Path(__file__).resolve().parent / "assets"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """A file: its *content*, its *media* type, and the *etag* that tells this version of it from others."""

    content: bytes
    media: str
    etag: str


def assets() -> dict[str, Asset]:
    """Return every file of the page by its path below HERE. Raises OSError where the installation is not whole."""
    return {path.relative_to(HERE).as_posix(): _asset(path) for path in sorted(HERE.rglob("*")) if path.suffix in TYPES}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, TYPES[path.suffix], tag(content))


def tag(content: bytes) -> str:
    """Return what tells *content*, as this release gives it, from others."""
    return f'"{__version__}-{hashlib.blake2b(content, digest_size=12).hexdigest()}"'

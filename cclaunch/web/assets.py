"""
The files that the page is made of, as they lie in the package: read once, each with its type and a tag of its content.

A browser keeps files by their address. Another program may have had our port before, and what it had the browser keep under
our names would run in our page. So the pages ask for their files by addresses that nobody knew before.
"""

import hashlib
import secrets
from pathlib import Path
from typing import NamedTuple

from cclaunch import __version__

FOLDER = "/assets/"
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


def unforeseen(files: dict[str, Asset]) -> dict[str, Asset]:
    """Return *files* with pages that ask for the others in a folder of a new name, and each of the others there, too."""
    salt = secrets.token_urlsafe(12)
    found = dict(files)
    for name, one in files.items():
        content = one.content.replace(f'"{FOLDER}'.encode(), f'"{FOLDER}{salt}/'.encode())
        found[name if is_page(one) else f"{salt}/{name}"] = Asset(content, one.media, tag(content))
    return found


def is_page(one: Asset) -> bool:
    """Say whether *one* is a page, and no part of one."""
    return one.media == TYPES[".html"]


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    return Asset(content, TYPES[path.suffix], tag(content))


def tag(content: bytes) -> str:
    """Return what tells *content*, as this release gives it, from others."""
    return f'"{__version__}-{hashlib.blake2b(content, digest_size=12).hexdigest()}"'

"""The collector's own files: the key of its proof, and where it listens."""

import os
import secrets

from cclaunch import __version__
from cclaunch.collector.standing import write_private
from cclaunch.hot.alive import here
from cclaunch.hot.reading import read_small
from cclaunch.store.schema import SCHEMA_VERSION


def make_key(path: str) -> str:
    """Return the key of the proof, made at the first start: 32 random bytes that only this user can read."""
    found = (read_small(path, 256) or b"").decode("ascii", "replace").strip()
    if len(found) == 64:
        return found
    made = secrets.token_hex(32)
    write_private(path, made + "\n")
    return made


def ports_text(ports: dict[str, int]) -> str:
    """Return where we listen, as it is written down: launches and verbs look there, and so does our successor after a crash."""
    us = {"version": __version__, "schema": SCHEMA_VERSION, "pid": os.getpid(), "supervisor": os.getppid(), "here": here()}
    return "".join(f"{name}={value}\n" for name, value in {**us, **ports}.items())

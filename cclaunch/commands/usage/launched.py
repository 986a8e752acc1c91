"""
Who a launch is that has sent nothing yet: told by the environment that its claude was given.

The problem it owns: whoever starts claude and looks at once wants to see it there. Only our own mark and the resource attributes
are read of that environment, and nothing of it is kept.
"""

import sys
from typing import NamedTuple

from cclaunch import otel
from cclaunch.hot.attributes import parse_attributes
from cclaunch.hot.marks import LAUNCH
from cclaunch.store.ledger.living import Living

LONGEST = 1 << 20
REPOSITORY, BRANCH = "vcs.repository.name", "vcs.ref.head.name"


class Launched(NamedTuple):
    """A launch: *profile*, *repository* and *branch*, each None where it is not told; when it began (ns since the epoch)."""

    profile: str | None
    repository: str | None
    branch: str | None
    began_ns: int


def launched(one: Living) -> Launched:
    """Return who *one* is, as far as the system tells of its process."""
    environ = _environ(one.pid)
    profile, _, _ = environ.get(LAUNCH, "").rpartition(":")
    attributes = parse_attributes(environ.get(otel.RESOURCE_ATTRIBUTES, ""))[0]
    return Launched(profile or None, attributes.get(REPOSITORY) or None, attributes.get(BRANCH) or None, one.began_ns)


def _environ(pid: int) -> dict[str, str]:
    """Return the environment that the process *pid* was started with; nothing where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return {}
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            told = file.read(LONGEST)
    except OSError:
        return {}
    pairs = (part.partition("=") for part in told.decode("utf-8", "replace").split("\0"))
    return {name: value for name, separator, value in pairs if separator}

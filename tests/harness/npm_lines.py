"""ccstatusline, the status line that people use today."""

from pathlib import Path

from npm import fetched

VERSION = "2.2.30"


def ccstatusline() -> Path | None:
    """Return its script, which node runs, fetched if it is not there; None where it cannot be."""
    place = fetched("ccstatusline", VERSION)
    found = place and place / "node_modules" / ".bin" / "ccstatusline"
    return found.resolve() if found and found.exists() else None

"""
Whether what was answered still holds: the files that every answer comes from, and for how long it holds without a change of them.

The problem it owns: a page looks every few seconds, and mostly nothing has happened; that is seen without asking the ledger.
"""

import time
from collections.abc import Sequence

from cclaunch.backends.sources import places_of
from cclaunch.config.model import read_configuration
from cclaunch.hot.paths import Paths

VLOGS_S = 2.0
"""VictoriaLogs gives no word of news: it is asked, but not at every look."""


class Freshness:
    """What the answers of a page from *paths* depend on."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def files(self) -> Sequence[str]:
        """Return what an answer comes from; a commit changes the log of a database, and seldom the file itself."""
        paths = self._paths
        stores = [path for base in (paths.ledger, paths.database) for path in (base, f"{base}-wal")]
        return [*stores, paths.config_file, paths.stack_ports, paths.collector_ports]

    def lasts_s(self) -> float:
        """Return for how many seconds an answer is good without a change of these."""
        now = time.time()
        return VLOGS_S if places_of(self._paths).vlogs else 60.0 - now % 60.0

    def notes(self) -> list[str]:
        """Return a sentence on a config.toml that cannot be read."""
        _, broken = read_configuration(self._paths)
        return [f"{broken.message}; weeks begin on Monday"] if broken else []

"""
The first screen as the page gets it: the values of `reports.overview`, each with the words that ask for it on a terminal.

The problem it owns: what the page says and what `cclaunch usage` says are one answer, asked in the same way of the same ledger.
"""

import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from cclaunch.backends.sources import places_of
from cclaunch.config.model import read_configuration
from cclaunch.hot.paths import Paths
from cclaunch.reports.figures import Figures, named
from cclaunch.reports.overview import DAYS, Overview, Top, overview
from cclaunch.store.usage import Ledger, answered

CATCH_UP_S = 1.5
"""So long one look has the ledger take in what is new; what is left then, the next one goes on with."""

NOTHING = "nothing was recorded yet"
NOTHING_HINT = "run `cclaunch` where you would run `claude`"
VLOGS_S = 2.0
"""VictoriaLogs gives no word of news: it is asked, but not at every look."""

BY = {"vcs.repository.name": "repository", "cclaunch.profile": "profile"}
"""Attribute -> the word for it on a command line."""

Document = dict[str, Any]


class Question:
    """The first screen of the ledger of *paths*, asked again and again."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def files(self) -> Sequence[str]:
        """Return what the answer comes from; a commit changes the log of a database, and seldom the file itself."""
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

    def ask(self) -> Document:
        """Return the answer of now. Raises StoreError where the ledger cannot be read."""
        config, broken = read_configuration(self._paths)
        progress: list[int] = []

        def tell(done: int, whole: int) -> None:
            progress[:] = [done, whole]

        now_ns, week_start = time.time_ns(), config.usage.first_weekday

        def ask(ledger: Ledger) -> Document | None:
            if ledger.extent is None:
                return None
            found = overview(ledger.groups, ledger.extent[0], now_ns, week_start)
            return document(found, ledger.lost_usd_micros(None, None, {}))

        found, troubles = answered(places_of(self._paths), ask, tell, CATCH_UP_S)
        notes = [f"{broken.message}; weeks begin on Monday"] if broken else []
        if progress and progress[0] < progress[1]:
            notes.append(f"the ledger is being brought up to date: {progress[0] * 100 // progress[1]} %")
        if found is None:
            return {"state": "empty", "notes": [*notes, *troubles], "trouble": NOTHING, "hint": NOTHING_HINT}
        return {**found, "notes": [*notes, *troubles]}


def document(found: Overview, lost_micros: int) -> Document:
    """Return *found* with what the metrics count beyond it (micro-dollars), by names that programs know."""
    first = found.days[0][0]
    return {
        "state": "ok",
        "day": found.day.isoformat(),
        "first": found.first.isoformat(),
        "today": _asked(found.today, "--since today"),
        "week": _asked(found.week, '--since "this week"'),
        "before": named(found.before),
        "month": _asked(found.month, '--since "this month"'),
        "pace_usd": None if found.pace_micros is None else found.pace_micros / 1_000_000,
        "days": [{"day": day.isoformat(), **named(figures)} for day, figures in found.days],
        "days_asked": f"cclaunch usage --by day --since {first.isoformat()}",
        "recent": _asked(found.recent, f"--since {_ago(found.day)}"),
        "cache_hit_rate": found.recent.hit_rate,
        "tops": [_top(top, first) for top in found.tops],
        "lost_usd": lost_micros / 1_000_000,
    }


def _asked(figures: Figures, words: str) -> Document:
    return {**named(figures), "asked": f"cclaunch usage {words}"}


def _ago(day: date) -> str:
    return (day - timedelta(days=DAYS - 1)).isoformat()


def _top(top: Top, since: date) -> Document:
    key = BY.get(top.key, top.key)
    shares = [{"value": share.value, **named(share.figures)} for share in top.shares]
    return {"key": key, "asked": f"cclaunch usage --by {key} --since {since.isoformat()}", "shares": shares}

"""Sessions as VictoriaLogs has them, found by the beginning of their id."""

from collections.abc import Sequence

from cclaunch.store.vlogs import http
from cclaunch.store.vlogs.query import NOT_CHECKS, any_of, nanoseconds, quoted

SESSION, REPOSITORY = "session.id", "vcs.repository.name"


def beginning_with(url: str, beginning: str, most: int) -> list[str]:
    """Return at most *most* sessions whose id begins with *beginning*, the shortest of them first. Raises StoreUnreachable."""
    field = quoted(SESSION)
    query = f"{field}:={quoted(beginning)}* {NOT_CHECKS} | uniq by ({field}) | sort by ({field}) | limit {most}"
    return [row[SESSION] for row in http.rows(url, query) if row.get(SESSION, "").startswith(beginning)]


def known_of(url: str, names: Sequence[str]) -> list[tuple[str, int, str | None]]:
    """Return (session, when it began in ns, its repository) for those of *names* that are there. Raises StoreUnreachable."""
    field = quoted(SESSION)
    told = f"stats by ({field}) min(_time) as first, max({quoted(REPOSITORY)}) as repository"
    rows = http.rows(url, f"{any_of(SESSION, names)} {NOT_CHECKS} | {told}")
    return [(row[SESSION], nanoseconds(row["first"]), row.get("repository") or None) for row in rows]

"""
Who it was for, and where it went: rows under the names of `usage`, and the first of them as a tree.

The problem it owns: a tree over years has more leaves than anybody looks at. So each branch has its dearest ones, and says
how many more there are and what they come to.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from cclaunch.answers.asked import Asked
from cclaunch.reports import records
from cclaunch.reports.breakdown import breakdown
from cclaunch.reports.figures import Figures, figures_of, named, together
from cclaunch.store.filters import canonical
from cclaunch.store.ledger.opening import has_launched
from cclaunch.store.spending import Group, folded

MOST_ROWS = 100
MOST_BELOW = (30, 20, 10, 10)
"""So many values of each key of the tree below one of the key before."""

WHOM = ("profile", "project", "repository", "branch", "pr")
WHAT = {"models": "model", "agents": "agent", "skills": "skill", "mcp": "mcp"}
"""Part of where it went -> its key."""


def any_pulled(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger of *connection* knows of any pull request."""
    return has_launched(connection) and connection.execute("SELECT 1 FROM pull_requests LIMIT 1").fetchone() is not None


def whom_keys(groups: Sequence[Group], *, pulled: bool) -> list[str]:
    """Return the keys of the tree: of project and repository, what any request has; *pulled*: there are pull requests."""
    second = "project" if any(group.values[1] is not None for group in groups) else "repository"
    return ["profile", second, "branch", *(["pr"] if pulled else [])]


def rows(asked: Asked, keys: Sequence[str], groups: Sequence[Group], top: int | None) -> records.Records:
    """Return *groups*, one for equal values of *keys*, as `usage` has them."""
    found = breakdown(groups, [canonical(key) for key in keys], asked.sort, top, asked.week_start)
    return records.of_breakdown(found, keys)


def part(asked: Asked, key: str, groups: Sequence[Group], top: int | None = MOST_ROWS) -> dict[str, Any]:
    """Return what was used by *key*; each row has its rate of cache hits, too."""
    found = rows(asked, [key], groups, top)
    made = records.document(found, asked.since, asked.until, [key])
    for row in made["rows"]:
        row["cache_hit_rate"] = hit_rate(row)
    more = () if top is None else ("--top", str(top))
    return {"question": asked.question([key], *more), **made}


def hit_rate(record: dict[str, Any]) -> float | None:
    """Return the share of what was sent that came from the cache (0 to 1); None where nothing was sent."""
    figures = Figures(
        input=record["input_tokens"], cache_read=record["cache_read_tokens"], cache_written=record["cache_creation_tokens"]
    )
    return figures.hit_rate


def tree(asked: Asked, keys: Sequence[str], groups: Sequence[Group]) -> dict[str, Any]:
    """Return *groups* as a tree: its ``nodes``, each with its figures and the ``nodes`` below it, and what is ``hidden``."""
    return {"by": list(keys), "total": named(together(map(figures_of, groups))), **_nodes(asked, keys, groups, 0)}


def _nodes(asked: Asked, keys: Sequence[str], groups: Sequence[Group], depth: int) -> dict[str, Any]:
    found = breakdown(folded(groups, [depth]), [canonical(keys[depth])], asked.sort, MOST_BELOW[depth])
    below: dict[str, list[Group]] = {}
    for group in groups:
        below.setdefault(repr(group.values[depth]), []).append(group)
    nodes = []
    for row in found.rows:
        node = {"key": keys[depth], "value": row.values[0], **named(row.figures)}
        if depth + 1 < len(keys):
            node |= _nodes(asked, keys, below[repr(row.values[0])], depth + 1)
        nodes.append(node)
    hidden = {"hidden": {"rows": found.hidden, **named(found.rest)}} if found.hidden else {}
    return {"nodes": nodes, **hidden}

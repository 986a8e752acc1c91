"""
What a file of answers contains, for who gives it away: which names, and how many of each.

The problem it owns: who is asked must be told of the file itself. So the names are read from what will stand in it, and not from
the ledger once more.
"""

from collections.abc import Iterator, Sequence

from cclaunch.answers.asking import Document

NAMES = {
    "profile": "profiles",
    "team": "teams",
    "project": "projects",
    "repository": "repositories",
    "branch": "branches",
    "pr": "pull requests",
    "model": "models",
    "agent": "sub-agents",
    "skill": "skills",
    "mcp": "MCP servers",
    "tool": "tools",
}
"""Key -> what its values are."""

NEVER = "no prompts, no titles of sessions (claude makes them of prompts), no answers, no output of tools, no paths, no files"


def contained(document: Document) -> dict[str, list[str]]:
    """Return what NAMES calls it -> the names of that kind in the *document* of a file, sorted."""
    found: dict[str, set[str]] = {word: set() for word in NAMES.values()}
    for key, value in _names(document):
        if value:
            found[NAMES[key]].add(value)
    return {word: sorted(names) for word, names in found.items() if names}


def _names(document: Document) -> Iterator[tuple[str, str | None]]:
    """Yield (key, value) of each name, more than once maybe."""
    for key, days in document["days"].items():
        yield from ((key, one["value"]) for one in days["series"])
    yield from _below(document["whom"]["nodes"])
    for part in document["what"].values():
        if isinstance(part, dict) and part.get("by"):
            yield from ((part["by"][0], row[part["by"][0]]) for row in part["rows"])
    for row in document["sessions"]["rows"]:
        yield from ((key, row[key]) for key in ("profile", "repository", "branch"))
        yield from (("model", model) for model in row["models"] or ())
    yield from (("tool", row["tool"]) for row in document["tools"]["tools"])
    yield from (("model", row["model"]) for row in document["tools"]["latency"])


def _below(nodes: Sequence[Document]) -> Iterator[tuple[str, str | None]]:
    for node in nodes:
        yield node["key"], node["value"]
        yield from _below(node.get("nodes", ()))


def told(document: Document) -> list[tuple[str, str]]:
    """Return what *document* contains, in lines: (what, which)."""
    made, sessions = document["made"], document["sessions"]
    held, whole = len(sessions["rows"]), sessions["sessions"]
    which = f"{held:,}" if held == whole else f"the newest {held:,} of {whole:,}"
    lines = [("range", made["range"]), ("sessions", f"{which}: id, begin, length, repository, branch, models, figures")]
    if document["capture"] is not None:
        lines.append(("capture", "how many requests of each session telemetry and transcripts saw, since the first of them"))
    lines += [(word, f"{len(names):,}: {_some(names)}") for word, names in contained(document).items()]
    return [*lines, ("never", NEVER)]


SHOWN, LONGEST = 8, 60


def _some(names: Sequence[str]) -> str:
    short = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:SHOWN]]
    return ", ".join(short) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")

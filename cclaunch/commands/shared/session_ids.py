"""
Session ids as people type them: the beginning of one will do, wherever one is printed.

The problem it owns: what is printed is eight characters, and what is stored is the whole id.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cclaunch.store.places import Places

SESSION = "session.id"
MOST_SHOWN = 4


def whole_id(ctx: click.Context, places: "Places", word: str) -> str:
    """Return the id of the session that alone begins with *word*; *word* where none does. Refuses what several begin with."""
    from cclaunch.store.sessions import beginning_with

    found = beginning_with(places, word, MOST_SHOWN)
    if not word or word in found or not found:
        return word
    if len(found) > 1:
        some = ", ".join(found[: MOST_SHOWN - 1]) + (", …" if len(found) >= MOST_SHOWN else "")
        raise click.UsageError(f"more than one session begins with {word}: {some}", ctx)
    return found[0]


def whole_ids(ctx: click.Context, places: "Places", where: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return *where* with whole session ids."""
    whole = {key: list(values) for key, values in where.items()}
    if SESSION in whole:
        whole[SESSION] = [whole_id(ctx, places, value) for value in whole[SESSION]]
    return whole

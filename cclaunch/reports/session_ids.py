"""
Session ids as people type them: the beginning of one will do, wherever one is printed.

The problem it owns: what is printed is eight characters, and what is stored is the whole id. What several sessions begin with is
no answer, so it is refused with what tells them apart.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from cclaunch.errors import UsageError
from cclaunch.reports.keys import shown

if TYPE_CHECKING:
    from cclaunch.store.places import Places

SESSION = "session.id"
MOST_SHOWN = 5
SHORT = 8
"""Characters of an id that are shown, where they tell it apart."""


def whole_id(places: "Places", word: str) -> str:
    """Return the id of the session that alone begins with *word*; *word* where none does. Raises UsageError for several."""
    from cclaunch.store.sessions import beginning_with

    found = beginning_with(places, word, MOST_SHOWN + 1)
    if not word or word in found or not found:
        return word
    if len(found) > 1:
        raise _ambiguous(places, word, found)
    return found[0]


def whole_ids(places: "Places", where: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return *where* with whole session ids. Raises UsageError as `whole_id` does."""
    whole = {key: list(values) for key, values in where.items()}
    if SESSION in whole:
        whole[SESSION] = [whole_id(places, value) for value in whole[SESSION]]
    return whole


def _ambiguous(places: "Places", word: str, found: Sequence[str]) -> UsageError:
    from cclaunch.reports.dates import local
    from cclaunch.store.sessions import known_of

    alike = sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*found, strict=False)))
    short = max(SHORT, alike + 1)
    lines = []
    for one in known_of(places, found[:MOST_SHOWN]):
        began = local(one.first_ns)[:16] if one.first_ns is not None else ""
        lines.append("  ".join(filter(None, (one.name[:short], began, one.repository))))
    more = ["and more"] if len(found) > MOST_SHOWN else []
    return UsageError(f"more than one session begins with `{shown(word)}`", cause="\n".join([*lines, *more]))

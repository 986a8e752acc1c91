"""
Which attributes of a request are kept for ever: those with few values, and what the person says of the work.

The problem it owns: a set is stored once for thousands of requests, so nothing may be in it that differs from one to the
next; and no id of a person, an account or a prompt may be. The rule is by name: what comes from VictoriaLogs does not say
whether it was of the resource or of the record.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cclaunch.store.rows import model_name, text
from cclaunch.store.schema import dump
from cclaunch.store.shared import has_few_values

NEVER = frozenset(
    "session.id service.instance.id user.id user.email user.account_uuid user.account_id organization.id prompt.id host.id"
    " host.name process.pid".split()
)
"""Who it was: the session has a column of its own, the others have no place here."""

NAMES = frozenset(("model", "cclaunch.profile", "service.name"))
"""What is a text or nothing."""

MOST = 128
"""Attributes of a set."""

LONGEST = 1024
"""Characters of a value, as it is stored."""


@lru_cache(4096)
def is_kept(key: str) -> bool:
    """Say whether the attribute *key* of a request is kept."""
    return key not in NEVER and has_few_values(key)


def set_of(attributes: Mapping[str, Any]) -> str:
    """Return the set of a request with these attributes, as text; equal sets are equal texts."""
    kept = {key: value for key, value in attributes.items() if is_kept(key)}
    if set(map(type, kept.values())) == {str}:
        return _of_texts(tuple(kept.items()))
    return _made(kept)


@lru_cache(4096)
def _of_texts(kept: tuple[tuple[str, str], ...]) -> str:
    """Return the set of these attributes: one session after the other has the same."""
    return _made(dict(kept))


def _made(kept: dict[str, Any]) -> str:
    for key in NAMES & kept.keys():
        kept[key] = model_name(kept[key]) if key == "model" else text(kept[key])
    names = sorted([key for key, value in kept.items() if value is not None and _fits(value)])
    return dump({key: kept[key] for key in names[:MOST]})


def _fits(value: Any) -> bool:
    """Say whether *value* is stored in LONGEST characters; one of a text becomes six at most."""
    return (type(value) is str and 6 * len(value) + 2 <= LONGEST) or len(dump(value)) <= LONGEST

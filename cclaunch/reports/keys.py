"""
The keys of a question, and its conditions: what was meant where little is said, and what is refused.

The problem it owns: an answer to another question than the person's is worse than none. An unknown key is named with those that
are like it; and a verb and a page refuse the same words with the same sentence.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from cclaunch.errors import UsageError

DEFAULT_BY = ("day", "model")
MOST_KEYS = 20
WELL_KNOWN = frozenset("hour day week month weekday model profile team project repository branch pr session session.id".split())
EXAMPLE = "--where team=data-engineering"
LONGEST_SHOWN = 60


def keys_of(by: Sequence[str]) -> list[str]:
    """Return the keys to group by: repeated or joined by commas, each once. Raises UsageError."""
    words = [word.strip() for given in by for word in given.split(",")]
    keys = list(dict.fromkeys(word for word in words if word))
    if not keys and by:
        raise UsageError("--by: it is empty; say what to group by")
    if not keys:
        return list(DEFAULT_BY)
    from cclaunch.reports.records import DOUBTS, MEASURES  # the first screen has no rows

    if taken := sorted(set(keys) & {*MEASURES, *DOUBTS}):
        raise UsageError(f"--by {taken[0]}: that is what is counted, nothing to group by")
    if len(keys) > MOST_KEYS:
        raise UsageError(f"--by: {len(keys)} keys are too many, at most {MOST_KEYS} make a table")
    return keys


def conditions_of(words: Iterable[str]) -> dict[str, list[str]]:
    """Return key -> values of *words* (``KEY=VALUE``), the keys being those of the store. Raises UsageError."""
    from cclaunch.store.filters import canonical

    found: dict[str, list[str]] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key.strip():
            trouble = "has no `=`" if not separator else "has no key before the `=`"
            raise UsageError(f"--where {word}: {trouble}; write {EXAMPLE}")
        found.setdefault(canonical(key.strip()), []).append(value)
    return found


def only_sessions(keys: Sequence[str]) -> bool:
    """Say whether sessions are asked for, and nothing beside them."""
    from cclaunch.store.filters import canonical

    return [canonical(key) for key in keys] == ["session.id"]


def refuse_per_request(asked: Iterable[tuple[str, str]]) -> None:
    """Raise UsageError for a (option, key) of each request alone, or of who it was: no total is kept of it."""
    asked = [(option, key) for option, key in asked if key not in WELL_KNOWN]
    if not asked:
        return
    from cclaunch.store.filters import canonical
    from cclaunch.store.ledger.attribute_sets import is_kept

    for option, key in asked:
        if not is_kept(canonical(key)):
            raise UsageError(
                f"{option} {key}: money is not kept by that, for it differs from request to request or says who it was;"
                f" `cclaunch events --where {key}=VALUE` looks at events"
            )


def refuse_unknown(asked: Iterable[str], sent: Callable[[], Collection[str]], set_up: Callable[[], Collection[str]]) -> None:
    """
    Raise UsageError for a key that is neither built in nor known otherwise, with those like it.

    Args:
        asked: The keys.
        sent: Returns every key that a request ever had.
        set_up: Returns every key that a profile of the person's has.
    """
    from cclaunch.store.filters import canonical

    known = _built_in()
    unknown = [key for key in asked if canonical(key) not in known]
    if not unknown:
        return
    from cclaunch.store.keys import guesses  # only where something may be misspelt

    known |= {*sent(), *set_up()}
    for key, near in guesses([key for key in unknown if key not in known], known).items():
        raise UsageError(f"no request ever had `{shown(key)}`{advice(near)}")


def _built_in() -> set[str]:
    """Return the keys that mean something before anything was recorded."""
    from cclaunch.store.filters import ALIASES
    from cclaunch.store.ledger.periods import LABELS
    from cclaunch.store.shared import REPEATED

    return {*LABELS, *ALIASES.values(), *REPEATED, "team", "project", "pr", "service.name"}


def shown(word: str) -> str:
    """Return *word* as it is said again: nobody reads more of it."""
    return word if len(word) <= LONGEST_SHOWN else word[:LONGEST_SHOWN] + "…"


def advice(near: Sequence[str]) -> str:
    """Return the end of a sentence on a name that there is not: which of those *near* it was probably meant; or nothing."""
    return f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""

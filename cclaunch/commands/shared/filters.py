"""``--where KEY=VALUE`` and ``--by KEY``: the words by which ``usage`` and ``events`` narrow and group what they show."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cclaunch import console

if TYPE_CHECKING:
    from cclaunch.store.places import Places

EXAMPLE = "--where team=data-engineering"
HELP = (
    "Only what has this value. Repeatable: the same KEY again takes any of its values, another KEY must hold as well."
    " KEY= takes what lacks KEY, or has it empty. KEY is one that --by takes; a VALUE is spelled as it is shown"
    ' (true, 5, ["a"]).'
)
LONGEST_SHOWN = 60

Function = TypeVar("Function", bound=Callable[..., Any])


def unicode_only(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Return the word or words of an option; refuse what is no valid Unicode, because nothing else was ever stored."""
    for word in [value] if isinstance(value, str) else value or ():
        try:
            word.encode("utf-8")
        except UnicodeEncodeError as error:
            raise click.BadParameter(f"{word!a} is not valid UTF-8", ctx, param) from error
    return value


def where_option(function: Function) -> Function:
    """Give a command the option ``--where``: key -> list of values, the keys being those of the store."""
    return click.option("--where", multiple=True, metavar="KEY=VALUE", callback=_conditions, help=HELP)(function)


def _conditions(ctx: click.Context, param: click.Parameter, words: Sequence[str]) -> dict[str, list[str]]:
    from cclaunch.store.filters import canonical

    found: dict[str, list[str]] = {}
    for word in unicode_only(ctx, param, words):
        key, separator, value = word.partition("=")
        if not separator or not key.strip():
            trouble = "has no `=`" if not separator else "has no key before the `=`"
            raise click.UsageError(f"--where {word}: {trouble}; write {EXAMPLE}", ctx)
        found.setdefault(canonical(key.strip()), []).append(value)
    return found


def shown(word: str) -> str:
    """Return *word* as it is said again: nobody reads more of it."""
    return word if len(word) <= LONGEST_SHOWN else word[:LONGEST_SHOWN] + "…"


def advice(near: Sequence[str]) -> str:
    """Return the end of a sentence on a name that there is not: which of those *near* it was probably meant; or nothing."""
    return f"; did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""


def note_unsent(places: "Places", keys: Iterable[str]) -> None:
    """Say which of *keys* no event ever had, and what was probably meant."""
    from cclaunch.store.stores import unsent

    for key, near in unsent(places, keys).items():
        console.note(f"no event ever had `{shown(key)}`{advice(near)}")

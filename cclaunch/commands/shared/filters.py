"""``--where KEY=VALUE`` and ``--by KEY``: the words by which ``usage`` and ``events`` narrow and group what they show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cclaunch import console
from cclaunch.errors import UsageError
from cclaunch.reports.keys import advice, conditions_of, shown

if TYPE_CHECKING:
    from cclaunch.store.places import Places

HELP = (
    "Only what has this value. Repeatable: the same KEY again takes any of its values, another KEY must hold as well."
    " KEY= takes what lacks KEY, or has it empty. KEY is one that --by takes; a VALUE is spelled as it is shown"
    ' (true, 5, ["a"]).'
)


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
    with refusing(ctx):
        return conditions_of(unicode_only(ctx, param, words))


@contextmanager
def refusing(ctx: click.Context) -> Iterator[None]:
    """Refuse as click does what makes no sense, with the same sentence."""
    try:
        yield
    except UsageError as error:
        raise click.UsageError(error.message, ctx) from error


def note_unsent(places: "Places", keys: Iterable[str]) -> None:
    """Say which of *keys* no event ever had, and what was probably meant."""
    from cclaunch.store.stores import unsent

    for key, near in unsent(places, keys).items():
        console.note(f"no event ever had `{shown(key)}`{advice(near)}")

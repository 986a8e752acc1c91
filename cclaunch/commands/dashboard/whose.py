"""
Whose work goes into a file: profiles by their names, or by the numbers of a list that is shown.

The problem it owns: nobody's work is given away by a slip. What is not understood is asked again, and a name that nothing was
recorded of is no answer.
"""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cclaunch import console
from cclaunch.commands.shared.amounts import estimated, money
from cclaunch.dialog import ask as answer_to
from cclaunch.errors import UsageError
from cclaunch.reports.keys import advice, shown

if TYPE_CHECKING:
    from cclaunch.answers.exported import Spent
    from cclaunch.hot.paths import Environ

EVERY = "all"
NOBODY = "no profile"


def known_ones(wanted: Sequence[str], found: Sequence["Spent"]) -> list[str]:
    """Return the profiles *wanted*, each once. Raises UsageError for one that nothing was recorded of."""
    names = [one.profile for one in found]
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, [one for one in names if one], n=2, cutoff=0.5)
            what = f"of a profile `{shown(name)}`" if name else "without a profile"
            raise UsageError(f"nothing was recorded {what} in that time{advice(near)}", hint="cclaunch usage --by profile")
    return list(dict.fromkeys(wanted))


def ask(found: Sequence["Spent"], environ: "Environ") -> list[str] | None:
    """Return the profiles that the person names; None for all."""
    rows = [[str(number), one.profile or NOBODY, f"{one.figures.requests:,}", _cost(one)] for number, one in enumerate(found, 1)]
    console.table(["", "profile", "requests", "cost"], rows, environ, right=[0, 2, 3], names=2)
    console.flush()
    while True:
        words = answer_to(f"Whose work goes into the file? Numbers or names with commas, or `{EVERY}`")
        try:
            return _meant(words, found)
        except UsageError as error:
            console.note(error.message)


def _cost(one: "Spent") -> str:
    return estimated(money(one.figures.micros), doubtful=one.figures.estimated != 0)


def _meant(text: str, found: Sequence["Spent"]) -> list[str] | None:
    """Return the profiles that *text* names by number or name; None for all. Raises UsageError."""
    names = [one.profile for one in found]
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError("that names nobody")
    if words == [EVERY] and EVERY not in names:
        return None
    named: list[str] = []
    for word in words:
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 9 else 0
        of_number = names[number - 1] if 0 < number <= len(names) else None
        if word in names and of_number not in (None, word):
            raise UsageError(f"`{shown(word)}` is a profile's name, and the number of another: say it with --profile")
        if word in names:
            named.append(word)
        elif of_number is not None:
            named.append(of_number)
        else:
            named.append("" if word == NOBODY else word)
    return known_ones(named, found)

"""
A question to whoever sits before the terminal.

The problem it owns: what is asked goes to stderr, for stdout may be a pipe; and who gives no answer (Ctrl-C, the end of the
input) is left with a line that has ended.
"""

from collections.abc import Callable
from typing import TypeVar

from cclaunch.console import printable, whisper

Answer = TypeVar("Answer")


def confirm(question: str, *, default: bool) -> bool:
    """Return the answer to *question*, which is yes or no. Raises click.Abort, a RuntimeError, when there is none."""
    import click

    return _answered(lambda: click.confirm(printable(question), default=default, err=True))


def ask(question: str) -> str:
    """Return the answer to *question*, a text. Raises click.Abort, a RuntimeError, when there is none."""
    import click

    return _answered(lambda: str(click.prompt(printable(question), err=True)))


def _answered(asking: Callable[[], Answer]) -> Answer:
    try:
        return asking()
    except RuntimeError:
        whisper("\n")  # the line of the question was not ended
        raise

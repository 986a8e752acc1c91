"""Questions: asked on a terminal only, and only where something would be lost or disclosed."""

import sys

import click

from cclaunch import console, dialog
from cclaunch.errors import UsageError


def on_terminal() -> bool:
    """Say whether there is somebody to ask."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def agree(question: str, *, yes: bool, otherwise: str) -> None:
    """
    Return when the person agrees.

    Args:
        question: To be answered with yes or no; no is the default.
        yes: It was answered on the command line.
        otherwise: What is so when the answer is no.

    Raises:
        UsageError: There is no terminal to ask on.
        click.exceptions.Exit: The answer is no.
    """
    if yes:
        return
    if not on_terminal():
        raise UsageError(f"there is no terminal to ask on; {otherwise}", hint="add --yes")
    if not dialog.confirm(question, default=False):
        console.note(otherwise)
        raise click.exceptions.Exit(1)

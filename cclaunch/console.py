"""
The only place that prints.

Words for people go to stderr, data goes to stdout; nothing needs colour to be understood. The
launch path loads this module only when it has one line to say, so it imports nothing but ``sys``;
tables and colour (rich) are loaded by the functions that need them.
"""

import sys

from cclaunch.errors import CclaunchError


def printable(text: str) -> str:
    """Return *text* with control characters made visible, so that foreign text cannot drive the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode("ascii") for c in text)


def note(text: str) -> None:
    """Say one line on stderr, in our name. Never raises: a closed stderr must not stop a launch."""
    try:
        sys.stderr.write(f"cclaunch: {printable(text)}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # closed, full, or no stderr at all
        pass


def show_error(error: CclaunchError) -> None:
    """Show what happened, why, and what mends it, on stderr."""
    note(f"error: {error.message}")
    lines = []
    if error.cause:
        lines += [f"  {printable(line)}" for line in error.cause.splitlines()]
    if error.hint:
        lines.append(f"hint: {printable(error.hint)}")
    try:
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def line(text: str = "") -> None:
    """Write one line of data to stdout."""
    sys.stdout.write(f"{text}\n")

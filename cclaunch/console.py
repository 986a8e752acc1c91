"""
The only place that prints.

Words for people go to stderr, data goes to stdout; nothing needs colour to be understood. What people read may hold
anybody's words (names, paths, logs, what was sent to us), so whatever is printed for them passes ``printable``, here and
nowhere else; what another program reads (``json_line``, ``code``, ``data``) is left as it is.

The launch path loads this module only when it has one line to say, so it imports nothing but ``sys``; what a table or a
progress line needs beyond that is loaded by the functions that draw them.
"""

import sys

from cclaunch.errors import CclaunchError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, TextIO

NOTHING = "-"
"""What a table shows where there is no value."""

BOLD, GREEN, RED = "1", "32", "31"


class OutputFailed(CclaunchError, OSError):
    """Stdout takes nothing more, for want of space or because it is closed: what was asked for could not be delivered."""


SPACES = {"\t": " ", "\u00a0": "\u00a0", "\u3000": "\u3000"}
"""White space that drives nothing; a tab is as wide as a terminal likes, so it becomes a space."""


def printable(text: str) -> str:
    """
    Return *text* with what could drive a terminal, or make a text look like another, made visible as an escape.

    That is every character that is no letter, mark, number, sign or space: controls (C0, DEL, C1), what turns the
    direction of writing, what has no width, tags, private ones, halves of a surrogate pair.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else SPACES.get(c) or c.encode("unicode_escape").decode("ascii") for c in text)


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
    """Write one line to stdout, for people. Raises as ``code`` does."""
    code(printable(text))


def labelled(label: str, style: str, text: str, environ: "Mapping[str, str]") -> None:
    """Write one line to stdout, for people, that begins with *label* in a *style* (``BOLD``, ...). Raises as ``code`` does."""
    code(f"{_styled(printable(label), style, environ)}  {printable(text)}")


def code(text: str) -> None:
    """
    Write *text* and a newline to stdout as it is, for another program. What cannot be encoded there is escaped.

    Raises:
        BrokenPipeError: The reader has left.
        OutputFailed: Stdout takes nothing more.
    """
    stream = sys.stdout
    if stream is None:  # closed by whoever started us
        raise OutputFailed("cannot write the output: stdout is closed")
    try:
        stream.write(f"{text}\n")
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        code(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _given_up(error) from error


def data(content: bytes) -> None:
    """Write *content* to stdout as it is: a file for another program, whatever the locale says. Raises OSError."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def flush() -> None:
    """Hand over what was written to stdout: a reader must not wait for the next line. Raises as ``line`` does."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _given_up(error) from error


def _given_up(error: OSError) -> OutputFailed:
    """Point stdout at nothing, or the interpreter would complain at its exit; return what is to be said."""
    import os

    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
    except (OSError, ValueError, AttributeError):
        pass
    return OutputFailed(f"cannot write the output: {error.strerror}")


def json_line(value: object, *, indent: int | None = None) -> None:
    """Write *value* to stdout as JSON: pure ASCII without controls, so that no locale can break it, and never ``NaN``."""
    import json

    code(json.dumps(value, indent=indent, allow_nan=False).replace("\x7f", "\\u007f"))


def terminal() -> bool:
    """Say whether what we print is seen by a person: stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def colourful(stream: "TextIO | None", environ: "Mapping[str, str]") -> bool:
    """Say whether *stream* may get colour: a terminal that is not dumb, and nobody set ``NO_COLOR``."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream is not None and stream.isatty()


def _styled(text: str, style: str, environ: "Mapping[str, str]") -> str:
    """Return *text* in a *style* (of ``BOLD``, ``GREEN``, ...) where stdout may get colour, else as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if colourful(sys.stdout, environ) else text


def confirm(question: str, *, default: bool) -> bool:
    """Ask *question* on the terminal and return the answer. Raises click.Abort when there is none."""
    import click

    return click.confirm(printable(question), default=default, err=True)


def help(text: str) -> None:
    """Write the help of a verb, which is our own text of many lines, to stdout."""
    code(text)


def table(
    titles: "Sequence[str]",
    rows: "Sequence[Sequence[str]]",
    environ: "Mapping[str, str]",
    *,
    right: "Sequence[int]" = (),
    foot: "Sequence[str] | None" = None,
) -> None:
    """
    Write aligned columns to stdout.

    Args:
        titles: The headings.
        rows: The cells, as text.
        environ: Tells whether colour is welcome.
        right: Numbers of the columns that are aligned to the right.
        foot: A last row, set apart by a rule.
    """
    columns = zip(titles, *rows, *([foot] if foot else []), strict=True)
    aligned = [_column(column, number in right) for number, column in enumerate(columns)]
    heading, *lines = ["  ".join(cells).rstrip() for cells in zip(*aligned, strict=True)]
    if foot:
        lines.insert(-1, "  ".join("-" * width(column[0]) for column in aligned))
    code("\n".join([_styled(heading, BOLD, environ), *lines]))  # in one piece: a terminal takes each line by itself


def _column(cells: "Sequence[str]", right: bool) -> "list[str]":
    """Return *cells*, printable, and as wide as one another."""
    together = "".join(cells)
    if together.isascii() and together.isprintable():  # as nearly all are: looked at in one go
        wide = max(map(len, cells))
        return [cell.rjust(wide) for cell in cells] if right else [cell.ljust(wide) for cell in cells]
    clean = [printable(cell) for cell in cells]
    widths = [width(cell) for cell in clean]
    rooms = [" " * (max(widths) - one) for one in widths]
    return [room + cell if right else cell + room for room, cell in zip(rooms, clean, strict=True)]


def width(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def size(count: int) -> str:
    """Return a number of bytes for people: ``512 B``, ``1.5 MB``."""
    if count < 1000:
        return f"{count} B"
    amount, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount >= 1000:
            amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}"


LONG = 50_000
"""Steps of which it is worth saying how many are done."""

BAR = 30


def progress(text: str, environ: "Mapping[str, str]") -> "AbstractContextManager[Callable[[int, int], None]]":
    """
    Show what is being waited for while the block runs: a line on a terminal's stderr that goes away again.

    The block gets a function that draws a bar into it, when it is told how much is done, of much. Not a line that turns: that
    takes a thread, and starting the collector forks.
    """
    from contextlib import contextmanager, nullcontext

    if not colourful(sys.stderr, environ):
        return nullcontext(lambda done, whole: None)

    def draw(done: int, whole: int) -> None:
        if whole >= LONG:
            bar = "#" * (BAR * done // whole)
            _whisper(f"\r\x1b[2K{printable(text)}… [{bar:{BAR}}] {done:,} of {whole:,}")

    @contextmanager
    def shown() -> "Iterator[Callable[[int, int], None]]":
        _whisper(f"{printable(text)}…")
        try:
            yield draw
        finally:
            _whisper("\r\x1b[2K")

    return shown()


class Bars:
    """What is being fetched: a bar for each on a terminal's stderr, that goes away again; else a line for each."""

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self._environ = environ
        self._drawn: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Bars":
        """Begin to draw."""
        if colourful(sys.stderr, self._environ):
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
            self._drawn = Progress(*columns, console=Console(stderr=True), transient=True)
            self._drawn.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing on the screen."""
        if self._drawn is not None:
            self._drawn.stop()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Show that *done* bytes of *total* are here; 0 of 0 when that is not known yet."""
        first = name not in self._tasks
        if self._drawn is None:
            self._tasks[name] = None
            if first:
                note(f"fetching {name}")
            return
        if first:
            self._tasks[name] = self._drawn.add_task(printable(name), total=None)
        self._drawn.update(self._tasks[name], completed=done, total=total or None)


class Steps:
    """The steps of long work: on a terminal's stderr the present one with a bar, that goes away again; else nothing."""

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self._environ = environ
        self._drawn: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Steps":
        """Begin to draw."""
        if colourful(sys.stderr, self._environ):
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn())
            self._drawn = Progress(*columns, console=Console(stderr=True), transient=True)
            self._drawn.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing on the screen."""
        if self._drawn is not None:
            self._drawn.stop()

    def __call__(self, what: str, done: int, whole: int) -> None:
        """Show that *done* of *whole* is done of the step *what*; 0 of 0 when that is not known."""
        if self._drawn is None:
            return
        if what not in self._tasks:
            for task in self._tasks.values():
                self._drawn.update(task, visible=False)
            self._tasks[what] = self._drawn.add_task(printable(what), total=None)
        self._drawn.update(self._tasks[what], completed=done, total=whole or None)


def _whisper(text: str) -> None:
    """Write *text* to stderr as it is; a closed one is no reason to stop."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass

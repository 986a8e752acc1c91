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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import TextIO

NOTHING = "-"
"""What a table shows where there is no value."""

USUAL = 80
"""Columns of a terminal that does not say how many it has."""

NARROWEST = 20
"""Columns that a text has beside its label, at least; else it stands below."""

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
"""Styles: of the colours, those that a light and a dark terminal both show; none of the bright ones."""

IN_ASCII = {ord("…"): "~", ord("≈"): "~", ord("·"): "-"}
"""A sign of ours -> what stands for it, as wide, where the locale has none but ASCII."""


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
    """
    Write *label* in a *style* (``BOLD``, ...) and *text* behind it to stdout, for people; a long text goes on below.

    Raises as ``code`` does.
    """
    shown, label, wide = printable(text), printable(label), room(environ)
    left, lines = width(label) + 2, [shown]
    if wide is not None and left + width(shown) > wide:
        from cclaunch.layout import wrapped

        if wide < left + NARROWEST:
            code(_styled(label.rstrip(), style, environ))
            label, style, left = "", "", 2
        lines = wrapped(shown, max(wide - left, NARROWEST // 2), width)
    code(f"{_styled(label, style, environ)}  {_drawn(lines[0], environ)}")
    for rest in lines[1:]:
        code(f"{'':{left}}{_drawn(rest, environ)}")


def spans(parts: "Iterable[tuple[str, str]]", environ: "Mapping[str, str]") -> None:
    """Write one line to stdout, for people, of (text, style) *parts*; a style may be empty. Raises as ``code`` does."""
    code(styled(parts, environ).rstrip())


def styled(parts: "Iterable[tuple[str, str]]", environ: "Mapping[str, str]") -> str:
    """Return (text, style) *parts* as `spans` writes them."""
    return "".join(_styled(printable(text), style, environ) for text, style in parts)


def code(text: str) -> None:
    """
    Write *text* and a newline to stdout as it is, for another program. What cannot be encoded there is replaced, or escaped.

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
        code(text.translate(IN_ASCII).encode(encoding, "backslashreplace").decode(encoding))
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


def room(environ: "Mapping[str, str]") -> int | None:
    """Return how many columns people see of what we print; None where it is no terminal. ``COLUMNS`` has the last word."""
    if environ.get("COLUMNS", "").isdecimal() and int(environ["COLUMNS"]) > 0:
        return int(environ["COLUMNS"])
    if not terminal():
        return None
    import os

    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _room_of_errors() -> int:
    """Return how many columns stderr has; a line that is to go away again must not be longer."""
    import os

    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL
    except (OSError, ValueError, AttributeError):
        return USUAL


def unicode(environ: "Mapping[str, str]") -> bool:
    """
    Say whether stdout shows signs beyond ASCII: its encoding has them, and the person's locale is not C.

    In the C locale Python writes UTF-8 all the same; a terminal need not read it.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    if not encoding.lower().replace("-", "").startswith("utf"):
        return False
    if sys.platform == "win32":
        return True
    name, dot, charset = next((environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(key)), "C").partition(".")
    return charset.lower().startswith("utf") if dot else name not in ("C", "POSIX")


def _drawn(text: str, environ: "Mapping[str, str]") -> str:
    """Return *text* with signs of ours that stdout can show."""
    return text if text.isascii() or unicode(environ) else text.translate(IN_ASCII)


def colourful(stream: "TextIO | None", environ: "Mapping[str, str]") -> bool:
    """Say whether *stream* may get colour: a terminal that is not dumb, and nobody set ``NO_COLOR``."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return stream is not None and stream.isatty()


def colourful_errors(environ: "Mapping[str, str]") -> bool:
    """Say whether stderr may get colour, and lines that go away again."""
    return colourful(sys.stderr, environ)


def _styled(text: str, style: str, environ: "Mapping[str, str]") -> str:
    """Return *text* in a *style* (of ``BOLD``, ``GREEN``, ...) where stdout may get colour, else as it is."""
    text = _drawn(text, environ)
    return f"\x1b[{style}m{text}\x1b[0m" if style and colourful(sys.stdout, environ) else text


def help(text: str) -> None:
    """Write the help of a verb, which is our own text of many lines, to stdout."""
    code(text)


def table(
    titles: "Sequence[str]",
    rows: "Sequence[Sequence[str]]",
    environ: "Mapping[str, str]",
    *,
    right: "Sequence[int]" = (),
    names: int = 1,
    below: int = 0,
) -> None:
    """
    Write aligned columns to stdout. On a terminal that is too narrow long texts go on in the next line; where that is no table
    any more, each row is a card with a line for each cell.

    Args:
        titles: The headings.
        rows: The cells, as text.
        environ: Tells whether colour is welcome.
        right: Numbers of the columns that are aligned to the right.
        names: How many of the first columns say what a row is about.
        below: How many of the last columns may stand below a row, before all become cards.
    """
    from cclaunch.layout import Column, told

    headings, *clean = [[printable(cell) for cell in row] for row in [titles, *rows]]
    columns = [Column(title, at in right, "" if at in right else "wrap" if at else "late") for at, title in enumerate(headings)]
    drawn = told(columns, clean, names, below, room(environ), width)
    # in one piece: a terminal takes each line by itself
    code("\n".join(_styled(text, BOLD if is_heading else "", environ) for text, is_heading in drawn))


def width(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


LONG = 50_000
"""Steps of which it is worth saying how many are done."""

BAR, SHORTEST_BAR = 30, 8


def progress(text: str, environ: "Mapping[str, str]") -> "AbstractContextManager[Callable[[int, int], None]]":
    """
    Show what is being waited for while the block runs: a line on a terminal's stderr that goes away again.

    The block gets a function that draws a bar into it, when it is told how much is done, of much. Not a line that turns: that
    takes a thread, and starting the collector forks.
    """
    from contextlib import contextmanager, nullcontext

    if not colourful_errors(environ):
        return nullcontext(lambda done, whole: None)

    dots, wide = "…" if unicode(environ) else "...", _room_of_errors()

    def draw(done: int, whole: int) -> None:
        if whole >= LONG:
            words, count = f"{printable(text)}{dots}", f"{done:,} of {whole:,}"
            cells = min(BAR, wide - len(words) - len(f"{whole:,} of {whole:,}") - len(" [] ") - 1)
            bar = f"[{'#' * (cells * done // whole):{cells}}] " if cells >= SHORTEST_BAR else ""
            whisper(f"\r\x1b[2K{words} {bar}{count}")

    @contextmanager
    def shown() -> "Iterator[Callable[[int, int], None]]":
        whisper(f"{printable(text)}{dots}")
        try:
            yield draw
        finally:
            whisper("\r\x1b[2K")

    return shown()


def whisper(text: str) -> None:
    """Write *text* to stderr as it is; a closed one is no reason to stop."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass

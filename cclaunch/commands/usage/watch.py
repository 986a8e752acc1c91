"""
``cclaunch usage --watch``: what happens now, redrawn in place.

The problem it owns: when a frame is drawn. At most once a second, at once when the terminal has another size, and not at all
where nothing has changed; q and Ctrl-C end it, as they end `top`.
"""

import queue
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from cclaunch import console
from cclaunch.commands.usage.asked import refuse_unknown
from cclaunch.commands.usage.looking import Looking, Seen
from cclaunch.commands.usage.watch_screen import Canvas, frame
from cclaunch.errors import StoreError
from cclaunch.hot.paths import Environ, Paths

if TYPE_CHECKING:
    from cclaunch.redrawn import Heard, Redrawn
    from cclaunch.store.places import Places
    from cclaunch.store.usage import Ledger

EVERY_S = 1.0
REFUSED = "--watch shows what happens now: it takes --where, and no other option"
TIMES = frozenset("hour day week month weekday".split())
ANEW = "\x0c"
"""Ctrl-L."""

Where = dict[str, list[str]]


def refuse(ctx: click.Context, environ: Environ, where: Where, others: bool) -> None:
    """Raise a usage error where *others* were given, or where nothing can be redrawn."""
    if others:
        raise click.UsageError(REFUSED, ctx)
    if times := TIMES & where.keys():
        raise click.UsageError(f"--where {min(times)}: --watch shows what happens now", ctx)
    if not console.terminal():
        programs = "`cclaunch usage --json` is for programs, `cclaunch events -f` follows"
        raise click.UsageError(f"--watch draws on a terminal, and stdout is none; {programs}", ctx)
    if (term := environ.get("TERM", "")) in ("", "dumb") or sys.platform == "win32":
        told = f" (TERM={term})" if term == "dumb" else ""
        raise click.UsageError(f"--watch cannot draw on this terminal{told}; `cclaunch usage` can", ctx)


def watch(ctx: click.Context, environ: Environ, paths: Paths, places: "Places", where: Where) -> None:
    """Show what happens until somebody ends it; the terminal is given back as it was."""
    from cclaunch.redrawn import Redrawn, end_by
    from cclaunch.store.usage import brought_up

    trouble = ""
    with console.progress("adding up", environ) as tell:
        try:
            late = brought_up(places, tell)
            trouble = late.left_out() if late is not None else ""
        except StoreError as error:
            trouble = error.message
    looking = Looking(paths, places, where)

    def check(ledger: "Ledger") -> None:
        refuse_unknown(ctx, where, ledger.names, paths)

    seen = looking.look(check)
    if seen.live is not None and seen.live.empty:
        refuse_unknown(ctx, where, tuple, paths)
    ended = 0
    with Redrawn() as screen:
        news: queue.SimpleQueue[Seen] = queue.SimpleQueue()

        def tell_news(found: Seen) -> None:
            news.put(found)
            screen.tell_news()

        looking.go_on(tell_news)
        try:
            ended = _shown(screen, seen._replace(trouble=seen.trouble or trouble), news, environ, where)
        finally:
            looking.end()
    if ended:
        end_by(ended)


def _shown(
    screen: "Redrawn", seen: Seen, news: "queue.SimpleQueue[Seen]", environ: Environ, where: Mapping[str, list[str]]
) -> int:
    """Draw until somebody ends it; return the signal that did, or 0 for a key, Ctrl-C, and a terminal that is gone."""
    drawn = float("-inf")
    while True:
        now = time.monotonic()
        if now - drawn >= EVERY_S:
            _draw(screen, seen, environ, where)
            drawn = now
        heard = screen.hear(drawn + EVERY_S - time.monotonic())
        while not news.empty():
            seen = news.get()
        if (ended := _ended(heard)) is not None:
            return ended
        if _is_anew(screen, heard):
            drawn = float("-inf")


def _draw(screen: "Redrawn", seen: Seen, environ: Environ, where: Mapping[str, list[str]]) -> None:
    size = screen.size()
    made = frame(seen, Canvas(size.columns, size.rows, console.unicode(environ)), where, time.time_ns())
    screen.draw([console.styled(line, environ) for line in made.lines], made.full)


def _ended(heard: "Heard") -> int | None:
    """Return the signal that ends us, 0 where a key or Ctrl-C does or the terminal is gone; None where nothing does."""
    from cclaunch.redrawn import ENDS, INTERRUPT

    signals = heard.signals & ENDS
    if "q" in heard.keys.lower() or heard.gone or INTERRUPT in signals:
        return 0
    return min(signals, default=None)


def _is_anew(screen: "Redrawn", heard: "Heard") -> bool:
    """Say whether the next frame is drawn at once and whole; be stopped first, where Ctrl-Z asks for that."""
    from cclaunch.redrawn import CONTINUED, RESIZED, STOPPED

    if STOPPED in heard.signals:
        screen.stop()
    elif CONTINUED in heard.signals:
        screen.go_on()
    elif RESIZED in heard.signals or ANEW in heard.keys:
        screen.anew()
    else:
        return False
    return True

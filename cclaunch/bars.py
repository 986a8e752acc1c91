"""
Bars of what takes long, on a terminal's stderr: they go away again, and a pipe sees none of them.

The problem it owns: drawing takes a library that is dear to load, so it is loaded when there is something to draw.
"""

import time
from collections.abc import Mapping
from typing import Any

from cclaunch.console import colourful_errors, note, printable

AFTER_S = 0.3
"""What is over sooner is not drawn."""


class Bars:
    """What is being fetched: a bar for each on a terminal's stderr, that goes away again; else a line for each."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._drawn: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Bars":
        """Begin to draw."""
        if colourful_errors(self._environ):
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
    """The steps of long work: on a terminal the present one with a bar, when it takes longer than a moment; else nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._welcome = colourful_errors(environ)
        self._began = time.monotonic()
        self._drawn: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "Steps":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing on the screen."""
        if self._drawn is not None:
            self._drawn.stop()

    def __call__(self, what: str, done: int, whole: int) -> None:
        """Show that *done* of *whole* is done of the step *what*; 0 of 0 when that is not known."""
        if not self._welcome or time.monotonic() - self._began < AFTER_S:
            return
        if self._drawn is None:
            self._begin()
        if what not in self._tasks:
            for task in self._tasks.values():
                self._drawn.update(task, visible=False)
            self._tasks[what] = self._drawn.add_task(printable(what), total=None)
        self._drawn.update(self._tasks[what], completed=done, total=whole or None)

    def _begin(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}", markup=False), BarColumn())
        self._drawn = Progress(*columns, console=Console(stderr=True), transient=True)
        self._drawn.start()

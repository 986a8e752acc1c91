"""The status line, as ``persist`` puts it in: which command stands there, and what is to be said of it."""

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from cclaunch import console
from cclaunch.backends.embedded import laid
from cclaunch.commands.shared.context import directory_of
from cclaunch.hot.paths import Environ
from cclaunch.persist.line_command import is_gone, runs_ours, spelled
from cclaunch.persist.line_places import PROJECT, in_force, nearer, scope_of, seen_in, stopped_by
from cclaunch.persist.line_text import LEAST_S, Found

LONGEST_SHOWN = 100


def program_of_ours(environ: Environ, scope: str) -> str:
    """Return how a settings file of *scope* names the command of ours that stays. Raises StackError where none does."""
    command = laid.command(environ, "which a status line could run", f"persist --statusline{scope_of(scope)}")
    return spelled(command, environ.get("PATH", os.defpath), shared=scope == PROJECT)


class Line(NamedTuple):
    """A line that was put into the file of a *scope*, the one that *was* there, and what is remembered (*record*)."""

    scope: str
    was: Found
    record: dict[str, Any]

    def tell(self, path: str, does: str, environ: Environ) -> None:
        """Say what became of the file at *path*, what of the line that was there, and where claude does not show ours."""
        if does and self.was.command.strip() and not runs_ours(self.was.command):
            console.note(f"{path}: the status line is in, around the one that was there, which stays: {self._shown()}")
        else:
            console.note(f"{path}: the status line {'is in' if does else 'is current already'}")
        for text in [*(self._refreshed() if does else ()), *self._trouble(path, environ)]:
            console.note(text)
        if does:
            shown = "claude shows it"
            if self.scope == PROJECT:
                shown += " to everybody who works in this repository and has cclaunch, and no line to who has not,"
            console.note(f"{shown} from now on; `cclaunch unpersist --statusline{scope_of(self.scope)}` takes it back")

    def _shown(self) -> str:
        text = self.was.command.strip()
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"

    def _refreshed(self) -> Iterator[str]:
        before = self.was.refresh
        if self.was.line is None:
            return
        if before >= LEAST_S:
            yield f"refreshInterval stays {before:g}"
        elif before:
            yield f"refreshInterval was {before:g} and is {LEAST_S}: with less, claude may end each run by the next one"
        else:
            yield f"refreshInterval is {LEAST_S}: an idle claude runs the line anew after so many seconds"

    def _trouble(self, path: str, environ: Environ) -> Iterator[str]:
        """Yield sentences on why claude does not show it, here or at all, and on whose place it takes."""
        seen = seen_in(directory_of(), environ)
        stronger = nearer(seen, self.scope)
        if stronger:
            told = "has a line of ours as well" if runs_ours(stronger[-1].command) else "has a line of its own"
            yield f"{stronger[-1].path} {told}, and claude shows that one here"
        weaker = [one for one in seen if one not in stronger and os.path.realpath(one.path) != os.path.realpath(path)]
        if not stronger and (hidden := in_force(weaker)) and not runs_ours(hidden.command):
            yield f"it takes the place of the line in {hidden.path} here: claude shows one line only"
        if stopping := stopped_by(seen):
            yield f"`disableAllHooks` in {stopping} has claude show no status line"
        if self.scope == PROJECT and is_gone("cclaunch", environ.get("PATH", os.defpath)):
            yield "no cclaunch is on this PATH, by whose name the file has to call it"

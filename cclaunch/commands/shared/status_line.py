"""What ``check`` and ``status`` say of claude's status line: which one it shows here, and what is wrong with ours."""

from typing import NamedTuple

from cclaunch.commands.shared.context import directory_of
from cclaunch.config.model import Config
from cclaunch.hot.paths import Environ
from cclaunch.persist.line_command import runs_ours
from cclaunch.persist.line_places import Seen, in_force, scope_of, seen_in, stopped_by
from cclaunch.persist.line_text import Found
from cclaunch.persist.statusline import line_trouble


class LineHere(NamedTuple):
    """
    The line that claude shows here.

    Attributes:
        shown: The settings file that counts, or None.
        ours: Every file here whose line runs ours, the weakest first.
        stopped: The file that stops every line, or an empty string.
    """

    shown: Seen | None
    ours: list[Seen]
    stopped: str

    def document(self) -> dict[str, object] | None:
        """Return what programs are told; None where claude shows none."""
        if self.shown is None:
            return None
        ours = runs_ours(self.shown.command)
        return {"scope": self.shown.place, "path": self.shown.path, "ours": ours, "stopped_by": self.stopped or None}

    def text(self) -> str:
        """Return the same for people."""
        put = "`cclaunch persist --statusline` puts ours in"
        if self.shown is None:
            return f"none ({put})"
        if self.stopped:
            return f"none: `disableAllHooks` in {self.stopped}"
        if runs_ours(self.shown.command):
            return f"ours, from the {self.shown.place} settings ({self.shown.path})"
        if self.ours:
            return f"another one, from {self.shown.path}; ours in {self.ours[-1].path} is not shown here"
        return f"another one, from {self.shown.path} ({put}, around it)"

    def trouble(self, environ: Environ) -> list[tuple[str, str]]:
        """Return (what is wrong with a line of ours, the command that mends it), file by file."""
        found = []
        for one in self.ours:
            told = line_trouble(Found(one.line), environ.get("PATH", ""))
            found += [(f"{text} ({one.path})", f"cclaunch persist --statusline{scope_of(one.place)}") for text in told]
        return found


def line_here(environ: Environ) -> LineHere:
    """Return what claude's settings files say of a status line in the directory that we are in."""
    seen = seen_in(directory_of(), environ)
    return LineHere(in_force(seen), [one for one in seen if runs_ours(one.command)], stopped_by(seen))


def unknown_names(config: Config) -> list[str]:
    """Return the names in ``[statusline] format`` that mean nothing."""
    from cclaunch.statusline.format import unknown

    return unknown(config.statusline.format)

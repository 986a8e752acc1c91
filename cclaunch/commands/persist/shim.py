"""The shim, as ``persist`` and ``unpersist`` make it and take it away, and what ``persist status`` says of it."""

import os
from collections.abc import Iterable
from typing import Any

from cclaunch import console
from cclaunch.backends.embedded import laid
from cclaunch.config.state import load_state
from cclaunch.errors import UsageError
from cclaunch.hot.paths import Environ, Paths
from cclaunch.persist.content import Content
from cclaunch.persist.shim import leads_to, link_of, make_shim, remove_shim, trouble_of
from cclaunch.persist.step import MISSING, Step, remembered, step_of
from cclaunch.shells.rc_files import Target


class Shim:
    """
    The shim as it was asked for: to be made (*wanted* is True), to be taken away (False), or to stay as it is (None).

    Raises:
        StackError: No command of ours stays that it could lead to.
        UsageError: Windows, where a link takes a right that few users have.
    """

    def __init__(self, environ: Environ, paths: Paths, wanted: bool | None) -> None:
        self._paths = paths
        self._wanted = wanted
        if wanted and os.name == "nt":
            raise UsageError("there is no shim on Windows", hint="the function of the block serves PowerShell: cclaunch persist")
        self._command = laid.command(environ, "which a shim could lead to", "persist --shim") if wanted else ""

    def in_blocks(self, holds: Content, targets: Iterable[Target]) -> tuple[Content, list[tuple[Target, str]]]:
        """Return what blocks are to hold, and the files with blocks beside *targets* that change with it, with their kinds."""
        if self._wanted is None or self._wanted == bool(holds.shim):
            return holds, []
        chosen = {target.path for target in targets}
        known = [(target, kind) for target, kind in remembered(load_state(self._paths)) if target.path not in chosen]
        others = [(target, kind) for target, kind in known if step_of(target, holds, kind=kind).state != MISSING]
        return holds._replace(shim=self._paths.shim if self._wanted else ""), others

    def put(self, dry: bool) -> None:
        """Make it, before a block names it. Raises FileTrouble."""
        if not self._wanted:
            return
        link = link_of(self._paths)
        if dry:
            console.note(f"{link}: it would lead to {self._command}")
        else:
            make_shim(self._paths, self._command)
            console.note(f"{link}: it leads to {self._command}")

    def take(self, steps: Iterable[Step]) -> None:
        """Take it away, once none of *steps* has left its name in a block. Raises FileTrouble."""
        if self._wanted is False and not any(step.error for step in steps):
            take_shim(self._paths)


def take_shim(paths: Paths) -> bool:
    """Take the shim away, tell it, and say whether there was one. Raises FileTrouble."""
    if gone := remove_shim(paths):
        console.note(f"{link_of(paths)}: it is deleted")
    return gone


def shim_state(paths: Paths, holds: Content, environ: Environ) -> dict[str, Any] | None:
    """Return what a program is told of the shim; None when there is none."""
    if not holds.shim:
        return None
    trouble = trouble_of(paths, environ.get("PATH"))
    return {"path": link_of(paths), "leads_to": leads_to(paths), "trouble": trouble.message if trouble else None}


def tell_shim(paths: Paths, holds: Content, environ: Environ) -> None:
    """Say where the shim leads, or why a claude that is looked for along this PATH is not its."""
    if not holds.shim:
        return
    if trouble := trouble_of(paths, environ.get("PATH")):
        console.note(f"the shim does not serve here: {trouble.message} ({trouble.hint})")
    else:
        console.note(f"the shim serves what looks along PATH: {link_of(paths)} leads to {leads_to(paths)}")

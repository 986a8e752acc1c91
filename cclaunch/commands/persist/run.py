"""Carrying out what was chosen: every file on its own, and what became of each said at the end."""

import contextlib
from collections.abc import Iterable
from typing import Any, NamedTuple

import click

from cclaunch import console
from cclaunch.backends.embedded.autostart import listening_after_reboot
from cclaunch.commands.persist.choice import Choice, chosen
from cclaunch.commands.persist.line import program_of_ours
from cclaunch.commands.persist.settings import VARIABLES, carried_out, parts_in, parts_out, put_in, steps_of, tell_parts
from cclaunch.commands.persist.shim import Shim, take_shim
from cclaunch.commands.persist.words import read_anew, take_back
from cclaunch.config.state import load_state
from cclaunch.files.theirs.diff import diff
from cclaunch.files.theirs.in_place import recover
from cclaunch.files.theirs.write import writing
from cclaunch.hot.paths import Environ, Paths, home
from cclaunch.persist.block import insert_block
from cclaunch.persist.content import Content, content
from cclaunch.persist.own_files import Change, carry_out_changes, changes, directories_made
from cclaunch.persist.step import (
    Step,
    Way,
    by_hand,
    carry_out,
    claudes,
    readers,
    remember_files,
    remembered,
    to_persist,
    to_unpersist,
)
from cclaunch.persist.template import SCOPED, WHOLE

DONE = {
    "add": "the block is in",
    "update": "the block is brought up to date",
    "remove": "the block is out",
    "delete": "it is deleted; it held nothing else",
}
CURRENT_ALREADY = {VARIABLES: "our variables are current already"}


class Wish(NamedTuple):
    """
    How it was asked for: *dry* writes nothing, *kind* is the block's; *force* and *in_place* as the options.

    *shim* has the shim made (True) or taken away (False); None leaves it.
    """

    dry: bool = False
    kind: str = WHOLE
    force: bool = False
    in_place: bool = False
    shim: bool | None = None


def persist(environ: Environ, paths: Paths, choice: Choice, wish: Wish) -> None:
    """Put the block into every chosen file. Raises click's Exit with 1 when one could not be done."""
    holds = content(environ, paths)
    for text in holds.notes:
        console.note(text)
    way = Way(home(environ), environ, wish.force, wish.in_place)
    targets = chosen(choice, environ, paths)
    made = directories_made(holds)
    shim = Shim(environ, paths, wish.shim)
    program = program_of_ours(environ, choice.line) if choice.line else ""
    holds, others = shim.in_blocks(holds, targets)
    with _locked(paths, wish.dry):
        shim.put(wish.dry)
        steps: list[Step] = []
        for target, kind in [*((target, wish.kind) for target in targets), *others]:
            step = to_persist(target, holds, way, kind=kind)
            steps.append(step if wish.dry else carry_out(step, paths, way))
        known = readers([*remembered(load_state(paths)), *((target, wish.kind) for target in targets)])
        ours = _own_files(changes(holds, known, made=made), holds, wish.dry)
        settings = parts_in(environ, paths, holds, way, choice, program)
        if not wish.dry:
            settings = carried_out(settings, paths, way)
            remember_files(steps, paths)
            shim.take(steps)
    if wish.dry:
        _show_diffs([*steps, *steps_of(settings)], ours)
    else:
        _tell(steps, "the block is current already")
        tell_parts(settings, environ, CURRENT_ALREADY)
        _tell_by_hand(steps)
        claudes = put_in(settings, VARIABLES)
        _tell_listening(environ, paths, choice, steps[: len(targets)], claudes)  # what it takes back is what was asked for
    _end([*steps, *steps_of(settings)], wish.dry, ours)


def unpersist(environ: Environ, paths: Paths, choice: Choice, wish: Wish) -> None:
    """Take the block out of every chosen file. Raises click's Exit with 1 when one could not be done."""
    holds = content(environ, paths)
    way = Way(home(environ), environ, wish.force, wish.in_place)
    targets = chosen(choice, environ, paths, removing=True)
    shimless = False
    with _locked(paths, wish.dry):
        known = remembered(load_state(paths))
        gone = {step.target.path for step in (to_unpersist(target, holds, way) for target in targets) if not step.error}
        # first, so that a directory that was made for a block and holds them is empty when the block goes
        left = readers([one for one in known if one[0].path not in gone])
        ours = _own_files(changes(holds, left, spare=True), holds, wish.dry)
        steps: list[Step] = []
        for target in targets:
            step = to_unpersist(target, holds, way)
            steps.append(step if wish.dry else carry_out(step, paths, way))
        settings = parts_out(environ, paths, holds, way, choice)
        if not wish.dry:
            settings = carried_out(settings, paths, way, always=True)
            remember_files(steps, paths)
            blocks = remembered(load_state(paths))
            _own_files(changes(holds, readers(blocks)), holds, False)  # what could not be undone goes on to read them
            shimless = not blocks and take_shim(paths)
    if wish.dry:
        _show_diffs([*steps, *steps_of(settings)], ours)
    else:
        touched = [step for step in steps if step.does or step.error]
        _tell(touched, "")
        if not tell_parts(settings, environ, {}) and not shimless and not touched:
            console.note(f"there is no {'status line' if choice.only_line else 'block'} of ours")
    _end([*steps, *steps_of(settings)], True, ours)


def _own_files(todo: list[Change], holds: Content, dry: bool) -> list[Change]:
    """Make the changes *todo* of our own files, or leave it at that, and return them; tell what cannot be done."""
    if not dry:
        todo = carry_out_changes(holds, todo)
    for change in todo:
        if change.error:
            console.show_error(change.error)
    return todo


def _locked(paths: Paths, dry: bool) -> contextlib.AbstractContextManager[None]:
    """Hold the lock, and mend what a killed run left; a dry run writes nothing, so it needs neither."""
    if dry:
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def held() -> Any:
        with writing(paths):
            for text in recover(paths):
                console.note(text)
            yield

    return held()


def _show_diffs(steps: Iterable[Step], ours: Iterable[Change]) -> None:
    shown: set[str] = set()
    for change in ours:
        console.data(diff(change.path, change.before, change.after))
    for step in steps:
        if step.error:
            console.show_error(step.error)
        elif step.does and step.snapshot and step.snapshot.target not in shown:  # one file may have two names
            shown.add(step.snapshot.target)
            after = None if step.does == "delete" else step.data
            console.data(diff(step.snapshot.target, step.snapshot.data, after))


def _tell(steps: Iterable[Step], otherwise: str) -> None:
    for step in steps:
        if step.error:
            console.show_error(step.error)
        else:
            console.note(f"{step.target.path}: {DONE.get(step.does, otherwise)}")


def _tell_by_hand(steps: Iterable[Step]) -> None:
    for step in steps:
        if (found := by_hand(step)) and not step.error:
            told = ", ".join(f"{name} (line {line})" for name, line in found.items())
            console.note(f"{step.target.path} sets {told} by hand: that stays")
        for text in claudes(step) if not step.error else ():
            console.note(f"{step.target.path}: {text}")


def _tell_listening(environ: Environ, paths: Paths, choice: Choice, steps: Iterable[Step], claudes: list[Step]) -> None:
    shells = [step for step in steps if step.does in ("add", "update") and not step.error]
    if shells:
        console.note(f"it counts in every shell that is started from now on; `{take_back(choice, shells)}` takes it back")
    if claudes:
        console.note(
            "it counts in every claude that is started from now on; `cclaunch unpersist --claude-settings` takes it back"
        )
    alone = claudes or any(step.kind != SCOPED for step in shells)
    if alone and not listening_after_reboot(paths, environ):
        console.note(
            "a claude that cclaunch does not launch starts no collector; `cclaunch stack enable` has it start with your session"
        )
    if typed := read_anew(environ, shells):
        console.note(f"type next: `{typed}`, for this shell has read its files already; then `claude`")


def _end(steps: Iterable[Step], quiet: bool, ours: Iterable[Change]) -> None:
    """Print the blocks that could not be written, for pasting, and end with 1 if there was any trouble."""
    failed = [step for step in steps if step.error]
    pasted: set[bytes] = set()
    for step in failed if not quiet else ():
        if step.text and step.text not in pasted:
            pasted.add(step.text)
            console.note(f"to do it by hand, add this to {step.target.path}:")
            console.data(insert_block(b"", step.text))
    if failed or any(change.error for change in ours):
        raise click.exceptions.Exit(1)

"""Carrying out what was chosen: every file on its own, and what became of each said at the end."""

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import click

from cclaunch import console
from cclaunch.backends.embedded.autostart import listening_after_reboot
from cclaunch.commands.persist.choice import Choice, chosen
from cclaunch.commands.persist.shim import Shim, take_shim
from cclaunch.commands.persist.words import read_anew, take_back
from cclaunch.config.state import key_of, load_state
from cclaunch.files.theirs.diff import diff
from cclaunch.files.theirs.in_place import recover
from cclaunch.files.theirs.write import writing
from cclaunch.hot.paths import Environ, Paths, home
from cclaunch.persist.block import insert_block
from cclaunch.persist.content import Content, content
from cclaunch.persist.own_files import Change, carry_out_changes, changes, directories_made
from cclaunch.persist.settings import kept_by_hand, settings_target, settings_to_persist, settings_to_unpersist, write_down
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
SETTINGS_DONE = {"add": "made", "update": "the variables are in", "remove": "our variables are out", "delete": "deleted"}


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
    holds, others = shim.in_blocks(holds, targets)
    with _locked(paths, wish.dry):
        shim.put(wish.dry)
        steps: list[Step] = []
        for target, kind in [*((target, wish.kind) for target in targets), *others]:
            step = to_persist(target, holds, way, kind=kind)
            steps.append(step if wish.dry else carry_out(step, paths, way))
        known = readers([*remembered(load_state(paths)), *((target, wish.kind) for target in targets)])
        ours = _own_files(changes(holds, known, made=made), holds, wish.dry)
        settings = _settings_in(environ, paths, holds, way, wish.dry) if choice.settings else []
        if not wish.dry:
            remember_files(steps, paths)
            shim.take(steps)
    if wish.dry:
        _show_diffs([*steps, *settings], ours)
    else:
        _tell(steps, "the block is current already")
        _tell_settings(settings, "our variables are current already")
        _tell_by_hand(steps)
        _tell_listening(environ, paths, choice, steps[: len(targets)], settings)  # what it takes back is what was asked for
    _end([*steps, *settings], wish.dry, ours)


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
        settings = _settings_out(environ, paths, holds, way, wish.dry) if choice.settings or choice.every else []
        if not wish.dry:
            remember_files(steps, paths)
            blocks = remembered(load_state(paths))
            _own_files(changes(holds, readers(blocks)), holds, False)  # what could not be undone goes on to read them
            shimless = not blocks and take_shim(paths)
    if wish.dry:
        _show_diffs([*steps, *settings], ours)
    else:
        touched = [step for step in steps if step.does or step.error]
        _tell(touched, "")
        _tell_settings([step for step in settings if step.does or step.error], "")
        if not shimless and not touched and not any(step.does or step.error for step in settings):
            console.note("there is no block of ours")
    _end([*steps, *settings], True, ours)


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


def _settings_in(environ: Environ, paths: Paths, holds: Content, way: Way, dry: bool) -> list[Step]:
    target = settings_target(environ, way.home)
    record = _record_of(paths, target.path)
    step, after = settings_to_persist(target, holds, way, record)
    if kept := kept_by_hand(step, record):
        console.note(f"{target.path} sets {', '.join(kept)} by hand: that stays")
    if not dry and (step := carry_out(step, paths, way)).does and not step.error:
        write_down(target.path, dict(after), paths)
    return [step]


def _settings_out(environ: Environ, paths: Paths, holds: Content, way: Way, dry: bool) -> list[Step]:
    target = settings_target(environ, way.home)
    step = settings_to_unpersist(target, holds, way, _record_of(paths, target.path))
    if not dry and not (step := carry_out(step, paths, way)).error:
        write_down(target.path, None, paths)
    return [step]


def _record_of(paths: Paths, path: str) -> Mapping[str, Any]:
    return load_state(paths).claude_settings.get(key_of(path), {})


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


def _tell_settings(steps: Iterable[Step], otherwise: str) -> None:
    for step in steps:
        if step.error:
            console.show_error(step.error)
        else:
            console.note(f"{step.target.path}: {SETTINGS_DONE.get(step.does, otherwise)}")


def _tell_by_hand(steps: Iterable[Step]) -> None:
    for step in steps:
        if (found := by_hand(step)) and not step.error:
            told = ", ".join(f"{name} (line {line})" for name, line in found.items())
            console.note(f"{step.target.path} sets {told} by hand: that stays")
        for text in claudes(step) if not step.error else ():
            console.note(f"{step.target.path}: {text}")


def _tell_listening(environ: Environ, paths: Paths, choice: Choice, steps: Iterable[Step], settings: Iterable[Step]) -> None:
    shells, claudes = ([step for step in some if step.does in ("add", "update") and not step.error] for some in (steps, settings))
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

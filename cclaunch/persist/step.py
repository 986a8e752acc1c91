"""
Our block in the files of the person's: what would have to change, and the change itself.

A *step* is worked out completely before anything is written, so that it can be shown, refused or carried out; whatever
is wrong with one file is in its step and stops no other.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cclaunch.config.state import State, change_state, key_of, path_of
from cclaunch.errors import CclaunchError
from cclaunch.files.theirs.look import FileRefused, Snapshot, examine, read_snapshot
from cclaunch.files.theirs.write import delete_file, missing_parents, write_file
from cclaunch.hot.paths import Paths
from cclaunch.persist.block import VERSION, Block, DamagedMarkers, find_block, insert_block, remove_block, replace_block
from cclaunch.persist.by_hand import MADE, PATH, claudes_by_hand, lines_by_hand
from cclaunch.persist.content import ALL, Content
from cclaunch.persist.template import EXPORTS, SCOPED, WHOLE
from cclaunch.shells.rc_files import Target
from cclaunch.shells.syntax import trouble

MISSING, CURRENT, OUTDATED, EDITED, DAMAGED, UNUSABLE = "missing", "current", "outdated", "edited", "damaged", "unusable"
"""What can be said of our block in a file."""


class Step(NamedTuple):
    """
    What is to be done with one file.

    Attributes:
        target: Which file, of which shell.
        kind: What the block is made of, as ``template`` has it.
        state: What the file holds now: one of the words above.
        does: What happens to it: ``add``, ``update``, ``remove`` or ``delete``; empty when there is nothing to do.
        snapshot: The file as it was read; None when it cannot be read.
        data: What it is to hold.
        block: Our block as it is there now.
        error: Why nothing is done.
        text: The text of the block as it would be now.
        mode: Of the file, where it is new.
        parents: How many directories above it go with it, when it is deleted and they are empty.
    """

    target: Target
    kind: str = WHOLE
    state: str = MISSING
    does: str = ""
    snapshot: Snapshot | None = None
    data: bytes = b""
    block: Block | None = None
    error: CclaunchError | None = None
    text: bytes = b""
    mode: int = 0o644
    parents: int = 0

    @property
    def dialect(self) -> str:
        """Return the shell whose script the block is."""
        return self.target.dialect or self.target.shell


class Way(NamedTuple):
    """How it is to be done: *home*, the *environ* that finds the shells, *force* and *in_place* as on the command line."""

    home: str
    environ: Mapping[str, str]
    force: bool = False
    in_place: bool = False


def step_of(target: Target, content: Content, *, kind: str = WHOLE) -> Step:
    """Return the step for *target* with what the file holds, and nothing to do yet. Never raises for the file."""
    step = Step(target, kind)
    try:
        step = step._replace(text=content.text(step.dialect, kind).encode("utf-8", "surrogateescape"))
        if target.refused:
            return step._replace(state=UNUSABLE, error=FileRefused(target.refused, hint="--rc-file FILE names another file"))
        snapshot = read_snapshot(target.path)
        step = step._replace(snapshot=snapshot, data=snapshot.data or b"")
        block = find_block(step.data)
    except CclaunchError as error:
        if isinstance(error, DamagedMarkers):
            error.message = f"{target.path}: {error.message}"
        return step._replace(state=DAMAGED if isinstance(error, DamagedMarkers) else UNUSABLE, error=error)
    if target.own and step.data and (block is None or (block.start, block.end) != (0, len(step.data))):
        return step._replace(block=block, state=UNUSABLE, error=FileRefused(f"{target.path} holds text that is not ours"))
    if block is None:
        return step
    current = block.version == VERSION and block.body == step.text
    state = EDITED if block.edited else CURRENT if current else OUTDATED
    return step._replace(block=block, state=state)


def to_persist(target: Target, content: Content, way: Way, *, kind: str = WHOLE) -> Step:
    """Return the step that brings our block in *target* up to date, or tells why it cannot be."""
    step = step_of(target, content, kind=kind)
    if step.error or step.state == CURRENT or step.snapshot is None:
        return step
    if step.state == EDITED and not way.force:
        return step._replace(error=_edited(step, "overwrites"))
    try:
        examine(step.snapshot, way.home, in_place=way.in_place)
        if step.block is not None:
            return step._replace(does="update", data=replace_block(step.data, step.block, step.text))
        if not way.force and (why := _unfit(step.target, step.data, way)):
            raise FileRefused(f"{target.path}: {why}", hint="mend it first; --force adds the block all the same")
        new = 0 if step.snapshot.data is not None else 1 + len(missing_parents(step.snapshot.target))
        made = insert_block(step.data, step.text, new)
        if not way.force and (why := _unfit(step.target, made, way)):
            raise FileRefused(f"{target.path}: with the block in it, {why}", hint="--force adds it all the same")
        found = find_block(made)
        if found is None or found.body != step.text:
            raise FileRefused(f"{target.path}: the block would become part of a here-document", hint="close that first")
    except CclaunchError as error:
        return step._replace(error=error)
    return step._replace(does="add", data=made)


def _unfit(target: Target, data: bytes, way: Way) -> str:
    """Say why nothing can be added to *data*; a file that several shells read must be whole for one of them."""
    why = trouble(target.shell, data, way.environ)
    return trouble(target.dialect, data, way.environ) if why and target.dialect else why


def _edited(step: Step, what: str) -> FileRefused:
    return FileRefused(
        f"the block in {step.target.path} was edited by hand",
        cause=f"it stands in lines {lines_of(step)}",
        hint=f"move your lines out of it; --force {what} them (a copy is kept)",
    )


def lines_of(step: Step) -> str:
    """Return the numbers of the first and the last line of the block."""
    if step.block is None:
        return ""
    first = step.data.count(b"\n", 0, step.block.start) + 1
    last = first + step.data.count(b"\n", step.block.start, step.block.end - 1)
    return f"{first}-{last}"


def to_unpersist(target: Target, content: Content, way: Way) -> Step:
    """Return the step that takes our block out of *target*, or tells why it cannot be; nothing to do where there is none."""
    step = step_of(target, content)
    if step.block is None or step.snapshot is None:
        gone = step.state == UNUSABLE and step.snapshot is not None  # text of another, and none of ours
        return step._replace(error=None) if gone or target.refused else step
    if step.block.edited and not way.force:
        return step._replace(error=_edited(step, "removes"))
    try:
        examine(step.snapshot, way.home, in_place=way.in_place)
    except CclaunchError as error:
        return step._replace(error=error)
    rest = remove_block(step.data, step.block)
    return step._replace(error=None, does="delete" if rest is None else "remove", data=rest or b"", parents=step.block.new - 1)


def carry_out(step: Step, paths: Paths, way: Way) -> Step:
    """Do what *step* says, under ``rcwrite.writing``; return it, with its error if it could not be done."""
    if step.error or not step.does or step.snapshot is None:
        return step
    try:
        if step.does == "delete":
            delete_file(step.snapshot, paths, step.parents)
        else:
            write_file(step.snapshot, step.data, paths, in_place=way.in_place, mode=step.mode)
    except CclaunchError as error:
        return step._replace(error=error)
    return step


def remember_files(steps: Iterable[Step], paths: Paths) -> None:
    """Write down which files hold our block now. Raises as ``change_state`` does."""

    def change(state: State) -> State:
        files = dict(state.rc_files)
        for step in steps:
            key = key_of(step.target.path)
            if step.error is None and (step.does in ("add", "update") or (step.state == CURRENT and not step.does)):
                scoped = step.kind == SCOPED  # what a first release asks for
                about: dict[str, Any] = {"shell": step.target.shell, "scoped": scoped, "own": step.target.own, "kind": step.kind}
                files[key] = about | ({"dialect": step.target.dialect} if step.target.dialect else {})
            elif step.error is None:
                files.pop(key, None)
        return state._replace(rc_files=files)

    change_state(paths, change)


def remembered(state: State) -> list[tuple[Target, str]]:
    """
    Return the files that hold our block as far as we know, and the kind of each.

    A first release wrote no kind down: its blocks had either exports or a function.
    """
    found = []
    for key, about in state.rc_files.items():
        kind = about.get("kind", SCOPED if about.get("scoped") else EXPORTS)
        dialect = str(about.get("dialect", ""))
        target = Target(str(about.get("shell", "sh")), path_of(key), own=bool(about.get("own")), dialect=dialect)
        found.append((target, kind if kind in (WHOLE, EXPORTS, SCOPED) else WHOLE))
    return found


def readers(known: Iterable[tuple[Target, str]]) -> list[str]:
    """Return the shells whose blocks, among the *known* ones, read a file of ours."""
    return [target.dialect or target.shell for target, kind in known if kind != SCOPED]


def by_hand(step: Step) -> dict[str, int]:
    """Return the variables of a block that the file sets outside of it -> the line: there the person's word counts."""
    return lines_by_hand(_outside(step), ALL)


CLAUDES = {
    PATH: "line {line} makes `claude` an alias of a path, past every function: delete it, or write alias claude='claude …'",
    MADE: "line {line} makes a `claude` of its own, which counts: with `cclaunch --` for `command claude` in it, it is a launch",
}


def claudes(step: Step) -> list[str]:
    """Return sentences on what the file calls `claude` outside of a block that makes one."""
    found = claudes_by_hand(_outside(step)) if step.kind != EXPORTS else {}
    return [CLAUDES[kind].format(line=line) for line, kind in found.items()]


def _outside(step: Step) -> bytes:
    """Return what the file holds, with empty lines in the place of our block."""
    data = (step.snapshot.data if step.snapshot else None) or b""
    if step.block is None:
        return data
    blank = b"\n" * data.count(b"\n", step.block.start, step.block.end)
    return data[: step.block.start] + blank + data[step.block.end :]

"""
Our status line in a settings file of claude's: put in, around the one that is there, and taken out again.

The problem it owns: the file is the person's, or a repository's, and claude writes it too. While it is as we left it, it comes
back to the byte; else what still is ours goes, and what it replaced is put there again.
"""

from cclaunch.config.state import State, change_state, key_of
from cclaunch.errors import CclaunchError
from cclaunch.files.claude_json import decode_exactly, encode_exactly
from cclaunch.files.theirs.look import examine
from cclaunch.files.theirs.splice import NotJson, read_object
from cclaunch.files.theirs.write import missing_parents
from cclaunch.hot.paths import Paths
from cclaunch.persist.line_command import is_gone, program_of, runs_ours
from cclaunch.persist.line_text import EMPTY, LEAST_S, Found, found_in, taken, unwrapped, with_line
from cclaunch.persist.settings import begun, told_of
from cclaunch.persist.step import CURRENT, DAMAGED, MISSING, OUTDATED, UNUSABLE, Step, Way
from cclaunch.persist.stretch import Record, is_as_left, put_back, record_of
from cclaunch.shells.rc_files import Target


def judge_line(target: Target, path: str, *, over: Step | None = None) -> tuple[Step, Found]:
    """
    Return the step for a settings file, with nothing to do yet, and the line that it holds.

    Args:
        target: The settings file.
        path: The value of PATH, along which a command of ours must be found.
        over: A step that changes the same file first, and is done with this one.
    """
    step = begun(target, over)
    if step.error:
        return step, Found()
    try:
        found = found_in(decode_exactly(step.data)[0]) if step.data.strip() else Found()
    except ValueError as error:
        return step._replace(state=DAMAGED, error=told_of(target, error)), Found()
    if not runs_ours(found.command):
        return step._replace(state=MISSING), found
    fine = found.refresh >= LEAST_S and not line_trouble(found, path)
    return step._replace(state=CURRENT if fine else OUTDATED), found


def line_trouble(found: Found, path: str) -> list[str]:
    """Return sentences on why the line *found*, which runs ours, shows nothing; *path* is the value of PATH."""
    program, told = program_of(found.command), []
    if program and is_gone(program, path):
        told.append(f"the status line runs {program}, which is not there")
    if 0 < found.refresh < LEAST_S:
        told.append(f"refreshInterval is {found.refresh:g}: with less than {LEAST_S}, claude may end each run by the next one")
    return told


def line_to_persist(
    target: Target, program: str, way: Way, record: Record, *, over: Step | None = None
) -> tuple[Step, Record, Found]:
    """
    Return the step that puts our line in, or brings it up to date, what to write down then, and the line that was there.

    Args:
        target: The settings file.
        program: What runs us, as it is to stand there.
        way: How it is to be done.
        record: What was written down of the file.
        over: As ``judge_line`` has it.
    """
    step, was = judge_line(target, way.environ.get("PATH", ""), over=over)
    if step.error or step.state == CURRENT or step.snapshot is None:
        return step, record, was
    base = without_line(step.data, record)
    text, codec = decode_exactly(base) if base and base.strip() else (EMPTY, "utf-8")
    try:
        examine(step.snapshot, way.home, in_place=way.in_place)
        was = found_in(text)
        made, more = with_line(text, was, program)
    except CclaunchError as error:
        return step._replace(error=error), record, was
    except NotJson as error:
        return step._replace(error=told_of(target, error)), record, was
    new = step.snapshot.data is None
    parents = 1 + len(missing_parents(step.snapshot.target)) if new else int(record.get("made", 0))
    if over is not None and over.does == "add":  # that one made the file, and takes it away
        parents = 0
    data = encode_exactly(made, codec)
    if data == step.data:  # there is nothing better to be said, though it may not serve here
        return step._replace(state=CURRENT), record, was
    after = record_of(base or b"", data, parents, **more)
    return step._replace(does="add" if new else "update", data=data), after, was


def without_line(data: bytes, record: Record) -> bytes | None:
    """
    Return *data* without what is ours in it; None when the file is ours and holds nothing else.

    A line as ``command_line`` makes it goes even where nothing was written down: what it wraps was there before.

    Raises:
        ValueError: It is not the JSON that claude reads.
    """
    if is_as_left(data, record):
        rest = put_back(data, record)
        if rest is None:
            return None
        data, record = rest, {"made": record.get("made", 0)}
    if not data.strip():
        return data
    text, codec = decode_exactly(data)
    text = unwrapped(taken(text, record))
    if record.get("made") and not read_object(text).members:
        return None
    return encode_exactly(text, codec)


def line_to_unpersist(target: Target, way: Way, record: Record, *, over: Step | None = None) -> Step:
    """Return the step that takes our line out again; nothing to do where it is not ours (any more)."""
    if over is not None and over.does == "delete":
        return over
    step, _ = judge_line(target, way.environ.get("PATH", ""), over=over)
    if step.state == UNUSABLE or step.snapshot is None or step.snapshot.data is None:
        return step
    if not record and b"cclaunch" not in step.data.replace(b"\0", b""):  # what is broken there is no matter
        return step._replace(error=None)
    try:
        rest = without_line(step.data, record)
        if rest == step.data:
            return step._replace(error=None) if step.state == DAMAGED else step
        examine(step.snapshot, way.home, in_place=way.in_place)
    except CclaunchError as error:
        return step._replace(error=error)
    except ValueError:
        return step  # with its error: it was judged already
    parents = max(0, int(record.get("made", 0)) - 1)
    return step._replace(error=None, does="delete" if rest is None else "remove", data=rest or b"", parents=parents)


def write_line_down(path: str, record: Record | None, paths: Paths) -> None:
    """Keep *record* for the settings file at *path*; None forgets it. Raises as ``change_state`` does."""

    def change(state: State) -> State:
        files = {name: about for name, about in state.status_lines.items() if name != key_of(path)}
        return state._replace(status_lines=files | ({key_of(path): record} if record else {}))

    change_state(paths, change)

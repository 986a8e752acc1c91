"""Claude's own settings files, as ``persist`` and ``unpersist`` change them: the variables, the status line, or both at once."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from cclaunch import console
from cclaunch.commands.persist.choice import Choice
from cclaunch.commands.persist.line import Line
from cclaunch.commands.shared.context import directory_of
from cclaunch.config.state import key_of, load_state, path_of
from cclaunch.hot.paths import Environ, Paths
from cclaunch.persist.content import Content
from cclaunch.persist.line_places import PROJECT, line_target
from cclaunch.persist.settings import kept_by_hand, settings_target, settings_to_persist, settings_to_unpersist, write_down
from cclaunch.persist.statusline import line_to_persist, line_to_unpersist, write_line_down
from cclaunch.persist.step import Step, Way, carry_out
from cclaunch.persist.stretch import Record, is_as_left
from cclaunch.shells.rc_files import Target

VARIABLES, LINE = "variables", "line"
DONE = {
    VARIABLES: {"add": "made", "update": "the variables are in", "remove": "our variables are out", "delete": "deleted"},
    LINE: {"remove": "our status line is out", "delete": "deleted"},
}


class Part(NamedTuple):
    """
    One of the two things in one file.

    Attributes:
        what: ``variables`` or ``line``.
        step: What is to be done with the file, with all that an earlier part of the same file does to it.
        does: What this part does to it; empty when nothing.
        keep: Writes down that it was done.
        line: What is to be said of a line that was put in.
    """

    what: str
    step: Step
    does: str
    keep: Callable[[], None]
    line: Line | None = None


def parts_in(environ: Environ, paths: Paths, holds: Content, way: Way, choice: Choice, program: str) -> list[list[Part]]:
    """
    Return what puts in what *choice* asks for, file by file.

    *program* is what a status line of the scope that it names is to run. Raises UsageError as ``line_target`` does.
    """
    files: list[list[Part]] = []
    mine = settings_target(environ, way.home)
    if choice.settings:
        record = _variables_of(paths, mine.path)
        step, after = settings_to_persist(mine, holds, way, record)
        if kept := kept_by_hand(step, record):
            console.note(f"{mine.path} sets {', '.join(kept)} by hand: that stays")
        files.append([Part(VARIABLES, step, step.does, partial(write_down, mine.path, dict(after), paths))])
    if choice.line:
        target = line_target(choice.line, environ, directory_of())
        first = files.pop() if files and _same(mine, target) else []
        files.append([*first, _line_in(target, choice.line, program, paths, way, first)])
    return files


def _line_in(target: Target, scope: str, program: str, paths: Paths, way: Way, first: list[Part]) -> Part:
    over = first[-1].step if first else None
    step, after, was = line_to_persist(target, program, way, _line_of(paths, target.path), over=over)
    if scope == PROJECT and not first:
        step = step._replace(mode=0o644)  # it is for others, too
    keep = partial(write_line_down, target.path, dict(after), paths)
    return Part(LINE, step, _own(step, over), keep, Line(scope, was, dict(after)))


def parts_out(environ: Environ, paths: Paths, holds: Content, way: Way, choice: Choice) -> list[list[Part]]:
    """Return what takes out what *choice* asks for, file by file; what was put in last goes first."""
    mine = settings_target(environ, way.home)
    lines: dict[str, Target] = {}
    if choice.line:
        target = line_target(choice.line, environ, directory_of())
        lines[target.path] = target
    if choice.every:
        known = [Target("claude", path_of(key)) for key in reversed(list(load_state(paths).status_lines))]  # as they came
        lines |= {target.path: target for target in (mine, *known)}
    variables = choice.settings or choice.every
    files = [[_line_out(target, paths, way, None)] for target in lines.values() if not (variables and _same(mine, target))]
    if variables:
        files.insert(0, _mine_out(mine, paths, holds, way, any(_same(mine, target) for target in lines.values())))
    return files


def _mine_out(target: Target, paths: Paths, holds: Content, way: Way, line: bool) -> list[Part]:
    """Return the parts that take out the variables, and the *line* too, in the order in which each finds what it left."""
    if not line:
        return [_variables_out(target, paths, holds, way, None)]
    before = settings_to_unpersist(target, holds, way, {})
    first = is_as_left(before.data, _variables_of(paths, target.path)) and not is_as_left(
        before.data, _line_of(paths, target.path)
    )
    if first:
        variables = _variables_out(target, paths, holds, way, None)
        return [variables, _line_out(target, paths, way, variables.step)]
    taken = _line_out(target, paths, way, None)
    return [taken, _variables_out(target, paths, holds, way, taken.step)]


def _variables_out(target: Target, paths: Paths, holds: Content, way: Way, over: Step | None) -> Part:
    record = _variables_of(paths, target.path)
    step = settings_to_unpersist(target, holds, way, record, over=over)

    def keep() -> None:
        write_down(target.path, None, paths)
        line = _line_of(paths, target.path)
        if line and step.does == "remove" and record.get("made"):  # who is left takes the file away
            write_line_down(target.path, {**line, "made": record["made"]}, paths)

    return Part(VARIABLES, step, _own(step, over), keep)


def _line_out(target: Target, paths: Paths, way: Way, over: Step | None) -> Part:
    record = _line_of(paths, target.path)
    step = line_to_unpersist(target, way, record, over=over)

    def keep() -> None:
        write_line_down(target.path, None, paths)
        variables = _variables_of(paths, target.path)
        if variables and step.does == "remove" and record.get("made"):
            write_down(target.path, {**variables, "made": record["made"]}, paths)

    return Part(LINE, step, _own(step, over), keep)


def _own(step: Step, over: Step | None) -> str:
    """Return what *step* itself does to the file, beside what *over* does."""
    unlike = over is None or step.error or (step.does, step.data) != (over.does, over.data)
    return step.does if unlike else ""


def carried_out(files: list[list[Part]], paths: Paths, way: Way, *, always: bool = False) -> list[list[Part]]:
    """
    Change each file once, write it down, and return the parts, with the error of what could not be done.

    With *always* it is written down of a file in which there was nothing to do, too.
    """
    return [_carried_out(parts, paths, way, always) for parts in files]


def _carried_out(parts: list[Part], paths: Paths, way: Way, always: bool) -> list[Part]:
    good = [part for part in parts if not part.step.error]
    if not good:
        return parts
    done = carry_out(good[-1].step, paths, way)
    if done.error:  # told once
        return [part for part in parts if part.step.error] + [good[-1]._replace(step=done)]
    for part in good:
        if part.does or always:
            part.keep()
    return parts


def steps_of(files: list[list[Part]]) -> list[Step]:
    """Return one step for each file that all was done to, and one for whatever could not be done."""
    found = []
    for parts in files:
        found += [part.step for part in parts if part.step.error]
        found += [part.step for part in parts if not part.step.error][-1:]
    return found


def tell_parts(files: list[list[Part]], environ: Environ, otherwise: Mapping[str, str]) -> bool:
    """
    Say what became of each part, and return whether anything was said.

    *otherwise* is what is said, by the kind of the part, where there was nothing to do.
    """
    told = False
    for part in (part for parts in files for part in parts):
        path = part.step.target.path
        if part.step.error:
            console.show_error(part.step.error)
        elif part.line is not None:
            part.line.tell(path, part.does, environ)
        elif text := DONE[part.what].get(part.does) or otherwise.get(part.what):
            console.note(f"{path}: {text}")
        else:
            continue
        told = True
    return told


def put_in(files: Iterable[Iterable[Part]], what: str) -> list[Step]:
    """Return the steps of those parts of the kind *what* that put something in."""
    return [one.step for parts in files for one in parts if one.what == what and one.does and not one.step.error]


def _same(one: Target, other: Target) -> bool:
    return os.path.realpath(one.path) == os.path.realpath(other.path)


def _variables_of(paths: Paths, path: str) -> Record:
    return _record(load_state(paths).claude_settings, path)


def _line_of(paths: Paths, path: str) -> Record:
    return _record(load_state(paths).status_lines, path)


def _record(known: Mapping[str, Mapping[str, Any]], path: str) -> Record:
    return known.get(key_of(path), {})

"""
Our variables in the ``env`` of claude's own settings file, for a claude that no shell of ours starts.

Only routing and privacy: attributes there would label every profile's work alike. What the person has set there stays.
What we wrote is written down, with what is needed to take it back: to the byte while the file is as we left it, else each
value that still is ours. The record of a file has, beside what ``stretch`` keeps, ``values`` (name -> value), which are ours,
and ``env``, whether that object is.
"""

from collections.abc import Mapping
from typing import Any

from cclaunch.config.state import State, change_state, key_of
from cclaunch.errors import CclaunchError
from cclaunch.files.claude_json import decode_exactly, encode_exactly
from cclaunch.files.theirs.look import FileRefused, examine, read_snapshot
from cclaunch.files.theirs.splice import NotJson, Object, inner, put_members, put_raw, read_object, take_member
from cclaunch.files.theirs.write import missing_parents
from cclaunch.hot.paths import Paths
from cclaunch.otel import CONFIG_DIR
from cclaunch.persist.content import PRIVACY, ROUTING, Content
from cclaunch.persist.step import CURRENT, DAMAGED, MISSING, OUTDATED, UNUSABLE, Step, Way
from cclaunch.persist.stretch import Record, is_as_left, put_back, record_of
from cclaunch.shells.rc_files import Target

ENV = "env"
NAMES = (*ROUTING, *PRIVACY)


def settings_target(environ: Mapping[str, str], home: str) -> Target:
    """Return the person's settings file of claude."""
    return Target("claude", f"{environ.get(CONFIG_DIR) or home + '/.claude'}/settings.json")


def begun(target: Target, over: Step | None = None) -> Step:
    """
    Return the step for the settings file *target* as it was read, or with the error of that.

    It goes on from *over*, a step that changes the same file first and is done with this one, unless that one failed.
    """
    if over is not None and over.error is None:
        return over
    step = Step(target, mode=0o600)
    try:
        snapshot = read_snapshot(target.path)
    except CclaunchError as error:
        return step._replace(state=UNUSABLE, error=error)
    return step._replace(snapshot=snapshot, data=snapshot.data or b"")


def told_of(target: Target, error: ValueError) -> FileRefused:
    """Return the error of a settings file that is not as claude reads it, with the line."""
    told = f", line {error.line}: {error}" if isinstance(error, NotJson) else f": {error}"
    return FileRefused(f"{target.path}{told}", hint="mend it")


def judge_settings(target: Target, content: Content, record: Record, *, over: Step | None = None) -> Step:
    """Return the step for the settings file with what it holds, and nothing to do yet; *over* as ``begun`` has it."""
    step = begun(target, over)
    if step.error or not step.data.strip():
        return step
    try:
        env = _env(decode_exactly(step.data)[0])
    except ValueError as error:
        return step._replace(state=DAMAGED, error=told_of(target, error))
    ours = _ours(env, record)
    hold = {name: env[name] for name in ours}
    state = MISSING if not ours else CURRENT if hold == _to_set(content, env, record) else OUTDATED
    return step._replace(state=state)


def _env(text: str) -> dict[str, Any]:
    """Return the ``env`` of the settings *text*. Raises NotJson."""
    member = read_object(text).last(ENV)
    return {} if member is None else {one.key: one.value for one in inner(text, member).members}


def _ours(env: Mapping[str, Any], record: Record) -> list[str]:
    return [name for name, value in record.get("values", {}).items() if env.get(name) == value]


def _to_set(content: Content, env: Mapping[str, Any], record: Record) -> dict[str, str]:
    """Return what ours is to be: all that the person has not set there."""
    ours = _ours(env, record)
    values = {name: content.values.get(name) for name in NAMES}
    return {name: value for name, value in values.items() if value is not None and (name not in env or name in ours)}


def kept_by_hand(step: Step, record: Record) -> list[str]:
    """Return the variables that the person has set in the file: they stay."""
    try:
        env = _env(decode_exactly((step.snapshot.data if step.snapshot else None) or b"{}")[0])
    except ValueError:
        return []
    ours = _ours(env, record)
    return [name for name in NAMES if name in env and name not in ours]


def settings_to_persist(target: Target, content: Content, way: Way, record: Record) -> tuple[Step, Record]:
    """Return the step that brings our values up to date, and what to write down when it was done."""
    step = judge_settings(target, content, record)
    if step.error or step.state == CURRENT or step.snapshot is None:
        return step, record
    base = _undone(step.data, record)
    text, codec = decode_exactly(base) if base and base.strip() else ("{\n}\n", "utf-8")
    try:
        examine(step.snapshot, way.home, in_place=way.in_place)
        values = _to_set(content, _env(text), {})
        made = encode_exactly(_with(text, values), codec)
        env = read_object(text).last(ENV) is None
    except (CclaunchError, NotJson) as error:
        trouble = error if isinstance(error, CclaunchError) else told_of(target, error)
        return step._replace(error=trouble), record
    if made == step.data:
        return step._replace(state=CURRENT), record
    new = step.snapshot.data is None
    parents = 1 + len(missing_parents(step.snapshot.target)) if new else int(record.get("made", 0))
    return step._replace(does="add" if new else "update", data=made), record_of(
        base or b"", made, parents, values=values, env=env
    )


def _with(text: str, values: Mapping[str, str]) -> str:
    found = read_object(text)
    member = found.last(ENV)
    if member is not None:
        return put_members(text, inner(text, member), values)
    if not values:
        return text
    marked = put_raw(text, found, [f'"{ENV}": {{}}'])
    env = read_object(marked).last(ENV)
    assert env is not None
    return put_members(marked, inner(marked, env), values)


def _undone(data: bytes, record: Record) -> bytes | None:
    """Return *data* without what we wrote; None when the file is ours and holds nothing else."""
    if is_as_left(data, record):
        return put_back(data, record)
    if not record:
        return data
    text, codec = decode_exactly(data)
    for name in _ours(_env(text), record):
        text = take_member(text, _env_object(text), name)
    member = read_object(text).last(ENV)
    if member is not None and not member.value and record.get("env"):
        text = take_member(text, read_object(text), ENV)
    return None if record.get("made") and not read_object(text).members else encode_exactly(text, codec)


def _env_object(text: str) -> Object:
    member = read_object(text).last(ENV)
    assert member is not None
    return inner(text, member)


def settings_to_unpersist(target: Target, content: Content, way: Way, record: Record, *, over: Step | None = None) -> Step:
    """Return the step that takes our values out again; *over* as ``begun`` has it."""
    if over is not None and over.does == "delete":
        return over
    step = judge_settings(target, content, record, over=over)
    if step.error or not record or step.snapshot is None or step.snapshot.data is None:
        return step
    rest = _undone(step.data, record)
    if rest == step.data:
        return step
    try:
        examine(step.snapshot, way.home, in_place=way.in_place)
    except CclaunchError as error:
        return step._replace(error=error)
    parents = max(0, int(record.get("made", 0)) - 1)
    return step._replace(does="delete" if rest is None else "remove", data=rest or b"", parents=parents)


def write_down(path: str, record: Record | None, paths: Paths) -> None:
    """Keep *record* for the settings file at *path*; None forgets it. Raises as ``change_state`` does."""

    def change(state: State) -> State:
        files = {name: about for name, about in state.claude_settings.items() if name != key_of(path)}
        return state._replace(claude_settings=files | ({key_of(path): record} if record else {}))

    change_state(paths, change)

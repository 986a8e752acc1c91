"""
Our status line in the text of a settings file: put in around the one that is there, and taken out again.

Claude shows one line. So an existing one is kept and run by ours, and nothing of its object changes but ``command``, and a
``refreshInterval`` that would have claude kill each run by the next. What is remembered: ``fresh`` (there was no line), what we
wrote as ``command`` and ``refresh`` (-1: theirs was kept), and the text that stood there, ``old_command`` and ``old_refresh``;
texts in hexadecimal digits, for they need not be valid Unicode.
"""

import json
from typing import Any, NamedTuple

from cclaunch.files.theirs.splice import Member, NotJson, inner, put_raw, read_object, take_member
from cclaunch.persist.line_command import command_line, parts_of, program_of, runs_ours
from cclaunch.persist.stretch import Record

LINE = "statusLine"
COMMAND, REFRESH = "command", "refreshInterval"
LEAST_S = 5
"""Seconds: with less, a busy machine has claude end each run by the next, and the line stays empty."""

EMPTY = "{\n}\n"
"""What a new settings file begins as."""


class Found(NamedTuple):
    """The line of a settings file: what its object says, or None where there is no line."""

    line: dict[str, Any] | None = None

    @property
    def command(self) -> str:
        """Return its command."""
        return str(self.line[COMMAND]) if self.line else ""

    @property
    def refresh(self) -> float:
        """Return its refreshInterval in seconds; 0 where claude heeds none."""
        value = (self.line or {}).get(REFRESH)
        return value if isinstance(value, float) and 0 < value < float("inf") else 0


def found_in(text: str) -> Found:
    """Return the line of the settings *text*. Raises NotJson, also for a line that claude would not take."""
    member = read_object(text).last(LINE)
    if member is None:
        return Found()
    line = member.value
    fine = isinstance(line, dict) and line.get("type") == "command" and isinstance(line.get(COMMAND), str)
    if not fine or "\0" in line[COMMAND]:
        raise NotJson(f"`{LINE}` is no command of the form that claude takes", text.count("\n", 0, member.at) + 1)
    return Found(line)


def with_line(text: str, was: Found, program: str) -> tuple[str, dict[str, Any]]:
    """Return *text*, whose line *was* another's or none, with ours, and what to remember of it."""
    if was.line is None:
        command = command_line(program)
        value = json.dumps({"type": "command", COMMAND: command, REFRESH: LEAST_S})
        made = put_raw(text, read_object(text), [f'"{LINE}": {value}'])
        return made, {"fresh": True, "command": _kept(command), "refresh": LEAST_S}
    # one that runs ours in a way of its own (a pipe, uvx) stays as it is: around it, ours would be there twice
    command = was.command if runs_ours(was.command) else command_line(program, was.command.strip())
    gone = program_of(command)
    if gone and command == was.command:
        command = _renamed(command, gone, program)
    old = _members(text)
    made = _put(text, COMMAND, json.dumps(command))
    keeps = was.refresh >= LEAST_S
    made = made if keeps else _put(made, REFRESH, str(LEAST_S))
    texts = {key: _kept(text[one.at : one.end]) if (one := old.get(key)) else "" for key in (COMMAND, REFRESH)}
    more = {"old_command": texts[COMMAND], "old_refresh": texts[REFRESH]}
    return made, {"fresh": False, "command": _kept(command), "refresh": -1 if keeps else LEAST_S, **more}


def _kept(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _said(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-8", "surrogatepass")


def _renamed(command: str, old: str, new: str) -> str:
    """Return *command*, which begins with the program *old*, with *new* in its place; as it is where that cannot be told."""
    for begin in (command_line(old), f"{old} statusline"):
        if command.startswith(begin):
            return command_line(new) + command[len(begin) :]
    return command


def _members(text: str) -> dict[str, Member]:
    """Return the members of the line in *text* that count."""
    member = read_object(text).last(LINE)
    return {} if member is None else {one.key: one for one in inner(text, member).members}


def _put(text: str, key: str, value: str) -> str:
    """Return *text* with *value*, as JSON, for *key* of the line."""
    if old := _members(text).get(key):
        return text[: old.at] + value + text[old.end :]
    line = read_object(text).last(LINE)
    assert line is not None
    return put_raw(text, inner(text, line), [f'"{key}": {value}'])


def taken(text: str, record: Record) -> str:
    """Return *text* with what stood there before in the place of what *record* says is ours."""
    members = _ours(text)
    if not members or _kept(members[COMMAND].value) != record.get("command"):
        return text
    if record.get("fresh"):
        return take_member(text, read_object(text), LINE)
    refresh = members.get(REFRESH)
    if refresh is not None and refresh.value == record.get("refresh"):
        before = _said(record.get("old_refresh", ""))
        text = _put(text, REFRESH, before) if before else _without(text, REFRESH)
    return _put(text, COMMAND, _said(record["old_command"]))


def unwrapped(text: str) -> str:
    """Return *text* without a line that only we write, and with what it wraps."""
    members = _ours(text)
    parts = parts_of(members[COMMAND].value) if members else None
    if parts is None:
        return text
    return _put(text, COMMAND, json.dumps(parts[1])) if parts[1] else take_member(text, read_object(text), LINE)


def _ours(text: str) -> dict[str, Member]:
    """Return the members of the line in *text* when it runs ours; nothing when it does not, or is no command."""
    member = read_object(text).last(LINE)
    members = _members(text) if member is not None and isinstance(member.value, dict) else {}
    command = members[COMMAND].value if COMMAND in members else None
    return members if isinstance(command, str) and runs_ours(command) else {}


def _without(text: str, key: str) -> str:
    line = read_object(text).last(LINE)
    assert line is not None
    return take_member(text, inner(text, line), key)

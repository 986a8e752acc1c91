"""What there is to complete: our verbs with their options and operands, read from the click tree. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import click

from cclaunch.shells.table import NAMES as SHELLS

PROFILE, DIRECTORY, FILE, COMMAND, ANY = "profile", "directory", "file", "command", "any"
"""What a word may be where it is none of a few: the name of a profile, a path, a program with its words, or anything."""

KEYS = ("branch", "day", "model", "profile", "project", "repository", "session", "team")
"""The keys of ``usage --by`` that are worth offering; any attribute is one."""

DATES = ("today", "yesterday", "24h", "7d", "30d")
"""Of all that ``--since`` takes, what is worth offering."""

OPTION_VALUES = {
    "--by": tuple(sorted((*KEYS, "pr"))),
    "--where": tuple(f"{key}=" for key in KEYS),
    "--since": DATES,
    "--until": DATES,
    "--before": DATES,
    "--shell": SHELLS,
}
OPTION_KINDS = {"--extends": PROFILE, "--claude-config-dir": DIRECTORY, "--rc-file": FILE}
OPERAND_KINDS = {"name": PROFILE, "names": PROFILE, "old": PROFILE, "directory": DIRECTORY, "file": FILE, "shell": ANY}
FRESH = frozenset(("profile create",))
"""Verbs whose name must be one that does not exist yet."""


class Option(NamedTuple):
    """An option: *names*, *help*, whether it *takes* a word, which *values* that may be, or its *kind*; it may be *optional*."""

    names: tuple[str, ...]
    help: str
    takes: bool
    values: tuple[str, ...]
    kind: str
    optional: bool = False


class Verb(NamedTuple):
    """
    A verb or a part of one.

    *path* is how it is typed (``stack down``; empty for ``cclaunch`` itself). *kind* is what its first operand is, empty
    when it takes none; *values* when it is one of a few; *takes_path* says whether any of them is a file or a directory.
    """

    path: str
    help: str
    options: tuple[Option, ...]
    parts: tuple["Verb", ...]
    kind: str
    values: tuple[str, ...]
    takes_path: bool


def tree(command: click.Command, path: str = "") -> Verb:
    """Return the tree below *command*, whose words are *path*."""
    context = click.Context(command)
    parts: list[Verb] = []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            if part is not None and not part.hidden:
                parts.append(tree(part, f"{path} {name}".strip()))
    options = [_option(one) for one in command.params if isinstance(one, click.Option) and not one.hidden]
    kind, values = _operands(command, path)
    kinds = {OPERAND_KINDS.get(one.name or "") for one in command.params if isinstance(one, click.Argument)}
    helping = Option(("--help",), "Show this message and exit.", False, (), "")
    return Verb(path, sentence(command), (*options, helping), tuple(parts), kind, values, bool(kinds & {FILE, DIRECTORY}))


def sentence(command: click.Command) -> str:
    """Return one plain sentence on *command*."""
    return command.get_short_help_str(limit=80).rstrip(".")


def every(verb: Verb) -> Iterator[Verb]:
    """Yield *verb* and all that is below it."""
    yield verb
    for part in verb.parts:
        yield from every(part)


def _option(one: click.Option) -> Option:
    names = (*one.opts, *one.secondary_opts)
    takes = not (one.is_flag or one.count)
    values: tuple[str, ...] = ()
    if isinstance(one.type, click.Choice):
        values = tuple(map(str, one.type.choices))
    known = next((OPTION_VALUES[name] for name in names if name in OPTION_VALUES), ())
    kind = next((OPTION_KINDS[name] for name in names if name in OPTION_KINDS), ANY if takes else "")
    text = (one.help or "").split(". ")[0].rstrip(".")
    return Option(names, text, takes, (values or known) if takes else (), kind, takes and isinstance(one.flag_value, str))


def _operands(command: click.Command, path: str) -> tuple[str, tuple[str, ...]]:
    """Return (kind, values) of the first operand."""
    for one in command.params:
        if isinstance(one, click.Argument):
            if isinstance(one.type, click.Choice):
                return ANY, tuple(map(str, one.type.choices))
            if one.name == "words":
                return COMMAND, ()
            kind = OPERAND_KINDS.get(one.name or "", ANY)
            return (ANY if path in FRESH else kind), (SHELLS if one.name == "shell" else ())
    return "", ()

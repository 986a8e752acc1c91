"""Which files are meant: the options that ``persist`` and ``unpersist`` share, and what they come to."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from cclaunch import console
from cclaunch.config.state import load_state
from cclaunch.errors import CclaunchError, UsageError
from cclaunch.files.theirs.look import read_snapshot
from cclaunch.hot.paths import Environ, Paths, home
from cclaunch.persist.line_places import SCOPES, USER
from cclaunch.persist.step import remembered
from cclaunch.shells.ask import enlightened
from cclaunch.shells.detect import shell_now
from cclaunch.shells.rc_files import OWN, SIGNS, Target, candidates, shell_of_file, targets
from cclaunch.shells.table import NAMES, find_shell

LINE_HELP = "Claude's status line, in your settings.json, the repository's, or its settings.local.json."
SHELLS = [name for name in NAMES if name != "sh"] + ["sh"]


class Choice(NamedTuple):
    """What was asked for: *shells* by name, *every* shell there is, one *file*, claude's *settings*, the *line* of one scope."""

    shells: tuple[str, ...]
    every: bool
    file: str
    settings: bool
    line: str = ""

    @property
    def only_settings(self) -> bool:
        """Say whether no rc file is meant."""
        return (self.settings or bool(self.line)) and not (self.shells or self.every or self.file)

    @property
    def only_line(self) -> bool:
        """Say whether nothing but the status line is meant."""
        return self.only_settings and not self.settings


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose files to *command*."""
    added = (
        click.option("--shell", "shells", multiple=True, metavar="NAME", help=f"One of {', '.join(SHELLS)}; may be repeated."),
        click.option("--all", "every", is_flag=True, help="Every shell that has a file of yours."),
        click.option("--rc-file", "file", default="", metavar="FILE", help="This file, whatever the shell's own is."),
        click.option("--claude-settings", "settings", is_flag=True, help="Claude's own settings.json."),
        click.option("--statusline", "line", is_flag=False, flag_value=USER, type=click.Choice(SCOPES), help=LINE_HELP),
        click.option("--dry-run", is_flag=True, help="Print what would change, as a diff that `patch` takes; write nothing."),
        click.option("--force", is_flag=True, help="Also where a hand has edited the block, or the file has mistakes."),
        click.option("--in-place", is_flag=True, help="Also files that cannot be replaced: with hard links, or mounted."),
    )
    for one in reversed(added):
        command = one(command)
    return command


def chosen(choice: Choice, environ: Environ, paths: Paths, *, removing: bool = False) -> list[Target]:
    """
    Return the files that *choice* means, each once.

    Args:
        choice: What was asked for.
        environ: What we were started with.
        paths: Our directories.
        removing: Every file that may hold a block, not only those that one would be put into.

    Raises:
        UsageError: A shell that we do not know, or that cannot be told.
    """
    if choice.only_settings:
        return []
    if choice.file:
        return [_one_file(choice, environ)]
    if choice.every:
        names = [name for name in NAMES if _is_used(name, environ)]
    elif choice.shells:
        names = list(dict.fromkeys(find_shell(name).name for name in choice.shells))
    else:
        name, source = shell_now(environ)
        names = [name]
        console.note(f"the shell is {name} ({source})")
    found = [target for name in names for target in _files(name, environ, removing)]
    if removing:
        known = [target for target, _ in remembered(load_state(paths))]
        found = [target for target in known if choice.every or target.shell in names] + found
    return list({target.path: target for target in reversed(found)}.values())[::-1]


def _one_file(choice: Choice, environ: Environ) -> Target:
    path = os.path.abspath(choice.file)
    if len(choice.shells) > 1 or choice.every:
        raise UsageError("--rc-file is the file of one shell")
    shell = find_shell(choice.shells[0]).name if choice.shells else shell_of_file(path)
    if not shell:
        shell, source = shell_now(environ)
        console.note(f"the shell is {shell} ({source})")
    known = [target for target in _files(shell, environ, False) if target.path == path]
    return known[0] if known else Target(shell, path)


def _files(shell: str, environ: Environ, removing: bool) -> list[Target]:
    informed = enlightened(shell, environ)
    found = targets(shell, home(environ), informed, content_of)
    if removing:
        paths = {target.path for target in found}
        found += [Target(shell, path) for path in candidates(shell, home(environ), informed) if path not in paths]
    return found


def content_of(path: str) -> bytes | None:
    """Return what the file at *path* says: nothing where it cannot be read, None where there is none."""
    try:
        return read_snapshot(path).data
    except CclaunchError:
        return b""


def _is_used(shell: str, environ: Environ) -> bool:
    """Say whether the person has a file for *shell*: one that it reads, or the directory it reads from."""
    paths = [f"{home(environ)}/{name}" for name in SIGNS.get(shell, ())]
    first = targets(shell, home(environ), enlightened(shell, environ) if shell == "zsh" else environ, lambda path: None)[0].path
    if shell in OWN:
        paths.append(os.path.dirname(os.path.dirname(first)))
    elif shell not in ("sh", "ksh", "mksh", "tcsh", "csh"):
        paths.append(first)
    return any(os.path.lexists(path) for path in paths)

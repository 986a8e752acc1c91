"""``profile edit``: the file in an editor, on a copy that replaces it only when it is right."""

import os
import shlex
import signal
import subprocess
import tempfile

import click

from cclaunch import console, dialog
from cclaunch.commands.shared.confirm import on_terminal
from cclaunch.commands.shared.context import environ_of, paths_of
from cclaunch.errors import CclaunchError, ConfigError, FileTrouble, UsageError
from cclaunch.files.atomic import make_directory
from cclaunch.hot.paths import Environ, Paths
from cclaunch.hot.reading import read_small
from cclaunch.profiles.disk import SIZE_LIMIT, profile_path, profiles_locked, read_profile, write_profile
from cclaunch.profiles.family import family_troubles, refuse
from cclaunch.profiles.model import parse_profile


@click.command("edit")
@click.argument("name")
@click.pass_context
def edit(ctx: click.Context, name: str) -> None:
    """
    Edit a profile in your editor.

    The editor is $VISUAL, else $EDITOR, else vi. You edit a copy. It takes the place of the profile when it is
    right; until then the profile stays as it is.

    \b
      cclaunch profile edit data-eng
      VISUAL="code --wait" cclaunch profile edit data-eng
    """
    environ, paths = environ_of(ctx), paths_of(ctx)
    before = read_profile(paths, name)
    words = _editor(environ)
    copy = _copy(paths, name, before)
    try:
        after = _edited(paths, name, copy, words, environ)
    except BaseException:
        _keep_or_drop(copy, before)
        raise
    if after == before:
        os.unlink(copy)
        console.line(f"profile {name}: unchanged")
        return
    try:
        with profiles_locked(paths):
            if read_profile(paths, name) != before:
                path = profile_path(paths, name)
                raise FileTrouble(
                    f"{path} was changed by somebody else meanwhile; nothing was written", hint=f"diff {path} {copy}"
                )
            write_profile(paths, name, after)
    except BaseException:
        _keep_or_drop(copy, before)
        raise
    os.unlink(copy)
    console.line(f"profile {name}: changed")


def _editor(environ: Environ) -> list[str]:
    """Return the words that start the editor."""
    for variable in ("VISUAL", "EDITOR"):
        if text := environ.get(variable, "").strip():
            try:
                return shlex.split(text)
            except ValueError as error:
                raise UsageError(f"{variable} cannot be split into words: {error}", hint=f"{variable}='code --wait'") from error
    return ["vi"]


def _copy(paths: Paths, name: str, data: bytes) -> str:
    make_directory(paths.state)
    try:
        handle, path = tempfile.mkstemp(prefix=f"{name}.", suffix=".toml", dir=paths.state)
        with open(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        raise FileTrouble(f"cannot write into {paths.state}: {error.strerror}", hint=f"ls -ld {paths.state}") from error
    return path


def _edited(paths: Paths, name: str, copy: str, words: list[str], environ: Environ) -> bytes:
    """Return what the person made of the *copy*, once it is right. Raises for what is wrong and is not edited again."""
    while True:
        _run(words, copy, environ)
        try:
            return _checked(paths, name, copy)
        except CclaunchError as error:
            if not on_terminal():
                raise
            console.show_error(error)
            if not dialog.confirm("Edit it again?", default=True):
                raise click.exceptions.Exit(1) from error


def _run(words: list[str], path: str, environ: Environ) -> None:
    """Run the editor to its end. Ctrl-C is the editor's: it must not end us while the editor still has the terminal."""
    try:
        process = subprocess.Popen([*words, path], env=environ)
    except OSError as error:
        raise UsageError(
            f"the editor `{words[0]}` cannot be started: {error.strerror}",
            hint="name another one: VISUAL=nano cclaunch profile edit",
        ) from error
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    if code:
        raise UsageError(f"the editor `{words[0]}` ended with {code}; the profile is as it was", hint="edit it again")


def _checked(paths: Paths, name: str, copy: str) -> bytes:
    """Return the content of the *copy*. Raises ConfigError and others, naming the copy's line, when it is no good profile."""
    data = read_small(copy, SIZE_LIMIT)
    if data is None:
        raise ConfigError(
            f"cannot read {copy}: it must be a regular file of at most {SIZE_LIMIT // 1024} KiB", hint=f"ls -l {copy}"
        )
    refuse(family_troubles(paths, parse_profile(name, data, copy)))
    return data


def _keep_or_drop(copy: str, before: bytes) -> None:
    """Keep the copy and say where it is, unless nothing was changed in it."""
    if read_small(copy, SIZE_LIMIT) == before:
        os.unlink(copy)
    elif os.path.lexists(copy):
        console.note(f"the profile is as it was; your version is kept in {copy}")

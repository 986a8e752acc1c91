"""
The profiles on the disk: which there are, what one says, and what it says together with its parent.

A file may be anything that somebody put there: a pipe, a device, something huge, another person's mistake.
It is opened without waiting, must be a regular file of at most 64 KiB, and what is wrong is named.
"""

import contextlib
import os
from typing import NamedTuple

from cclaunch.errors import AttributeRefused, ConfigError, FileTrouble, ProfileMissing
from cclaunch.files.atomic import remove, write_atomic
from cclaunch.files.lock import locked
from cclaunch.files.toml import wrong
from cclaunch.hot.paths import Paths
from cclaunch.hot.reading import read_small
from cclaunch.profiles.model import Profile, inherit, is_name, parse_profile

SUFFIX = ".toml"
SIZE_LIMIT = 64 * 1024
PATIENCE_S = 5.0


class Resolved(NamedTuple):
    """A *profile* merged with its parent, and the *paths* of the files that say so: its own, then its parent's."""

    profile: Profile
    paths: list[str]


def profile_path(paths: Paths, name: str) -> str:
    """Return the path of the file of the profile *name*."""
    return f"{paths.profiles}/{name}{SUFFIX}"


def profile_names(paths: Paths) -> list[str]:
    """Return the names of all profiles, sorted. Raises ConfigError when the directory cannot be read."""
    directory = paths.profiles
    try:
        found = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"cannot read {directory}: {error.strerror}", hint=f"ls -ld {directory}") from error
    return sorted(name for file in found if file.endswith(SUFFIX) and is_name(name := file.removesuffix(SUFFIX)))


def missing(paths: Paths, name: str) -> ProfileMissing:
    """Return the error for a profile that does not exist, with the nearest names."""
    import difflib  # only a mistake pays for it

    names = profile_names(paths)
    near = difflib.get_close_matches(name, names)
    meant = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else "cclaunch profile list"
    return ProfileMissing(f"there is no profile `{name}`", hint=meant if names else "cclaunch profile set NAME KEY=VALUE")


def read_profile(paths: Paths, name: str) -> bytes:
    """
    Return the bytes of the profile *name*.

    Raises:
        ProfileMissing: There is none of that name, letter for letter, also where file names know no case.
        ConfigError: Its file cannot be read.
    """
    if name not in profile_names(paths):
        raise missing(paths, name)
    path = profile_path(paths, name)
    data = read_small(path, SIZE_LIMIT)
    if data is None:
        trouble = f"it must be a regular file of at most {SIZE_LIMIT // 1024} KiB that you may read"
        raise ConfigError(f"cannot read {path}: {trouble}", hint=f"ls -l {path}")
    return data


def load_profile(paths: Paths, name: str) -> Profile:
    """
    Return the profile *name* as its own file has it.

    Raises:
        ProfileMissing: There is none of that name.
        ConfigError: Its file is broken; file, line and key are named.
    """
    return parse_profile(name, read_profile(paths, name), profile_path(paths, name))


def resolve_profile(paths: Paths, name: str) -> Resolved:
    """
    Return the profile *name* merged with its parent.

    Raises:
        ProfileMissing: There is none of that name.
        ConfigError: It or its parent is broken, or the two do not go together; file, line and key are named.
    """
    path = profile_path(paths, name)
    child = load_profile(paths, name)
    if not child.extends:
        return Resolved(child, [path])
    text = read_profile(paths, name).decode("utf-8", "replace")
    try:
        parent = load_profile(paths, child.extends)
    except ProfileMissing as error:
        raise wrong(path, text, ("extends",), f"names `{child.extends}`, which does not exist", hint=error.hint) from error
    if parent.extends:
        trouble = f"names `{parent.name}`, which extends `{parent.extends}` itself: only one step is allowed"
        raise wrong(path, text, ("extends",), trouble, hint=f"cclaunch profile set {name} --extends {parent.extends}")
    try:
        return Resolved(inherit(child, parent), [path, profile_path(paths, parent.name)])
    except AttributeRefused as error:
        trouble = f"names `{parent.name}`, with which it does not go together: {error.message}; {error.cause}"
        raise wrong(path, text, ("extends",), trouble, hint=error.hint) from error


def children_of(paths: Paths, name: str) -> list[str]:
    """Return the profiles that extend *name*; one that is broken cannot say so."""
    found = []
    for other in profile_names(paths):
        with contextlib.suppress(ConfigError, ProfileMissing):
            if load_profile(paths, other).extends == name:
                found.append(other)
    return found


def profiles_locked(paths: Paths) -> locked:
    """Return the lock under which profiles are written, for a ``with`` block."""
    return locked(paths.profiles_lock, PATIENCE_S)


def write_profile(paths: Paths, name: str, data: bytes) -> None:
    """Make *data* the file of the profile *name*, whole or not at all. Raises FileTrouble."""
    write_atomic(profile_path(paths, name), data)
    forget_plan(paths)


def remove_profile(paths: Paths, name: str) -> None:
    """Delete the file of the profile *name*. Raises FileTrouble."""
    remove(profile_path(paths, name))
    forget_plan(paths)


def forget_plan(paths: Paths) -> None:
    """Delete the compiled plan: the next launch makes it anew. Completions get the names as they are now."""
    with contextlib.suppress(OSError):
        os.unlink(paths.plan)
    keep_names(paths)


def keep_names(paths: Paths) -> None:
    """
    Write the names of all profiles where completions read them: one a line, with a shell's own builtins.

    Only completions miss what cannot be written.
    """
    path = paths.profile_names
    with contextlib.suppress(FileTrouble, ConfigError, OSError):
        text = "".join(f"{name}\n" for name in profile_names(paths)).encode()
        if read_small(path) != text:
            write_atomic(path, text)


def attribute_names(paths: Paths) -> set[str]:
    """Return every attribute that a profile of the person's has; one that cannot be read has none."""
    found: set[str] = set()
    for name in profile_names(paths):
        with contextlib.suppress(ConfigError, ProfileMissing, AttributeRefused):
            found.update(load_profile(paths, name).attributes)
    return found

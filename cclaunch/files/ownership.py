"""
Whose a directory is, and who else may write in it: what lies there is believed only when that is nobody.

The key, the ports and the profiles of a launch come from our directories. In one that is somebody else's, or that others
may write in, they are whatever somebody else wants, so such a directory is refused as ssh and tmux refuse theirs: in one
line, with the command that mends it; nothing in it is read or written. The directories above it count as well, up to HOME
(not HOME itself: whoever may write there has the shell's files and claude's own already): who may rename what lies in them
can put something else in its place.

The launch only looks at owner and mode (``plan.doubtful``); what is doubtful then is judged here. Cold.
"""

import os
import shlex
import stat

from cclaunch.errors import ConfigError, DirectoryRefused
from cclaunch.hot.ownership import doubtful
from cclaunch.hot.paths import Paths, home, relative


def refuse_foreign(paths: Paths, environ: dict[str, str]) -> None:
    """Raise DirectoryRefused when one of our directories must not be believed, ConfigError when it is none."""
    if not_absolute := relative(paths):
        raise no_directory(not_absolute[0], environ)
    base = home(environ)
    error = refusal(doubtful(paths, base, owners(base)), base)
    if error is not None:
        raise error


def no_directory(path: str, environ: dict[str, str]) -> ConfigError:
    """Return why *path*, which is relative, is no directory of ours: whatever we are in may be somebody's repository."""
    name = next((one for one in ("CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR") if environ.get(one) == path), "")
    if not name:
        return ConfigError("there is no home directory: HOME is not set, and nobody has this user's", hint="export HOME=…")
    wanted = os.path.expanduser(path) if path.startswith("~") else f"$PWD/{path}"
    trouble = f"{name} is `{path}`, a relative path: it would be another directory in every directory"
    return ConfigError(trouble, hint=f'{name}="{wanted}"')


def owners(base: str) -> tuple[int, ...]:
    """Return whose a directory may be: this user's, root's, or the owner's of the home *base* (``sudo -E``)."""
    if os.name != "posix":
        return ()
    try:
        return os.geteuid(), 0, os.stat(base).st_uid
    except (OSError, ValueError):
        return os.geteuid(), 0


def refusal(paths: list[str], base: str) -> DirectoryRefused | None:
    """Return why one of *paths* must not be believed, or None when they are harmless; *base* is the home directory."""
    allowed = owners(base)
    for path in paths:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            continue
        if found.st_uid not in allowed:
            pass

            mend = f"sudo chown -R $(id -u) {shlex.quote(path)}, or name another one"
            return DirectoryRefused(f"{path} belongs to {user(found.st_uid)}: nothing in it is believed", hint=mend)
        if all(others_may_write(found, uid) for uid in allowed):
            return DirectoryRefused(
                f"{path} can be written by others: nothing in it is believed", hint=f"chmod go-w {shlex.quote(path)}"
            )
    return None


def others_may_write(found: os.stat_result, uid: int) -> bool:
    """Say whether somebody else may write; with a umask of 002 a file is its owner's private group's too: that is nobody else."""
    if os.name != "posix":
        return False
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not is_private_group(found.st_gid, uid)


def is_private_group(gid: int, uid: int) -> bool:
    """Say whether *gid* is the primary group of *uid*, is called like that user, and has no other member."""
    import grp
    import pwd

    try:
        person, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except (KeyError, OSError):
        return False
    return person.pw_gid == gid and group.gr_name == person.pw_name and set(group.gr_mem) <= {person.pw_name}


def user(uid: int) -> str:
    """Return the name of *uid* as a sentence has it: ``user alice (uid 1001)``."""
    import pwd

    try:
        return f"user {pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"user {uid}"

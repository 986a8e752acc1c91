"""
The name and the branch of the repository that a directory belongs to, read from ``.git`` itself.

Starting git would cost more than the launch. Worktrees and submodules have a ``.git`` *file* that points
elsewhere; the remote's URL may hold a password, so only the last part of its path ever leaves here. What git finds,
this finds, but for what lies outside the repository's own files: ``GIT_DIR``, the person's configuration, includes.
"""

import os
import posixpath
import re
import stat
from collections.abc import Iterator

from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.hot.reading import read_small
from cclaunch.place.gitconfig import entries

SHORT_FILE = 4096
"""Bytes of a ``.git`` file, of ``commondir`` and of HEAD: each holds one path or name."""

CONFIG_READ = 64 << 10
"""Bytes of a ``config`` that are read: what stands further down, behind some hundred branches, is not looked for."""

MOST_LEVELS = 128
"""Paths above one another in which a repository is looked for, with several questions each; nobody works further down."""

READ = os.O_RDONLY
for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    READ |= getattr(os, flag, 0)

ORIGIN = ("remote", "origin", "url")
WORKTREE = ("core", "", "worktree")

HEAD = re.compile(rb"ref:\s*refs/|[0-9a-f]{40}")
BRANCHES, NO_FILES = "refs/heads/", ".invalid"
"""Where branches are; and the one that HEAD names where references are no files (reftable)."""

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
HELPER = re.compile(r"[A-Za-z0-9]+::")
HOST = re.compile(r"(?:\[[^\]/]*\]|[^/:\[]*@\[[^\]/]*\]|[^/:]+):")
"""The host of the form ``user@host:path``; an IPv6 address, or a host with its port, stands in brackets."""


def repository(directory: str) -> tuple[str, list[str]]:
    """
    Return (name, sources) of the repository that holds *directory*.

    The name is the last part of the path of the remote ``origin`` without ``.git``, else the main worktree's directory
    name; empty outside a repository, and where git itself refuses a broken one. The sources are the paths whose change
    can change the answer.
    """
    worktree, git, sources = _search(directory)
    if not git:
        return "", sources
    name = _name(git, posixpath.join(worktree, ".git"), worktree, sources)
    return name, list(dict.fromkeys(sources))


def _search(directory: str) -> tuple[str, str, list[str]]:
    """Return (worktree, git directory, sources) of the repository that holds *directory*; empty strings outside of one."""
    sources: list[str] = []
    for current in upwards(directory):
        marker = posixpath.join(current, ".git")
        git, final = _git_directory(marker, current)
        if not git:
            sources += [marker, posixpath.join(current, "HEAD")]
            git = current if not final and _is_git_directory(current) else ""
        if git:
            return current, git, sources
        if final:
            break
    return "", "", sources


def upwards(directory: str) -> Iterator[str]:
    """Yield *directory* and what is above it; nothing for one that is too far down."""
    levels = directory.count("/")
    for _ in range(levels + 1 if levels <= MOST_LEVELS else 0):
        yield directory
        if directory == posixpath.dirname(directory):
            return
        directory = posixpath.dirname(directory)


def _name(git: str, marker: str, worktree: str, sources: list[str]) -> str:
    """Return the name of the repository whose files are in *git*, and add to *sources* what it was read from."""
    common = _common_directory(git)
    config = posixpath.join(common, "config")
    sources += [config, posixpath.join(git, "commondir")]
    # The times of a directory move with every commit; its config goes with it and stays the same.
    if not (posixpath.isdir(marker) and posixpath.exists(config)):
        sources.append(marker)
    url, configured = _configured(config)
    return fitting(name_of_url(url)) or fitting(_directory_name(git, common, worktree, configured))


def _git_directory(marker: str, worktree: str) -> tuple[str, bool]:
    """Return (git directory or an empty string, whether the search ends here) of an entry ``.git``, as git takes it."""
    try:
        mode = os.stat(marker).st_mode
    except (OSError, ValueError):
        return "", False
    if stat.S_ISDIR(mode):
        return (marker if _has_head(marker) else ""), False  # by its name, HEAD alone makes it one
    if not stat.S_ISREG(mode):
        return "", False
    text = (read_small(marker, SHORT_FILE) or b"").decode("utf-8", "surrogateescape")
    if not text.startswith("gitdir: "):
        return "", True
    target = _pointed(worktree, text.removeprefix("gitdir: "))
    return (target if _is_git_directory(target) else ""), True


def _is_git_directory(path: str) -> bool:
    """Say whether *path* is what git takes for a repository: HEAD, and objects and refs where they are shared."""
    return _has_head(path) and all(posixpath.isdir(posixpath.join(_common_directory(path), name)) for name in ("objects", "refs"))


def _has_head(path: str) -> bool:
    head = posixpath.join(path, "HEAD")
    try:
        return os.readlink(head).startswith("refs/")
    except (OSError, ValueError):
        return bool(HEAD.match(read_small(head, SHORT_FILE) or b""))


def _common_directory(git: str) -> str:
    text = (read_small(posixpath.join(git, "commondir"), SHORT_FILE) or b"").decode("utf-8", "surrogateescape")
    return _pointed(git, text) if text else git


def _pointed(base: str, text: str) -> str:
    """Return the real path that the *text* of a file in *base* names; as it is written where the system finds nothing there."""
    path = posixpath.join(base, text.partition("\0")[0].rstrip("\r\n"))
    # The system refuses a chain of thousands of links; `realpath` would follow it until Python gives up.
    return posixpath.realpath(path) if posixpath.exists(path) else path


def _configured(config: str) -> tuple[str, str]:
    """Return the first url of the remote ``origin`` and the first ``core.worktree`` that say something; empty strings else."""
    found: dict[tuple[str, str, str], str] = {}
    for one in entries(_beginning(config)):
        if one.value:
            found.setdefault(one[:3], one.value)
            if one[:3] == ORIGIN:
                break  # nothing that follows counts
    return found.get(ORIGIN, ""), found.get(WORKTREE, "")


def _beginning(config: str) -> str:
    """Return the text of a git *config*, of a large one the whole lines in its first ``CONFIG_READ`` bytes."""
    try:
        handle = os.open(config, READ)
    except (OSError, ValueError):
        return ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        data = os.read(handle, CONFIG_READ)
    except OSError:
        return ""
    finally:
        os.close(handle)
    if len(data) == CONFIG_READ:
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8", "replace")


def name_of_url(url: str) -> str:
    """Return the last part of the path of a remote's *url* without ``.git``; empty when there is none that is safe to show."""
    start = 0
    while helper := HELPER.match(url, start):
        start = helper.end()
    url = url[start:]
    if scheme := SCHEME.match(url):
        path = url[scheme.end() :].partition("#")[0].partition("?")[0].partition("/")[2]
    elif host := HOST.match(url):
        path = url[host.end() :]
    else:
        path = url
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if parts[1:] and parts[-1] == ".git":
        parts.pop()
    name = parts[-1].strip().removesuffix(".git") if parts else ""
    # An `@` behind a host is a password with a slash or a colon in it, and what git would not understand either.
    unsafe = path != url and "@" in name
    return "" if unsafe or name == ".." else name


def _directory_name(git: str, common: str, worktree: str, configured: str) -> str:
    """
    Return the main worktree's directory name.

    Args:
        git, common: The git directory of this worktree, and the one that all worktrees share.
        worktree: The directory in which ``.git`` was found, or the bare repository.
        configured: ``core.worktree``, which a submodule has.
    """
    name = posixpath.basename(common)
    if name == ".git":
        return posixpath.basename(posixpath.dirname(common))
    if configured:
        return posixpath.basename(posixpath.normpath(posixpath.join(common, configured)))
    if git == common and worktree != common:
        return posixpath.basename(worktree)
    # Bare, or one of its worktrees. `.bare` beside them is a habit, and no name.
    return posixpath.basename(posixpath.dirname(common)) if name.startswith(".") else name.removesuffix(".git")


def fitting(name: str) -> str:
    """Return *name* as every release of claude takes it: valid Unicode, nothing but printable characters, not too long."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = "".join(character for character in text if character.isprintable())[:LONGEST]
    while len(encode(text)) > LONGEST:
        text = text[:-1]
    return text


def branch(directory: str) -> tuple[str, list[str]]:
    """
    Return (name, sources) of the branch that the worktree with *directory* is on.

    The name is empty outside a repository, while HEAD is detached, and where git keeps it in a table that only git reads.
    The sources are the paths whose change can change the answer while the repository stays the same one.
    """
    git = _search(directory)[1]
    if not git:
        return "", []
    head = posixpath.join(git, "HEAD")
    try:
        target = os.readlink(head)  # as old releases of git made it
    except (OSError, ValueError):
        said = (read_small(head, SHORT_FILE) or b"").decode("utf-8", "surrogateescape")
        target = said.removeprefix("ref:").strip() if said.startswith("ref:") else ""
    name = target.removeprefix(BRANCHES) if target.startswith(BRANCHES) else ""
    return ("" if name == NO_FILES else fitting(name)), [head]


def worktrees(directory: str) -> list[str]:
    """Return the next directory upwards with a ``.git``, and the main worktree of a linked one; without *directory*."""
    root = next((one for one in upwards(directory) if posixpath.lexists(posixpath.join(one, ".git"))), "")
    if not root:
        return []
    git, _ = _git_directory(posixpath.join(root, ".git"), root)
    common = _common_directory(git) if git else ""
    main = posixpath.dirname(common) if posixpath.basename(common) == ".git" else root
    return [path for path in dict.fromkeys((root, main)) if path != directory]

"""
The name of the repository that a directory belongs to, read from ``.git`` itself.

Starting git would cost more than the launch. Worktrees and submodules have a ``.git`` *file* that points
elsewhere; the remote's URL may hold a password, so only the last part of its path ever leaves here.
"""

import posixpath

from cclaunch.plan import read_small


def repository(directory: str) -> tuple[str, list[str]]:
    """
    Return (name, sources) of the repository that holds *directory*.

    The name is the last part of the remote ``origin``'s path without ``.git``, else the main worktree's
    directory name; empty outside a repository. The sources are the paths whose change can change the answer.
    """
    sources = []
    current = directory
    while True:
        marker = posixpath.join(current, ".git")
        sources.append(marker)
        git = _git_directory(marker, current)
        if git:
            common = _common_directory(git)
            config = posixpath.join(common, "config")
            sources += [config, posixpath.join(git, "commondir")]
            return _remote_name(config) or _directory_name(common, current), sources
        parent = posixpath.dirname(current)
        if parent == current:
            return "", sources
        current = parent


def _git_directory(marker: str, worktree: str) -> str:
    if posixpath.isdir(marker):
        return marker if posixpath.exists(posixpath.join(marker, "HEAD")) else ""
    text = (read_small(marker, 4096) or b"").decode("utf-8", "surrogateescape")
    if not text.startswith("gitdir:"):
        return ""
    return posixpath.normpath(posixpath.join(worktree, text[len("gitdir:") :].strip()))


def _common_directory(git: str) -> str:
    text = (read_small(posixpath.join(git, "commondir"), 4096) or b"").decode("utf-8", "surrogateescape").strip()
    return posixpath.normpath(posixpath.join(git, text)) if text else git


def _remote_name(config: str) -> str:
    """Return the last part of ``remote.origin.url``'s path without ``.git``."""
    inside = False
    url = ""
    for raw in (read_small(config) or b"").decode("utf-8", "replace").splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line.replace(" ", "").replace("\t", "").lower().startswith('[remote"origin"]')
        elif inside and not url:
            key, separator, value = line.partition("=")
            if separator and key.strip().lower() == "url":
                url = value.strip().strip('"')
    path = url.partition("#")[0].partition("?")[0].rstrip("/")
    name = path.replace("\\", "/").rpartition("/")[2].rpartition(":")[2]
    return name.removesuffix(".git")


def _directory_name(common: str, worktree: str) -> str:
    """Return the main worktree's name: the parent of a ``.git`` directory, else the worktree's own (submodules, bare)."""
    if posixpath.basename(common) == ".git":
        return posixpath.basename(posixpath.dirname(common))
    return posixpath.basename(worktree)


def located(directory: str) -> tuple[str, str]:
    """Return (worktree, git directory) of the repository that holds *directory*; two empty strings outside of one."""
    current = directory
    while True:
        if git := _git_directory(posixpath.join(current, ".git"), current):
            return current, git
        parent = posixpath.dirname(current)
        if parent == current:
            return "", ""
        current = parent


def worktrees(directory: str) -> list[str]:
    """Return the root of the worktree that holds *directory*, and the main worktree of a linked one; without *directory*."""
    root, git = located(directory)
    if not git:
        return []
    common = _common_directory(git)
    main = posixpath.dirname(common) if posixpath.basename(common) == ".git" else root
    return [path for path in dict.fromkeys((root, main)) if path != directory]

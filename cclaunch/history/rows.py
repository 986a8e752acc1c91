"""
What a transcript tells of a request, as the ledger takes it: with a price, and the repository instead of a directory.

The problem it owns: the directory of a session says more than anybody needs, and may be gone. So of it the repository's name is
kept, as a launch there would have said it, and nothing else.
"""

import os
import posixpath
import re
from functools import lru_cache, partial

from cclaunch.history.silent import answered
from cclaunch.place.repository import fitting, repository
from cclaunch.prices.price import price_of
from cclaunch.store.ledger.witnessed import Witnessed
from cclaunch.store.record_key import PAIR, number_of
from cclaunch.transcripts.seen import Seen

WORKTREES = "/.claude/worktrees/"
"""Where claude makes worktrees of its own, below the repository."""

LONGEST_NAME = 200
"""Characters of a directory's path that stand in the name of the one that claude keeps its transcripts in."""

NAMELESS = re.compile("[^A-Za-z0-9]")
"""What stands as a ``-`` there."""

DETACHED = "HEAD"
"""The branch that claude names where there is none."""

_fitting = lru_cache(1024)(fitting)
_made = partial(tuple.__new__, Witnessed)
"""As `Witnessed` makes it, for less: of a million, each is felt."""


class Rows:
    """
    Makes rows of what was seen.

    Args:
        host: The machine that it was read from, where that is another one: its directories are not looked for here.
        branch: Whether branches are kept.
    """

    def __init__(self, host: str | None = None, *, branch: bool = True) -> None:
        self._host = host
        self._branch = branch
        self._found: dict[str, str | None] = {}
        self._first: dict[str | None, str] = {}
        self._projects: frozenset[str] = frozenset()
        self._where: dict[tuple[str | None, ...], tuple[str | None, ...]] = {}

    def begin(self, path: str) -> None:
        """Take what is made from now on for rows of the transcript at *path*."""
        self._projects = frozenset(part[:LONGEST_NAME] for part in path.split(os.sep) if part.startswith("-"))
        self._first.clear()
        self._where.clear()

    def made(self, seen: Seen) -> Witnessed:
        """Return the row of *seen*."""
        request, said, time_ns, session, copied, model, asked, fresh, output, read, written, hour = seen[:12]
        searches, fast, residence, partial, cwd, branch, version = seen[12:]
        listed = price_of(version, asked, model)
        micros = None if listed is None else listed.micros(fresh, output, read, written, hour, searches, fast, residence)
        key = number_of(f"{request or ''}{PAIR}{said or ''}")
        place = session, cwd, branch
        where = self._where.get(place) or self._met(place)
        took = fresh, output, read, written - hour, hour, partial, model, version
        return _made((key, time_ns, session, copied, request, micros, *took, *where))

    def _met(self, place: tuple[str | None, str | None, str | None]) -> tuple[str | None, ...]:
        """Return (repository, branch, host) for a *place* that was not met yet: a session, its directory, its branch."""
        session, cwd, branch = place
        found = self._repository(session, cwd, branch), self._branch_of(branch), self._host
        self._where[place] = found
        return found

    def _branch_of(self, name: str | None) -> str | None:
        """Return the branch called *name* as it is kept, or None."""
        return _fitting(name) or None if name and self._branch and name != DETACHED else None

    def _repository(self, session: str | None, cwd: str | None, branch: str | None) -> str | None:
        if cwd is None:
            return None
        name = self._on_disk(cwd)
        if name is None and branch is not None:
            name = self._of_gone(cwd, self._first.setdefault(session, cwd))
        return name or None

    def _on_disk(self, directory: str) -> str | None:
        """Return the name of the repository that *directory* is in, an empty text outside of one; None where it is not here."""
        if directory not in self._found:
            self._found[directory] = None if self._host else _on_disk(directory)
        return self._found[directory]

    def _of_gone(self, directory: str, first: str) -> str:
        """
        Return the repository's name of a *directory* that is gone: of where its session began, which its file is named for.

        That is the repository itself more often than where the session went to. *first*: the first one that this part tells of.
        """
        main = _main(directory)
        start = self._start(main)
        if main != directory or (start is None and self._projects):
            return _last(main)
        name = None if start is None else self._on_disk(start)
        return name or _last(_main(first) if start is None or name is not None else start)

    def _start(self, directory: str) -> str | None:
        """Return the one of *directory* and those above it in which the session began; None where it began elsewhere."""
        while directory.strip("/"):
            if NAMELESS.sub("-", directory)[:LONGEST_NAME] in self._projects:
                return directory
            directory = posixpath.dirname(directory)
        return None


def _last(directory: str) -> str:
    return _fitting(posixpath.basename(directory.rstrip("/")))


def _main(directory: str) -> str:
    """Return the repository's own directory for one of the worktrees that claude makes."""
    return directory.partition(WORKTREES)[0]


def _on_disk(directory: str) -> str | None:
    return answered(lambda: _repository_of(directory))


def _repository_of(directory: str) -> str | None:
    """
    Return the name of the repository that *directory* is in, an empty text outside of one; None where it is gone.

    Of a worktree that is gone, its repository may be there.
    """
    for one in dict.fromkeys((directory, _main(directory))):
        if posixpath.isabs(one) and os.path.isdir(one):
            return repository(one)[0]
    return None

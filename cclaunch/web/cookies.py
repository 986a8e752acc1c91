"""
Who was let in: the cookies that were given out, and which code each was given for.

The problem it owns: a code that comes twice was seen by two, and nobody can tell which of them is the person. So both are
put out; the one who types `cclaunch dashboard` again is let in again.
"""

import secrets
from collections import OrderedDict
from enum import Enum

from cclaunch.web.codes import name_of

MOST = 32
"""Browsers that are let in at once; one more puts out the oldest."""


class Came(Enum):
    """What a code that is no longer valid says of who brings it."""

    NEVER = "never"
    AGAIN = "again"
    TWICE = "twice"


class Cookies:
    """The cookies that are good, in memory only: they end with the process."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, str] = OrderedDict()
        self._seen: set[str] = set()

    def open(self, code: str) -> str:
        """Return a new cookie's value for who brought *code*."""
        value = secrets.token_urlsafe(32)
        self._given[name_of(code)] = value
        while len(self._given) > MOST:
            self._seen.discard(self._given.popitem(last=False)[0])
        return value

    def value_for(self, code: str) -> str:
        """Return the value of the cookie that *code* was good for; an empty text for none."""
        return self._given.get(name_of(code), "")

    def knows(self, value: str) -> bool:
        """Say whether *value* was given out; how long that takes says nothing of any."""
        asked, found = value.encode("utf-8", "replace"), False
        for one in self._given.values():
            found |= secrets.compare_digest(one.encode(), asked)
        return found

    def came_again(self, code: str, value: str) -> Came:
        """
        Say what it means that *code*, which is not valid, is brought by one who has the cookie *value*.

        AGAIN: the very browser that was let in for it. TWICE: another one; who was let in for it is put out.
        """
        given = self._given.get(name_of(code))
        if given is None:
            return Came.NEVER
        if secrets.compare_digest(given.encode(), value.encode("utf-8", "replace")):
            return Came.AGAIN
        del self._given[name_of(code)]
        self._seen.discard(name_of(code))
        return Came.TWICE

    def seen_by_another(self, code: str) -> bool:
        """Say whether *code*, which another user brings, let somebody in; of each that is said once."""
        name = name_of(code)
        if name not in self._given or name in self._seen:
            return False
        self._seen.add(name)
        return True

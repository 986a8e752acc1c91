"""
What claude's settings files said when they were last looked at, and whether that still holds.

The problem it owns: claude rewrites one of these files all the time. As long as it speaks of none of our variables it is
only searched, never parsed.

Hot: C modules only.
"""

from cclaunch.hot.reading import MISSING, read_small, stamp
from cclaunch.hot.records import claims_key, place_file, read_compiled

STATE_PLACE = "state"
"""Claude's state file among the places of its settings."""

REPOSITORY_PLACES = ("project", "local")
"""Places of its settings that come with a repository."""

REPOSITORY_LIMIT = 256 << 10
"""Bytes of such a file that are read: what somebody else wrote may not cost a launch more than 100 ms."""

SETTINGS_LIMIT = 256 << 20
"""Bytes of one of claude's settings files: its ``.claude.json`` alone may hold megabytes."""

ESCAPED_ENV = (b'"\\u0065', b'"e\\u006', b'"en\\u0076"')
"""How a member called ``env`` begins when its name holds an escape; of claude's own making is none of them."""


def read_claims(cache: str, directory: str, config_dir: str) -> "list[list[str]] | None":
    """
    Return [place, path, variable, value] of each thing that claude's settings files say and that matters to a launch.

    None when they must be worked out anew. Claude itself writes one of these files all the time: as long as it still
    mentions none of our variables, that does not count as a change, and it is only searched, never parsed.
    """
    key = claims_key(directory, config_dir)
    records = read_compiled(place_file(cache, key), key)
    if records is None:
        return None
    claims, marks = [], []
    for kind, *fields in records:
        if kind == "marks":
            marks = [mark.encode("ascii") for mark in fields]
        elif kind == "claim":
            claims.append(fields)
        elif kind == "settings":
            place, path, mark, said = fields
            if stamp(path) != mark and (said or mentions(path, marks, place)):
                return None
    return claims


def settings_limit(place: str) -> int:
    """Return how many bytes a settings file of *place* may have to be read; a larger one is overridden unread."""
    return REPOSITORY_LIMIT if place in REPOSITORY_PLACES else SETTINGS_LIMIT


def mentions(path: str, marks: "list[bytes]", place: str) -> bool:
    """
    Say whether the file at *path* may say something that matters: it holds one of *marks*, or cannot be read.

    Of claude's state file, which may have megabytes, only the texts behind ``"env"`` are searched.
    """
    data = read_small(path, settings_limit(place))
    if data is None:
        return stamp(path) != MISSING
    if place != STATE_PLACE:
        return any([mark in data for mark in marks])
    if b"\0" in data or (b"\\u00" in data and any([name in data for name in ESCAPED_ENV])):
        return True
    start = data.find(b'"env"')
    while start >= 0:
        end, quotes, at = data.find(b"}", start), 0, start
        while end >= 0 and (quotes := quotes + data.count(b'"', at, end)) % 2:  # inside a string
            end, at = data.find(b"}", end + 1), end
        block = data[start:end]
        if end < 0 or b"\\" in block or block.count(b"{") > 1 or any([mark in block for mark in marks]):
            return True
        start = data.find(b'"env"', end)
    return False


class Claims:
    """
    What claude's settings files say that matters here; they beat the environment.

    Attributes:
        beneath: Attribute texts of the person's own files: taken in below the shell's.
        flag: The attribute text of the person's own ``--settings``: taken in above the shell's.
        privacy: variable -> value of the person's own ``--settings``.
    """

    __slots__ = ("beneath", "flag", "privacy")

    def __init__(self) -> None:
        self.beneath: list[tuple[str, str]] = []
        self.flag = ""
        self.privacy: dict[str, str] = {}

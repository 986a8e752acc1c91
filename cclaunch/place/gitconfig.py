"""
Git's configuration format, as far as a repository's own file needs it.

Starting git would cost more than the launch, and a search for ``url =`` is fooled by comments, quotes, escapes and
by sections that only look alike. Included files are not followed. Pure: the text comes in, the entries go out.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

HEADER = re.compile(r'\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:\\.|[^"\\\n])*)")?\]')
KEY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=?)")
PLAIN = re.compile(r'([^\n"\\#;]*+)(?:\n|\Z)')
"""A value without quotes, escapes and comments, up to the end of its line."""

SPACE = re.compile(r"(?:\s|[#;][^\n]*)*")
ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "\\": "\\", '"': '"', "\n": ""}


class Entry(NamedTuple):
    """One ``key = value``: *section* and *key* in lower case, *subsection* as it is written; no ``=`` is an empty value."""

    section: str
    subsection: str
    key: str
    value: str


def entries(text: str) -> Iterator[Entry]:
    """Yield the entries of a file's *text* in their order, up to the first fault: there git itself gives up."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    section = subsection = ""
    position = 0
    while True:
        position = _end(SPACE, text, position)
        if header := HEADER.match(text, position):
            section, _, dotted = header[1].lower().partition(".")
            subsection = dotted if header[2] is None else re.sub(r"\\(.)", r"\1", header[2])
            position = header.end()
        elif found := KEY.match(text, position):
            value, position = _value(text, found.end()) if found[2] else ("", found.end())
            if position < 0:
                return
            yield Entry(section, subsection, found[1].lower(), value)
        else:
            return


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _value(text: str, position: int) -> tuple[str, int]:
    """Return (value, where it ends); the end is negative for a quote that is left open or an escape that does not exist."""
    if plain := PLAIN.match(text, position):  # nearly all are: a regular expression costs less than a walk
        return plain[1].strip(), plain.end()
    kept: list[str] = []
    length, quoted = 0, False  # length: without the blanks that end it
    while position < len(text):
        character = text[position]
        position += 1
        if character == "\n":
            break
        if character == '"':
            quoted = not quoted
        elif character in "#;" and not quoted:
            position = _end(SPACE, text, position - 1)
            break
        elif character == "\\":
            if text[position : position + 1] not in ESCAPES:
                return "", -1
            kept.append(ESCAPES[text[position]])
            position += 1
        elif quoted or kept or not character.isspace():
            kept.append(character)
        if quoted or not character.isspace():
            length = len(kept)
    return "".join(kept[:length]), -1 if quoted else position

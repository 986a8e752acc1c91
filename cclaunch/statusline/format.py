"""
The format of the line: names in braces, text between them, sections between bars.

    {profile} | {session} {today} | {budget:magenta} | {context}

The problem it owns: a section whose names all have nothing to say is left out with its bar; what does not fit is left out, the
least important first. ``{{`` and ``}}`` are braces; what stands in braces and is no name says nothing, and `unknown` tells of it.

Hot: C modules only.
"""

from cclaunch.statusline.columns import clean, cut, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Said = tuple[str, str]  # what a name says, and the colour of a warning; both may be empty
    Say = Callable[[str], Said]
    Filled = tuple["Section", list[Said]]

DEFAULT = "{profile} | {model} | {session} {today} | {budget} | {context} | {5h} {week} | {cache}"

NAMES = tuple(
    "budget session profile today context 5h week limit model cache pr branch directory effort lines tokens duration"
    " version".split()
)
"""All that there is, the most important first."""

BARS = "|│·•"
"""What stands between sections, with a blank on both sides."""

COLOURS = {
    **{name: str(30 + at) for at, name in enumerate("black red green yellow blue magenta cyan white".split())},
    "bold": "1",
    "dim": "2",
    "grey": "90",
}
"""Name -> its number; beside these, 0 to 255 are colours of the terminal."""

PLAIN = "\x1b[0m"

GAP = 3
"""Columns of a bar and its blanks."""

LONGEST = 60
"""Columns of one value: more is no help on one line."""


class Name:
    """A *name* in a format, and the *colour* that it is given; an empty text for none."""

    __slots__ = ("colour", "name")

    def __init__(self, text: str) -> None:
        self.name, _, self.colour = text.partition(":")


class Section:
    """What stands between two bars: the *bar* before it, and its *parts* in order."""

    __slots__ = ("bar", "parts")

    def __init__(self, bar: str) -> None:
        self.bar = bar
        self.parts: list[str | Name] = []

    def names(self) -> "list[str]":
        """Return its names that there are, the most important first."""
        found = [part.name for part in self.parts if isinstance(part, Name) and part.name in NAMES]
        return sorted(found, key=NAMES.index)

    def filled(self, say: "Say", without: "tuple[str, ...]" = ()) -> "list[Said]":
        """Return texts and their colours, when each name says what *say* has it say; nothing when all its names say nothing."""
        found: list[Said] = []
        has_names = has_said = False
        for part in self.parts:
            if isinstance(part, Name):
                text, colour = say(part.name) if part.name in NAMES and part.name not in without else ("", "")
                text = cut(clean(text), LONGEST)
                has_names, has_said = True, has_said or bool(text)
                found += [(text, colour or part.colour)] if text else []
            else:
                text = clean(part)
                text = text.lstrip(" ") if not found or found[-1][0].endswith(" ") else text
                found += [(text, "")] if text else []
        while found and not (last := found[-1][0].rstrip(" ")):
            found.pop()
        if found:
            found[-1] = last, found[-1][1]
        return [] if has_names and not has_said else found


def sections(form: str) -> "list[Section]":
    """Return the sections of a format."""
    found = [Section("")]
    at, size, text = 0, len(form), ""
    while at < size:
        sign, end = form[at], form.find("}", at)
        if sign in "{}" and form[at + 1 : at + 2] == sign:
            text, at = text + sign, at + 2
        elif sign == "{" and end > at:
            found[-1].parts += [text, Name(form[at + 1 : end].strip())] if text else [Name(form[at + 1 : end].strip())]
            text, at = "", end + 1
        elif sign in BARS and form[at - 1 : at] in ("", " ") and form[at + 1 : at + 2] in ("", " "):
            found[-1].parts += [text] if text else []
            found.append(Section(sign))
            text, at = "", at + 1
        else:
            text, at = text + sign, at + 1
    found[-1].parts += [text] if text else []
    return found


def unknown(form: str) -> "list[str]":
    """Return what stands in braces in a format and means nothing, as it stands there: ``{tody}``, ``{today:grene}``; in order."""
    named = [part for section in sections(form) for part in section.parts if isinstance(part, Name)]
    return [
        f"{{{name.name}:{name.colour}}}" if name.colour else f"{{{name.name}}}"
        for name in named
        if name.name not in NAMES or (name.colour and not _sgr(name.colour))
    ]


def laid_out(form: str, say: "Say", room: int, coloured: bool) -> str:
    """
    Return the line.

    Args:
        form: The format.
        say: Name -> (what it says, the colour of a warning), both empty for nothing.
        room: So many columns it may take; 0: no bound.
        coloured: Whether it may have colours.
    """
    there = [(section, filled) for section in sections(form) if (filled := section.filled(say))]
    if room and _columns(there) > room:
        there = _fitted(there, say, room)
    line = ""
    for number, (section, filled) in enumerate(there):
        line += f" {section.bar} " if number else ""
        line += "".join(_painted(text, colour) if coloured else text for text, colour in filled)
    return line + PLAIN if "\x1b" in line and not line.endswith(PLAIN) else line


def _fitted(there: "list[Filled]", say: "Say", room: int) -> "list[Filled]":
    """Return what fits, in order: the most important section, cut if it must be, and of the others what there is room for."""
    found: dict[int, Filled] = {}
    for number in sorted(range(len(there)), key=lambda number: _rank(there[number][0])):
        section = there[number][0]
        left = room - _columns(list(found.values())) - (GAP if found else 0)
        filled = _squeezed(section, say, left)
        if not found and _sum(filled) > left:
            filled = _cut(filled, left)
        if filled and _sum(filled) <= left:
            found[number] = section, filled
    return [found[number] for number in sorted(found)]


def _squeezed(section: Section, say: "Say", room: int) -> "list[Said]":
    """Return what is left of a *section* when its least important names go until it fits, but one."""
    names = section.names()
    filled = section.filled(say)
    while len(names) > 1 and _sum(filled) > room:
        names.pop()
        filled = section.filled(say, tuple(name for name in NAMES if name not in names)) or filled
    return filled


def _cut(filled: "list[Said]", room: int) -> "list[Said]":
    found: list[Said] = []
    for text, colour in filled:
        if room > 0:
            found.append((cut(text, room), colour))
            room -= width(text)
    return found


def _rank(section: Section) -> int:
    names = section.names()
    return NAMES.index(names[0]) if names else len(NAMES)


def _columns(there: "list[Filled]") -> int:
    return sum(_sum(filled) for _, filled in there) + GAP * max(len(there) - 1, 0)


def _sum(filled: "list[Said]") -> int:
    return sum(width(text) for text, _ in filled)


def _painted(text: str, colour: str) -> str:
    number = _sgr(colour)
    return f"\x1b[{number}m{text}{PLAIN}" if number else text


def _sgr(colour: str) -> str:
    """Return the number of a colour; an empty text where there is none of that name."""
    is_number = colour.isascii() and colour.isdigit() and len(colour) <= 3 and int(colour) < 256
    return f"38;5;{int(colour)}" if is_number else COLOURS.get(colour, "")

"""
How many columns of a terminal a text takes, and a text cut to so many.

The problem it owns: what a name stands for may be anybody's words: wide characters, and characters that are commands.

Hot: C modules only.
"""


def clean(text: str) -> str:
    """Return *text* without what is no character to be seen: controls, escapes, what turns the writing, surrogates."""
    return text if text.isprintable() else "".join(one for one in text if one.isprintable())


def width(text: str) -> int:
    """Return how many columns *text* takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def cut(text: str, room: int) -> str:
    """Return *text* in at most *room* columns; what is left out is ``…``."""
    if width(text) <= room:
        return text
    end = min(len(text), max(room, 0))
    while end and width(text[:end]) > room - 1:
        end -= 1
    return text[:end] + "…" if room > 0 else ""

"""
Our block in an rc file: found, put in, replaced and taken out. Bytes in, bytes out; markers stand here and nowhere else.

People have tended these files for years. Nothing outside the two marker lines is ever changed, what was put in can be
taken out again to the byte, and where the markers are not exactly one pair nothing is guessed: that is an error which
names the lines.

    # >>> cclaunch persist v1 sha256:HASH pre=N:CHECK new=N >>> managed by cclaunch; undo: cclaunch unpersist
    body
    # <<< cclaunch persist <<<

``sha256`` knows a body that was edited by hand. ``pre`` counts the newlines that we put in front, because the file ended
without one or in the middle of a command; its check is of the line before, so that nobody else's newline is taken for
ours. ``new`` is 0 for a file that was there, 1 for one that we made, and one more for each directory above it.
"""

import re
from hashlib import sha256
from typing import NamedTuple

from cclaunch.errors import CclaunchError
from cclaunch.shells.syntax import separator

VERSION = 1
UNDO = b"managed by cclaunch; undo: cclaunch unpersist"
BEGIN = re.compile(
    rb"# >>> cclaunch persist v(\d{1,4})(?: sha256:([0-9a-f]{12}))?(?: pre=(\d):([0-9a-f]{4}))?(?: new=(\d{1,2}))?"
    rb" >>>(?: " + UNDO + rb")?\r?"
)
END = b"# <<< cclaunch persist <<<"

HEREDOC = re.compile(rb"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_]\w*))")


class DamagedMarkers(CclaunchError):
    """The markers of our block are not exactly one pair: nothing is changed."""

    reference = "damaged-markers"


class NewerBlock(CclaunchError):
    """The block was written by a newer release."""

    reference = "newer-block"


class Block(NamedTuple):
    """
    Our block in a file.

    Attributes:
        start, end: Where it stands: from the first marker's first byte to behind the second one's newline.
        version: Of the format.
        body: What stands between the markers.
        digest: What the first marker says about it; empty when it says nothing.
        pre: How many newlines we put in front of it.
        check: The check of the line in front of those.
        new: Whether we made the file, and how many directories above it: see above.
    """

    start: int
    end: int
    version: int
    body: bytes
    digest: str
    pre: int
    check: str
    new: int

    @property
    def edited(self) -> bool:
        """Say whether a hand has changed the body. Other line ends are no hand's work."""
        return bool(self.digest) and digest_of(self.body.replace(b"\r\n", b"\n")) != self.digest


def digest_of(body: bytes) -> str:
    """Return the twelve digits by which a body is known again."""
    return sha256(body).hexdigest()[:12]


def find_block(data: bytes) -> Block | None:
    """
    Return our block in *data*, or None.

    A marker is a line of its own that says nothing else; not one that is indented, quoted, or text of a here-document.

    Raises:
        DamagedMarkers: There is one half, or more than one pair, or they stand in the wrong order; lines are named.
        NewerBlock: It was written by a newer release.
    """
    marks = _marks(data)
    if not marks:
        return None
    if [kind for kind, *_ in marks] != ["begin", "end"]:
        raise DamagedMarkers(
            "the markers of our block are damaged: " + _told(marks),
            cause=f"expected one line `# >>> cclaunch persist v{VERSION} … >>>`, and below it one line `{END.decode()}`",
            hint="delete those lines, and what cclaunch put between them, by hand; then try again",
        )
    (_, number, start, body_start, found), (_, _, body_end, end, _) = marks
    assert found is not None
    version, digest, pre, check, new = found.groups()
    if int(version) > VERSION:
        raise NewerBlock(f"the block in line {number} was written by a newer cclaunch", hint="use that one, or upgrade this one")
    return Block(
        start=start,
        end=end,
        version=int(version),
        body=data[body_start:body_end],
        digest=(digest or b"").decode(),
        pre=int(pre or 0),
        check=(check or b"").decode(),
        new=int(new or 0),
    )


Mark = tuple[str, int, int, int, "re.Match[bytes] | None"]


def _marks(data: bytes) -> list[Mark]:
    """Return (kind, line number, start, start of the next line, match) of each marker line."""
    if b"cclaunch persist" not in data:
        return []
    found: list[Mark] = []
    start = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        after = min(start + len(line) + 1, len(data))
        if match := BEGIN.fullmatch(line):
            found.append(("begin", number, start, after, match))
        elif line.removesuffix(b"\r") == END:
            found.append(("end", number, start, after, None))
        start = after
    hidden = _here_documents(data) if found else []
    return [mark for mark in found if not any(first <= mark[1] < last for first, last in hidden)]


def _here_documents(data: bytes) -> list[tuple[int, int]]:
    """Return the numbers of the first line of each closed here-document's text and of the line that closes it."""
    lines = data.split(b"\n")
    last = {line: number for number, line in enumerate(lines, 1)} | {
        line.lstrip(b"\t"): number for number, line in enumerate(lines, 1) if line.startswith(b"\t")
    }
    found = []
    waiting: list[tuple[bool, bytes]] = []
    opened = 0
    for number, line in enumerate(lines, 1):
        if waiting:
            tabs, word = waiting[0]
            if (line.lstrip(b"\t") if tabs else line) == word:
                waiting.pop(0)
                if not waiting:
                    found.append((opened, number))
        elif b"<<" in line and not line.lstrip().startswith(b"#"):
            words = [(bool(tabs), a or b or c) for tabs, a, b, c in HEREDOC.findall(line.replace(b"<<<", b""))]
            waiting = [(tabs, word) for tabs, word in words if last.get(word, 0) > number]
            opened = number + 1
    return found


def _told(marks: list[Mark]) -> str:
    """Say what is wrong with *marks*, with the line numbers."""
    first = {kind: next((number for one, number, *_ in marks if one == kind), 0) for kind in ("begin", "end")}
    if not first["end"]:
        trouble = "a begin without an end"
    elif not first["begin"]:
        trouble = "an end without a begin"
    elif first["end"] < first["begin"]:
        trouble = "an end before its begin"
    elif [kind for kind, *_ in marks[:2]] == ["begin", "begin"]:
        trouble = "a begin inside a block"
    else:
        trouble = "more than one block"
    return f"{trouble} ({', '.join(f'{kind} in line {number}' for kind, number, *_ in marks)})"


def insert_block(data: bytes, body: bytes, new: int = 0) -> bytes:
    """
    Return *data*, which holds no block, with one at its end.

    Raises:
        ValueError: The *body* holds a line that would be taken for a marker, or has no newline at its end.
    """
    before = separator(data)
    return data + before + _block(body, len(before), _check(data) if before else "0000", new)


def _check(data: bytes) -> str:
    """Return the four digits of the last line of *data*, its newline included."""
    return sha256(data[data.rfind(b"\n", 0, max(len(data) - 1, 0)) + 1 :]).hexdigest()[:4]


def _block(body: bytes, pre: int, check: str, new: int) -> bytes:
    if not body.endswith(b"\n") or any(BEGIN.fullmatch(line) or line.removesuffix(b"\r") == END for line in body.split(b"\n")):
        raise ValueError("the text of a block ends with a newline and holds no marker")
    marker = f"# >>> cclaunch persist v{VERSION} sha256:{digest_of(body)} pre={pre}:{check} new={new} >>> ".encode()
    return marker + UNDO + b"\n" + body + END + b"\n"


def replace_block(data: bytes, block: Block, body: bytes) -> bytes:
    """Return *data* with *body* in place of that of *block*; what the marker remembers is kept. Raises as ``insert_block``."""
    return data[: block.start] + _block(body, block.pre, block.check or "0000", block.new) + data[block.end :]


def remove_block(data: bytes, block: Block) -> bytes | None:
    """
    Return *data* as it was before *block* was put in; None when we had made the file and nothing else is in it.

    The newlines that we put in front go too, unless something was added behind, which they keep apart.
    """
    before, after = data[: block.start], data[block.end :]
    bare = before.removesuffix(b"\n" * block.pre)
    if block.pre and not after and len(before) - len(bare) == block.pre and _check(bare) == block.check:
        before = bare
    rest = before + after
    return None if block.new and not rest else rest

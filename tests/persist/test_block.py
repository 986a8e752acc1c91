"""Our block in an rc file: what is put in can be taken out to the byte, and damaged markers are never guessed at."""

import pytest
from blocks import block_in
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cclaunch.persist.block import DamagedMarkers, NewerBlock, find_block, insert_block, remove_block, replace_block
from cclaunch.shells.syntax import separator

BODY = b"export A='1'\n"
NEWER = b"export A='2'\nexport B='3'\n"
BEGIN = b"# >>> cclaunch persist v1 sha256:0123456789ab pre=0:0000 new=0 >>> managed by cclaunch; undo: cclaunch unpersist"
END = b"# <<< cclaunch persist <<<"

FILES = {
    "a02-empty": b"",
    "a03-no-final-newline": b"alias x=y",
    "a03-final-newline": b"alias x=y\n",
    "a04-brace": b"f() {\n  :\n}",
    "a04-fi": b"if :; then :; fi",
    "a04-comment": b"# the end",
    "a05-backslash": b"echo a \\",
    "a05-backslash-newline": b"echo a \\\n",
    "a05-two-backslashes": b"echo a \\\\",
    "a05-backtick": b"Write-Host a `\n",
    "a05-caret": b"echo a ^\n",
    "a06-blank-lines": b"alias x=y\n\n\n\n",
    "a06-only-newlines": b"\n\n",
    "a07-only-a-bom": b"\xef\xbb\xbf",
    "a07-bom-and-text": b"\xef\xbb\xbfalias x=y\n",
    "a08-crlf": b"alias x=y\r\nalias z=y\r\n",
    "a08-crlf-no-end": b"alias x=y\r\nalias z=y",
    "a08-mixed": b"alias x=y\r\nalias z=y\n",
    "a08-lone-cr": b"alias x=y\ralias z=y\r",
    "a08-backslash-crlf": b"echo a \\\r\n",
    "a09-latin-1": b"# gr\xf6\xdfe",
    "a09-cut-utf-8": b"# \xe6\x97\n",
    "a09-nul": b"# a\0b\n\0",
    "a21-heredoc": b"cat <<EOF\n" + BEGIN + b"\n" + END + b"\nEOF\n",
    "a21-heredoc-quoted": b"cat <<-'END OF'\n\t" + END + b"\n" + END + b"\n\tEND OF\n",
    "a21-two-heredocs": b"cat <<A <<\\B\n" + END + b"\nA\n" + BEGIN + b"\nB\n",
    "a21-echo": b'echo "' + BEGIN + b'"\n',
    "a21-indented": b"  " + BEGIN + b"\n\t" + END + b"\n",
    "a21-trailing-space": BEGIN.replace(b" >>> managed", b" >>>managed") + b" \n" + END + b" \n",
    "a21-comment": b"# see " + END + b"\n## >>> cclaunch persist v1 >>>\n",
    "a24-conda": b"# >>> conda initialize >>>\n. conda.sh\n# <<< conda initialize <<<\n",
    "a24-mise": b"# >>> mise:x >>> managed by mise\neval 1\n# <<< mise:x <<<",
    "a24-p10k": b'if [[ -r "$x" ]]; then\n  source "$x"\nfi\n',
}
TEXTS = pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in FILES.items() if name != "a21-trailing-space"]
)


@TEXTS
def test_persist_persist_again_update_unpersist(text: bytes) -> None:
    """Cases A 2-9, 21, 24: the same bytes come back, and none of them ever changed."""
    once = insert_block(text, BODY)
    block = block_in(once)
    newer = replace_block(once, block, NEWER)

    assert once.startswith(text)
    assert (block.body, block.edited, block.new) == (BODY, False, 0)
    assert replace_block(once, block, BODY) == once
    assert block_in(newer).body == NEWER
    assert newer.startswith(text)
    assert remove_block(newer, block_in(newer)) == remove_block(once, block) == text


@given(st.binary(max_size=300), st.binary(max_size=60), st.integers(0, 3), st.binary(max_size=40))
@example(b"a\\", b"b", 0, b"")
@example(b"\xef\xbb\xbf", b"", 1, b"x")
def test_any_bytes_come_back(text: bytes, body: bytes, new: int, added: bytes) -> None:
    """Whatever the file holds, and whatever the block does; what is added behind keeps its own line."""
    assume(b"cclaunch persist" not in text)
    body = body.replace(b"cclaunch", b"") + b"\n"
    once = insert_block(text, body, new)
    block = block_in(once)
    again = replace_block(once, block, body + body)

    assert remove_block(again, block_in(again)) == (text if text or not new else None)
    longer = once + added.replace(b"cclaunch", b"")
    behind = longer[len(once) :]
    alone = new and not text and not behind
    assert remove_block(longer, block_in(longer)) == (None if alone else text + (separator(text) if behind else b"") + behind)


@given(st.lists(st.sampled_from([b"a\n", b"\\\n", b"x", b"cat <<E\n", b"E\n", BEGIN + b"\n", END + b"\n", b" ", b"\r\n", b"'"])))
def test_lines_of_ours_are_one_pair_or_an_error(parts: list[bytes]) -> None:
    """Nothing in between: a file with any mixture of them is left alone, or comes back."""
    text = b"".join(parts)
    try:
        assume(find_block(text) is None)
    except DamagedMarkers:
        return
    once = insert_block(text, BODY)
    try:
        block = find_block(once)
    except DamagedMarkers:
        return
    assume(block is not None and block.body == BODY)  # not the text of a here-document that the block itself closed
    assert block is not None
    assert remove_block(once, block) == text


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([b"a", BEGIN, b"b"], "a begin without an end (begin in line 2)"),
        ([b"a", END, b"b"], "an end without a begin (end in line 2)"),
        ([END, b"a", BEGIN], "an end before its begin (end in line 1, begin in line 3)"),
        ([BEGIN, b"a", BEGIN, b"b", END], "a begin inside a block (begin in line 1, begin in line 3, end in line 5)"),
        ([BEGIN, b"a", END, BEGIN, END], "more than one block (begin in line 1, end in line 3, begin in line 4, end in line 5)"),
        ([BEGIN, BEGIN, END, END], "a begin inside a block (begin in line 1, begin in line 2, end in line 3, end in line 4)"),
        ([BEGIN, b"a", END, b"b", END], "more than one block (begin in line 1, end in line 3, end in line 5)"),
    ],
)
def test_damaged_markers_are_named_with_their_lines_a20(lines: list[bytes], told: str) -> None:
    """A 20: half, reversed, doubled, nested. Nothing is guessed."""
    with pytest.raises(DamagedMarkers) as damaged:
        find_block(b"\n".join(lines) + b"\n")

    assert damaged.value.message.endswith(told)


def test_an_edited_body_is_known_a22() -> None:
    """A 22: by its hash. Another tool's line ends are not a hand's work (A 8)."""
    once = insert_block(b"a\n", BODY)

    assert block_in(once.replace(b"A='1'", b"A='x'")).edited
    assert not block_in(once.replace(b"\n", b"\r\n")).edited


def test_a_block_of_an_older_format_is_brought_up_to_date_a23() -> None:
    """A 23: v0 remembered nothing."""
    old = b"a\n# >>> cclaunch persist v0 >>>\nexport A=0\n" + END + b"\nb\n"
    block = block_in(old)

    newer = replace_block(old, block, BODY)

    assert (block.version, block.edited) == (0, False)
    assert block_in(newer).version == 1
    assert remove_block(newer, block_in(newer)) == b"a\nb\n"


def test_a_block_of_a_newer_format_is_left_alone() -> None:
    """It may mean something that this release does not know."""
    with pytest.raises(NewerBlock, match="line 2 was written by a newer"):
        find_block(b"a\n" + BEGIN.replace(b" v1 ", b" v2 ") + b"\n" + END + b"\n")


@pytest.mark.parametrize("text", [b"x='a\n" + END + b"'\n", b"x='\n" + END + b"\n'\n", BEGIN + b"\n", b"no newline"])
def test_a_body_with_a_marker_in_it_is_refused(text: bytes) -> None:
    """A 25, 26: it could never be taken out again. (The first one is no marker: something follows it.)"""
    if text.startswith(b"x='a\n"):
        assert remove_block(insert_block(b"", text), block_in(insert_block(b"", text))) == b""
    else:
        with pytest.raises(ValueError, match="holds no marker"):
            insert_block(b"", text)


@pytest.mark.parametrize("text", [b"alias x=y", b"echo a \\", b"\xef\xbb\xbf"])
def test_what_was_added_behind_keeps_its_own_line(text: bytes) -> None:
    """Another tool's line must not run on into the one that was the last."""
    longer = insert_block(text, BODY) + b"added\n"

    assert remove_block(longer, block_in(longer)) == text + separator(text) + b"added\n"


def test_a_newline_that_a_hand_wrote_is_not_taken_for_ours() -> None:
    """The last line is another one than when the block was put in."""
    once = insert_block(b"alias x=y", BODY)
    edited = once.replace(b"alias x=y\n", b"alias x=y\nalias new=z\n")

    assert remove_block(edited, block_in(edited)) == b"alias x=y\nalias new=z\n"


def test_a_file_of_ours_alone_goes_away() -> None:
    """Unless somebody else has written into it."""
    once = insert_block(b"", BODY, new=1)

    assert remove_block(once, block_in(once)) is None
    assert remove_block(once + b"mine\n", block_in(once)) == b"mine\n"
    assert remove_block(insert_block(b"", BODY), block_in(insert_block(b"", BODY))) == b""


def test_a_last_marker_without_its_newline_is_known() -> None:
    """Some editors take the last newline away."""
    once = insert_block(b"a\n", BODY)[:-1]

    assert remove_block(once, block_in(once)) == b"a\n"

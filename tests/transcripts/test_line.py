"""
A line of a transcript becomes a request, nothing, or a reason.

The problem it owns: what anybody may have written into the file is left out by itself, and the line beside it is not.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from transcript_lines import MOMENT_NS, SESSION, line, record

from cclaunch.store import limits
from cclaunch.transcripts import line as lines
from cclaunch.transcripts.line import NEEDLE, read_line
from cclaunch.transcripts.seen import LONGEST_ID, MOST_TOKENS, Left, Seen

WHOLE = Seen(
    request="req_1",
    message="msg_1",
    time_ns=MOMENT_NS,
    session=SESSION,
    copied=False,
    model="claude-opus-5-5",
    asked="claude-opus-5-5",
    input=120,
    output=60,
    cache_read=3100,
    cache_written=540,
    cache_1h=40,
    searches=0,
    fast=False,
    place=None,
    partial=False,
    cwd="/home/somebody/here",
    branch="main",
    version="2.1.330",
)


def test_a_request_is_read_whole() -> None:
    """All that a row has, of the shape that claude writes."""
    assert read_line(line(record())) == WHOLE


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"requestId": None}, {"request": None}),
        ({"requestId": ""}, {"request": None}),
        ({"message": {"id": None}}, {"message": None}),
        ({"message": {"stop_reason": None}}, {"partial": True}),
        ({"usage": {"speed": "fast", "inference_geo": "us"}}, {"fast": True, "place": "us"}),
        ({"usage": {"server_tool_use": {"web_search_requests": 3}}}, {"searches": 3}),
        ({"usage": {"cache_creation": None}}, {"cache_1h": 0}),
        ({"usage": {"cache_creation": {"ephemeral_1h_input_tokens": 900}}}, {"cache_1h": 540}),
        ({"usage": {"server_tool_use": None, "cache_read_input_tokens": None}}, {"cache_read": 0}),
        ({"usage": {"service_tier": "batch", "iterations": None, "new": {}}}, {}),
        (
            {"requestedModel": None, "cwd": None, "gitBranch": "", "version": 2},
            dict.fromkeys(("asked", "cwd", "branch", "version")),
        ),
        ({"cwd": "/a\ud800b", "gitBranch": "a\0b"}, {"cwd": None, "branch": None}),
        ({"cwd": "/Ünï/日本", "gitBranch": "b" * (LONGEST_ID + 1)}, {"cwd": "/Ünï/日本", "branch": None}),
        ({"requestSessionId": "the-parent"}, {"session": "the-parent"}),
        ({"timestamp": "2026-11-26T13:23:46Z"}, {"time_ns": MOMENT_NS - 692_000_000}),
        ({"timestamp": "2026-11-26T14:23:46.692+01:00"}, {}),
        ({"isSidechain": True, "agentId": "a1", "message": {"content": [{"text": 'x"output_tokens"y'}]}}, {}),
    ],
    ids=str,
)
def test_what_may_differ_is_read(changes: dict[str, Any], differs: dict[str, Any]) -> None:
    """What is missing or of no use is nothing; the request stays."""
    assert read_line(line(record(**changes))) == WHOLE._replace(**differs)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "user"},
        {"message": {"model": "<synthetic>"}},
        {"message": {"usage": None}},
        {"type": "progress", "toolUseResult": {"usage": {"output_tokens": 7}, "role": "assistant"}},
    ],
    ids=str,
)
def test_what_is_no_request_says_nothing(changes: dict[str, Any]) -> None:
    """Other records, and what claude says by itself."""
    assert read_line(line(record(**changes))) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({"usage": {"output_tokens": value}}, Left.TOKENS) for value in (-1, MOST_TOKENS + 1, "60", 6.5, True, [60], 10**40)),
        ({"usage": {"cache_creation_input_tokens": -5}}, Left.TOKENS),
        ({"usage": {"cache_creation": {"ephemeral_1h_input_tokens": "x"}}}, Left.TOKENS),
        ({"usage": {"server_tool_use": {"web_search_requests": 10**9}}}, Left.TOKENS),
        *(
            ({"timestamp": value}, Left.TIME)
            for value in ("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "soon", 5, None, "2" * 99)
        ),
        ({"requestId": 7, "message": {"id": []}}, Left.NO_ID),
        ({"requestId": "r" * (LONGEST_ID + 1), "message": {"id": "\ud800"}}, Left.NO_ID),
        ({"message": {"model": 5}}, Left.NO_MODEL),
        ({"message": {"model": "m" * 201}}, Left.NO_MODEL),
        ({"message": "output_tokens"}, Left.STRANGE),
        ({"message": {"usage": ["output_tokens"]}}, Left.STRANGE),
    ],
    ids=str,
)
def test_what_cannot_be_is_left_out_with_its_reason(changes: dict[str, Any], reason: Left) -> None:
    """Numbers, times and shapes that no request has."""
    assert read_line(line(record(**changes))) is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (line(record())[:-1], Left.DAMAGED),
        (line(record())[20:], Left.DAMAGED),
        (line(record()) + line(record()), Left.DAMAGED),
        (line(record()).replace(b"60", b"NaN"), Left.DAMAGED),
        (line(record()).replace(b"60", b"9" * 5000), Left.DAMAGED),
        (line(record()).replace(b"Hello", b"\xff\xfe"), Left.NOT_TEXT),
        (b'{"a":' * 200_000 + line(record()), Left.TOO_DEEP),
        (b"[" + line(record()) + b"]", Left.STRANGE),
    ],
    ids=["cut at its end", "cut at its beginning", "two in one", "no number", "endless number", "no UTF-8", "deep", "a list"],
)
def test_a_damaged_line_is_left_out_with_its_reason(text: bytes, reason: Left) -> None:
    """None of them ends anything."""
    assert read_line(text) is reason


PIECES = [
    b"1e999",
    b"-",
    b"[",
    b"{",
    b'"',
    b"null",
    b"9" * 400,
    b"\\ud800",
    b"\\u0000",
    b"true",
    b",",
    b'"usage":5,',
    b'"model":{},',
    b"\xff",
]


@given(some.lists(some.tuples(some.floats(0, 1), some.integers(0, 30), some.sampled_from(PIECES)), min_size=1, max_size=4))
def test_whatever_is_done_to_a_line_ends_nothing(changes: list[tuple[float, int, bytes]]) -> None:
    """It is a request that can be, nothing, or left out with a reason."""
    text = line(record())
    for where, length, piece in changes:
        begin = int(where * len(text))
        text = text[:begin] + piece + text[begin + length :]
    seen = read_line(text)
    if isinstance(seen, Seen):
        assert all(
            0 <= count <= MOST_TOKENS for count in (seen.input, seen.output, seen.cache_read, seen.cache_written, seen.cache_1h)
        )
        assert all(value.encode() and "\0" not in value for value in seen if isinstance(value, str))
    else:
        assert seen is None or seen in Left


def test_zeros_before_a_line_are_no_part_of_it() -> None:
    """A machine that went down leaves them where data had not come to the disk."""
    assert read_line(b"\0" * 100 + line(record()) + b"\r") == WHOLE


def test_json_with_spaces_is_read() -> None:
    """Somebody has had it printed again."""
    assert read_line(line(record()).replace(b'":', b'": ')) == WHOLE


def test_what_is_older_than_its_session_is_a_copy() -> None:
    """Unless the record names whose it was."""
    own, later = read_line(line(record()), MOMENT_NS), read_line(line(record()), MOMENT_NS + 1)
    named = read_line(line(record(requestSessionId="the-parent")), MOMENT_NS + 1)
    assert [one.copied for one in (own, later, named) if isinstance(one, Seen)] == [False, True, False]


def test_a_text_cannot_hold_the_needle() -> None:
    """Its quotes are escaped there, however deep."""
    assert NEEDLE not in line({"type": "user", "text": NEEDLE.decode(), "more": [line(record()).decode()]})


def test_the_bounds_are_those_of_the_door() -> None:
    """A transcript may say what a sender may."""
    ours = MOST_TOKENS, LONGEST_ID, lines.FIRST_NS, lines.AHEAD_NS
    assert ours == (limits.MOST_TOKENS, limits.LONGEST_ID, limits.FIRST_NS, limits.AHEAD_NS)

"""Our status line in the text of any settings file: what was there comes back, to the byte or value by value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_forms import FORMS

from cclaunch.files.claude_json import decode_exactly, decode_json, encode_exactly, loads
from cclaunch.files.theirs.splice import NotJson
from cclaunch.persist.line_text import EMPTY, found_in, with_line
from cclaunch.persist.statusline import without_line
from cclaunch.persist.stretch import Record, record_of

PROGRAM = "/opt/a b/cclaunch"


def put_in(data: bytes, made: int = 0) -> tuple[bytes, Record]:
    """Return *data* with our line in it, and the record of that. Raises NotJson."""
    text, codec = decode_exactly(data) if data.strip() else (EMPTY, "utf-8")
    after, more = with_line(text, found_in(text), PROGRAM)
    return encode_exactly(after, codec), record_of(data, encode_exactly(after, codec), made, **more)


def read(data: bytes) -> Any:
    """Return what claude reads."""
    return loads(decode_json(data))


def readable(data: bytes) -> bool:
    """Say whether *data* is an object for claude."""
    try:
        return isinstance(read(data), dict)
    except ValueError:
        return False


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_claude_reads_comes_back_to_the_byte(form: str) -> None:
    """With the line in it claude reads the same, and the line; a form that it does not read is refused."""
    data = FORMS[form]("MINE")
    if data.strip() and not readable(data):
        with pytest.raises(ValueError, match=r"."):
            put_in(data)
        return
    try:
        after, record = put_in(data)
    except (NotJson, ValueError):  # more than we read: refused, nothing lost
        assert form in ("UTF-16LE with a mark and an odd byte", "UTF-8 with two marks", "nesting of 9,000") or b"\xff" in data
        return

    found = read(after)
    assert found.pop("statusLine") == {"type": "command", "command": f"'{PROGRAM}' statusline", "refreshInterval": 5}
    assert list(found) == list(read(data) if data.strip() else {})  # the values may be deeper than what compares them
    assert without_line(after, record) == data


@pytest.mark.parametrize("form", [form for form in FORMS if readable(FORMS[form]("MINE"))])
def test_every_form_comes_back_when_others_have_written_since(form: str) -> None:
    """A blank behind it is a change: then the line alone goes."""
    data = FORMS[form]("MINE")
    try:
        after, record = put_in(data)
    except ValueError:
        return
    text, codec = decode_exactly(after)

    rest = without_line(encode_exactly(text + "\n", codec), record)

    before, _ = decode_exactly(data)
    assert rest == encode_exactly(before + "\n", codec)


SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-5, 99), st.text(max_size=8))
VALUE = st.recursive(SCALAR, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3))
COMMAND = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40).filter(str.strip)
LINE = st.fixed_dictionaries(
    {"type": st.just("command"), "command": COMMAND},
    optional={"padding": st.integers(0, 4), "refreshInterval": st.one_of(st.integers(1, 20), st.text(max_size=2)), "x": VALUE},
)
MEMBERS = st.dictionaries(st.text(max_size=6), VALUE, max_size=3)
SETTINGS = st.tuples(MEMBERS, st.one_of(st.none(), LINE), MEMBERS).map(
    lambda parts: {**parts[0], **({"statusLine": parts[1]} if parts[1] else {}), **parts[2]}
)
LAYOUTS = [{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"indent": 0}, {"ensure_ascii": False}]
LAYOUT: st.SearchStrategy[dict[str, Any]] = st.sampled_from(LAYOUTS)
CODEC = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
END = st.sampled_from(["", "\n", "\r\n", "  \n\n"])


@given(settings=SETTINGS, layout=LAYOUT, end=END, crlf=st.booleans(), codec=CODEC)
def test_any_settings_come_back_to_the_byte(
    settings: dict[str, Any], layout: dict[str, Any], end: str, crlf: bool, codec: str
) -> None:
    """Any members around any line, in any layout and encoding; what claude reads beside our two members is the same."""
    text = json.dumps(settings, **layout) + end
    data = (text.replace("\n", "\r\n") if crlf else text).encode(codec, "surrogatepass")

    after, record = put_in(data)

    was, now = read(data), read(after)
    line, ours = was.pop("statusLine", {"type": "command"}), now.pop("statusLine")
    assert now == was
    assert {**ours, "command": 0, "refreshInterval": 0} == {**line, "command": 0, "refreshInterval": 0}
    assert ours["refreshInterval"] >= 5
    assert without_line(after, record) == data


@given(settings=SETTINGS, first=LAYOUT, second=LAYOUT)
def test_any_settings_that_were_written_anew_come_back_as_they_were_read(
    settings: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Claude writes the file with a printer of its own: then each value goes back, wherever it stands."""
    after, record = put_in(json.dumps(settings, **first).encode("utf-8", "surrogatepass"))
    anew = json.dumps({**json.loads(after), "added": 1}, **second).encode("utf-8", "surrogatepass")

    rest = without_line(anew, record)

    assert rest is not None
    assert json.loads(rest) == {**settings, "added": 1}


OTHER = '{"statusLine": {"type": "command", "command": "mine", "padding": 1%s}}'


SECONDS = {"": 5, "1": 5, "4.9": 5, "5": 5, "30": 30, '"30"': 5, "true": 5, "-1": 5, "1e400": 5, "null": 5}


@pytest.mark.parametrize(("said", "kept"), SECONDS.items(), ids=list(SECONDS))
def test_an_interval_that_serves_is_kept(said: str, kept: float) -> None:
    """Seconds, five at least; what claude would ignore is no interval."""
    after, _ = put_in((OTHER % (f', "refreshInterval": {said}' if said else "")).encode())

    assert read(after)["statusLine"] == {
        "type": "command",
        "command": f"'{PROGRAM}' statusline --wrap mine",
        "padding": 1,
        "refreshInterval": kept,
    }


ODD = ["null", "[]", '"x"', "{}", '{"type": "command"}', '{"type": "text", "command": "x"}', '{"command": "x"}']
ODD += ['{"type": "command", "command": 1}', '{"type": "command", "command": "a\\u0000b"}']


@pytest.mark.parametrize("value", ODD)
def test_a_line_that_claude_would_not_take_is_refused(value: str) -> None:
    """With the line of the file: what was meant is not ours to guess."""
    with pytest.raises(NotJson, match="statusLine") as refused:
        found_in(f'{{\n"statusLine": {value}}}')
    assert refused.value.line == 2


def test_of_two_lines_the_one_that_counts_is_wrapped() -> None:
    """The last one, as in any JSON; both are there again afterwards."""
    data = b'{"statusLine": {"type":"command","command":"a"}, "statusLine": {"type":"command","command":"x","command":"b"}}'

    after, record = put_in(data)

    assert read(after)["statusLine"]["command"].endswith("--wrap b")
    assert without_line(after, record) == data


def test_a_line_that_a_hand_has_changed_since_is_the_hand_s() -> None:
    """Another command: nothing of it is ours any more. Another padding: that stays."""
    data = b'{"statusLine": {"type": "command", "command": "mine"}}'
    after, record = put_in(data)
    own = after.replace(b"/opt/a b/cclaunch", b"/bin/mine")
    padded = after.replace(b'"type"', b'"padding": 3, "type"')

    assert without_line(own, record) == own
    assert json.loads(without_line(padded, record) or b"") == {"statusLine": {"padding": 3, "type": "command", "command": "mine"}}


def test_an_interval_that_a_hand_has_set_since_stays() -> None:
    """The command is ours, and goes."""
    after, record = put_in(b'{"statusLine": {"type": "command", "command": "mine"}}')

    rest = without_line(after.replace(b": 5", b": 60"), record)

    assert json.loads(rest or b"")["statusLine"] == {"type": "command", "command": "mine", "refreshInterval": 60}


def test_what_nobody_wrote_down_is_told_by_its_form() -> None:
    """The state may be lost, or the settings come from another machine."""
    wrapping = (
        b'{"a": 1, "statusLine": {"type": "command", "command": "cclaunch statusline --wrap \'a b\'", "refreshInterval": 9}}'
    )
    alone = b'{"a": 1, "statusLine": {"type": "command", "command": "/x/cclaunch statusline"}}'
    piped = b'{"statusLine": {"type": "command", "command": "cclaunch statusline | cat"}}'

    left = json.loads(without_line(wrapping, {}) or b"")["statusLine"]
    assert left == {"type": "command", "command": "a b", "refreshInterval": 9}
    assert without_line(alone, {}) == b'{"a": 1}'
    assert without_line(piped, {}) == piped


def test_a_file_that_was_made_for_it_goes_when_nothing_else_is_in_it() -> None:
    """Also when somebody has set something there in between and taken it out again."""
    after, record = put_in(b"", made=2)

    assert without_line(after, record) is None
    assert without_line(after + b"\n", record) is None
    assert without_line(after.replace(b'"statusLine"', b'"a": 1, "statusLine"'), record) == b'{\n  "a": 1\n}\n'

"""`.cclaunch.toml`: which file counts, and every limit of what it may be and say."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from required import missing

from cclaunch.hot.attributes import LONGEST, encode
from cclaunch.hot.reading import stamp
from cclaunch.place.file import NAME, SIZE_LIMIT, PlaceFile, read_place_file
from cclaunch.place.text import KEY, MOST_ATTRIBUTES, MOST_PARTS, RESERVED_GROUPS, is_reserved
from cclaunch.profiles.attributes import RESERVED

STRANGER = 12345
ATTRIBUTES = '[attributes]\nteam = "core"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A HOME with a repository ``work/thing`` in it."""
    (tmp_path / "home" / "work" / "thing" / ".git").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def thing(home: Path) -> Path:
    """The root of that repository."""
    return home / "work" / "thing"


@pytest.fixture
def read(home: Path, thing: Path) -> Callable[..., PlaceFile]:
    """Read what a directory (the repository, unless told otherwise) says to us, or to another *uid*."""

    def run(directory: Path = thing, uid: None = None) -> PlaceFile:
        return read_place_file(str(directory), str(home), os.geteuid() if uid is None else uid)

    return run


@pytest.fixture
def refused(read: Callable[..., PlaceFile], thing: Path) -> Callable[[str | bytes], str]:
    """Write a file into the repository and return the sentence that refuses it."""

    def run(text: str | bytes) -> str:
        data = text if isinstance(text, bytes) else text.encode()
        (thing / NAME).write_bytes(data)
        found = read()
        assert (found.path, found.profile, found.attributes) == (str(thing / NAME), "", {})
        assert "\n" not in found.trouble
        return found.trouble

    return run


def needs_root() -> None:
    """Skip where files cannot be given away."""
    if os.geteuid() != 0:
        missing("root")


# What it may say.


def test_a_profile_and_attributes_are_read(read: Callable[..., PlaceFile], thing: Path) -> None:
    """The two things that a repository may say."""
    (thing / NAME).write_text('profile = "data-eng"\n[attributes]\nteam = "größe, a=b"\ncost.center = "4711"\n')

    found = read()

    assert (found.path, found.trouble) == (str(thing / NAME), "")
    assert found.profile == "data-eng"
    assert found.attributes == {"team": "größe, a=b", "cost.center": "4711"}


def test_an_empty_file_says_nothing(read: Callable[..., PlaceFile], thing: Path) -> None:
    """And it still is the nearest one."""
    (thing / NAME).write_text("# later\n")

    assert read()[:4] == (str(thing / NAME), "", {}, "")


@pytest.mark.parametrize(
    "text",
    ['[attributes]\na.b.c = "x"', '[attributes.a]\nb.c = "x"', '[attributes]\n"a.b".c = "x"', 'attributes.a = {b.c = "x"}'],
)
def test_a_dotted_key_is_one_key(read: Callable[..., PlaceFile], thing: Path, text: str) -> None:
    """TOML nests what we mean flat, however it is written."""
    (thing / NAME).write_text(text)

    assert read().attributes == {"a.b.c": "x"}


def test_no_file_says_nothing(read: Callable[..., PlaceFile]) -> None:
    """Most repositories."""
    assert read()[:4] == ("", "", {}, "")


# Where it is looked for.


def test_the_nearest_file_wins_and_is_not_merged(read: Callable[..., PlaceFile], thing: Path) -> None:
    """One file, so that a person can see what counts."""
    (thing / "a" / "b").mkdir(parents=True)
    (thing / NAME).write_text('profile = "far"\n[attributes]\nproject = "p"\n')
    (thing / "a" / NAME).write_text(ATTRIBUTES)

    assert read(thing / "a" / "b")[:4] == (str(thing / "a" / NAME), "", {"team": "core"}, "")


def test_a_refused_file_hides_those_above_it(read: Callable[..., PlaceFile], thing: Path) -> None:
    """A typo must not bill the team of the directory above."""
    (thing / "a").mkdir()
    (thing / NAME).write_text(ATTRIBUTES)
    (thing / "a" / NAME).write_text("[attributes]\nteam = 3\n")

    assert (read(thing / "a").attributes, bool(read(thing / "a").trouble)) == ({}, True)


@pytest.mark.parametrize("kind", ["directory", "file"])
def test_the_search_ends_at_the_git_root(read: Callable[..., PlaceFile], thing: Path, kind: str) -> None:
    """What lies above a repository (or a worktree, whose .git is a file) is none of its business."""
    if kind == "file":
        (thing / ".git").rmdir()
        (thing / ".git").write_text("gitdir: /elsewhere\n")
    (thing.parent / NAME).write_text(ATTRIBUTES)

    assert read().path == ""


def test_the_file_of_home_counts_in_home_and_below_it_outside_repositories(
    read: Callable[..., PlaceFile], home: Path, thing: Path
) -> None:
    """HOME is the last place that is looked at."""
    (home / NAME).write_text(ATTRIBUTES)

    assert [read(place).path for place in (home, thing.parent, thing)] == [str(home / NAME), str(home / NAME), ""]


def test_nothing_above_home_counts(read: Callable[..., PlaceFile], home: Path) -> None:
    """Whoever owns /home has no say."""
    (home.parent / NAME).write_text(ATTRIBUTES)

    assert (read(home / "work").path, read(home).path) == ("", "")


def test_home_is_known_through_a_link_too(home: Path, thing: Path, tmp_path: Path) -> None:
    """HOME may be spelled otherwise than the working directory."""
    (tmp_path / "alias").symlink_to(home)
    (tmp_path / NAME).write_text(ATTRIBUTES)

    assert read_place_file(str(thing.parent), str(tmp_path / "alias"), os.geteuid()).path == ""


def test_outside_home_the_search_ends_at_the_root(tmp_path: Path) -> None:
    """A build directory may hold one for all that is below."""
    (tmp_path / "build" / "deep").mkdir(parents=True)
    (tmp_path / NAME).write_text(ATTRIBUTES)

    assert read_place_file(str(tmp_path / "build" / "deep"), str(tmp_path / "other"), os.geteuid()).attributes == {"team": "core"}


@pytest.mark.parametrize("directory", ["", "relative", "/does/not/exist", "/\0"])
def test_a_directory_that_is_none_says_nothing(directory: str) -> None:
    """The working directory may be gone."""
    assert read_place_file(directory, "/home/nobody", os.geteuid())[:4] == ("", "", {}, "")


# What makes the answer stale.


def changes(read: Callable[..., PlaceFile], paths: Path, act: Callable[..., Any]) -> bool:
    """Say whether *act* changes the stamp of a source of what *where* says."""
    before = {path: stamp(path) for path in read(paths).sources}
    act()
    return before != {path: stamp(path) for path in before}


ACTS = {
    "a file appears nearer by": lambda thing: (thing / "a" / NAME).write_text(""),
    "a repository appears nearer by": lambda thing: (thing / "a" / ".git").mkdir(),
    "the file is edited": lambda thing: (thing / NAME).write_text("#"),
    "the file goes": lambda thing: (thing / NAME).unlink(),
    "the file gets another mode": lambda thing: (thing / NAME).chmod(0o666),
    "the repository ends to be one": lambda thing: (thing / ".git").rmdir(),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_what_can_change_the_answer_is_a_source(read: Callable[..., PlaceFile], thing: Path, act: Callable[..., Any]) -> None:
    """Existing or not."""
    (thing / "a").mkdir()
    (thing / NAME).write_text(ATTRIBUTES)

    assert changes(read, thing / "a", lambda: act(thing))


def test_a_commit_changes_nothing(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Git makes and removes files in .git all the time: a launch need not care."""
    (thing / ".git" / "config").write_text("")
    (thing / NAME).write_text(ATTRIBUTES)

    assert not changes(read, thing, lambda: (thing / ".git" / "index.lock").write_text(""))


def test_a_directory_that_was_to_blame_is_a_source(read: Callable[..., PlaceFile], thing: Path) -> None:
    """The sentence must go when its advice was followed."""
    (thing / NAME).write_text(ATTRIBUTES)
    thing.chmod(0o777)

    assert changes(read, thing, lambda: thing.chmod(0o755))


# What it must not say.


@pytest.mark.parametrize(
    "key",
    """endpoint headers env include extends privacy claude_config_dir telemetry stack ports exporter protocol command
    claude trust profiles images otel Profile attribute""".split(),
)
def test_an_unknown_key_refuses_the_whole_file(refused: Callable[[str | bytes], str], thing: Path, key: str) -> None:
    """Moving telemetry from a cloned repository would hand its author the prompts."""
    assert refused(f'profile = "x"\n\n{key} = "http://evil.invalid"\n[attributes]\nteam = "t"\n') == (
        f"{thing / NAME}, line 3: `{key}` is not known: a repository may name `profile` and `[attributes]`, nothing else;"
        " the whole file is left out"
    )


def test_an_unknown_table_is_named_with_its_line(refused: Callable[[str | bytes], str]) -> None:
    """A table is a key like others."""
    assert ", line 3: `telemetry` is not known" in refused('[attributes]\nteam = "t"\n[telemetry]\nendpoint = "x"\n')


@pytest.mark.parametrize(
    "value", ['""', '"-x"', '"a b"', '"../x"', '"+x"', '"a\\n"', f'"{"x" * 101}"', "1", "true", '["x"]', '"ü"']
)
def test_a_profile_is_a_name(refused: Callable[[str | bytes], str], value: str) -> None:
    """It becomes the name of a file."""
    assert ", line 2: `profile` is no name of a profile" in refused(f"\nprofile = {value}\n")


@pytest.mark.parametrize("value", ["3", "1.5", "true", '["x"]', "[]", "2026-11-01", "[[1]]"])
def test_a_value_is_a_text(refused: Callable[[str | bytes], str], value: str) -> None:
    """Nothing to be guessed."""
    assert ", line 3: `attributes.team` must be a text" in refused(f'[attributes]\na = "x"\nteam = {value}\n')


def test_attributes_is_a_table(refused: Callable[[str | bytes], str]) -> None:
    """Not a text in the form of the variable."""
    assert ", line 1: `attributes` must be a table" in refused('attributes = "team=x"\n')


@pytest.mark.parametrize(
    "key", ['""', '"a b"', '"1a"', '"a,b"', '"a=b,user.id"', '"größe"', '"a\\nb"', "_a", "-", f"a{'b' * LONGEST}"]
)
def test_a_key_keeps_to_the_pattern(refused: Callable[[str | bytes], str], key: str) -> None:
    """What claude's parser would drop, or take for two attributes."""
    found = refused(f'[attributes]\n{key} = "x"\n')

    assert "line 2: `attributes." in found
    assert "is no key" in found


@pytest.mark.parametrize(
    "key",
    [
        *(f"{group}.any-thing" for group in sorted(RESERVED_GROUPS)),
        *sorted(RESERVED),
        "User.Id",
        "user_id",
        "session-id",
        "vcs_repository_name",
        "MODEL",
    ],
)
def test_a_reserved_key_is_refused(refused: Callable[[str | bytes], str], key: str) -> None:
    """A repository must not speak for claude, for the person, or for us."""
    assert f", line 2: `attributes.{key}` is reserved" in refused(f'[attributes]\n{key} = "boss"\n')


@pytest.mark.parametrize("key", ["team", "project", "service", "host", "usage", "users.id", "deployment.environment", "app"])
def test_an_ordinary_key_is_not_reserved(key: str) -> None:
    """A group begins with its name and a dot."""
    assert not is_reserved(key)


@pytest.mark.parametrize(
    ("escape", "named"),
    [
        ("\\u0000", "0000"),
        ("\\n", "000A"),
        ("\\u001B[2J", "001B"),
        ("\\u007F", "007F"),
        ("\\u009B", "009B"),
        ("\\u2028", "2028"),
        ("\\u202E", "202E"),
    ],
)
def test_a_control_character_is_refused(refused: Callable[[str | bytes], str], escape: str, named: str) -> None:
    """It would drive the terminal that shows it."""
    assert f"holds a control character (U+{named})" in refused(f'[attributes]\nteam = "a{escape}b"\n')


def test_a_joined_emoji_is_no_control_character(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Its joiner is invisible, and harmless."""
    (thing / NAME).write_text('[attributes]\nteam = "👩‍💻"\n')

    assert read().attributes == {"team": "👩‍💻"}


def test_an_empty_value_is_refused(refused: Callable[[str | bytes], str]) -> None:
    """It says nothing, and hides what the profile would say."""
    assert "`attributes.team` is empty" in refused('[attributes]\nteam = ""\n')


@pytest.mark.parametrize(("value", "fits"), [("x" * 255, True), ("x" * 256, False), ("ö" * 42, True), ("ö" * 43, False)])
def test_a_value_is_measured_as_it_is_sent(read: Callable[..., PlaceFile], thing: Path, value: str, fits: bool) -> None:
    """One that is too long when encoded makes an older claude drop every attribute."""
    (thing / NAME).write_text(f'[attributes]\nteam = "{value}"\n')

    found = read()
    assert (found.attributes == {"team": value}, "`attributes.team` is longer than 255" in found.trouble) == (fits, not fits)


@pytest.mark.parametrize(("count", "fits"), [(MOST_ATTRIBUTES, True), (MOST_ATTRIBUTES + 1, False)])
def test_there_are_at_most_twenty_attributes(read: Callable[..., PlaceFile], thing: Path, count: int, fits: bool) -> None:
    """Events hold 128 of all kinds, and lose their name beyond that."""
    (thing / NAME).write_text("[attributes]\n" + "".join(f'key{number} = "x"\n' for number in range(count)))

    found = read()
    assert (len(found.attributes) == count, "`attributes.key20` is one too many" in found.trouble) == (fits, not fits)


def test_a_key_is_given_once(refused: Callable[[str | bytes], str]) -> None:
    """Two spellings of one key are two values of it."""
    assert "`attributes.a.b` is given twice" in refused('[attributes]\n"a.b" = "x"\na.b = "y"\n')


@pytest.mark.parametrize(
    "text",
    [
        "[attributes]\n" + ".".join("a" * (MOST_PARTS + 1)) + ' = "x"',
        "profile = " + "[" * 8000,
        "attributes." + ".".join("a" * 8000) + ' = "x"',
        "profile = " + "{a=" * 5000,
    ],
)
def test_nesting_is_limited(refused: Callable[[str | bytes], str], text: str) -> None:
    """By us, or by the parser, and never by a crash."""
    assert any(word in refused(text) for word in ("deep", "parts", "not valid TOML"))


@pytest.mark.parametrize(
    "text", ["[attributes\n", "profile = x", "a" * 100, "profile = 'x'\nprofile = 'x'", f"profile = {'9' * 5000}"]
)
def test_what_is_no_toml_is_refused(refused: Callable[[str | bytes], str], text: str) -> None:
    """Named with the line where the parser can tell it."""
    assert ": it is not valid TOML: " in refused(text)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_is_named(refused: Callable[[str | bytes], str], mark: bytes) -> None:
    """An editor on Windows adds it, and nobody sees it."""
    assert "it begins with a byte order mark" in refused(mark + b'profile = "x"')


def test_what_is_not_utf8_is_named_with_its_line(refused: Callable[[str | bytes], str]) -> None:
    """Latin-1 of old."""
    assert "line 2 is not UTF-8" in refused(b'# one\nprofile = "gr\xf6\xdfe"')


def test_a_sentence_drives_no_terminal(refused: Callable[[str | bytes], str]) -> None:
    """A key may hold anything; the sentence shows it, cut to a readable length."""
    found = refused('"\\u001b[2J\\t\\u202e' + "x" * 5000 + '" = 1')

    assert found.isprintable()
    assert "\\x1b[2J" in found
    assert len(found) < 400


@pytest.mark.parametrize(("size", "fits"), [(SIZE_LIMIT, True), (SIZE_LIMIT + 1, False)])
def test_a_file_is_small(read: Callable[..., PlaceFile], thing: Path, size: int, fits: bool) -> None:
    """16 KiB, to the byte."""
    (thing / NAME).write_bytes(b"#" * size)

    assert ("it is larger than 16 KiB" in read().trouble) is not fits


# What it must not be.


def make_fifo(path: Path) -> None:
    """A FIFO that nobody writes to."""
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    """A socket; its name is short enough only relative to its directory."""
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkdir, "directory"), (make_fifo, "FIFO"), (make_socket, "device or socket")],
    ids=["directory", "FIFO", "socket"],
)
def test_only_a_regular_file_is_read(read: Callable[..., PlaceFile], thing: Path, make: Callable[..., Any], kind: str) -> None:
    """Opening another kind may hang for ever."""
    make(thing / NAME)

    assert f": it is a {kind}, not a regular file" in read().trouble


def test_a_device_is_not_opened(read: Callable[..., PlaceFile], thing: Path) -> None:
    """/dev/zero has no end."""
    needs_root()
    try:
        os.mknod(thing / NAME, 0o020600, os.makedev(1, 5))
    except PermissionError:  # root of a container
        missing("mknod of a device")

    assert "it is a device or socket" in read().trouble


def test_a_link_inside_the_repository_is_followed(read: Callable[..., PlaceFile], thing: Path) -> None:
    """One file for two directories."""
    (thing / "a").mkdir()
    (thing / "shared.toml").write_text(ATTRIBUTES)
    (thing / "a" / NAME).symlink_to("../shared.toml")

    assert read(thing / "a").attributes == {"team": "core"}


@pytest.mark.parametrize("target", ["../outside.toml", "{work}/outside.toml", "../thing-evil/x.toml", "hop"])
def test_a_link_out_of_the_repository_is_refused(read: Callable[..., PlaceFile], home: Path, thing: Path, target: str) -> None:
    """Also by a name that only begins like it, and over a second link."""
    (thing.parent / "thing-evil").mkdir()
    for path in (thing.parent / "outside.toml", thing.parent / "thing-evil" / "x.toml"):
        path.write_text(ATTRIBUTES)
    (thing / "hop").symlink_to("../outside.toml")
    (thing / NAME).symlink_to(target.format(work=home / "work"))

    assert f"it is a link that leads out of {thing}" in read().trouble


def test_outside_a_repository_a_link_stays_in_its_directory(read: Callable[..., PlaceFile], home: Path) -> None:
    """There is no other tree."""
    (home / "work" / "a").mkdir()
    (home / "work" / "x.toml").write_text(ATTRIBUTES)
    (home / "work" / "a" / NAME).symlink_to("../x.toml")

    assert "it is a link that leads out of" in read(home / "work" / "a").trouble


@pytest.mark.parametrize("target", ["nowhere", NAME], ids=["dangling", "loop"])
def test_a_link_that_leads_nowhere_is_no_file(read: Callable[..., PlaceFile], thing: Path, target: str) -> None:
    """It has no stamp either."""
    (thing / NAME).symlink_to(target)

    assert read()[:4] == ("", "", {}, "")


@pytest.mark.parametrize("mode", [0o602, 0o646, 0o666])
def test_a_file_that_everybody_may_write_is_refused(read: Callable[..., PlaceFile], thing: Path, mode: int) -> None:
    """Then it is nobody's word."""
    (thing / NAME).write_text(ATTRIBUTES)
    (thing / NAME).chmod(mode)

    assert "it can be written by others" in read().trouble


def test_a_directory_that_everybody_may_write_is_refused(read: Callable[..., PlaceFile], thing: Path) -> None:
    """They could put another file in its place."""
    (thing / NAME).write_text(ATTRIBUTES)
    thing.chmod(0o777)

    assert "its directory can be written by others" in read().trouble


def test_the_sticky_bit_makes_a_shared_directory_safe(read: Callable[..., PlaceFile], thing: Path) -> None:
    """As in /tmp: nobody can replace what is ours."""
    (thing / NAME).write_text(ATTRIBUTES)
    thing.chmod(0o1777)

    assert read().attributes == {"team": "core"}


def test_the_directory_behind_a_link_counts_too(read: Callable[..., PlaceFile], thing: Path) -> None:
    """The file is replaced where it lies."""
    (thing / "open").mkdir()
    (thing / "open" / "x.toml").write_text(ATTRIBUTES)
    (thing / "open").chmod(0o777)
    (thing / NAME).symlink_to("open/x.toml")

    assert "its directory can be written by others" in read().trouble


@pytest.mark.parametrize("which", ["file", "directory"])
def test_what_a_group_may_write_is_refused(read: Callable[..., PlaceFile], thing: Path, which: str) -> None:
    """A group of others is others."""
    needs_root()
    (thing / NAME).write_text(ATTRIBUTES)
    target = thing / NAME if which == "file" else thing
    os.chown(target, -1, STRANGER)
    target.chmod(0o775)

    assert "can be written by others" in read().trouble


def test_a_private_group_is_nobody_else(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Where the umask is 002, every clone is writable by the group that has the person's name."""
    needs_root()  # root's group is root, and nobody else's
    (thing / NAME).write_text(ATTRIBUTES)
    (thing / NAME).chmod(0o664)
    thing.chmod(0o775)

    assert read().attributes == {"team": "core"}


def test_a_file_of_a_stranger_is_refused(read: Callable[..., PlaceFile], thing: Path) -> None:
    """In a shared directory anybody may leave one."""
    needs_root()
    (thing / NAME).write_text(ATTRIBUTES)
    os.chown(thing / NAME, STRANGER, STRANGER)

    assert f"it belongs to user {STRANGER}, neither to you nor to root" in read().trouble
    assert read(uid=STRANGER).attributes == {"team": "core"}


def test_a_file_of_root_is_believed(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Whoever set up the machine may say whose it is."""
    needs_root()
    (thing / NAME).write_text(ATTRIBUTES)

    assert read(uid=STRANGER).attributes == {"team": "core"}


def test_a_link_of_a_stranger_is_refused(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Though it leads to a file of ours."""
    needs_root()
    (thing / "x.toml").write_text(ATTRIBUTES)
    (thing / NAME).symlink_to("x.toml")
    os.chown(thing / NAME, STRANGER, STRANGER, follow_symlinks=False)

    assert f"the link belongs to user {STRANGER}" in read().trouble


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_named(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Not taken for one that is not there."""
    (thing / NAME).write_text(ATTRIBUTES)
    (thing / NAME).chmod(0)

    assert "it cannot be read: Permission denied" in read().trouble


LONG = [
    "a" + ".a" * 8000,
    "[a" + ".a" * 8000 + "]",
    'x = {"a"' + " . 'a'" * 2000 + " = 1}",
    "x = [{y = 1, a" + ".a" * 200 + " = 1}]",
]


@pytest.mark.parametrize("text", LONG)
def test_a_key_of_hundreds_of_parts_is_refused_before_it_is_parsed(
    read: Callable[..., PlaceFile], thing: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """The parser's work grows with the square of the parts: seconds for 16 KiB."""
    (thing / NAME).write_text(f"profile = 'x'\n{text} = 1\n")
    monkeypatch.setattr("tomllib.loads", lambda _: pytest.fail("parsed"))

    assert "a key in it has more than 8 parts" in read().trouble


def test_a_text_full_of_dots_is_no_long_key(read: Callable[..., PlaceFile], thing: Path) -> None:
    """Dots in a value or in a comment mean nothing."""
    (thing / NAME).write_text("# " + "a." * 4000 + '\n[attributes]\nteam = "' + "a." * 120 + '"\n')

    assert read().attributes == {"team": "a." * 120}


# Whatever it is.

PIECES = [
    *(b'profile = "x"\n', b"[attributes]\n", b'team = "t"\n', b'user.id = "boss"\n', b'"user.id" = "x"\n', b"a.b"),
    *(b'= "', b"=", b'"', b"\n", b"[", b"]", b"{", b"\\u0000", b"\xff", b"\x00", b"model", b"'''", b"#", b"1", b","),
]


@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)))
@example(b'[attributes]\nuser.id = "boss"')
@example(b'attributes = {"user.id" = "boss"}')
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_are_refused_or_harmless(read: Callable[..., PlaceFile], thing: Path, data: bytes) -> None:
    """Never an exception, never a reserved key, never a value that claude would drop."""
    (thing / NAME).write_bytes(data)

    found = read()

    assert not (found.trouble and (found.profile or found.attributes))
    assert found.trouble.isprintable()
    for key, value in found.attributes.items():
        assert KEY.fullmatch(key)
        assert not is_reserved(key)
        assert 0 < len(encode(value)) <= LONGEST

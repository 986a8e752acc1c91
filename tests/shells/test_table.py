"""Quoting and exporting, held against the real shells: every value arrives, to the byte."""

import functools
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_shells import SHELLS, every_shell, exported, path_of, run

from cclaunch.hot.attributes import decode, encode, parse_attributes
from cclaunch.shells.table import NAMES, TABLE, Shell, UnknownShell, Unquotable, find_shell, quote, script

BASE = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent"}

VALUES = {
    41: [""],
    42: ["a b", " leading", "trailing ", "  two  "],
    43: ["it's"],
    44: ["''", "'a", "a'", "\\'"],
    45: ['"', 'a"b"c'],
    46: ["$X ${X} $(id)", "$", "$$"],
    47: ["`id`"],
    48: ["\\", "a\\", "\\n", "\\x41", "\\\\"],
    49: ["!", "!!", "\\!", "a!b"],
    50: ["a\nb", "a\n", "a\\\nb", "'\n'", "\n"],
    51: ["\t", "a\rb", "\x1b[0m", "\x7f", "\x01"],
    52: ["; & | < > ( ) { } [ ]", "a;b"],
    53: ["*", "?", "~", "~/x", "a:~:b"],
    54: ["-n", "--", "=ls", "@x", "#x", "#"],
    55: ["%PATH% %20 ^"],
    56: ["😀", "日本", "’‘‚‛", "“”", "\ufeffx", "\u202eabc", "ö"],
    57: ["a\udcffb"],
    58: ["x" * 8192, "x" * 130_000],
}
"""Number of the hard case -> values."""

CASES = [(number, place) for number, values in VALUES.items() for place in range(len(values))]
NO_BYTES = ("yash", "nu", "elvish")
"""Shells whose scripts are text."""


def speakable(shell: str) -> dict[str, str]:
    """Return variable -> value for all of ``VALUES`` that *shell* has a spelling for."""
    named = {f"V{number}_{place}": VALUES[number][place] for number, place in CASES}
    unspeakable = {"\udcff" for _ in range(shell in NO_BYTES)} | {"x" * 8192 for _ in range(shell == "csh")}
    return {name: value for name, value in named.items() if not any(part in value for part in unspeakable)}


@functools.cache
def arrived(shell: str) -> dict[str, str]:
    """Return the environment of *shell* after it has exported all that it can."""
    text = script(SHELLS[shell].name, speakable(shell))
    with tempfile.TemporaryDirectory() as folder:
        return exported(run(shell, text.encode("utf-8", "surrogateescape"), Path(folder), BASE))


@every_shell
@pytest.mark.parametrize(("number", "place"), CASES)
def test_a_value_arrives_as_it_is(shell: str, number: int, place: int) -> None:
    """B 41-58: nothing is expanded, run, split or lost."""
    name = f"V{number}_{place}"
    if name in speakable(shell):
        assert arrived(shell)[name] == VALUES[number][place]
    else:
        with pytest.raises(Unquotable):
            quote(SHELLS[shell].name, VALUES[number][place])


@every_shell
def test_unset_is_not_empty_b41(shell: str, tmp_path: Path) -> None:
    """And unsetting what is not there says nothing."""
    text = script(SHELLS[shell].name, {"GONE": None, "NEVER": None, "EMPTY": ""})

    found = exported(run(shell, text.encode(), tmp_path, {**BASE, "GONE": "x"}))

    assert (found.get("GONE"), found.get("EMPTY")) == (None, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_an_interactive_shell_finds_no_history_in_a_value_b49(shell: str, tmp_path: Path) -> None:
    """Its own rc file is read as an interactive shell reads it."""
    names = {"bash": ".bashrc", "zsh": ".zshrc", "tcsh": ".tcshrc"}
    wanted = {f"V{place}": value for place, value in enumerate(VALUES[49])}
    (tmp_path / names[shell]).write_text(script(shell, wanted))
    done = subprocess.run(
        [path_of(shell), "-i", "-c", "env -0"],
        env={**BASE, "HOME": str(tmp_path), "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )

    found = dict(item.split(b"=", 1) for item in done.stdout.split(b"\0") if b"=" in item)
    assert {name: found.get(name.encode(), b"").decode() for name in wanted} == wanted


@pytest.mark.parametrize("setting", ["set backslash_quote", "set histchars='%^'"])
def test_tcsh_reads_a_value_whatever_is_set_b59(setting: str, tmp_path: Path) -> None:
    """A backslash inside quotes means something else then, and another character begins an event."""
    values = {f"V{number}_{place}": VALUES[number][place] for number, place in CASES if number in (43, 44, 48, 49, 50)}

    found = exported(run("tcsh", f"{setting}\n{script('tcsh', values)}".encode(), tmp_path, BASE))

    assert {name: found.get(name) for name in values} == values


@pytest.mark.parametrize(
    "option", ["sh_word_split", "ksh_arrays", "rcquotes", "magic_equal_subst", "extended_glob", "glob_subst", "bang_hist"]
)
def test_zsh_reads_a_value_whatever_is_set(option: str, tmp_path: Path) -> None:
    """Options of the person's change nothing inside single quotes but what we never write."""
    values = speakable("zsh")

    found = exported(run("zsh", f"setopt {option}\n{script('zsh', values)}".encode("utf-8", "surrogateescape"), tmp_path, BASE))

    assert {name: found.get(name) for name in values} == values


@pytest.mark.parametrize(("shell", "name"), [("fish", "MY_PATH"), ("xonsh", "MY_NAME")])
def test_a_name_that_a_shell_treats_as_a_list_keeps_its_value_b60_b61(shell: str, name: str, tmp_path: Path) -> None:
    """fish splits variables that end in PATH and joins them again; xonsh has types, and none for our names."""
    found = exported(run(shell, script(shell, {name: "a:b::c"}).encode(), tmp_path, BASE))

    assert found[name] == "a:b::c"


@given(st.text(max_size=80))
def test_percent_encoding_is_plain_ascii_and_comes_back_b62(value: str) -> None:
    """What reaches a shell in an attribute is a tiny alphabet."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return
    assert re.fullmatch(r"[A-Za-z0-9._~%-]*", encode(value))
    assert decode(encode(value)) == value


def test_attribute_lists_of_a_shell_are_read_as_claude_reads_them_b63() -> None:
    """The last of two equal keys, an empty value, and two kinds of item that nobody keeps."""
    found, dropped = parse_attributes("a=1,a=2,b=,c=x=y,d")

    assert found == {"a": "2", "b": ""}
    assert len(dropped) == 2


def powershell(text: str) -> str:
    """Return the value of a PowerShell expression as ``quote`` writes it: strings and [char] joined by +."""
    token = re.compile(r"'((?:[^']|'')*)'|\[char\]0x([0-9A-F]{4})")
    units, at = b"", 0
    text = text[1:-1] if text.startswith("(") else text
    while at < len(text):
        found = token.match(text, at)
        assert found, text[at:]
        if found[2]:
            units += bytes.fromhex(found[2])
        else:
            assert not set(found[1]) & set("‘’‚‛")
            units += found[1].replace("''", "'").encode("utf-16-be")
        at = found.end()
        if at < len(text):
            assert text.startswith(" + ", at)
            at += 3
    return units.decode("utf-16-be")


@pytest.mark.parametrize(("number", "place"), [case for case in CASES if case[0] != 57])
def test_powershell_gets_ascii_that_means_the_value(number: int, place: int) -> None:
    """B 41-58: read by a tokenizer of its single-quoted strings, which any curly quote would end."""
    word = quote("pwsh", VALUES[number][place])

    assert word.isascii()
    assert powershell(word) == VALUES[number][place]


def test_powershell_lines_are_these() -> None:
    """The golden text: there is no PowerShell to ask."""
    assert script("pwsh", {"A": "it's", "B": "’", "C": None}) == (
        "${env:A} = 'it''s'\n${env:B} = ('' + [char]0x2019)\nRemove-Item Env:C -ErrorAction Ignore\n"
    )


@given(st.text(max_size=60).filter(lambda text: "\0" not in text and text.isprintable()))
def test_powershell_reads_any_text(value: str) -> None:
    """Whatever it is."""
    assert powershell(quote("pwsh", value)) == value


@pytest.mark.parametrize("shell", NAMES)
def test_nul_is_refused(shell: str) -> None:
    """No variable can hold it."""
    with pytest.raises(Unquotable):
        quote(shell, "a\0b")


def test_a_name_that_is_no_name_is_refused() -> None:
    """It would be a command."""
    with pytest.raises(ValueError, match="not the name"):
        script("bash", {"A; id": "x"})


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("/usr/bin/zsh", "zsh"),
        ("-zsh", "zsh"),
        ("zsh-5.9", "zsh"),
        ("ksh93", "ksh"),
        ("dash", "sh"),
        ("busybox", "sh"),
        ("bsd-csh", "csh"),
        ("powershell.exe", "pwsh"),
        ("Nushell", "nu"),
        ("rbash", "bash"),
        (r"C:\Program Files\PowerShell\7\pwsh.exe", "pwsh"),
    ],
)
def test_a_shell_is_known_by_its_other_names(asked: str, name: str) -> None:
    """Paths, login shells, versions."""
    assert find_shell(asked).name == name


@pytest.mark.parametrize("asked", ["", "cmd", "python", "-", "zzsh"])
def test_an_unknown_shell_is_answered_with_those_we_know(asked: str) -> None:
    """Every name is in the hint."""
    with pytest.raises(UnknownShell) as refused:
        find_shell(asked)

    assert all(name in refused.value.hint for name in NAMES)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_is_whole(row: Shell) -> None:
    """Each format takes a name, and each shell is found by its own."""
    assert find_shell(row.name) is row
    assert "X" in row.export.format(name="X", value="v") + row.unset.format(name="X") + row.is_set.format(name="X")


def test_the_real_shells_cover_the_table() -> None:
    """All but PowerShell are run."""
    assert {real.name for real in SHELLS.values()} | {"pwsh"} == set(NAMES)

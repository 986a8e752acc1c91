"""Finding the real claude, reading its words, and leaving nothing of us behind."""

import os
from pathlib import Path

import pytest
from claude_words import ANSWERED, COMMANDS, LEANS, PROMPTS

from cclaunch.hot import claude
from cclaunch.hot.words import QUIET, read_words


def script(path: Path, mode: int = 0o755) -> Path:
    """Make a small program at *path*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["mcp", "list"], "mcp"),
        (["--model", "opus", "mcp"], "mcp"),
        (["--model=opus", "doctor"], "doctor"),
        (["-p", "say hi"], "say hi"),
        (["--settings", "{}", "-p", "mcp is great"], "mcp is great"),
        (["--add-dir", "a", "b", "--verbose", "update"], "update"),
        (["--debug", "api", "plugin"], "plugin"),
        (["--resume", "--verbose", "x"], "x"),
        (["--", "mcp"], ""),
        ([], ""),
        (["-c"], ""),
    ],
)
def test_the_subcommand_is_found_behind_options_and_their_values(words: list[str], first: str) -> None:
    """A value that looks like a subcommand is none."""
    assert read_words(words).first == first


@pytest.mark.parametrize("words", [["mcp", "list"], ["update"], ["auth", "status"], *COMMANDS, *ANSWERED])
def test_a_command_that_exports_nothing_is_known(words: list[str]) -> None:
    """It wakes no stack."""
    assert not read_words(words).exports


@pytest.mark.parametrize(
    "words", [[], ["-p", "hi"], ["-c"], ["agents"], ["--bg", "do it"], ["--", "--version"], ["", "doctor"], *PROMPTS, *LEANS]
)
def test_a_session_exports(words: list[str]) -> None:
    """These wake the stack, and so does what may be one."""
    assert read_words(words).exports


@pytest.mark.parametrize("words", [*PROMPTS, *LEANS])
def test_what_may_be_a_prompt_is_no_subcommand(words: list[str]) -> None:
    """The words of a prompt get no note that belongs to a subcommand of the same name."""
    assert read_words(words).command not in QUIET


def test_every_quiet_word_is_among_the_prompts_that_are_asked_of_the_real_ones() -> None:
    """A word added to the table is asked as a prompt too."""
    assert {word for words in PROMPTS for word in words} >= QUIET


def test_the_first_claude_on_path_is_taken(tmp_path: Path) -> None:
    """As a shell would."""
    script(tmp_path / "b" / "claude")
    script(tmp_path / "c" / "claude")

    assert claude.find({"PATH": f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c"}, []) == (f"{tmp_path}/b/claude", "")


def test_a_claude_that_is_us_is_skipped(tmp_path: Path) -> None:
    """A link to our command under the name claude leads to the one behind it."""
    ours = script(tmp_path / "bin" / "cclaunch")
    (tmp_path / "links").mkdir()
    os.symlink(ours, tmp_path / "links" / "claude")
    script(tmp_path / "real" / "claude")

    assert claude.find({"PATH": f"{tmp_path}/links:{tmp_path}/real"}, [str(ours)]) == (f"{tmp_path}/real/claude", "")


def test_claudes_own_place_is_the_last_resort(tmp_path: Path) -> None:
    """Its installer puts it into ~/.local/bin, which not every PATH names."""
    script(tmp_path / ".local" / "bin" / "claude")

    assert claude.find({"PATH": "/nowhere", "HOME": str(tmp_path)}, [])[0] == f"{tmp_path}/.local/bin/claude"


def test_a_directory_called_claude_is_no_claude(tmp_path: Path) -> None:
    """It has the x bit, too."""
    (tmp_path / "a" / "claude").mkdir(parents=True)

    assert claude.find({"PATH": f"{tmp_path}/a"}, []) == ("", "not found")


def test_a_claude_without_the_x_bit_is_named(tmp_path: Path) -> None:
    """126, not 127."""
    script(tmp_path / "a" / "claude", 0o644)

    assert claude.find({"PATH": f"{tmp_path}/a"}, []) == (f"{tmp_path}/a/claude", "not executable")


def test_the_one_that_was_named_is_not_searched_for(tmp_path: Path) -> None:
    """CCLAUNCH_CLAUDE wins, and when it is wrong nothing else is run."""
    script(tmp_path / "a" / "claude")

    assert claude.find({"PATH": f"{tmp_path}/a", "CCLAUNCH_CLAUDE": "/nowhere/claude"}, []) == ("/nowhere/claude", "not found")


def test_a_loop_is_noticed() -> None:
    """Each start within the same claude session counts."""
    environ: dict[str, str] = {}
    for _ in range(claude.DEEPEST):
        deeper = claude.deeper(environ)
        assert deeper is not None
        environ[claude.DEPTH] = deeper

    assert claude.deeper(environ) is None


def test_a_new_session_begins_to_count_anew() -> None:
    """claude's Bash tool may run cclaunch as often as it likes."""
    assert claude.deeper({claude.DEPTH: f"{claude.DEEPEST}:", "CLAUDE_CODE_SESSION_ID": "s1"}) == "1:s1"


def test_a_mark_that_is_no_mark_is_no_trouble() -> None:
    """Whatever stands in the variable."""
    assert claude.deeper({claude.DEPTH: "x" * 5000}) == "1:"


@pytest.mark.parametrize(
    ("words", "settings", "sources", "background"),
    [
        (["-p", "hi"], -1, None, False),
        (["--settings", "a.json", "-p", "hi"], 1, None, False),
        (["-p", "hi", "--settings=a.json"], 2, None, False),
        (["--settings", "a.json", "--settings", "b.json"], 3, None, False),
        (["--settings"], -1, None, False),
        (["--model", "--settings", "x"], -1, None, False),
        (["--", "--settings", "x"], -1, None, False),
        (["--setting-sources", "project", "x"], -1, "project", False),
        (["--setting-sources=", "x"], -1, "", False),
        (["--bg", "do it"], -1, None, True),
        (["--background", "do it"], -1, None, True),
        (["--append-system-prompt", "--bg", "x"], -1, None, False),
        (["--tools", "--settings", "x", "y"], -1, None, False),
        (["--tools", "a", "b", "--settings", "x"], 4, None, False),
        (["--debug", "--settings", "x"], 2, None, False),
        (["-pn", "--settings", "x"], -1, None, False),
        (["-pnx", "--settings", "x"], 2, None, False),
        (["-pd", "--settings", "x"], 2, None, False),
        (["-pc", "--setting-sources", "user"], -1, "user", False),
        (["-p", "x", "--", "--bg"], -1, None, False),
        (["--unheard-of", "--bg"], -1, None, True),
    ],
)
def test_the_options_that_a_launch_must_know_are_read(
    words: list[str], settings: int, sources: str | None, background: bool
) -> None:
    """Claude heeds the last --settings; a value is no option, and behind -- there is none."""
    found = read_words(words)

    assert (found.settings, found.sources, found.background) == (settings, sources, background)


@pytest.mark.parametrize(
    ("words", "resumed"),
    [
        ([], False),
        (["-p", "continue"], False),
        (["-c"], True),
        (["--continue", "-p", "x"], True),
        (["-pc", "x"], True),
        (["-cp", "x"], True),
        (["-r"], True),
        (["-rID", "-p", "x"], True),
        (["-prID", "x"], True),
        (["-cn", "name"], True),
        (["-ncr", "x"], False),
        (["-n", "-c"], False),
        (["--resume", "ID"], True),
        (["--resume=ID"], True),
        (["--fork-session", "--resume", "ID", "x"], True),
        (["--from-pr", "12"], True),
        (["--from-pr=https://example.invalid/pull/12"], True),
        (["--teleport"], True),
        (["--teleport=ID"], True),
        (["--unheard-of", "--resume"], True),
        (["--append-system-prompt", "--resume", "x"], False),
        (["--append-system-prompt=--resume", "x"], False),
        (["-p", "--", "--resume"], False),
        (["--resume-session-at", "x"], False),
    ],
)
def test_a_session_that_goes_on_is_known(words: list[str], resumed: bool) -> None:
    """In every form that claude takes for it; a value is no option, and behind -- there is none."""
    assert read_words(words).is_resumed == resumed

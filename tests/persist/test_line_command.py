"""The command of a status line: ours told from others', and theirs inside of ours unharmed."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.persist.line_command import command_line, parts_of, program_of, runs_ours, spelled

OURS = [
    "cclaunch statusline",
    "/opt/a b/cclaunch statusline",
    "'/opt/a b/cclaunch' statusline --wrap 'ccstatusline'",
    "uvx cclaunch statusline",
    "~/.local/bin/cclaunch  statusline | tr a b",
    "cclaunch.exe statusline",
    "X=1 cclaunch statusline",
    "$(cclaunch statusline)",
]
ANOTHERS = [
    "",
    "npx -y ccstatusline@latest",
    "cclaunch usage",
    "cclaunch statuslines",
    "cclaunch statusline-mine",
    "mycclaunch statusline",
    "bash ~/.claude/statusline.sh",
]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)


@pytest.mark.parametrize("command", OURS)
def test_whatever_runs_our_line_is_known(command: str) -> None:
    """Around such a one, ours would stand there twice."""
    assert runs_ours(command)


@pytest.mark.parametrize("command", ANOTHERS)
def test_what_only_looks_alike_is_anothers(command: str) -> None:
    """It is wrapped like any other."""
    assert not runs_ours(command)


@given(program=st.sampled_from(["cclaunch", "/a b/cclaunch", "/it's/cclaunch", "/ü$x/cclaunch"]), wrapped=TEXT.filter(str.strip))
def test_what_is_wrapped_comes_out_as_it_was(program: str, wrapped: str) -> None:
    """Quotes, newlines, dollars: a command is any text."""
    line = command_line(program, wrapped)

    assert runs_ours(line)
    assert parts_of(line) == (program, wrapped)
    assert program_of(line) == program


@pytest.mark.parametrize("wrapped", ["echo 'a  b' \"c\"", 'printf %s\\\\n "$HOME"', "a | b\nc", "# x", "echo ! `x` \\"])
def test_a_shell_hands_over_what_is_wrapped_to_the_letter(tmp_path: Path, wrapped: str) -> None:
    """Also to a program whose path has blanks and quotes in it."""
    program = tmp_path / "it's a b" / "cclaunch"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$@"\n')
    program.chmod(0o755)

    said = subprocess.run(["/bin/sh", "-c", command_line(str(program), wrapped)], capture_output=True, check=True).stdout

    assert said.decode().split("\0")[:-1] == ["statusline", "--wrap", wrapped]


@pytest.mark.parametrize(
    "command", ["cclaunch statusline --wrap", "cclaunch  statusline", "cclaunch statusline x y", "cclaunch statusline --wrap 'a"]
)
def test_a_line_that_a_hand_has_changed_is_not_taken_apart(command: str) -> None:
    """Only what we would write ourselves is known to be all of it ours."""
    assert parts_of(command) is None


def test_half_a_character_is_what_claude_makes_of_it() -> None:
    """No argument of a program can hold it."""
    assert command_line("cclaunch", "a\ud800b") == "cclaunch statusline --wrap 'a\ufffdb'"


def test_a_command_on_the_path_is_named_without_it(tmp_path: Path) -> None:
    """One that is elsewhere, by its path; in a file for others, by its name."""
    program = tmp_path / "cclaunch"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert spelled(str(program), f"/nowhere{os.pathsep}{tmp_path}") == "cclaunch"
    assert spelled("/opt/cclaunch", str(tmp_path)) == "/opt/cclaunch"
    assert spelled("/opt/cclaunch", "", shared=True) == "cclaunch"
    assert spelled("/\udcff/cclaunch", "") == "cclaunch"


def test_a_command_by_another_name_is_named_so_that_it_is_known_again(tmp_path: Path) -> None:
    """A link is followed; what leads nowhere else is called by our name."""
    (tmp_path / "cclaunch").touch()
    (tmp_path / "ccl").symlink_to(tmp_path / "cclaunch")

    assert spelled(f"{tmp_path}/ccl", "") == f"{tmp_path}/cclaunch"
    assert spelled(f"{tmp_path}/other", "") == "cclaunch"

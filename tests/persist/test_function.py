"""The `claude` that a block makes, in the real shells: cclaunch while it is there, else claude itself, and never twice."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from guard import REPOSITORY
from real_shells import SHELLS, every_shell, exported, path_of

from cclaunch.persist.template import SCOPED, WHOLE, block_text
from cclaunch.shells.table import find_shell

CLAUDE = '#!/bin/sh\necho claude >>"$OUT.calls"\nprintf "%s\\n" "$#" "$@" >"$OUT.words"\nexit "${CODE-0}"\n'
CCLAUNCH = '#!/bin/sh\necho cclaunch >>"$OUT.calls"\n[ "$1" = -- ] || exit 99\nshift\nexec claude "$@"\n'
CALL = {
    "nu": "claude -p 'a b' '$x'",
    "elvish": "claude -p 'a b' '$x'",
    "xonsh": "claude -p 'a b' '$x'",
    "tcsh": "eval 'claude -p \"a b\" $x:q'",
    "csh": "eval 'claude -p \"a b\" $x:q'",
}
ALIASED = ["bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox"]
"""Shells whose aliases are text that is put in before a line is parsed, also the line that defines a function."""


class Typist(NamedTuple):
    """Types into a shell whose rc file holds the block."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """Return what the shell starts with."""
        path = f"{self.folder}/bin:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/nonexistent", "OUT": f"{self.folder}/out"}

    def put(self, name: str, text: str, mode: int = 0o755) -> Path:
        """Lay a program on PATH."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def types(self, shell: str, before: str = "", after: str = "", kind: str = SCOPED, **more: str) -> dict[str, str]:
        """Have *shell* read *before* and the block, then type `claude -p 'a b' '$x'` and *after*; return its environment."""
        text = block_text(find_shell(SHELLS[shell].name), kind, f"{self.folder}/none", "/nonexistent")
        if shell in ("tcsh", "csh"):
            text += "set x = '$x'\n"
        lines = [before, text, CALL.get(shell, 'eval \'claude -p "a b" "\\$x"\''), after]
        if shell == "bash":
            lines.insert(0, "shopt -s expand_aliases")
        lines.insert(0, SHELLS[shell].strict)
        return exported(self.runs(shell, "\n".join([*lines, "env -0", ""]), **more))

    def runs(self, shell: str, script: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
        """Run *script*; a strict csh, which ends at what `||` is there for, is nobody's who types."""
        file = self.folder / f"rc{SHELLS[shell].suffix}"
        file.write_text(script)
        command = [path_of(shell), *(word.replace("{script}", str(file)) for word in SHELLS[shell].read if word != "-e")]
        return subprocess.run(command, env={**self.environ, **more}, capture_output=True, timeout=120, check=False)

    def calls(self) -> list[str]:
        """Return who was started, in their order."""
        return (self.folder / "out.calls").read_text().split()

    def words(self) -> list[str]:
        """Return how many words claude got, and which."""
        return (self.folder / "out.words").read_text().splitlines()


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    """One who has claude."""
    made = Typist(tmp_path)
    made.put("claude", CLAUDE)
    return made


@pytest.mark.parametrize("kind", [SCOPED, WHOLE])
@every_shell
def test_a_typed_claude_is_a_launch(shell: str, kind: str, typist: Typist) -> None:
    """Its words arrive as they were written."""
    typist.put("cclaunch", CCLAUNCH)

    typist.types(shell, kind=kind)

    assert typist.calls() == ["cclaunch", "claude"]
    assert typist.words() == ["3", "-p", "a b", "$x"]


@every_shell
def test_without_cclaunch_a_typed_claude_is_claude(shell: str, typist: Typist) -> None:
    """The block outlives what wrote it."""
    typist.types(shell)

    assert typist.calls() == ["claude"]
    assert typist.words() == ["3", "-p", "a b", "$x"]


@every_shell
def test_a_block_of_the_function_alone_exports_nothing(shell: str, typist: Typist) -> None:
    """No other program of that shell is affected."""
    found = typist.types(shell)

    assert [name for name in found if "OTEL" in name or "CLAUDE" in name or "CCLAUNCH" in name] == []


@pytest.mark.parametrize("code", ["1", "126", "127"])
@pytest.mark.parametrize("launcher", ["whole", "broken", "none"])
@pytest.mark.parametrize(
    "shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "busybox", "posh", "tcsh", "csh", "xonsh"]
)
def test_no_exit_code_starts_a_second_claude(shell: str, launcher: str, code: str, typist: Typist) -> None:
    """A prompt must not run and be billed twice: claude is called once, and its code is the shell's to see."""
    if launcher == "whole":
        typist.put("cclaunch", CCLAUNCH)
    elif launcher == "broken":  # it is the script of the package, in which no interpreter finds the package
        shutil.copy2(REPOSITORY / "cclaunch/_script/cclaunch", typist.folder / "bin/cclaunch")
    status = "$status" if shell in ("fish", "tcsh", "csh") else "$?"
    text = block_text(find_shell(SHELLS[shell].name), SCOPED, "/none", "/nonexistent")
    typed = "eval 'claude -p hi'" if shell in ("tcsh", "csh") else "claude -p hi"

    done = typist.runs(shell, f"{text}\n{typed}\necho {status}\n", CODE=code)

    assert typist.calls().count("claude") == 1
    if shell != "xonsh":  # its script ends there
        assert done.stdout.decode().split() == [code]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "dash", "ksh", "mksh", "yash", "busybox", "posh", "nu", "elvish"])
def test_a_cclaunch_that_goes_while_the_shell_runs_is_not_looked_for_where_it_was(shell: str, typist: Typist) -> None:
    """A shell remembers where programs are; it went, or cannot be run any more."""
    program = typist.put("cclaunch", CCLAUNCH)
    again = CALL.get(shell, "claude again")

    typist.types(shell, after=f"{'^' if shell == 'nu' else ''}rm -f {program}\n{again}")

    assert typist.calls() == ["cclaunch", "claude", "claude"]


@every_shell
def test_a_cclaunch_that_cannot_be_run_is_not_there(shell: str, typist: Typist) -> None:
    """It has no permission to."""
    typist.put("cclaunch", CCLAUNCH, 0o644)

    typist.types(shell)

    assert typist.calls() == ["claude"]


@pytest.mark.parametrize("shell", ALIASED)
def test_an_alias_of_claude_goes_through_the_function_and_stays(shell: str, typist: Typist) -> None:
    """In front of the block, where it would be a syntax error in its middle, or win in silence."""
    typist.put("cclaunch", CCLAUNCH)

    typist.types(shell, "alias claude='claude --model \"o p\"'", f"alias claude >{typist.folder}/alias")

    assert typist.calls() == ["cclaunch", "claude"]
    assert typist.words() == ["5", "--model", "o p", "-p", "a b", "$x"]
    assert re.search(r"claude --model", (typist.folder / "alias").read_text())


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox", "posh", "fish"])
def test_a_function_of_the_persons_stays(shell: str, typist: Typist) -> None:
    """What they call claude is theirs to say."""
    typist.put("cclaunch", CCLAUNCH)
    mine = "function claude; command claude mine; end" if shell == "fish" else "claude() { command claude mine; }"

    typist.types(shell, mine)

    assert typist.calls() == ["claude"]
    assert typist.words() == ["1", "mine"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash", "ksh", "mksh", "yash", "busybox", "fish"])
def test_reading_the_file_twice_is_no_mistake(shell: str, typist: Typist) -> None:
    """As a person does after an edit."""
    typist.put("cclaunch", CCLAUNCH)
    text = block_text(find_shell(SHELLS[shell].name), SCOPED, "/none", "/nonexistent")

    typist.types(shell, text)

    assert typist.calls() == ["cclaunch", "claude"]

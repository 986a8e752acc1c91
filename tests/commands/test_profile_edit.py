"""`cclaunch profile edit`: a copy in a real editor's place, and the profile replaced only by what is right."""

import os
import re
import signal
import subprocess
import sys
import time

import pexpect
import pytest
from sandbox import Sandbox

from cclaunch.hot.paths import Paths, our_paths
from cclaunch.profiles.disk import profile_path, read_profile, write_profile

BEFORE = b"# by hand\nbudget = 3\n"


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox, with one profile."""
    found = our_paths(environ)
    write_profile(found, "a", BEFORE)
    return found


def editor(sandbox: Sandbox, code: str, name: str = "an editor") -> str:
    """Return the words that start an editor which runs *code* of Python, with the file's path as ``path``."""
    script = sandbox.work / f"{name}.py"
    script.write_text(f"import os, sys, time; path = sys.argv[-1]\n{code}\n")
    return f"{sys.executable} '{script}' --wait"


def edit(sandbox: Sandbox, code: str, variable: str = "VISUAL", **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Edit the profile ``a`` with an editor that runs *code*."""
    return sandbox.cclaunch("profile", "edit", "a", environ={variable: editor(sandbox, code), **environ})


def kept(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the path of the copy that was kept."""
    (path,) = re.findall(r"your version is kept in (\S+)", done.stderr.decode())
    return str(path)


def left(paths: Paths) -> list[str]:
    """Return the copies that lie around."""
    return [name for _, _, names in os.walk(paths.state) for name in names if name.endswith(".toml")]


def test_what_was_written_takes_the_place_of_the_profile(sandbox: Sandbox, paths: Paths) -> None:
    """The words of $VISUAL are split as a shell would; the copy is gone."""
    done = edit(sandbox, "open(path, 'a').write('description = \"x\" # ü\\n')")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"profile a: changed\n", b"")
    assert read_profile(paths, "a") == BEFORE + 'description = "x" # ü\n'.encode()
    assert left(paths) == []


def test_an_editor_that_writes_a_new_file_is_fine(sandbox: Sandbox, paths: Paths) -> None:
    """As vim does: it renames."""
    done = edit(sandbox, "open(path + '~', 'w').write('budget = 4\\n'); os.replace(path + '~', path)")

    assert (done.returncode, read_profile(paths, "a")) == (0, b"budget = 4\n")


def test_visual_wins_over_editor_and_an_empty_one_counts_for_nothing(sandbox: Sandbox, paths: Paths) -> None:
    """The convention of every program that edits."""
    two = editor(sandbox, "open(path, 'w').write('budget = 2\\n')", "two")
    edit(sandbox, "open(path, 'w').write('budget = 1\\n')", EDITOR=two)
    first = read_profile(paths, "a")
    sandbox.cclaunch("profile", "edit", "a", environ={"VISUAL": " ", "EDITOR": two})

    assert (first, read_profile(paths, "a")) == (b"budget = 1\n", b"budget = 2\n")


def test_without_a_choice_it_is_vi(sandbox: Sandbox, paths: Paths) -> None:
    """The one editor that POSIX promises."""
    path = sandbox.work / "vi"
    path.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[1], 'w').write('budget = 7\\n')\n")
    path.chmod(0o755)

    sandbox.cclaunch("profile", "edit", "a", environ={"PATH": f"{sandbox.work}:{sandbox.environ['PATH']}"})

    assert read_profile(paths, "a") == b"budget = 7\n"


def test_leaving_it_as_it_is_changes_nothing(sandbox: Sandbox, paths: Paths) -> None:
    """And leaves no copy."""
    done = edit(sandbox, "pass")

    assert (done.returncode, done.stdout) == (0, b"profile a: unchanged\n")
    assert left(paths) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\\nbugdet = 4", "line 2: `bugdet` is not known"),
        ("extends = 'b'", "there is no profile `b`"),
        ("[[", "is not valid TOML"),
    ],
)
def test_a_mistake_keeps_the_profile_and_the_copy(sandbox: Sandbox, paths: Paths, text: str, told: str) -> None:
    """Without a terminal nobody can be asked; the copy is named, with the line in it."""
    done = edit(sandbox, f"open(path, 'w').write(\"{text}\")")

    assert done.returncode in (1, 2)
    assert told in done.stderr.decode()
    assert read_profile(paths, "a") == BEFORE
    with open(kept(done)) as file:
        assert file.read() == text.replace("\\n", "\n")
    assert os.stat(kept(done)).st_mode & 0o777 == 0o600


def test_on_a_terminal_a_mistake_can_be_edited_again(sandbox: Sandbox, paths: Paths) -> None:
    """The same copy, with what was written into it."""
    code = "text = open(path).read(); open(path, 'w').write('budget = 5\\n' if 'bugdet' in text else 'bugdet = 5\\n')"
    command, *words = sandbox.command("profile", "edit", "a")
    environ = sandbox.environment({"VISUAL": editor(sandbox, code)})
    terminal = pexpect.spawn(command, words, env=environ, cwd=str(sandbox.work), timeout=120)

    terminal.expect_exact("`bugdet` is not known")
    terminal.expect_exact("Edit it again? [Y/n]")
    terminal.send("\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert (terminal.exitstatus, read_profile(paths, "a")) == (0, b"budget = 5\n")
    assert left(paths) == []


def test_on_a_terminal_a_no_keeps_the_copy(sandbox: Sandbox, paths: Paths) -> None:
    """The work of the person is not lost."""
    command, *words = sandbox.command("profile", "edit", "a")
    environ = sandbox.environment({"VISUAL": editor(sandbox, "open(path, 'w').write('x')")})
    terminal = pexpect.spawn(command, words, env=environ, cwd=str(sandbox.work), timeout=120)

    terminal.expect_exact("Edit it again? [Y/n]")
    terminal.send("n\r")
    terminal.expect_exact("is kept in")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert (terminal.exitstatus, read_profile(paths, "a"), len(left(paths))) == (1, BEFORE, 1)


def test_a_change_by_somebody_else_meanwhile_is_not_overwritten(sandbox: Sandbox, paths: Paths) -> None:
    """Both versions are there, and the command that compares them."""
    path = profile_path(paths, "a")
    done = edit(sandbox, f"open(path, 'w').write('budget = 5\\n'); open({path!r}, 'w').write('budget = 6\\n')")

    assert done.returncode == 1
    assert f"diff {path} {kept(done)}" in done.stderr.decode()
    assert read_profile(paths, "a") == b"budget = 6\n"


def test_an_editor_that_fails_changes_nothing(sandbox: Sandbox, paths: Paths) -> None:
    """As `:cq` in vim: the person thought better of it."""
    done = edit(sandbox, "open(path, 'w').write('budget = 5\\n'); sys.exit(3)")

    assert (done.returncode, read_profile(paths, "a")) == (2, BEFORE)
    assert "ended with 3" in done.stderr.decode()


@pytest.mark.parametrize(("visual", "told"), [("/no/such/editor", "cannot be started"), ("'", "cannot be split into words")])
def test_an_editor_that_there_is_not_is_named(sandbox: Sandbox, paths: Paths, visual: str, told: str) -> None:
    """And how another one is named."""
    done = sandbox.cclaunch("profile", "edit", "a", environ={"VISUAL": visual})

    assert (done.returncode, told in done.stderr.decode()) == (2, True)
    assert b"VISUAL=" in done.stderr
    assert left(paths) == []


def test_a_broken_profile_can_be_edited(sandbox: Sandbox, paths: Paths) -> None:
    """That is the way to mend it."""
    write_profile(paths, "a", b"\xff = =")

    assert edit(sandbox, "open(path, 'w').write('budget = 5\\n')").returncode == 0

    assert read_profile(paths, "a") == b"budget = 5\n"


def test_ctrl_c_belongs_to_the_editor(sandbox: Sandbox, paths: Paths) -> None:
    """A person uses it there; we wait until the editor ends."""
    ready = sandbox.work / "ready"
    code = f"import signal; signal.signal(2, lambda *_: None); open({str(ready)!r}, 'w'); time.sleep(0.5)"
    code += "; open(path, 'w').write('budget = 5\\n')"
    process = sandbox.popen(sandbox.command("profile", "edit", "a"), environ={"VISUAL": editor(sandbox, code)})
    deadline = time.monotonic() + 120
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)

    assert (process.returncode, read_profile(paths, "a")) == (0, b"budget = 5\n")

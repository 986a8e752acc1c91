"""The command that install.sh lays, when an upgrade of the system or a hand has taken away what it stands on."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import broken_installs
import installing
import pytest
from doubles import FAKE_EXIT, fake_claude, told
from installing import SHELLS, command_of, environments, install
from required import require
from sandbox import Sandbox

from cclaunch.main import VERBS


@pytest.fixture
def laid(sandbox: Sandbox) -> Sandbox:
    """A sandbox with cclaunch in it."""
    place = installing.offline(sandbox)
    install(place, "--method", "uv")
    return place


def take_away(place: Sandbox, what: str) -> str:
    """Break the installation of *place*; return what its line then says."""
    (environment,) = environments(place)
    (library,) = environment.glob("lib/python3*")
    package = library / "site-packages/cclaunch"
    launcher = command_of(place)
    if what == "interpreter":  # which is the tests' own: so the launcher is given another name for it
        text, count = re.subn("(?m)^__cclaunch_python='.*'$", "__cclaunch_python='/nowhere/it''s/python3'", launcher.read_text())
        text, more = re.subn(r"\A(#!/usr/bin/env -S \S+ PATH=)[^:]*", r"\1/nowhere", text)
        assert (count, more) == (1, 1)
        launcher.write_text(text)
        return "its interpreter /nowhere/its/python3 is gone"
    if what == "environment":
        shutil.rmtree(environment)
        return "No module named 'cclaunch'"
    if what == "site-packages of another version":
        library.rename(library.with_name("python3.5"))
        return "No module named 'cclaunch'"
    if what == "package":
        broken_installs.damage(package / "hot/claude.py")
        return "SyntaxError"
    launcher.write_text(launcher.read_text().replace("sys.version_info[:2] != (3, ", "sys.version_info[:2] != (3, 9"))
    return "it was made for Python 3."


KINDS = ("interpreter", "environment", "site-packages of another version", "package", "another version")


@pytest.mark.parametrize("what", KINDS)
def test_claude_runs_and_a_verb_does_not_become_a_prompt(laid: Sandbox, what: str) -> None:
    """One line says what is wrong and what mends it."""
    broken_installs.check(laid.run, str(command_of(laid)), take_away(laid, what))


def test_whatever_sh_is_it_is_said_and_claude_runs(laid: Sandbox) -> None:
    """In every shell of the tests but posh, which is no system's sh."""
    tells = take_away(laid, "interpreter")
    for shell in sorted(SHELLS.keys() - {"posh"}):
        words = [require(SHELLS[shell][0]), *SHELLS[shell][1:], str(command_of(laid))]
        done = laid.run([*words, "-p", "it's me"])
        assert (done.returncode, told(done.stdout)["argv"][1:]) == (FAKE_EXIT, ["-p", "it's me"]), done.stderr
        broken_installs.check_line(done.stderr, tells)
        assert laid.run([*words, "usage"]).returncode == 125


@pytest.mark.parametrize("what", ["interpreter", "environment"])
def test_claude_gets_the_environment_and_signals_that_we_got(laid: Sandbox, what: str) -> None:
    """Also in the C locale, to which the interpreter adds a variable, and where a name of ours is exported."""
    take_away(laid, what)
    laid.environ["LANG"] = "C"
    script = laid.home.parent / "tools/claude"
    script.write_text("#!/bin/sh\nexec env -0\n")
    given = {"mend": "mine", "python": "mine", "folder": "mine", "PYTHONHOME": "/nowhere", "PWD": str(laid.work)}
    printed = laid.run([str(command_of(laid)), "x"], environ={**given, "": "no name"}).stdout.decode()
    got = dict(pair.split("=", 1) for pair in printed.split("\0") if pair)
    assert got.pop("__CCLAUNCH_DEPTH") == "1:"
    for volatile in ("_", "SHLVL", "OLDPWD"):
        got.pop(volatile, None)
    assert got == laid.environment(given)

    script.write_text("#!/bin/sh\nkill -s PIPE $$\nexit 0\n")
    quiet = ["env", "--default-signal=PIPE", str(command_of(laid)), "x"]
    assert laid.run(quiet).returncode == -signal.SIGPIPE


@pytest.mark.parametrize("path", [None, "", "tools"], ids=["no PATH", "an empty PATH", "PATH"])
def test_a_whole_command_drops_no_variable_whatever_its_name_and_path_is_as_it_was(laid: Sandbox, path: str | None) -> None:
    """Exported functions of bash, names with dots, what sh sets by itself; and what a verb's children get is that, too."""
    script = laid.home.parent / "tools/claude"
    script.write_text(f"#!{sys.executable} -IS\nprint(open('/proc/self/environ').read(), end='')\n")
    given = {"BASH_FUNC_x%%": "() {  echo x\n}", "a.b": "c", "IFS": "x", "PPID": "1", "OPTIND": "4", "CCLAUNCH_DISABLE": "1"}
    nameless = {"": "x"}
    environ = {**laid.environment({}), **given, "CCLAUNCH_CLAUDE": str(script), "LC_ALL": "C.UTF-8"}
    environ.pop("PWD", None)
    del environ["PATH"]
    if path is not None:
        environ["PATH"] = path and laid.environ["PATH"]
    for words in (["x"], ["exec", "--", str(script)]):
        done = subprocess.run(
            [command_of(laid), *words], env=environ | nameless, cwd=laid.work, capture_output=True, check=True, timeout=60
        )
        got = dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if pair)
        assert got.pop("__CCLAUNCH_DEPTH") == "1:"
        assert got == environ


def test_where_env_cannot_look_for_the_interpreter_sh_does(sandbox: Sandbox) -> None:
    """A path with a space has no place in a first line."""
    place = installing.offline(sandbox)
    place.environ["HOME"] = str(place.home.parent / "a home")
    (place.home.parent / "a home").mkdir()
    install(place, "--method", "uv")
    laid = place.home.parent / "a home/.local/bin"
    assert [path.name for path in laid.iterdir()] == ["cclaunch"]
    assert (laid / "cclaunch").read_text().startswith("#!/bin/sh\n")
    assert place.run([str(laid / "cclaunch"), "mcp", "list"]).returncode == FAKE_EXIT


def test_the_claude_that_is_named_runs(laid: Sandbox, tmp_path: Path) -> None:
    """CCLAUNCH_CLAUDE; a name that leads nowhere is said, with the codes of env(1)."""
    take_away(laid, "interpreter")
    named = fake_claude(tmp_path / "named", name="other", code=9)
    assert laid.run([str(command_of(laid)), "x"], environ={"CCLAUNCH_CLAUDE": str(named)}).returncode == 9
    named.chmod(0o644)
    assert laid.run([str(command_of(laid)), "x"], environ={"CCLAUNCH_CLAUDE": str(named)}).returncode == 126
    assert laid.run([str(command_of(laid)), "x"], environ={"CCLAUNCH_CLAUDE": "/nowhere"}).returncode == 127


def test_under_the_name_claude_every_word_is_claudes_and_it_does_not_find_itself(laid: Sandbox, tmp_path: Path) -> None:
    """By a link first on PATH; and a copy of it there comes to an end."""
    take_away(laid, "interpreter")
    first = tmp_path / "first"
    first.mkdir()
    link = first / "claude"
    link.symlink_to(command_of(laid))
    path = f"{first}:{laid.environ['PATH']}"
    done = laid.run([str(link), "usage"], environ={"PATH": path})
    assert told(done.stdout)["argv"][1:] == ["usage"]

    (laid.home.parent / "tools/claude").unlink()
    assert laid.run([str(link), "x"], environ={"PATH": path}).returncode == 127
    link.unlink()
    shutil.copy(command_of(laid), link)
    done = laid.run([str(command_of(laid)), "x"], environ={"PATH": f"{first}:/usr/bin:/bin", "CCLAUNCH_CLAUDE": str(link)})
    assert done.returncode == 125
    assert b"again: set CCLAUNCH_CLAUDE to the real one" in done.stderr


def test_a_command_of_exec_runs(laid: Sandbox) -> None:
    """In silence where claude starts its own background processes so."""
    take_away(laid, "interpreter")
    words = [str(command_of(laid)), "exec", "--", "echo", "a  b"]
    done = laid.run(words)
    assert (done.returncode, done.stdout) == (0, b"a  b\n")
    broken_installs.check_line(done.stderr, "is gone")
    done = laid.run(words, environ={"CLAUDE_CODE_PROCESS_WRAPPER": "cclaunch exec --"})
    assert (done.stdout, done.stderr) == (b"a  b\n", b"")


def test_installed_again_it_is_whole(laid: Sandbox) -> None:
    """What its line advises."""
    take_away(laid, "package")
    assert "laid the command" in install(laid, "--method", "uv")
    done = laid.run([str(command_of(laid)), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


def test_it_knows_every_verb() -> None:
    """Of the hot path's table; `statusline` is one from now on."""
    text = (Path(__file__).resolve().parents[2] / "cclaunch/_script/cclaunch").read_text()
    body = text.partition("__cclaunch_is_verb() {")[2].partition("*) return 1")[0]
    found = {word for word in body.replace("|", " ").replace(")", " ").split() if word.isalpha()} - {"case", "in"}
    assert found == VERBS

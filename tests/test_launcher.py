"""The launcher's text: what sh and Python read of it, byte for byte, and launchers of older releases."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from guard import REPOSITORY
from sandbox import Sandbox

from cclaunch import launcher
from cclaunch.errors import UsageError

SCRIPT = REPOSITORY / "cclaunch/_script/cclaunch"
MINOR = "python{}.{}".format(*sys.version_info[:2])

HEAD = """\
__cclaunch_text=r''':'
# Laid by install.sh of cclaunch. After an upgrade of Python to another minor version, run that again.
__cclaunch_python='{python}'
__cclaunch_mend='sh install.sh'
if [ -z "${{__CCLAUNCH_BROKEN-}}" ] && [ -x "$__cclaunch_python" ]; then exec "$__cclaunch_python" -IS "$0" "$@"; fi
__cclaunch_why=\
"""

DOOR = """\
'''

import sys


def broken(*trouble):
    exec('#' + __cclaunch_text.rpartition('\\n# ---- ')[2], globals())
    broken(*trouble)


sys.excepthook = broken

{restores}if sys.version_info[:2] != {minor}:
    raise ImportError('it was made for Python {dotted}')
sys.path.append('{library}')
{reads}from cclaunch.main import main
sys.exit(main())
"""

RESTORES = """
import posix

if posix.environ.get(b'__CCLAUNCH_PATH'):
    posix.environ[b'PATH'] = posix.environ.pop(b'__CCLAUNCH_PATH')
    posix.putenv(b'PATH', posix.environ[b'PATH'])
    posix.unsetenv(b'__CCLAUNCH_PATH')
else:
    exec('#' + __cclaunch_text.rpartition('\\n# ---- ')[2])
    restore(posix.environ, posix)

"""

READS = """\
if sys.version == {version}:
    try:
        from marshal import loads
        with open('{place}/launch.bundle', 'rb') as file:
            code, rows = loads(file.read())
        space = {{}}
        exec(code, space)
        space['install'](rows)
    except Exception:
        pass
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An environment, as far as the launcher looks at it, without a bundle."""
    (tmp_path / "env/bin").mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "env/bin/cclaunch")
    return tmp_path / "env"


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The interpreter that the launcher is made for: under a plain name, and under that of its version."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").touch()
    os.link(tmp_path / "bin/python3", tmp_path / "bin" / MINOR)
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "bin/python3"))
    return tmp_path / "bin" / MINOR


def shared() -> list[str]:
    """Return what the script of the package has between its marks."""
    return [part.partition("\n")[2].strip("\n") for part in SCRIPT.read_text().split("\n# ---- ")[1:4]]


def door(*, restores: str = "", reads: str = "") -> str:
    """Return the end of a launcher."""
    minor = sys.version_info[:2]
    return DOOR.format(
        restores=restores, minor=minor, dotted="{}.{}".format(*minor), library=sysconfig.get_path("purelib"), reads=reads
    )


def test_env_looks_for_the_interpreter_and_a_bundle_is_read(place: Path, python: Path) -> None:
    """The usual case: every byte but those that stand in the script of the package."""
    (place / "launch.bundle").touch()
    first, rest = launcher.launcher("env", str(place), "/home/x/.local/bin/.cclaunch").split("\n", 1)

    assert first == (
        f"#!/usr/bin/env -S __CCLAUNCH_PATH=${{PATH}} PATH={python.parent}:/home/x/.local/bin/.cclaunch {python.name} -IS"
    )
    assert rest.startswith(HEAD.format(python=python))
    assert rest.endswith("\n" + door(restores=RESTORES, reads=READS.format(version=ascii(sys.version), place=place)))


def test_sh_looks_for_it_and_no_bundle_is_read_where_there_is_none(place: Path, python: Path) -> None:
    """It restores no PATH that no first line put away."""
    text = launcher.launcher("sh", str(place), "/home/x/.local/bin/.cclaunch")
    assert text.startswith("#!/bin/sh\n" + HEAD.format(python=python))
    assert text.endswith("\n" + door())


def test_what_stands_between_the_marks_of_the_script_is_in_it_whole(place: Path) -> None:
    """What is said and done where the package is not whole."""
    speaks, restores, breaks = shared()
    text = launcher.launcher("env", str(place), "/spare")
    assert f"\n{speaks}\n# ---- Python's, when it is needed\n\n\n{restores}\n\n\n{breaks}\n'''\n" in text


@pytest.mark.parametrize("name", ["a place", "it's", "tab\t", "ü", "$x"])
def test_a_path_that_env_would_not_take_as_it_is_makes_it_sh(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Quoted, so that sh finds the interpreter all the same."""
    python = tmp_path / name / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho found\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(python))
    made = tmp_path / "made"
    made.write_text(launcher.launcher("env", str(place), "/spare"))
    assert made.read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", str(made)], capture_output=True, check=True, timeout=60).stdout == b"found\n"


def test_a_place_for_the_spare_that_env_would_not_take_makes_it_sh(place: Path, python: Path) -> None:
    """It stands in the first line, too."""
    assert launcher.launcher("env", str(place), "/a home/.cclaunch") == launcher.launcher("sh", str(place), "/spare")


def test_an_interpreter_whose_path_is_no_text_is_written_as_its_bytes(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """And Python is told to read any byte."""
    monkeypatch.setattr(sys, "_base_executable", os.fsdecode(b"/nowhere/\xff/python"))
    assert launcher.main(["env", str(place), "/spare"]) == 0
    printed = capfdbinary.readouterr().out
    assert printed.startswith(b"#!/bin/sh\n# -*- coding: latin-1 -*-\n")
    assert b"\n__cclaunch_python='/nowhere/\xff/python'\n" in printed


def test_of_a_script_without_the_marks_none_is_made(place: Path) -> None:
    """It is none of ours, or damaged."""
    (place / "bin/cclaunch").write_text("#!/bin/sh\n")
    with pytest.raises(ValueError, match="unpack"):
        launcher.launcher("env", str(place), "/spare")


@pytest.mark.parametrize("words", [[], ["env", "/place"], ["zsh", "/place", "/spare"], ["env", "/place", "/spare", "x"]])
def test_other_words_are_refused_with_what_is_needed(words: list[str]) -> None:
    """It is no verb, but may be tried by hand."""
    with pytest.raises(UsageError) as refused:
        launcher.main(words)
    assert refused.value.hint == "python -m cclaunch.launcher env|sh PLACE SPARE"


@pytest.mark.parametrize("imports", [launcher.IMPORT, launcher.OLD_IMPORT])
def test_a_launcher_of_any_release_launches_with_this_package(sandbox: Sandbox, imports: str) -> None:
    """Who upgrades an environment by hand, or with an old install.sh, has the old one in front of it: nothing is lost."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    laid = sandbox.home / "laid"
    laid.write_text(f"# Laid by install.sh\nimport sys\nsys.path.append({str(REPOSITORY)!r})\n{imports}\nsys.exit(main())\n")
    done = sandbox.run([sys.executable, "-IS", str(laid), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert told(done.stdout)["argv"][1:] == ["mcp", "list"]


def test_the_package_of_the_launch_hands_nothing_else_on() -> None:
    """A wrong name is an error, as of any module."""
    with pytest.raises(ImportError, match="cannot import name 'split'"):
        exec("from cclaunch.launch import split")

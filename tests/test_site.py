"""The command of the wheel without site: which launches never ask for it, and that whatever does finds what it found with it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import installing
import pytest
import wheelhouse
from doubles import FAKE_EXIT, fake_claude, told
from guard import REPOSITORY
from required import missing
from sandbox import Sandbox
from venvs import Installed, empty, install

SCRIPT = REPOSITORY / "cclaunch/_script/cclaunch"
MINOR = "python{}.{}".format(*sys.version_info[:2])

WITNESS = "import os; open({path!r}, 'a').close()\n"
"""A line of a .pth file: site was here."""

TELLS = """\
import sys

def main():
    found = {"site": "site" in sys.modules, "argv": list(sys.argv), "bare": list(sys.path), "no site": sys.flags.no_site}
    import foreign
    found |= {"path": sys.path, "prefix": sys.prefix, "times": foreign.times, "mark": getattr(foreign, "mark", "")}
    found["spec"] = foreign.__spec__.origin
    import json
    print(json.dumps(found))
    return 0
"""
"""A package of our name, which tells how it was started, and what it finds once it has asked for another's module."""

FOREIGN = "import sys\nsys.times = times = getattr(sys, 'times', 0) + 1\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel."""
    return wheelhouse.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that tells what it got."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:/usr/bin:/bin"
    return sandbox


def package(at: Path, text: str = TELLS) -> None:
    """Write a package of our name into *at*, whose main is *text*."""
    (at / "cclaunch").mkdir(parents=True)
    (at / "cclaunch/__init__.py").touch()
    (at / "cclaunch/main.py").write_text(text)


def foreign(at: Path, packages: Path) -> None:
    """Write another's module into *at*, which a .pth file of *packages* names."""
    at.mkdir()
    (at / "foreign.py").write_text(FOREIGN)
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "foreign.pth").write_text(f"{at}\n")


def environment(base: Path, *, system: bool = False) -> Installed:
    """Make an environment with our command, a package that tells, and a module that only a .pth file names."""
    made = empty(base / "env", system=system)
    shutil.copy(SCRIPT, made.command)
    package(made.packages())
    foreign(base / "elsewhere", made.packages())
    return made


def tells(place: Sandbox, command: Path) -> Any:
    """Return what the package that tells printed; it must complain of nothing."""
    done = place.run([str(command), "x"])
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


def with_site(place: Sandbox, python: Path) -> list[str]:
    """Return the path that *python* has when it starts with site."""
    done = place.run([str(python), "-I", "-c", "import json, sys; print(json.dumps([sys.prefix, *sys.path]))"])
    found: list[str] = json.loads(done.stdout)
    return found


def watch(place: Sandbox, packages: Path) -> Path:
    """Return a file that is there when site looked at *packages*."""
    seen = place.home / "site-was-here"
    (packages / "witness.pth").write_text(WITNESS.format(path=str(seen)))
    return seen


def launches_without_site(place: Sandbox, command: Path, seen: Path) -> None:
    """Hold *command* to it: a launch does not ask for site, and what is cold does."""
    done = place.run([str(command), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert not seen.exists()
    assert place.run([str(command), "--version"]).returncode == 0
    assert seen.exists()


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_launch_asks_for_no_site_and_a_verb_does(wheel: Path, place: Sandbox, tmp_path: Path, installer: str) -> None:
    """In an environment, whoever installed."""
    made = install(tmp_path, [str(wheel)], installer)
    launches_without_site(place, made.command, watch(place, made.packages()))


@pytest.mark.parametrize("home", [".local/share/pipx", ".local/pipx"])
def test_under_pipx_neither_and_no_process_follows_its_link(wheel: Path, place: Sandbox, home: str) -> None:
    """Its environment lies in one of two places of every home; the command is a link to it."""
    at = place.home / home / "venvs"
    at.mkdir(parents=True)
    made = install(at, [str(wheel)])
    (at / "env").rename(at / "cclaunch")
    command = place.home / ".local/bin/cclaunch"
    command.parent.mkdir(exist_ok=True)
    command.symlink_to(at / "cclaunch/bin/cclaunch")
    process = place.home / "bin/readlink"
    process.write_text("#!/bin/sh\nexit 66\n")
    process.chmod(0o755)
    launches_without_site(place, command, watch(place, made._replace(python=at / "cclaunch/bin/python").packages()))


def test_under_uv_tool_neither(sandbox: Sandbox) -> None:
    """It makes the environment and the link itself."""
    place = installing.offline(sandbox)
    words = ["uv", "tool", "install", "--quiet", "--python", installing.interpreter(), str(installing.light())]
    done = place.run(words)
    assert done.returncode == 0, done.stderr
    (packages,) = (place.home / ".local/share/uv/tools/cclaunch/lib").glob("*/site-packages")
    launches_without_site(place, place.home / ".local/bin/cclaunch", watch(place, packages))


def test_an_editable_install_asks_for_site_and_launches(place: Sandbox, tmp_path: Path) -> None:
    """Only a .pth file tells where the package is; a directory of its name, which is none, may lie where it should."""
    made = install(tmp_path, ["--no-build-isolation", "--editable", str(REPOSITORY)])
    (made.packages() / "cclaunch/_assets").mkdir(parents=True, exist_ok=True)
    seen = watch(place, made.packages())
    done = place.run([str(made.command), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert seen.exists()


@pytest.mark.parametrize("where", ["--user", "--prefix", "--target"])
def test_without_an_environment_neither(wheel: Path, place: Sandbox, where: str) -> None:
    """The interpreter is the system's, and what lies beside the command is found as with site."""
    if not Path("/usr/bin/python3").exists():
        missing("/usr/bin/python3")
    base = place.home / {"--user": ".local"}.get(where, "a prefix")
    words = [sys.executable, "-m", "pip", "--python", "/usr/bin/python3", "install", "--break-system-packages", "--quiet"]
    words += ["--no-deps", "--no-index", "--no-warn-script-location", "--disable-pip-version-check", str(wheel)]
    words += [where] if where == "--user" else [where, str(base)]
    subprocess.run(words, check=True, capture_output=True, timeout=120, env=place.environ, cwd=place.home)
    (command,) = base.rglob("bin/cclaunch")  # Debian puts a `local` below a prefix
    (found,) = base.rglob("cclaunch/main.py")
    packages = found.parent.parent
    seen = watch(place, packages)
    done = place.run([str(command), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert not seen.exists()

    (found.parent / "main.py").write_text(TELLS)
    foreign(place.home / "elsewhere", packages)
    got = tells(place, command)
    assert (got["site"], got["no site"], got["bare"][-1]) == (False, 1, str(packages))
    assert seen.exists()
    own = [at for at, path in enumerate(got["path"]) if path.endswith("-packages") and not path.startswith(str(base))]
    assert got["path"].index(str(packages)) < min(own)
    assert set(with_site(place, Path("/usr/bin/python3"))[1:]) <= set(got["path"])


@pytest.mark.parametrize("system", [False, True], ids=["alone", "with the system's packages"])
def test_the_path_is_the_one_of_site_once_another_s_module_is_asked_for(place: Sandbox, tmp_path: Path, system: bool) -> None:
    """In its order, and with the prefix; until then it is the standard library and where the package should lie."""
    made = environment(tmp_path, system=system)
    got = tells(place, made.command)
    library = [path for path in with_site(place, made.python)[1:] if "-packages" not in path and "elsewhere" not in path]
    assert (got["site"], got["no site"]) == (False, 1)
    assert got["bare"] == [*library, str(made.packages())]
    assert [got["prefix"], *got["path"]] == with_site(place, made.python)
    assert got["argv"] == [str(made.command), "x"]


def test_a_module_that_a_pth_file_imports_itself_is_one_module(place: Sandbox, tmp_path: Path) -> None:
    """What the file did to it is there, and it does not run twice."""
    made = environment(tmp_path)
    (made.packages() / "late.pth").write_text("import foreign; foreign.mark = 'by hand'\n")
    got = tells(place, made.command)
    assert (got["times"], got["mark"], got["spec"]) == (1, "by hand", str(tmp_path / "elsewhere/foreign.py"))


def test_a_module_that_is_nowhere_is_not_found(place: Sandbox, tmp_path: Path) -> None:
    """As ever, with its name."""
    made = environment(tmp_path)
    text = "def main():\n    for _ in range(2):\n        try:\n            import nowhere\n"
    text += "        except ModuleNotFoundError as error:\n            print(error.name)\n    return 0\n"
    (made.packages() / "cclaunch/main.py").write_text(text)
    assert place.run([str(made.command)]).stdout == b"nowhere\nnowhere\n"


def test_what_is_broken_is_said_also_where_a_sitecustomize_has_a_hook_of_its_own(place: Sandbox, tmp_path: Path) -> None:
    """Some systems' have one, for their own reports."""
    made = environment(tmp_path)
    (made.packages() / "sitecustomize.py").write_text("import sys\nsys.excepthook = lambda *_: print('a stranger')\n")
    (made.packages() / "cclaunch/main.py").write_text("def main():\n    import foreign\n    raise RuntimeError('lost')\n")
    done = place.run([str(made.command), "-p", "x"])
    assert (done.returncode, told(done.stdout)["argv"][1:]) == (FAKE_EXIT, ["-p", "x"])
    assert b"is not whole (RuntimeError: lost)" in done.stderr


def test_an_older_install_sh_tells_the_script_where_it_belongs(place: Sandbox, tmp_path: Path) -> None:
    """It puts two lines into a copy of it, in the place of what looks, and they know no place of the package."""
    made = environment(tmp_path)
    looks = "\n__cclaunch_here\n__cclaunch_interpreter\n"
    text = SCRIPT.read_text()
    assert text.count(looks) == 1
    knows = f"\n__cclaunch_bin='{made.command.parent}'\n__cclaunch_python=$__cclaunch_bin/python\n"
    laid = place.home / "laid"
    laid.write_text(text.replace(looks, knows))
    laid.chmod(0o755)
    assert tells(place, laid)["bare"][-1] == str(made.packages())


def test_a_path_with_a_star_in_it_is_a_path(place: Sandbox, tmp_path: Path) -> None:
    """The star of ours stands for the version."""
    (tmp_path / "a*b").mkdir()
    made = environment(tmp_path / "a*b")
    assert tells(place, made.command)["bare"][-1] == str(made.packages())


@pytest.fixture
def dependent(wheel: Path, place: Sandbox, tmp_path: Path) -> Installed:
    """Our wheel in an environment whose dependencies only a .pth file names, in a sandbox with ports of its own."""
    place.configure()
    return install(tmp_path, [str(wheel)])


def test_a_launch_wakes_a_collector_whose_packages_only_a_pth_file_names(dependent: Installed, place: Sandbox) -> None:
    """It is handed the whole path, though the launch itself had a bare one."""
    done = place.run([str(dependent.command), "-p", "x"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert told(done.stdout)["environ"]["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"
    status = place.run([str(dependent.command), "stack", "status"])
    assert status.returncode == 0, status.stderr
    assert place.run([str(dependent.command), "stack", "down"]).returncode == 0


def test_a_warm_launch_asks_for_no_site(dependent: Installed, place: Sandbox) -> None:
    """The one that is meant to be fast: the collector runs, and nothing is new."""
    words = [str(dependent.command), "-p", "x"]
    assert place.run(words).returncode == FAKE_EXIT
    seen = watch(place, dependent.packages())
    done = place.run(words)
    assert (done.returncode, done.stderr, seen.exists()) == (FAKE_EXIT, b"", False)
    assert place.run([str(dependent.command), "stack", "down"]).returncode == 0
    assert seen.exists()
    os.unlink(seen)

"""What is installed: the wheel and the editable install hold the same command and find the same files."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
import wheelhouse
from guard import REPOSITORY

from cclaunch import __version__

KINDS = ("wheel", "editable")
COMPLETIONS = ("cclaunch.bash", "_cclaunch", "cclaunch.fish", "cclaunch.nu", "cclaunch.ps1")
ASSETS = ("shell/README.md", *(f"completions/{name}" for name in COMPLETIONS))
SHARED = {
    "share/bash-completion/completions/cclaunch": "cclaunch.bash",
    "share/zsh/site-functions/_cclaunch": "_cclaunch",
    "share/fish/vendor_completions.d/cclaunch.fish": "cclaunch.fish",
}
"""Where shells look below the prefix -> file of completions/."""


class Installed(NamedTuple):
    """An environment that cclaunch was installed into: its interpreter and its command."""

    python: Path
    command: Path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel."""
    return wheelhouse.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> dict[str, Installed]:
    """One environment for each kind of install; the dependencies are those of the tests."""
    what = {"wheel": [str(wheel)], "editable": ["--no-build-isolation", "--editable", str(REPOSITORY)]}
    return {kind: _install(tmp_path_factory.mktemp(kind), what[kind]) for kind in KINDS}


@pytest.fixture(params=KINDS)
def installed(request: pytest.FixtureRequest, environments: dict[str, Installed]) -> Installed:
    """Each kind of install in turn."""
    return environments[request.param]


def _install(base: Path, what: list[str]) -> Installed:
    venv.create(base / "env", with_pip=False, symlinks=True)
    python = base / "env" / "bin" / "python"
    packages = next((base / "env" / "lib").iterdir()) / "site-packages"
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    words = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", *what]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True, timeout=120, cwd=base)
    return Installed(python, base / "env" / "bin" / "cclaunch")


def output(*command: str | Path, cwd: Path) -> str:
    """Return what *command* prints; it must succeed and complain of nothing."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=cwd)
    assert done.stderr == ""
    return done.stdout


def test_the_command_tells_its_version(installed: Installed, tmp_path: Path) -> None:
    """It is there, executable, and runs from any directory."""
    assert output(installed.command, "--version", cwd=tmp_path).startswith(f"cclaunch {__version__}\n")


@pytest.mark.parametrize("name", ASSETS)
def test_files_beside_the_package_are_found(installed: Installed, name: str, tmp_path: Path) -> None:
    """Those of shell/ and completions/, byte for byte."""
    code = "import sys; from cclaunch.assets import asset; sys.stdout.write(asset(*sys.argv[1].split('/')).read_text())"

    assert output(installed.python, "-c", code, name, cwd=tmp_path) == (REPOSITORY / name).read_text()


def test_dashboards_are_installed(installed: Installed, tmp_path: Path) -> None:
    """All of ours, byte for byte."""
    code = "from cclaunch.grafana.shipped import shipped; print(*(len(content) for content in shipped().values()))"
    sizes = [path.stat().st_size for path in sorted((REPOSITORY / "cclaunch/grafana/dashboards").glob("*.json"))]

    assert sizes
    assert output(installed.python, "-c", code, cwd=tmp_path).split() == [str(size) for size in sizes]


def test_the_wheels_package_is_not_the_checkouts(environments: dict[str, Installed], tmp_path: Path) -> None:
    """Else the tests of the wheel would test the checkout."""
    where = output(environments["wheel"].python, "-c", "import cclaunch; print(cclaunch.__file__)", cwd=tmp_path)

    assert not where.startswith(str(REPOSITORY))


def test_the_command_imports_no_installers_wrapper(installed: Installed) -> None:
    """Whatever stands in the file costs every launch: the wrapper of pip imports `re`."""
    lines = installed.command.read_text().splitlines()

    assert lines[0].startswith("#!")
    assert [line for line in lines if "import" in line and not line.startswith('"""')] == [
        "import sys",
        "from cclaunch.launch import main",
    ]


def test_the_wheel_holds_the_package_its_files_and_nothing_else(wheel: Path) -> None:
    """No tests, no caches; the licence and the marker of types are in it."""
    names = zipfile.ZipFile(wheel).namelist()
    info = f"cclaunch-{__version__}.dist-info"

    assert {name.split("/")[0] for name in names} == {"cclaunch", info, f"cclaunch-{__version__}.data"}
    data = f"cclaunch-{__version__}.data"
    shared = {f"{data}/data/{path}" for path in SHARED}
    assert {name for name in names if ".data/" in name} == {f"{data}/scripts/cclaunch", *shared}
    assert {f"{info}/licenses/LICENSE", "cclaunch/py.typed"} <= set(names)
    assert [name for name in names if name.endswith((".pyc", "~")) or "_script" in name] == []


def test_89_the_wheel_puts_the_completions_where_shells_look(environments: dict[str, Installed]) -> None:
    """The three standard data paths below the prefix, byte for byte."""
    prefix = environments["wheel"].python.parent.parent

    assert {path: (prefix / path).read_bytes() for path in SHARED} == {
        path: (REPOSITORY / "completions" / name).read_bytes() for path, name in SHARED.items()
    }

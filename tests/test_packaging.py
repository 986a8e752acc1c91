"""What is installed: the wheel and the editable install hold the same command and find the same files."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import broken_installs
import pytest
import wheelhouse
from doubles import FAKE_EXIT, fake_claude, told
from guard import REPOSITORY
from required import missing, require
from sandbox import Sandbox
from venvs import Installed, install

from cclaunch import __version__
from cclaunch.web.assets import TYPES

SCRIPT = REPOSITORY / "cclaunch/_script/cclaunch"
KINDS = ("wheel", "editable")
COMPLETIONS = ("cclaunch.bash", "_cclaunch", "cclaunch.fish", "cclaunch.nu", "cclaunch.ps1")
ASSETS = ("shell/README.md", *(f"completions/{name}" for name in COMPLETIONS))
SHARED = {
    "share/bash-completion/completions/cclaunch": "cclaunch.bash",
    "share/zsh/site-functions/_cclaunch": "_cclaunch",
    "share/fish/vendor_completions.d/cclaunch.fish": "cclaunch.fish",
}
"""Where shells look below the prefix -> file of completions/."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel."""
    return wheelhouse.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> dict[str, Installed]:
    """One environment for each kind of install; the dependencies are those of the tests."""
    what = {"wheel": [str(wheel)], "editable": ["--no-build-isolation", "--editable", str(REPOSITORY)]}
    return {kind: install(tmp_path_factory.mktemp(kind), what[kind]) for kind in KINDS}


@pytest.fixture(params=KINDS)
def installed(request: pytest.FixtureRequest, environments: dict[str, Installed]) -> Installed:
    """Each kind of install in turn."""
    return environments[request.param]


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
    code = "import sys; from cclaunch.files.assets import asset; sys.stdout.write(asset(*sys.argv[1].split('/')).read_text())"

    assert output(installed.python, "-c", code, name, cwd=tmp_path) == (REPOSITORY / name).read_text()


def test_dashboards_are_installed(installed: Installed, tmp_path: Path) -> None:
    """All of ours, byte for byte."""
    code = "from cclaunch.grafana.shipped import shipped; print(*(len(content) for content in shipped().values()))"
    sizes = [path.stat().st_size for path in sorted((REPOSITORY / "cclaunch/grafana/dashboards").glob("*.json"))]

    assert sizes
    assert output(installed.python, "-c", code, cwd=tmp_path).split() == [str(size) for size in sizes]


def test_the_page_is_installed(installed: Installed, tmp_path: Path) -> None:
    """All of its files, byte for byte."""
    code = "from cclaunch.web.assets import assets; print(*(f'{name}={len(one.content)}' for name, one in assets().items()))"
    base = REPOSITORY / "cclaunch/web/assets"
    files = [path for path in sorted(base.rglob("*")) if path.suffix in TYPES]
    sizes = [f"{path.relative_to(base).as_posix()}={path.stat().st_size}" for path in files]

    assert sizes
    assert output(installed.python, "-c", code, cwd=tmp_path).split() == sizes


VENDORED = [path for path in sorted((REPOSITORY / "cclaunch/web/assets/vendor").rglob("*")) if path.is_file()]


def test_what_is_vendored_is_handed_on_with_its_licence_and_origin(wheel: Path, tmp_path: Path) -> None:
    """As its authors ask: in the wheel and in the archive of the sources, byte for byte, and among the licences of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(wheelhouse.build_sources(tmp_path)) as sources:
        unpacked = {name.partition("/")[2]: sources.extractfile(name) for name in sources.getnames()}
        for path in VENDORED:
            name = path.relative_to(REPOSITORY).as_posix()
            file = unpacked[name]
            assert packed[name] == path.read_bytes() == (file.read() if file else b"")
    metadata = next(content.decode() for name, content in packed.items() if name.endswith(".dist-info/METADATA"))
    licences = [path.relative_to(REPOSITORY).as_posix() for path in VENDORED if path.name == "LICENSE"]

    assert {path.name for path in VENDORED} >= {"LICENSE", "ORIGIN"}
    assert "License-Expression: Apache-2.0 AND MIT\n" in metadata
    assert all(f"License-File: {name}\n" in metadata for name in ["LICENSE", *licences])


def test_the_wheels_package_is_not_the_checkouts(environments: dict[str, Installed], tmp_path: Path) -> None:
    """Else the tests of the wheel would test the checkout."""
    where = output(environments["wheel"].python, "-c", "import cclaunch; print(cclaunch.__file__)", cwd=tmp_path)

    assert not where.startswith(str(REPOSITORY))


def test_the_command_imports_no_installers_wrapper(installed: Installed) -> None:
    """Whatever Python compiles of the file costs every launch: the wrapper of pip imports `re`."""
    code = installed.command.read_text().partition(" -c '\n")[2].partition("\n' ")[0]

    assert [line.strip() for line in code.splitlines() if "import" in line] == [
        "import sys",
        "from cclaunch.main import main",
        "from cclaunch.main import main",
    ]


def test_the_command_is_ours_and_no_installer_wrote_in_it(installed: Installed) -> None:
    """A first line that an installer writes may not run at all, and its wrapper would cost every launch."""
    assert installed.command.read_bytes() == SCRIPT.read_bytes()


@pytest.fixture
def box(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that tells what it got; a stranger's modules lie where it works, and in ``hostile``."""
    fake_claude(sandbox.home / "bin")
    sandbox.environ["PATH"] = f"{sandbox.home / 'bin'}:/usr/bin:/bin"
    for place in (sandbox.work, sandbox.home / "hostile"):
        place.mkdir(exist_ok=True)
        for name in ("cclaunch", "sys", "posix", "site", "os", "_signal", "encodings", "sitecustomize", "usercustomize"):
            (place / f"{name}.py").write_text("print('a stranger')\nraise SystemExit(66)\n")
    return sandbox


VARIABLES = {
    "PYTHONHOME": "/nowhere",
    "PYTHONPLATLIBDIR": "nowhere",
    "PYTHONUTF8": "bad",
    "PYTHONPATH": "hostile",
    "PYTHONUSERBASE": "hostile",
    "PYTHONINSPECT": "1",
    "PYTHONSTARTUP": "hostile/sys.py",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONVERBOSE": "1",
    "PYTHONHASHSEED": "bad",
    "PYTHONMALLOC": "bad",
    "PYTHONCASEOK": "1",
    "PYTHONSAFEPATH": "",
}


def test_no_variable_of_pythons_keeps_claude_from_running(installed: Installed, box: Sandbox) -> None:
    """It starts as ever, nothing is said, and claude gets the variable as it was."""
    for name, value in VARIABLES.items():
        value = value.replace("hostile", str(box.home / "hostile"))
        environ = {**box.environ, name: value}
        done = subprocess.run([installed.command, "mcp", "list"], env=environ, cwd=box.work, capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (FAKE_EXIT, b""), name
        got = told(done.stdout)
        assert (got["argv"][1:], got["environ"][name]) == (["mcp", "list"], value)


@pytest.mark.parametrize("name", ["a path with 'odd' $(letters) \\ in it", f"{'long' * 35}/{'long' * 35}", "-rf ü"])
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_it_runs_wherever_its_environment_lies(wheel: Path, box: Sandbox, tmp_path: Path, name: str, installer: str) -> None:
    """A first line holds no space and no long path. Also by a link."""
    installed = install(tmp_path / name, [str(wheel)], installer)
    link = tmp_path / "link"
    link.symlink_to(installed.command)
    for command in (installed.command, link):
        done = box.run([str(command), "mcp", "list"])
        assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
        assert told(done.stdout)["argv"][1:] == ["mcp", "list"]


def test_it_runs_where_there_is_no_environment(wheel: Path, box: Sandbox) -> None:
    """`pip install --user`: its interpreter does not lie beside it, and the one that does is another."""
    if not Path("/usr/bin/python3").exists():
        missing("/usr/bin/python3")
    words = [sys.executable, "-m", "pip", "--python", "/usr/bin/python3", "install", "--user", "--break-system-packages"]
    words += ["--quiet", "--no-deps", "--no-index", "--no-warn-script-location", "--disable-pip-version-check", str(wheel)]
    subprocess.run(words, check=True, capture_output=True, timeout=120, env=box.environ, cwd=box.home)
    command = box.home / ".local/bin/cclaunch"
    (command.parent / "python").write_text("#!/bin/sh\nexit 66\n")
    (command.parent / "python").chmod(0o755)
    done = box.run([str(command), "mcp", "list"])
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")


def test_on_the_good_path_sh_starts_no_process(installed: Installed, box: Sandbox) -> None:
    """It looks with words of its own, and becomes the interpreter, which becomes claude."""
    trace = box.home / "trace"
    words = [require("strace"), "-f", "-o", str(trace), "-e", "trace=fork,vfork,clone,clone3,execve", str(installed.command)]
    (box.home / "bin/claude").unlink()
    (box.home / "bin/claude").symlink_to("/bin/true")
    box.run([*words, "mcp", "list"])
    calls = [line.split(None, 1)[1] for line in trace.read_text().splitlines()]
    found = [call.split('"')[1] for call in calls if call.startswith("execve(") and "= 0" in call]
    assert found == [str(installed.command), str(installed.python), str(box.home / "bin/claude")]
    assert [call for call in calls if call.startswith(("fork", "vfork", "clone"))] == []


@pytest.mark.parametrize("what", ["interpreter", "package", "other version"])
def test_where_it_is_broken_claude_runs_all_the_same(
    environments: dict[str, Installed], box: Sandbox, tmp_path: Path, what: str
) -> None:
    """One line says what is wrong; a verb of ours is no prompt."""
    root = tmp_path / "copy"
    shutil.copytree(environments["wheel"].python.parents[1], root, symlinks=True)
    (library,) = root.glob("lib/python3*")
    if what == "interpreter":
        broken_installs.remove(root / "bin/python")
    elif what == "package":
        broken_installs.damage(library / "site-packages/cclaunch/hot/claude.py")
    else:
        library.rename(library.with_name("python3.5"))
    tells = {"interpreter": f"{root}/bin/python is gone", "package": "SyntaxError", "other version": "No module named"}
    broken_installs.check(box.run, str(root / "bin/cclaunch"), tells[what])


def test_its_head_is_clean() -> None:
    """shellcheck reads what sh reads."""
    head = "\n# ---- ".join(SCRIPT.read_text().split("\n# ---- ")[:2]) + "\n"
    words = [require("shellcheck"), "-s", "sh", "-e", "SC3013", "-"]  # every system's sh has -ef
    done = subprocess.run(words, input=head.encode(), capture_output=True, check=False)
    assert done.stdout.decode() == ""


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

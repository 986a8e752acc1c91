"""The shim: made, looked at, taken away, and what becomes of a PATH that names it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from real_shells import SHELLS, every_shell, exported, run
from required import require
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.errors import CclaunchError
from cclaunch.files.theirs.look import FileRefused
from cclaunch.hot import claude
from cclaunch.hot.paths import Paths, our_paths
from cclaunch.persist.shim import leads_to, link_of, make_shim, remove_shim, shim_line, trouble_of
from cclaunch.shells.table import find_shell

COMMAND = "#!{python}\nimport sys\nfrom cclaunch.main import main\nsys.exit(main())\n"


@pytest.fixture
def command(home: Path) -> Path:
    """Something that is called as a claude of its own."""
    return fake_claude(home / "tools", name="cclaunch", code=3)


@pytest.fixture
def real(sandbox: Sandbox) -> Path:
    """A claude on the sandbox's PATH."""
    made = fake_claude(sandbox.home / "bin")
    sandbox.environ["PATH"] = f"{made.parent}:{sandbox.environ['PATH']}"
    return made


def test_it_is_a_link_in_a_directory_that_nobody_else_may_write_in(paths: Paths, command: Path) -> None:
    """Made once, and made current when the command has moved."""
    assert make_shim(paths, "/nowhere/cclaunch")
    os.chmod(paths.shim, 0o777)
    assert make_shim(paths, str(command))
    assert not make_shim(paths, str(command))
    assert (leads_to(paths), os.listdir(paths.shim)) == (str(command), ["claude"])
    assert os.stat(paths.shim).st_mode & 0o777 == 0o700


def test_what_is_taken_away_leaves_nothing_but_what_is_not_ours(paths: Paths, command: Path) -> None:
    """The directory goes with the link, unless a hand has put something there."""
    make_shim(paths, str(command))
    assert remove_shim(paths)
    assert not os.path.lexists(paths.shim)
    assert not remove_shim(paths)

    make_shim(paths, str(command))
    Path(paths.shim, "node").touch()
    assert remove_shim(paths)
    assert os.listdir(paths.shim) == ["node"]


def test_a_file_of_that_name_is_left_alone(paths: Paths, command: Path) -> None:
    """Only a link is ours."""
    Path(paths.shim).mkdir(parents=True)
    Path(link_of(paths)).write_text("mine\n")
    with pytest.raises(FileRefused):
        make_shim(paths, str(command))
    assert not remove_shim(paths)
    assert Path(link_of(paths)).read_text() == "mine\n"


def test_a_directory_that_path_cannot_name_is_refused(tmp_path: Path, command: Path) -> None:
    """A colon ends it."""
    paths = Paths("/nowhere", str(tmp_path / "a:b"), "/nowhere", "/nowhere")
    with pytest.raises(FileRefused):
        make_shim(paths, str(command))
    assert not os.path.lexists(paths.state)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda paths, command, real: None, "there is no "),
        (lambda paths, command, real: make_shim(paths, "/nowhere/cclaunch"), "which cannot be run"),
        (lambda paths, command, real: make_shim(paths, command) and f"{real}:{paths.shim}", "comes before it on PATH"),
        (lambda paths, command, real: make_shim(paths, command) and "/nowhere", "is not on this PATH"),
        (lambda paths, command, real: make_shim(paths, command) and f"/nowhere:{paths.shim}:{real}", ""),
    ],
    ids=["none", "gone", "late", "absent", "first"],
)
def test_it_is_told_why_a_claude_would_not_be_ours(
    paths: Paths, command: Path, real: Path, make: Callable[..., object], says: str
) -> None:
    """What ``persist status`` has to say of it."""
    path = make(paths, str(command), str(real.parent))
    found: CclaunchError | None = trouble_of(paths, path if isinstance(path, str) else "/nowhere")
    assert says in found.message if found and says else found is None and not says


@pytest.mark.parametrize("asks", ["sh", "bash", "zsh", "fish", "env", "make", "python3"])
def test_one_that_leads_nowhere_is_passed_over(sandbox: Sandbox, paths: Paths, real: Path, asks: str) -> None:
    """Cclaunch was removed by hand: claude runs, in shells and in what looks along PATH by itself."""
    make_shim(paths, "/nowhere/cclaunch")
    words = {
        "env": ["env", "claude", "x"],
        "make": ["make", "-s", "-f", "-"],
        "python3": ["python3", "-c", "import subprocess; raise SystemExit(subprocess.call(['claude', 'x']))"],
    }.get(asks, [asks, "-c", "claude x"])
    path = f"{paths.shim}:{sandbox.environ['PATH']}"
    done = sandbox.run([require(words[0]), *words[1:]], environ={"PATH": path}, input=b"x:\n\t-@claude x\n")
    assert told(done.stdout)["argv"][1:] == ["x"]
    assert asks == "make" or done.returncode == FAKE_EXIT


def test_a_launch_knows_it_by_its_place(environ: dict[str, str]) -> None:
    """The hot path has no paths when it looks for claude; so the end of this one is fixed, on every system."""
    assert our_paths(environ).shim.endswith(claude.SHIM)
    assert our_paths({"HOME": "/home/me"}).shim.endswith(claude.SHIM)


def test_a_launch_by_another_copy_passes_it_over(sandbox: Sandbox, paths: Paths, real: Path, command: Path) -> None:
    """Else that one would be launched in its turn, and the profile that was asked for in words be lost."""
    make_shim(paths, str(command))  # not the command that runs here
    path = f"{paths.shim}:{sandbox.environ['PATH']}"
    done = sandbox.cclaunch("mcp", "list", environ={"PATH": path})
    assert (done.returncode, done.stderr) == (FAKE_EXIT, b"")
    assert told(done.stdout)["argv"][0] == str(real)


def test_a_claude_of_that_name_elsewhere_is_a_claude(tmp_path: Path) -> None:
    """Only the directory of ours is passed over."""
    for name in ("shim", "x-cclaunch/shim"):
        found = fake_claude(tmp_path / name)
        assert claude.find({"PATH": str(found.parent)}, []) == (str(found), "")
    ours = fake_claude(tmp_path / "cclaunch/shim")
    assert claude.find({"PATH": f"{ours.parent}/"}, []) == ("", "not found")


def test_in_the_shim_every_word_is_claudes(sandbox: Sandbox, paths: Paths, real: Path) -> None:
    """Make knows no function, and launches all the same; once, and a verb of ours is a prompt there."""
    script = sandbox.home / "tools" / "cclaunch"
    script.parent.mkdir()
    script.write_text(COMMAND.format(python=sys.executable))
    script.chmod(0o755)
    make_shim(paths, str(script))
    (sandbox.work / "Makefile").write_text("x:\n\t@claude mcp list\n\t@claude usage --json\n")
    sandbox.configure()

    done = sandbox.run([require("make"), "-k", "-i"], environ={"PATH": f"{paths.shim}:{sandbox.environ['PATH']}"})

    first, second = (told(line) for line in done.stdout.splitlines() if line.startswith(b"{"))
    assert [one["argv"] for one in (first, second)] == [[str(real), "mcp", "list"], [str(real), "usage", "--json"]]
    assert {one["environ"]["__CCLAUNCH_DEPTH"] for one in (first, second)} == {"1:"}
    assert otel.RESOURCE_ATTRIBUTES in second["environ"]


@every_shell
@pytest.mark.parametrize("folder", ["state", "it's a $HOME \\ ü"])
def test_a_block_puts_it_first_in_every_shell(tmp_path: Path, command: Path, shell: str, folder: str) -> None:
    """Once, however often it is read; and only while there is something in it."""
    row = find_shell(SHELLS[shell].name)
    folder = folder.replace("$", "" if shell == "xonsh" else "$")  # it expands what stands in PATH, whoever put it there
    paths = Paths("/nowhere", str(tmp_path / folder), "/nowhere", "/nowhere")
    line = shim_line(row, paths.shim, str(tmp_path)).encode()
    before = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    make_shim(paths, str(command))
    after = exported(run(shell, line * 2, tmp_path, before))
    assert after["PATH"] == f"{paths.shim}:{before['PATH']}"
    assert not [name for name in after if "cclaunch" in name.lower()]

    remove_shim(paths)
    if row.name != "elvish":  # which cannot ask without a module that older ones lack; what is not there is passed over
        assert exported(run(shell, line, tmp_path, before))["PATH"] == before["PATH"]

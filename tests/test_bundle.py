"""The bundle: the same modules as without it, and never in the way of what was installed or edited later."""

import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from doubles import fake_claude
from guard import REPOSITORY
from sandbox import Sandbox

from cclaunch.bundle import ROOTS, bundle, groups, hot

LAUNCH = """
import sys
from marshal import loads
sys.path.append(sys.argv.pop(1))
with open(sys.argv.pop(1), "rb") as file:
    code, rows = loads(file.read())
space = {{}}
exec(code, space)
used = space["install"](rows)
{then}
"""

IMPORTS = f"import {', '.join(ROOTS)}\n"
TELLS = IMPORTS + "print(used, *({one}.{what} for one in map(sys.modules.__getitem__, {names!r})))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, in a directory of its own that could be a ``site-packages``."""
    place = tmp_path / "site"
    shutil.copytree(REPOSITORY / "cclaunch", place / "cclaunch", ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.fixture
def bundled(package: Path, tmp_path: Path) -> Path:
    """The bundle of that copy."""
    made = tmp_path / "launch.bundle"
    words = [sys.executable, "-IS", "-c", f"import sys; sys.path.append({str(package)!r}); from cclaunch.bundle import main"]
    words[-1] += f"; main([{str(made)!r}])"
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    return made


@pytest.fixture
def after(package: Path, bundled: Path) -> Callable[[str], str]:
    """A function that runs a text after the bundle was installed, and returns what it printed."""

    def run(then: str) -> str:
        words = [sys.executable, "-IS", "-c", LAUNCH.format(then=then), str(package), str(bundled)]
        done = subprocess.run(words, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    return run


def test_every_hot_module_comes_from_it(after: Callable[[str], str]) -> None:
    """The loader is ours, and no directory is searched."""
    told = after(TELLS.format(one="type(one.__loader__)", what="__module__", names=hot()))
    assert told.split() == ["True", *["builtins"] * len(hot())]


def test_it_loads_no_module_more(after: Callable[[str], str], package: Path) -> None:
    """What a launch may import holds with it, too; the finder itself is no module."""
    tells = "import cclaunch.main; print(*sorted(sys.modules))"
    words = [sys.executable, "-IS", "-c", f"import sys; sys.path.append({str(package)!r}); {tells}"]
    plain = subprocess.run(words, check=True, capture_output=True, timeout=120).stdout.decode().split()

    assert after(tells).split() == plain


WHOLE_LAUNCH = """
import sys
from marshal import loads
sys.path.append(sys.argv.pop(1))
bundle = sys.argv.pop(1)
if bundle:
    with open(bundle, "rb") as file:
        code, rows = loads(file.read())
    space = {}
    exec(code, space)
    assert space["install"](rows)
sys.argv[0] = "cclaunch"
from cclaunch.main import main
from cclaunch.hot import claude
claude.become = lambda *_: (print(*sorted(sys.modules)), (0, ""))[1]
main()
"""


@pytest.mark.parametrize("words", [["mcp", "list"], ["-p", "x"]], ids=["nothing exported", "with a healthy collector"])
def test_a_whole_launch_loads_no_module_more_nor_less(sandbox: Sandbox, tmp_path: Path, words: list[str]) -> None:
    """Asked at the moment of the exec."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    sandbox.cclaunch(*words)  # makes the caches, and wakes the collector
    (tmp_path / "launch.bundle").write_bytes(bundle())

    def loaded(file: str) -> list[str]:
        done = sandbox.run([sys.executable, "-IS", "-c", WHOLE_LAUNCH, str(REPOSITORY), file, *words])
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode().split()

    without = loaded("")
    assert {name for group in groups()[: ROOTS.index("cclaunch.launch.line") + 1] for name in group} <= set(without)
    assert loaded(str(tmp_path / "launch.bundle")) == without


@pytest.mark.parametrize("what", ["__file__", "__cached__", "__package__", "__path__", "__spec__.origin", "__spec__.parent"])
def test_a_module_says_of_itself_what_it_says_without(after: Callable[[str], str], package: Path, what: str) -> None:
    """Tracebacks, the collector's search path and the package's own files stand on it."""
    module = "cclaunch" if what == "__path__" else "cclaunch.main"
    tells = f"import cclaunch.main; print(sys.modules[{module!r}].{what})"
    words = [sys.executable, "-IS", "-c", f"import sys; sys.path.append({str(package)!r}); {tells}"]

    assert after(tells) == subprocess.run(words, check=True, capture_output=True, timeout=120).stdout.decode().strip()


def test_a_traceback_shows_the_line(after: Callable[[str], str]) -> None:
    """It points into the file that is installed."""
    told = after(
        "import traceback\nfrom cclaunch.main import split\ntry:\n  split(3)\nexcept TypeError: print(traceback.format_exc())"
    )
    assert "cclaunch/main.py" in told
    assert "first = words[0]" in told


def test_files_of_the_package_are_found(after: Callable[[str], str], package: Path) -> None:
    """By way of importlib.resources, as for any package."""
    then = "from importlib.resources import files; print(files('cclaunch').joinpath('errors.py'))"
    assert after(then) == str(package / "cclaunch/errors.py")


def test_cold_modules_are_imported_beside_it(after: Callable[[str], str], package: Path) -> None:
    """They are not in it."""
    assert after("import cclaunch.errors; print(cclaunch.errors.__file__)") == str(package / "cclaunch/errors.py")


def edit(module: Path) -> None:
    """Change the file where it lies; time and size may be what they were."""
    text, found = module.read_text(), module.stat()
    module.write_text(text.replace("return Words(first", "return Fords(first", 1))
    os.utime(module, ns=(found.st_atime_ns, found.st_mtime_ns + 1))


def replace(module: Path) -> None:
    """Put another file in its place that has the same time and size, as an unpacked archive may have."""
    found = module.stat()
    other = module.with_suffix(".new")
    other.write_text(module.read_text().replace("return Words(first", "return Fords(first", 1))
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(module)


@pytest.mark.parametrize("change", [edit, replace])
def test_a_changed_file_is_never_shadowed(after: Callable[[str], str], package: Path, change: Callable[[Path], None]) -> None:
    """Not that module comes from the bundle, nor any other."""
    change(package / "cclaunch/main.py")
    told = after(
        "import inspect, cclaunch.main; print(used, 'Fords' in inspect.getsource(cclaunch.main.split), end=' ')\n"
        "print('Fords' in cclaunch.main.split.__code__.co_names)"
    )
    assert told == "False True True"


def test_a_package_that_is_gone_is_an_error_that_can_be_caught(after: Callable[[str], str], package: Path) -> None:
    """The launcher goes on to the plain import, whose error names the module."""
    shutil.rmtree(package / "cclaunch")
    told = after("try: import cclaunch.main\nexcept ImportError as error: print(used, error.name)")
    assert told == "False cclaunch"


def test_a_group_is_read_when_it_is_needed(after: Callable[[str], str]) -> None:
    """The door comes first; the line when it is imported, whole; the questions not yet."""
    first, second = "cclaunch.hot.compose", "cclaunch.hot.probe"
    tells = f"print({first!r} in sys.modules, {second!r} in sys.modules)"
    assert after(f"import cclaunch.main; {tells}; import cclaunch.launch.line; {tells}") == "False False\nTrue False"


def test_a_module_runs_once(after: Callable[[str], str], package: Path) -> None:
    """Also the one that its group was read for."""
    for name in ("launch/line.py", "launch/asking.py", "hot/probe.py"):
        with (package / "cclaunch" / name).open("a") as file:
            file.write(f"\nimport sys\nsys.RAN = getattr(sys, 'RAN', []) + [{name!r}]\n")
    again = [sys.executable, "-IS", "-c", f"import sys; sys.path.append({str(package)!r}); from cclaunch.bundle import main"]
    again[-1] += f"; main([{str(package.parent / 'launch.bundle')!r}])"
    subprocess.run(again, check=True, capture_output=True, timeout=120)
    assert after(f"{IMPORTS}print(sys.RAN)") == "['launch/line.py', 'hot/probe.py', 'launch/asking.py']"


def test_no_directory_is_searched_for_an_extension_module(after: Callable[[str], str]) -> None:
    """It is known before the first module that imports it runs."""
    assert after(f"{IMPORTS}print(*(path for path in sys.path_importer_cache if 'dynload' in path))") == ""


def test_a_group_that_was_damaged_is_imported_from_its_files(after: Callable[[str], str]) -> None:
    """Whatever is wrong with the bundle."""
    damages = "sys.meta_path[0].groups[0] = (['cclaunch.launch.line'], b'x')"
    told = after(f"{damages}\n{IMPORTS}print(used)")
    assert told == "True"


def test_a_group_that_was_edited_is_imported_from_its_files(after: Callable[[str], str], package: Path) -> None:
    """The others still come from the bundle."""
    with (package / "cclaunch/hot/compose.py").open("a") as file:
        file.write("\nEDITED = True\n")
    told = after(
        f"{IMPORTS}print(used, sys.modules['cclaunch.hot.compose'].EDITED, end=' ')\n"
        "print(*(type(sys.modules[name].__loader__).__module__ for name in ('cclaunch.hot.compose', 'cclaunch.hot.probe')))"
    )
    assert told == "True True _frozen_importlib_external builtins"


def test_it_is_two_parts(bundled: Path) -> None:
    """The finder's code, and groups, each with the names of its modules."""
    code, groups = marshal.loads(bundled.read_bytes())
    assert code.co_filename.endswith("bundled.py")
    assert sorted(name for names, _ in groups for name in names) == hot()

"""
The parts of a warm launch, each the difference of two whole processes.

The problem it owns: where the time goes above the bare interpreter. For every part there is a copy of the launcher that
install.sh has laid, with its first line and all its text, which ends where the part ends: by `_exit`, put into the text there.
What a part takes is the difference to the copy that ends one part earlier, in the same round.

- `its end, which a launch spares`: `-IS -c pass`, taken off from the same that ends by `_exit`; hence below zero.
- `the way in`: env, the interpreter it finds, the launcher's text compiled.
- `the bundle, read` and `the bundle, unmarshalled`: one ends with the bytes, the next with the objects.
- `loading NAME`: each extension module that a launch holds when it becomes claude (asked of one that stops there), loaded from
  its file behind the bundle, before anything of ours. Those that are built into the interpreter have no file, and no line.
- `its modules, run`: ended in front of `main`, those extensions being loaded.
- `the line`: ended in the place of `execve`, with nothing loaded ahead; how extensions are found counts here.
- `execve`: the launch itself, which becomes a program that does nothing.

Hence they add up to the launch, less `-IS -c pass`.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from homes import interpreter
from rounds import Contender
from sandbox import Sandbox

BARE = "python -IS -c pass"
UNENDED = "python -IS, ended by _exit"
END = "sys.modules['posix']._exit(0)"
BUNDLE = "if sys.version == "
UNMARSHALLED = "loads(file.read())"
UNPACKED = "space = {}"
DOOR = "from cclaunch.main import main"
MAIN = "sys.exit(main())"

LOAD = """\
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader
import _imp
for name, file in {extensions!r}:
    spec = ModuleSpec(name, ExtensionFileLoader(name, file), origin=file)
    sys.modules[name] = _imp.create_dynamic(spec)
    _imp.exec_dynamic(sys.modules[name])
"""

SPY = """\
def spied(*_):
    loader = sys.modules['cclaunch.main'].__loader__
    assert type(loader).__name__ != 'SourceFileLoader', 'the bundle was not used'
    for name, module in list(sys.modules.items()):
        if getattr(module, '__file__', None) and '.so' in module.__file__:
            print(name, module.__file__)
    sys.stdout.flush()
    sys.modules['posix']._exit(0)
sys.modules['posix'].execve = spied
"""

WITHOUT_EXECVE = f"sys.modules['posix'].execve = lambda *_: {END}\n"


class Parts:
    """
    The contenders whose differences are the parts.

    Attributes:
        contenders: Name -> contender; the first is the bare interpreter.
        steps: (part, contender that ends with it), in order: each counts from the one before, the first from BARE.
    """

    def __init__(self, place: Sandbox, launcher: Path, launch: str) -> None:
        """Write the copies of *launcher* into *place*; *launch* is the name of the contender that is the launch itself."""
        self._place = place
        self._text = launcher.read_text("utf-8", "surrogateescape")
        self._directory = place.home.parent / "parts"
        self._directory.mkdir()
        self.contenders = {
            BARE: self._contender(interpreter(), "-IS", "-c", "pass"),
            UNENDED: self._contender(interpreter(), "-IS", "-c", f"import sys; {END}"),
        }
        self.steps = [("its end, which a launch spares", UNENDED)]
        for number, (part, text) in enumerate(self._texts()):
            name = f"launcher, up to: {part}"
            self.contenders[name] = self._ending(self._written(str(number), text))
            self.steps.append((part, name))
        self.steps.append(("execve of a program that does nothing", launch))

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Yield (part, text of the launcher that ends with it)."""
        yield "the way in: env, the launcher's text", self._put(BUNDLE, f"{END}\n{BUNDLE}")
        yield "the bundle, read", self._put(UNMARSHALLED, f"(file.read(), {END})")
        yield "the bundle, unmarshalled", self._put(UNMARSHALLED, f"({UNMARSHALLED}, {END})")
        loaded: list[tuple[str, str]] = []
        for extension in self._extensions():
            loaded.append(extension)
            yield f"loading {extension[0]}", self._put(UNPACKED, f"exec({LOAD.format(extensions=loaded)!r}); {END}")
        ahead = f"exec({LOAD.format(extensions=loaded)!r}); {UNPACKED}"
        yield "its modules, run", self._put(UNPACKED, ahead).replace(MAIN, END)
        yield "the line: plan, environment, collector", self._put(DOOR, f"{WITHOUT_EXECVE}{DOOR}")

    def _put(self, words: str, others: str) -> str:
        """Return the launcher's text with *others* for *words*, which stand there once. Raises SystemExit when they do not."""
        if self._text.count(words) != 1 or self._text.count(MAIN) != 1:
            raise SystemExit(f"the launcher of install.sh is not what tests/bench/parts.py knows: it has no (one) `{words}`")
        return self._text.replace(words, others)

    def _extensions(self) -> list[tuple[str, str]]:
        """Return (name, file) of each extension module that a warm launch holds in the end, in the order of loading."""
        spy = self._written("spy", self._put(DOOR, f"{SPY}{DOOR}"))
        for _ in range(2):  # the first may compile a plan, with much that is loaded for that
            done = subprocess.run(
                [spy], env=self._place.environ, cwd=self._place.work, capture_output=True, text=True, check=False
            )
        if done.returncode or done.stderr:
            raise SystemExit(f"the launch that is looked at failed: {done.stderr}")
        return [(name, file) for name, _, file in (line.partition(" ") for line in done.stdout.splitlines())]

    def _written(self, name: str, text: str) -> Path:
        path = self._directory / name
        path.write_text(text, "utf-8", "surrogateescape")
        path.chmod(0o755)
        return path

    def _ending(self, copy: Path) -> Contender:
        """Return the contender of a *copy* that ends before it becomes claude. Raises SystemExit when it does not."""
        done = self._seen(copy, CCLAUNCH_CLAUDE="/bin/false")
        if done.returncode or done.stderr:
            raise SystemExit(f"{copy} does not end where it should: {done.stderr}")
        return self._contender(str(copy), "-p", "x")

    def _seen(self, copy: Path, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a *copy* with *changes* of the environment, and return how that ended."""
        environ = {**self._place.environ, **changes}
        return subprocess.run([copy, "-p", "x"], env=environ, cwd=self._place.work, capture_output=True, text=True, check=False)

    def _contender(self, *words: str) -> Contender:
        return Contender(list(words), dict(self._place.environ), self._place.work)

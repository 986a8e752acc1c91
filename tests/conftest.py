"""
What every test stands on: a throw-away home, free ports, the real claudes, and the guard of the real home.

The problem it owns: no test may touch the home of the person who runs it, and none may leave a process.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import guard
import hypothesis
import pytest
import real_claude
from collector_client import Place, wait_until
from docker_stack import DockerStack, docker_stack
from engine import Containers, Engine, lacking, running
from messages_api import MessagesApi
from real_claude import Claude
from required import REQUIRE, missing
from runners import Verb
from sandbox import Sandbox
from sandbox import free_ports as find_free_ports
from stackproc import Vlogs, vlogs

from cclaunch.hot.paths import Paths, our_paths

# Tests start daemons from a process in which gRPC has threads; its handlers for forks break what is forked, and all of
# that becomes another program at once. Read when gRPC begins to work.
FORKS = "GRPC_ENABLE_FORK_SUPPORT"
os.environ[FORKS] = "false"

# A property says what is true, not how fast: by itself hypothesis fails an example that takes longer than 200 ms.
hypothesis.settings.register_profile("cclaunch", deadline=None)
hypothesis.settings.load_profile("cclaunch")

MARKERS = (
    "real: runs the real Claude Code",
    "sdk: sends with the official OpenTelemetry SDK",
    "newest: reports on the newest Claude Code, never gates",
    "engine: needs a Docker engine; whoever asks for the fixture of that name has it",
    "whole: installs, or starts and ends what stays; whatever lies in the directories of these",
)
WHOLE = tuple(guard.REPOSITORY / "tests" / name for name in ("backends", "install", "sdk"))
"""What waits longest: a third of .ci/tests."""

KEPT_SIGNALS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT)
KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "COLUMNS",
    "PYTEST_CURRENT_TEST",
    "GRPC_ENABLE_FORK_SUPPORT",
    REQUIRE,
)


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers; and let Ctrl-C reach the children, also when we were started with it ignored (by ``&`` in a script)."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark whoever needs a Docker engine, wherever the file lies: all of them share one, so they run in one third."""
    if "engine" in getattr(item, "fixturenames", ()):
        item.add_marker("engine")
    if any(item.path.is_relative_to(place) for place in WHOLE):
        item.add_marker("whole")


@pytest.fixture(scope="session", autouse=True)
def scrubbed_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give this very process a home that does not matter, none of the person's variables, and arm the guard's hook."""
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("nobody")
    kept = {name: value for name, value in before.items() if name in KEPT_VARIABLES or name.startswith("CCLAUNCH_TEST_")}
    os.environ.clear()
    os.environ |= {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_CACHE_HOME": str(home / ".cache")}
    sys.addaudithook(guard.GUARD)
    yield home
    guard.GUARD.active = False
    os.environ.clear()
    os.environ |= before


@pytest.fixture(autouse=True)
def real_home_is_out_of_reach() -> Iterator[None]:
    """Raise guard.RealHomeTouched for whatever this process does in the real home during a test."""
    guard.GUARD.active = True
    yield
    guard.GUARD.active = False


@pytest.fixture(autouse=True)
def signals_stay_as_they_are() -> Iterator[None]:
    """What a launch undoes just before it becomes claude would end the tests at their next write to somebody who has gone."""
    before = [signal.getsignal(number) for number in KEPT_SIGNALS]
    yield
    assert [signal.getsignal(number) for number in KEPT_SIGNALS] == before


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A throw-away home in which things run; at the end nothing of it may be left alive."""
    place = Sandbox(tmp_path)
    yield place
    left = place.close()
    assert not left, f"still running after `cclaunch stack down`: {left}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A place whose collector runs."""
    made = Place(tmp_path)
    made.start()
    yield made
    made.stop()
    assert wait_until(lambda: not made.processes())


@pytest.fixture
def home(sandbox: Sandbox) -> Path:
    """The directory that is HOME in ``environ``."""
    return sandbox.home


@pytest.fixture
def environ(sandbox: Sandbox) -> dict[str, str]:
    """The scrubbed environment of the sandbox."""
    return sandbox.environ


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """A function that returns so many free ports."""
    return find_free_ports


@pytest.fixture
def free_port() -> int:
    """One free port."""
    return find_free_ports(1)[0]


@pytest.fixture
def cclaunch(sandbox: Sandbox) -> Callable[..., object]:
    """The runner of ``cclaunch`` in the sandbox: ``cclaunch("usage", "--json")``."""
    return sandbox.cclaunch


@pytest.fixture
def verb(sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Verb:
    """The runner of a verb in this process: ``verb("usage", "--json")`` returns (code, stdout, stderr)."""
    from cclaunch import cli

    monkeypatch.chdir(sandbox.work)

    def run(*words: str, **environ: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(words), {**sandbox.environ, **environ})
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def stack_config(sandbox: Sandbox) -> Callable[..., Mapping[str, int]]:
    """The writer of a config.toml with free ports: ``stack_config(protocol="grpc")`` returns them."""
    return sandbox.configure


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A throw-away Docker engine that has the images of the real services."""
    if lack := lacking():
        missing(lack)
    with running() as found:
        yield found


@pytest.fixture
def containers(engine: Engine) -> Iterator[Containers]:
    """Where a test runs containers, in a network of their own; all gone at its end."""
    with contextlib.closing(Containers(engine)) as place:
        yield place


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Vlogs]:
    """A real VictoriaLogs of this test's own."""
    with vlogs(tmp_path / "vlogs") as service:
        yield service


@pytest.fixture
def profile(verb: Verb) -> Verb:
    """The runner of a part of the verb: ``profile("list")`` returns (code, stdout, stderr)."""
    return lambda *words, **environ: verb("profile", *words, **environ)


@pytest.fixture
def paths(environ: dict[str, str]) -> Paths:
    """Our directories in the sandbox."""

    return our_paths(environ)


@pytest.fixture
def put(paths: Paths) -> Callable[..., None]:
    """The writer of profile files: ``put(name="text")``."""
    from cclaunch.profiles.disk import write_profile

    def write(**texts: str) -> None:
        for name, text in texts.items():
            write_profile(paths, name, text.encode())

    return write


@pytest.fixture(params=real_claude.VERSIONS)
def claude(request: pytest.FixtureRequest) -> Claude:
    """A real Claude Code, each release in turn."""
    found = real_claude.installed(request.param)
    if not found.path.exists():
        missing(f"@anthropic-ai/claude-code@{found.version} (npm install --prefix {found.path.parents[2]})")
    return found


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    """The scripted Messages API, listening."""
    with MessagesApi() as server:
        yield server


@pytest.fixture
def ready(sandbox: Sandbox, claude: Claude, api: MessagesApi) -> Sandbox:
    """A sandbox whose claude is a real one that talks to the scripted API."""
    real_claude.prepare(sandbox, claude, api.url)
    return sandbox


@pytest.fixture
def stack(sandbox: Sandbox, engine: Engine) -> Iterator[DockerStack]:
    """The Docker stack of the sandbox, configured and not started."""
    with docker_stack(sandbox, engine.host) as made:
        yield made

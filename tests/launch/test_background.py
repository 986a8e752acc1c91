"""Background sessions: whose attributes are sent, settled by --settings or said in one line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doubles import FAKE_EXIT, fake_claude, told
from sandbox import Sandbox

from cclaunch import otel
from cclaunch.launch.background import attribution, service_environ

SLEEPS = "import sys, time; print(flush=True); time.sleep(60)"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Start a process that looks like claude's background service, and write its lock; ended with the test."""
    started = []

    def start(*words: str, directory: str = ".claude", **environ: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", SLEEPS, *words], env={"HOME": str(tmp_path), **environ}, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        lock = tmp_path / directory / "daemon.lock"
        lock.parent.mkdir(exist_ok=True)
        lock.write_text(json.dumps({"pid": process.pid}))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_without_a_service_this_launch_decides_for_all_to_come(tmp_path: Path) -> None:
    """It starts the service."""
    assert "this launch (profile a)" in attribution({"HOME": str(tmp_path)}, "a")


def test_a_running_service_has_the_attributes_of_the_launch_that_started_it(tmp_path: Path, service: Callable[..., None]) -> None:
    """Both are named, and the command that mends it."""
    service("daemon", "run", OTEL_RESOURCE_ATTRIBUTES="cclaunch.profile=old,team=x")

    said = attribution({"HOME": str(tmp_path)}, "new")

    assert "(profile old), not this one's (profile new)" in said
    assert "claude daemon stop" in said


def test_another_directory_of_claude_has_a_service_of_its_own(tmp_path: Path, service: Callable[..., None]) -> None:
    """CLAUDE_CONFIG_DIR."""
    service("daemon", "run", directory="moved", MARK="1")

    assert service_environ({"HOME": str(tmp_path)}) is None
    assert (service_environ({"HOME": str(tmp_path), otel.CONFIG_DIR: str(tmp_path / "moved")}) or {})["MARK"] == "1"


def test_a_lock_whose_process_is_another_one_by_now_is_no_service(tmp_path: Path, service: Callable[..., None]) -> None:
    """Process ids are used again."""
    service("something", "else")

    assert service_environ({"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x"}', '{"pid": -1}', '{"pid": 99999999999999999999}', "[1]"])
def test_a_broken_lock_is_no_service(tmp_path: Path, text: str) -> None:
    """It is claude's file, not ours."""
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "daemon.lock").write_text(text)

    assert service_environ({"HOME": str(tmp_path)}) is None


@pytest.fixture
def place(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a claude that prints what it got, and ports of its own."""
    sandbox.environ["PATH"] = f"{fake_claude(sandbox.home / 'bin').parent}:{sandbox.environ['PATH']}"
    sandbox.configure()
    return sandbox


def test_background_words_carry_the_whole_environment(place: Sandbox) -> None:
    """--settings in front of --bg, with attributes, routing and privacy."""
    done = place.cclaunch("--bg", "go")

    argv = told(done.stdout)["argv"][1:]
    env = json.loads(Path(argv[1]).read_text())["env"]
    assert (done.returncode, argv[0], argv[2:], done.stderr) == (FAKE_EXIT, "--settings", ["--bg", "go"], b"")
    assert {otel.RESOURCE_ATTRIBUTES, otel.ENDPOINT, otel.LOG_USER_PROMPTS} <= set(env)


def test_looking_at_the_sessions_passes_nothing_and_says_whose_attributes_count(place: Sandbox) -> None:
    """`claude agents` takes no part in what a session sends."""
    done = place.cclaunch("agents")

    assert told(done.stdout)["argv"][1:] == ["agents"]
    assert done.stderr.decode().startswith("cclaunch: background sessions will keep the attributes of this launch (no profile)")

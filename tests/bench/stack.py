"""
What the Docker stack costs a launch, as ratios measured in one run; and how long it takes to be up, service by service.

Runs a throw-away engine with the images that tests/services makes, installs nothing, and launches a `claude` that does
nothing, once a round with each backend, in changing order:

    python tests/bench/stack.py [ROUNDS]
"""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests/harness")]

from docker_stack import SERVICES, DockerStack, docker_stack  # noqa: E402
from doubles import fake_claude  # noqa: E402
from engine import running  # noqa: E402
from sandbox import Sandbox  # noqa: E402

from cclaunch.hot import probe  # noqa: E402
from cclaunch.hot.reading import read_flat  # noqa: E402

ROUNDS = 200
AT_MOST = 1.25
PROBE_AT_MOST_MS = 5.0
UP_AT_MOST_S = 20.0
LAUNCHER = """\
import sys
sys.path[:0] = [{package!r}]
sys.argv[0] = "cclaunch"
from cclaunch.main import main
sys.exit(main())
"""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with running() as engine, tempfile.TemporaryDirectory() as base:
        places = [Sandbox(made(Path(base) / name)) for name in ("docker", "embedded")]
        try:
            with docker_stack(places[0], engine.host) as stack:
                return measure(stack, places[1], rounds)
        finally:
            for place in places:
                place.close()


def made(directory: Path) -> Path:
    """Make *directory* and return it."""
    directory.mkdir()
    return directory


def measure(stack: DockerStack, embedded: Sandbox, rounds: int) -> int:
    """Bring both up, launch in turns, and print."""
    missed = started(stack)
    embedded.configure()
    commands = {}
    for name, place in (("docker", stack.sandbox), ("embedded", embedded)):
        fake_claude(place.home / "bin")
        (place.home / "bin" / "claude").unlink()
        (place.home / "bin" / "claude").symlink_to("/bin/true")
        place.environ["PATH"] = f"{place.home / 'bin'}:{place.environ['PATH']}"
        launcher = place.home / "launcher"
        launcher.write_text(LAUNCHER.format(package=str(REPOSITORY)))
        place.cclaunch("-p", "x")
        commands[name] = (place, [sys.executable, "-IS", str(launcher), "-p", "x"])
    times: dict[str, list[float]] = {name: [] for name in commands}
    order = list(commands)
    for index in range(rounds + 3):
        random.shuffle(order)
        for name in order:
            taken = launch(*commands[name])
            if index >= 3:
                times[name].append(taken)
    for name, all_taken in times.items():
        print(f"  {name:10} median {statistics.median(all_taken) * 1000:6.1f} ms   fastest {min(all_taken) * 1000:6.1f} ms")
    ratio = statistics.median(times["docker"]) / statistics.median(times["embedded"])
    print(f"warm launch, docker / embedded: {ratio:.2f} (at most {AT_MOST:.2f})")
    asked = probed(stack, rounds)
    print(f"probe of {', '.join(SERVICES)}: median {asked:.2f} ms (at most {PROBE_AT_MOST_MS:.0f})")
    return int(missed or ratio > AT_MOST or asked > PROBE_AT_MOST_MS)


def started(stack: DockerStack) -> bool:
    """Bring the stack up, images being there; print how long each service took, and say whether that was too long."""
    began = time.monotonic()
    process = stack.sandbox.popen(stack.sandbox.command("stack", "up"))
    paths = {name: (key, path) for name, (key, path) in probe.SERVICES.items() if name in SERVICES}
    since: dict[str, float] = {}
    while len(since) < len(paths) and time.monotonic() - began < 120:
        for name, (key, path) in paths.items():
            if name not in since and stack.answers(key, path):
                since[name] = time.monotonic() - began
        time.sleep(0.02)
    process.communicate(timeout=60)
    whole = time.monotonic() - began
    slowest = max(since, key=lambda name: since[name])
    print(f"stack up, images present: {whole:.1f} s (at most {UP_AT_MOST_S:.0f})")
    print(f"slowest service: {slowest}, {since[slowest]:.1f} s")
    return whole > UP_AT_MOST_S


def launch(place: Sandbox, words: list[str]) -> float:
    """Return the seconds of one launch; it must succeed."""
    os.chdir(place.work)
    began = time.perf_counter()
    pid = os.posix_spawn(words[0], words, place.environ)
    _, status = os.waitpid(pid, 0)
    taken = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{words} ended with {os.waitstatus_to_exitcode(status)}")
    return taken


def probed(stack: DockerStack, rounds: int) -> float:
    """Return the median milliseconds of asking every service and reading the answers."""
    ports = read_flat(str(stack.sandbox.data / "stack" / "ports"))
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        down = probe.unwell(probe.ask_services(ports, 0.5))
        taken.append(time.perf_counter() - began)
        if down:
            raise SystemExit(f"{down} did not answer")
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    sys.exit(main())

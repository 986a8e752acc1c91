"""
What a launch costs, as ratios measured in one run.

Installs the checkout with install.sh into a throw-away home, wakes the collector, and then runs each contender
once a round, in changing order, so that whatever else the machine does meets all of them alike:

    python tests/bench/launch.py [ROUNDS] [--against CHECKOUT]

With --against it measures no yardstick, but the same launches of another checkout: what a change of ours costs. The time of
the processor that each took is told beside, because a busy machine makes it wait, but has it do no more.

The contenders end in the same `claude`, which does nothing, from a git repository with a settings file in place and a
profile in use. One of them finds claude's state file, a megabyte, rewritten before each round, as claude itself leaves it.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/harness"))

from sandbox import Sandbox  # noqa: E402

ROUNDS = 200
COLD_ROUNDS = 7
TARGETS = (
    ("launcher of install.sh", "python -c pass", 1.15),
    ("launcher of install.sh", "bash script", 1.35),
    ("script of the wheel", "python -c pass", 1.40),
)
AGAINST = (("launcher of install.sh", 1.02), ("script of the wheel", 1.08))
"""Contender -> at most so many times what it took before."""

REWRITTEN = "launcher, state rewritten"


class Taken(NamedTuple):
    """Seconds that a run took: on the *clock*, from spawn to end, and of the *processor*."""

    clock: float
    processor: float


BASH = """#!/bin/bash
export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_METRICS_EXPORTER=otlp
export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=grpc
export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{grpc}
export OTEL_METRIC_EXPORT_INTERVAL=10000
export OTEL_LOGS_EXPORT_INTERVAL=5000
export OTEL_LOG_USER_PROMPTS=0
export OTEL_METRICS_INCLUDE_SESSION_ID=true
export OTEL_RESOURCE_ATTRIBUTES=team=data-engineering,project=log-ingestion
curl -sf -o /dev/null http://127.0.0.1:{http}/health || echo "no collector" >&2
exec claude "$@"
"""


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    words = argparse.ArgumentParser()
    words.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    words.add_argument("--against", type=Path, metavar="CHECKOUT")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as base:
        for name in ("now", "before"):
            (Path(base) / name).mkdir()
        now, before = Sandbox(Path(base) / "now"), Sandbox(Path(base) / "before")
        try:
            return compare(now, before, asked.against.resolve(), asked.rounds) if asked.against else measure(now, asked.rounds)
        finally:
            for left in (left for place in (now, before) for left in place.close()):
                print(f"still running: {left}", file=sys.stderr)


def measure(place: Sandbox, rounds: int) -> int:
    """Run everything in *place*."""
    ports = place.configure()
    launcher, script = prepare(place)
    python = script.parent / "python"  # the environment's: what else the machine's own has installed is not our yardstick
    bash = place.home / "by-hand"
    bash.write_text(BASH.format(**ports))
    bash.chmod(0o755)
    cold = cold_launches(place, launcher)
    commands = {
        "python -c pass": [str(python), "-c", "pass"],
        "bash script": [str(bash), "-p", "x"],
        "launcher of install.sh": [str(launcher), "-p", "x"],
        "script of the wheel": [str(script), "-p", "x"],
        REWRITTEN: [str(launcher), "-p", "x"],
        "python -IS -c pass": [str(python), "-IS", "-c", "pass"],
    }
    runs = interleaved({name: (place, command) for name, command in commands.items()}, rounds)
    times = {name: [one.clock for one in taken] for name, taken in runs.items()}
    print(f"{rounds} rounds, in changing order; milliseconds")
    for name, taken in times.items():
        print(f"  {name:24} median {statistics.median(taken) * 1000:7.1f}   fastest {min(taken) * 1000:7.1f}")
    print(f"  {'cold launch, to exec':24} median {statistics.median(cold) * 1000:7.1f}   slowest {max(cold) * 1000:7.1f}")
    missed = 0
    for name, against, target in TARGETS:
        ratio = statistics.median(times[name]) / statistics.median(times[against])
        least = min(times[name]) / min(times[against])
        missed += ratio > target
        print(f"{name} / {against}: {ratio:.2f} (of the fastest {least:.2f}; at most {target:.2f})")
    missed += statistics.median(cold) > 1.0
    megabytes = resident(place) / 1e6
    missed += megabytes > 80
    print(f"collector and supervisor: {megabytes:.1f} MB resident (at most 80)")
    return int(missed > 0)


def compare(now: Sandbox, before: Sandbox, checkout: Path, rounds: int) -> int:
    """Run the warm launches of this checkout in *now*, and those of *checkout* in *before*."""
    contenders = {}
    for when, place, installs in (("now", now, REPOSITORY), ("before", before, checkout)):
        place.configure()
        for name, command in zip(("launcher of install.sh", "script of the wheel"), prepare(place, installs), strict=True):
            run([str(command), "-p", "x"], place.environ, place.work)
            contenders[f"{name}, {when}"] = (place, [str(command), "-p", "x"])
    runs = interleaved(contenders, rounds)
    print(f"{rounds} rounds, in changing order; milliseconds")
    missed = 0
    for kind in Taken._fields:
        times = {name: [getattr(one, kind) for one in taken] for name, taken in runs.items()}
        print(f"{kind}:")
        for name, taken in times.items():
            low, median, high = (one * 1000 for one in statistics.quantiles(taken, n=4))
            print(f"  {name:32} median {median:7.2f}   quartiles {low:7.2f} {high:7.2f}   fastest {min(taken) * 1000:7.2f}")
        for name, target in AGAINST:
            ratio, told = ratios(times[f"{name}, now"], times[f"{name}, before"])
            missed += kind == "clock" and ratio > target
            print(f"  {name}, now / before: {ratio:.3f} ({told}; at most {target:.2f})")
    return int(missed > 0)


def ratios(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, str]:
    """Return the ratio of the medians of two that ran in the same rounds, and what else tells how sure it is."""
    low, each, high = statistics.quantiles([a / b for a, b in zip(mine, theirs, strict=True)], n=4)
    told = f"of the fastest {min(mine) / min(theirs):.3f}, in each round {each:.3f}, quartiles {low:.3f} {high:.3f}"
    return statistics.median(mine) / statistics.median(theirs), told


def prepare(place: Sandbox, checkout: Path = REPOSITORY) -> tuple[Path, Path]:
    """Install *checkout*; make a repository with a settings file, and a claude that does nothing; return (launcher, script)."""
    tools = place.home / "tools"
    tools.mkdir()
    (tools / "claude").symlink_to("/bin/true")
    place.environ["PATH"] = f"{tools}:{place.environ['PATH']}"
    place.environ["PYTHON"] = str(Path(sys.executable).resolve())
    place.environ["PIP_CACHE_DIR"] = str(Path.home() / ".cache" / "pip")
    subprocess.run(["git", "init", "-q", str(place.work)], env=place.environ, check=True)
    remote = ["git", "-C", str(place.work), "remote", "add", "origin", "https://example.invalid/team/project.git"]
    subprocess.run(remote, env=place.environ, check=True)
    for settings in (place.work / ".claude" / "settings.json", place.home / ".claude" / "settings.json"):
        settings.parent.mkdir()
        settings.write_text('{"model": "opus", "permissions": {"allow": ["Bash(ls:*)"]}}\n')
    done = place.run(["sh", str(checkout / "install.sh"), "--yes", "--method", "venv"], timeout=600)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    (script,) = (place.home / ".local/share/cclaunch-env").glob("*/bin/cclaunch")
    rewrite_state(place)
    for words in (
        ["profile", "set", "data-eng", "team=data-engineering", "project=log-ingestion"],
        ["profile", "use", "data-eng"],
    ):
        subprocess.run([str(script), *words], env=place.environ, check=True, stdout=subprocess.DEVNULL)
    return place.home / ".local/bin/cclaunch", script


def cold_launches(place: Sandbox, launcher: Path) -> list[float]:
    """Return the seconds of launches whose collector does not run yet; it runs after the last."""
    taken = []
    for _ in range(COLD_ROUNDS):
        place.run([str(launcher), "stack", "down"])
        taken.append(run([str(launcher), "-p", "x"], place.environ, place.work).clock)
    return taken


def rewrite_state(place: Sandbox) -> None:
    """Write claude's state file anew: a megabyte of history, and the environment of some MCP servers."""
    projects = {f"/home/somebody/project-{number}": {"history": ["what is this? " * 20] * 40} for number in range(90)}
    servers = {f"server-{number}": {"command": "x", "env": {"A": "1"}} for number in range(10)}
    state = {"numStartups": time.time_ns(), "mcpServers": servers, "projects": projects}
    (place.home / ".claude.json").write_text(json.dumps(state, indent=2))


def interleaved(contenders: Mapping[str, tuple[Sandbox, list[str]]], rounds: int) -> dict[str, list[Taken]]:
    """Run each contender once a round, in changing order; return name -> what each run took."""
    times: dict[str, list[Taken]] = {name: [] for name in contenders}
    names = list(contenders)
    for index in range(rounds + 3):
        random.shuffle(names)
        for name in names:
            place, command = contenders[name]
            if name == REWRITTEN:
                rewrite_state(place)
            taken = run(command, place.environ, place.work)
            if index >= 3:
                times[name].append(taken)
    return times


def run(words: list[str], environ: Mapping[str, str], directory: Path) -> Taken:
    """Return what *words* take from spawn to end; it must succeed."""
    os.chdir(directory)
    program = shutil.which(words[0])
    assert program
    began = time.perf_counter()
    pid = os.posix_spawn(program, words, dict(environ))
    _, status, used = os.wait4(pid, 0)
    taken = Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{words} ended with {os.waitstatus_to_exitcode(status)}")
    return taken


def resident(place: Sandbox) -> int:
    """Return the bytes that collector and supervisor hold, once they are at rest."""
    time.sleep(2)
    return sum(process.memory_info().rss for process in place.processes() if psutil.pid_exists(process.pid))


if __name__ == "__main__":
    sys.exit(main())

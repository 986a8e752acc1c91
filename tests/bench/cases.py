"""
The launches that are measured, and the yardsticks beside them.

The problem it owns: the rows of the table, each in a home that has what the row says, made at the beginning and gone at the end.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from docker_stack import docker_stack
from engine import lacking, running
from homes import (
    FILES,
    MANY,
    add_bindings,
    add_files,
    add_profiles,
    furnish,
    home,
    install_by_pipx,
    install_by_uv,
    rewrite_state,
    use_profile,
)
from rounds import Contender
from sandbox import Sandbox

PASS = "python -c pass"
BASH = "bash script"
INSTALLED = "launcher of install.sh"
BY_PIP = "script of the wheel, pip"
BY_PIPX = "script of the wheel, pipx"
BY_UV = "script of the wheel, uv"
DISABLED = "launcher, CCLAUNCH_DISABLE=1"
REWRITTEN = "launcher, claude's state rewritten"
PROFILES = f"launcher, {MANY} profiles"
BINDINGS = f"launcher, {MANY} bindings"
LARGE = f"launcher, {FILES} files"
CONTAINERS = "launcher, Docker backend"

SCRIPT = """#!/bin/bash
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


def launching(place: Sandbox, command: Path) -> Contender:
    """Return the contender that launches claude in *place* by *command*."""
    return Contender([str(command), "-p", "x"], dict(place.environ), place.work)


def yardsticks(place: Sandbox, script: Path) -> dict[str, Contender]:
    """Return what launches are compared with: the environment's own interpreter, and what people wrote by hand before."""
    by_hand = place.home / "by-hand"
    ports = dict(line.split(" = ") for line in place.config_file.read_text().splitlines() if line.startswith(("grpc", "http ")))
    by_hand.write_text(SCRIPT.format(**ports))
    by_hand.chmod(0o755)
    python = str(script.parent / "python")  # what else the machine's own has installed is not our yardstick
    return {PASS: launching(place, Path(python))._replace(words=[python, "-c", "pass"]), BASH: launching(place, by_hand)}


def plain(place: Sandbox, launcher: Path, script: Path) -> dict[str, Contender]:
    """Return the launches in *place* as it is."""
    launch = launching(place, launcher)
    return {
        INSTALLED: launch,
        BY_PIP: launching(place, script),
        DISABLED: launch._replace(environ={**launch.environ, "CCLAUNCH_DISABLE": "1"}),
    }


def rewritten(place: Sandbox, launcher: Path) -> dict[str, Contender]:
    """
    Return the launch that finds claude's state file, a megabyte, rewritten each time, as claude itself leaves it.

    *place* is its own: once rewritten, the file is searched by every launch from there on, until it is compiled again.
    """
    use_profile(place, launcher)
    return {REWRITTEN: launching(place, launcher)._replace(before=partial(rewrite_state, place))}


def crowded(left: ExitStack, base: Path, launcher: Path) -> dict[str, Contender]:
    """Return the launches with MANY profiles and with MANY bindings; their homes stay until *left* is closed."""
    profiles, bindings = (left.enter_context(home(base, name)) for name in ("profiles", "bindings"))
    for place in (profiles, bindings):
        use_profile(place, launcher)
    add_profiles(profiles)
    add_bindings(bindings, launcher)
    return {PROFILES: launching(profiles, launcher), BINDINGS: launching(bindings, launcher)}


def large(place: Sandbox, launcher: Path) -> dict[str, Contender]:
    """Return the launch from a repository of FILES files."""
    return {LARGE: launching(place, launcher)._replace(directory=add_files(place))}


def by_installers(left: ExitStack, base: Path) -> dict[str, Contender]:
    """Return the launches by the commands that pipx and uv lay, each in the home it was installed in."""
    found = {}
    for name, directory, install in ((BY_PIPX, "by-pipx", install_by_pipx), (BY_UV, "by-uv", install_by_uv)):
        place = left.enter_context(home(base, directory))
        found[name] = launching(place, install(place))
    return found


@contextmanager
def engine() -> Iterator[str]:
    """Run an engine with the images of the stack; give its DOCKER_HOST, empty with a word on it where there can be none."""
    if lack := lacking():
        print(f"left out: {CONTAINERS}, for there is no {lack}")
        yield ""
        return
    with running() as found:
        yield found.host


def in_containers(left: ExitStack, base: Path, launcher: Path, host: str) -> Contender:
    """Return the launch by *launcher* with the Docker stack on the engine at *host*, which is up."""
    base.mkdir()
    place = Sandbox(base)
    left.callback(place.close)
    furnish(place)
    left.enter_context(docker_stack(place, host))
    use_profile(place, launcher)
    left.callback(place.run, [str(launcher), "stack", "down"])  # by the release that has started it
    done = place.run([str(launcher), "stack", "up"], timeout=300)
    if done.returncode:
        raise SystemExit(f"the Docker stack is not up: {done.stderr.decode()}")
    return launching(place, launcher)

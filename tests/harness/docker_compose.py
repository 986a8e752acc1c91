"""
The real Docker Compose, as the `docker compose` that people know, with the file of a sandbox's stack.

The problem it owns: what others do to our containers is done by the program that they use, and never to another engine.
"""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from docker_stack import CONTAINERS, DockerStack, eventually
from engine import compose_program

PATIENCE = 90  # seconds for one command


class Compose:
    """``compose("up", "-d")`` runs `docker compose -f FILE up -d` on the engine of *stack*, the file being in *place*."""

    def __init__(self, stack: DockerStack, place: Path) -> None:
        self.stack = stack
        self.file = place / "compose.yaml"
        plugins = place / "docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(compose_program())
        self._environ = {
            "PATH": str(Path(shutil.which("docker") or "/usr/bin/docker").parent),
            "HOME": str(place),
            "DOCKER_HOST": stack.host,
            "DOCKER_CONFIG": str(plugins.parent),
        }

    def write(self) -> None:
        """Write the file, as a person does: `cclaunch stack compose > FILE`."""
        done = self.stack.sandbox.cclaunch("stack", "compose")
        assert done.returncode == 0, done.stderr
        self.file.write_bytes(done.stdout)

    def command(self, *words: str, named: bool = False) -> list[str]:
        """Return the words of the command: with the file, or with no more than the project's name where it is *named*."""
        return ["docker", "compose", *(("-p", self.stack.project) if named else ("-f", str(self.file))), *words]

    def run(self, *words: str, named: bool = False) -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever that is."""
        return subprocess.run(
            self.command(*words, named=named),
            env=self._environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def __call__(self, *words: str, named: bool = False) -> str:
        """Run it, and return its stdout; AssertionError with all it said when it fails."""
        done = self.run(*words, named=named)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def popen(self, *words: str, named: bool = False) -> subprocess.Popen[str]:
        """Start it, with a pipe for its output."""
        return subprocess.Popen(
            self.command(*words, named=named),
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def up(self) -> None:
        """Bring up what a file of now says, and wait until every service answers."""
        self.write()
        self("up", "-d")
        self.await_health()

    def await_health(self) -> None:
        """Wait until every service answers."""
        for name, path in (("health", "/"), ("victorialogs", "/health"), ("prometheus", "/-/healthy")):
            eventually(lambda name=name, path=path: self.stack.answers(name, path), 60)

    def states(self, *, named: bool = False) -> dict[str, str]:
        """Return the state of each service as `docker compose ps` has it."""
        rows = [json.loads(line) for line in self("ps", "--all", "--format", "json", named=named).splitlines()]
        return {row["Service"]: row["State"] for row in rows}


RUNNING = dict.fromkeys(CONTAINERS, "running")


def event(number: int, cost: str = "0.25") -> dict[str, Any]:
    """Return an export of one request of claude's that cost *cost* dollars."""
    names = {
        "event.name": "api_request",
        "session.id": "s1",
        "cost_usd": cost,
        "request_id": f"r{number}",
        "event.sequence": str(number),
        "model": "m",
    }
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in names.items()]
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": "claude_code.api_request"}, "attributes": attributes}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "claude-code"}}]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}

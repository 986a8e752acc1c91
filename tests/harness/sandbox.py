"""
A throw-away home, the environment that goes with it, and ``cclaunch`` run inside it.

The problem it owns: every test starts from nothing (no variable of the person's shell, no file of
theirs) and leaves nothing running. A process belongs to a sandbox when its environment names it.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
from guard import REPOSITORY

from cclaunch.hot.paths import our_paths
from cclaunch.web import starting

PORT_NAMES = ("grpc", "http", "metrics")
PROTOCOLS = ("grpc", "http/protobuf", "http/json")


def free_ports(count: int) -> list[int]:
    """Return *count* ports of loopback that were free a moment ago on both addresses, all different."""
    found: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(found) < count:
            first = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(first)
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            if _free_on_ipv6(port):
                found.append(port)
    finally:
        for one in held:
            one.close()
    return found


def _free_on_ipv6(port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as second:
            second.bind(("::1", port))
    except OSError as error:
        return not socket.has_ipv6 or error.errno != 98  # no IPv6 at all: nothing can hold it there
    return True


class Child(subprocess.Popen[bytes]):
    """A process of a ``with`` block: what fails in there does not wait for it first."""

    def __exit__(self, *failed: Any) -> None:
        """Wait for its end, or bring it about."""
        if failed[0] is not None:
            self.kill()
        super().__exit__(*failed)


class Sandbox:
    """
    One throw-away home.

    Attributes:
        home: The directory that is HOME.
        environ: The whole environment of what runs in it; change it freely.
        work: An empty directory to run in.
    """

    def __init__(self, base: Path) -> None:
        """Make the home below *base*."""
        self.home = base / "home"
        self.work = base / "work"
        self.environ = clean_environ(self.home, base / "tmp")
        for path in (self.home, self.work, base / "tmp"):
            path.mkdir()

    @property
    def config_file(self) -> Path:
        """Return where ``config.toml`` is."""
        return Path(self.environ["XDG_CONFIG_HOME"]) / "cclaunch" / "config.toml"

    @property
    def data(self) -> Path:
        """Return our data directory."""
        return Path(self.environ["XDG_DATA_HOME"]) / "cclaunch"

    @property
    def database(self) -> Path:
        """Return the store of the embedded collector."""
        return self.data / "telemetry.db"

    def configure(self, *, protocol: str = "grpc", wait: float = 20, extra: str = "") -> dict[str, int]:
        """Write a ``config.toml`` with free ports and return the collector's by name."""
        *collector, page = free_ports(4)
        ports = dict(zip(PORT_NAMES, collector, strict=True))
        lines = ["[ports]", *(f"{name} = {port}" for name, port in ports.items()), f"page = {page}"]
        lines += ["[telemetry]", f'protocol = "{protocol}"', "[stack]", f"wait = {wait}", extra]
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.config_file.write_text("\n".join(lines) + "\n")
        return ports

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``cclaunch`` with *words*: the installed script if one is named, else the package."""
        if script := os.environ.get("CCLAUNCH_TEST_COMMAND"):
            return [script, *words]
        return [sys.executable, "-m", "cclaunch", *words]

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment for a child, with *changes*; the package is found through ``PYTHONPATH``."""
        return {**self.environ, "PYTHONPATH": str(REPOSITORY), **(changes or {})}

    def cclaunch(
        self,
        *words: str,
        environ: Mapping[str, str] | None = None,
        input: bytes = b"",
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run ``cclaunch`` with *words* to its end. *environ* is added to the sandbox's own."""
        return self.run(self.command(*words), environ=environ, input=input, cwd=cwd, timeout=timeout)

    def run(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        input: bytes = b"",
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run any *command* in the sandbox to its end."""
        return subprocess.run(
            command,
            env=self.environment(environ),
            cwd=cwd or self.work,
            input=input,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def popen(
        self, command: Sequence[str], *, environ: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start *command* in the sandbox, with pipes for its output and no input."""
        return Child(
            command,
            env=self.environment(environ),
            cwd=cwd or self.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def processes(self, word: str = "") -> list[psutil.Process]:
        """Return the living processes whose environment or command line names this sandbox; with *word*, those called so."""
        mark = str(self.home)
        ours = [process for process in psutil.process_iter() if process.pid != os.getpid() and _names(process, mark)]
        return [process for process in ours if word in _command_line(process)] if word else ours

    def survivors(self, patience: float = 60) -> list[str]:
        """Return what still runs after *patience* seconds, as text, and kill it: a failing test must not leave litter."""
        deadline = time.monotonic() + patience
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        described = [f"{process.pid} {_command_line(process)[:200] or '(gone)'}" for process in found]
        for process in found:
            kill(process)
        psutil.wait_procs(found, 5)
        return described

    def close(self) -> list[str]:
        """Stop the stack the way a person would, and return what survived it."""
        if (self.data / "page.lock").exists():
            starting.end(our_paths(self.environ))
        if (self.data / "collector.lock").exists():
            self.cclaunch("stack", "down", timeout=120)
        return self.survivors()


def clean_environ(home: Path, temporary: Path) -> dict[str, str]:
    """Return an environment with nothing of the caller's but the way to the system's programs."""
    return {
        "HOME": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "TMPDIR": str(temporary),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(temporary),
        "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@example.invalid",
        "GIT_COMMITTER_NAME": "Test",
        "GIT_COMMITTER_EMAIL": "test@example.invalid",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _names(process: psutil.Process, mark: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return any(mark in value for value in process.environ().values()) or any(mark in word for word in process.cmdline())
    except (psutil.Error, OSError):
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def kill(process: psutil.Process) -> None:
    """End *process* without mercy, and do not wait for it; one that has gone meanwhile is no error."""
    with contextlib.suppress(psutil.Error):
        process.kill()

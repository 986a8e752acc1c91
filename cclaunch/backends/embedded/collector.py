"""
The embedded collector from outside: found again, and asked how it is.

One per user and data directory. Found by its lock, pid and start time, never by a pid alone, and believed
only when it proves that it can read our key.
"""

import contextlib
import time
from typing import NamedTuple

from cclaunch.backends.protocol import ServiceStatus
from cclaunch.collector import holder
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports
from cclaunch.hot.reading import read_flat, read_small

PROBE_S = 1.0
ANSWER_S = 0.5
DECIDE_S = 1.0
"""How long a launch asks a collector that lives and is silent, after the half second of its probe: two seconds in all."""
SICK = "it is not healthy: "


class Running(NamedTuple):
    """The processes of a collector that holds the lock: pids, the time it was signed, and its ports if it listens."""

    pid: int | None
    supervisor: int
    started: float
    ports: Ports | None


def health(paths: Paths, seconds: float = PROBE_S) -> str | None:
    """Return None when our collector answers and can store, else the sentence that says what is wrong."""
    ports = collector_ports(paths)
    if ports is None:
        return "it does not run"
    return probe.answer(probe.ask(int(ports.http), 0, _key(paths), seconds, ports.grpc))


def _key(paths: Paths) -> str:
    return (read_small(paths.collector_key, 256) or b"").decode("ascii", "replace").strip()


def running(paths: Paths) -> Running | None:
    """Return the processes of the collector that holds the lock, or None when nobody does."""
    supervisor = holder.holder(paths.collector_lock)
    if supervisor is None:
        return None
    found = read_flat(paths.collector_ports).get("pid", "")
    return Running(int(found) if found.isdigit() else None, supervisor.pid, supervisor.when, collector_ports(paths))


def silent(paths: Paths) -> tuple[Ports, str] | None:
    """
    Return where a collector that lives, but does not answer, listens, and the line that says so; None for any other.

    Stopped or busy is not dead: its supervisor holds the sockets, and what is sent there waits for it. Known within two
    seconds, and without anybody's turn. One that starts, ends, is sick or answers is no matter of this; nor is silence on a
    port that somebody else has taken since the last one was killed.
    """
    from cclaunch.backends.listeners import strangers

    until = time.monotonic() + DECIDE_S
    while (found := running(paths)) is not None and found.ports is not None and found.pid is not None:
        if strangers([int(found.ports.grpc), int(found.ports.http)]):
            return None
        if _is_stopped(found.pid):
            return found.ports, _stopped(found.pid)
        trouble = health(paths, min(ANSWER_S, max(0.05, until - time.monotonic())))
        if trouble != probe.SILENT and not (trouble == probe.NOBODY and probe.full(int(found.ports.http))):
            return None
        if time.monotonic() >= until:
            if _is_stopped(found.supervisor):  # which would start it again
                return found.ports, _stopped(found.supervisor)
            line = "is busy and does not answer, telemetry waits for it: if that lasts, `cclaunch stack restart`"
            return found.ports, f"the collector (pid {found.pid}) {line}"
    return None


def _stopped(pid: int) -> str:
    return f"the collector (pid {pid}) is stopped, telemetry waits for it: `cclaunch stack restart`"


def _is_stopped(pid: int) -> bool:
    """Say whether the process was stopped (by Ctrl-Z, a debugger, kill -STOP)."""
    import psutil

    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    return False


def needed(paths: Paths) -> Ports | None:
    """Return the ports that running sessions send to, or None when nobody would miss them."""
    from cclaunch.collector.pids import any_alive

    return collector_ports(paths) if any_alive(paths.launched) else None


def status(paths: Paths) -> list[ServiceStatus]:
    """Return what the stack consists of and how each part is."""
    ports = collector_ports(paths)
    if ports is None:
        adopted = adopted_ports(paths)
        if adopted is not None:
            up = probe.listens(int(adopted.grpc), PROBE_S)
            detail = f"{adopted.owner}; cclaunch cannot see what it stores"
            return [ServiceStatus("collector", up, f"http://127.0.0.1:{adopted.grpc}", detail)]
        return [ServiceStatus("collector", False, "", "it does not run")]
    trouble = health(paths)
    detail = trouble or f"cclaunch {ports.version}; OTLP gRPC {ports.grpc}, HTTP {ports.http}; metrics {ports.metrics}"
    return [
        ServiceStatus("collector", trouble is None, f"http://127.0.0.1:{ports.grpc}", detail),
        ServiceStatus("metrics", trouble is None, f"http://127.0.0.1:{ports.metrics}/metrics", "Prometheus text format"),
    ]

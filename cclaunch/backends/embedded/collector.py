"""
The embedded collector from outside: found again, and asked how it is.

One per user and data directory. Found by its lock, pid and ticks since boot, never by a pid alone, and believed
only when it proves that it can read our key. What shares the directory shares the lock: one that lives in another
container or sandbox is told from one that does not run.
"""

import contextlib
import time
from typing import NamedTuple

from cclaunch.backends.protocol import ServiceStatus
from cclaunch.collector.process import KEEPER
from cclaunch.errors import Elsewhere
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports, is_older
from cclaunch.hot.reading import read_flat, read_small
from cclaunch.serving import holder

PROBE_S = 1.0
ANSWER_S = 0.5
SIGNED_S = 0.2
BEGINS_S = 0.3
POLL_S = 0.01
DECIDE_S = 1.0
"""How long a launch asks a collector that lives and is silent, after the half second of its probe: two seconds in all."""
SICK = "it is not healthy: "
OWN = "end it there, or give this place one of its own: CCLAUNCH_DATA_DIR=DIRECTORY"


class Running(NamedTuple):
    """The processes of a collector that holds the lock: pids, when its supervisor was made, and its ports if it listens."""

    pid: int | None
    supervisor: int
    ticks: int | None
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
    """Return the processes of the collector that holds the lock, or None when nobody does, or a keeper."""
    return _in_role(paths, "")


def keeper(paths: Paths) -> Running | None:
    """Return the processes of the keeper that holds the lock, beside containers that receive; or None."""
    return _in_role(paths, KEEPER)


def _in_role(paths: Paths, role: str) -> Running | None:
    supervisor = holder.holder(paths.collector_lock)
    if supervisor is None or supervisor.role != role:
        return None
    found = read_flat(paths.collector_ports).get("pid", "")
    return Running(int(found) if found.isdigit() else None, supervisor.pid, supervisor.ticks, collector_ports(paths))


def hidden(paths: Paths) -> str:
    """Return where the collector that holds the lock runs, in words, when its processes are not to be seen from here."""
    found = holder.signed(paths.collector_lock)
    return holder.hidden(found) if found else ""


def elsewhere(paths: Paths) -> str:
    """
    Return where the collector that holds the lock runs, in words, when that is not here; else, or without one, an empty string.

    Looked at for a moment: whoever has just taken the lock may still stand under the signature of the one before.
    """
    until = time.monotonic() + SIGNED_S
    while (found := holder.signed(paths.collector_lock)) is not None:
        where = holder.unreachable(found) or holder.hidden(found)
        if not where or time.monotonic() >= until:
            return where
        time.sleep(POLL_S)
    return ""


def refuse_elsewhere(paths: Paths) -> None:
    """Raise Elsewhere when the collector runs in another place: it can neither be replaced from here nor waited for."""
    if where := elsewhere(paths):
        raise Elsewhere(f"the collector of {paths.data} runs {where}", hint=OWN)


def beyond(paths: Paths) -> tuple[Ports | None, str] | None:
    """
    Return where a collector that runs in another place listens, if that is reached from here, and the line to say.

    None when there is none in another place. It is not waited for longer than it may take to begin: nothing from here
    starts it, ends it or replaces it.
    """
    where = elsewhere(paths)
    if not where:
        return None
    found = holder.signed(paths.collector_lock)
    if found is not None and holder.unreachable(found):
        return None, f"telemetry has no collector: the one of {paths.data} runs {where} ({OWN})"
    until = time.monotonic() + BEGINS_S
    while (trouble := health(paths, SIGNED_S)) and not trouble.startswith(SICK) and time.monotonic() < until:
        time.sleep(POLL_S)
    ports = collector_ports(paths)
    if trouble is not None:
        return ports, f"telemetry has no collector: the one of {paths.data} runs {where}, and {trouble} ({OWN})"
    older = f"the collector runs {where}, and is of cclaunch {ports.version}: `cclaunch stack restart` there" if ports else ""
    return ports, older if ports and is_older(ports.version) else ""


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
        return [ServiceStatus("collector", False, "", _where(paths, "it does not run"))]
    trouble = health(paths)
    listening = f"cclaunch {ports.version}; OTLP gRPC {ports.grpc}, HTTP {ports.http}; metrics {ports.metrics}"
    detail = _where(paths, trouble) if trouble else listening
    return [
        ServiceStatus("collector", trouble is None, f"http://127.0.0.1:{ports.grpc}", detail),
        ServiceStatus("metrics", trouble is None, f"http://127.0.0.1:{ports.metrics}/metrics", "Prometheus text format"),
    ]


def _where(paths: Paths, trouble: str) -> str:
    """Return *trouble*, and in which other place the collector runs, if it does."""
    where = elsewhere(paths)
    return f"{trouble} here; it runs {where}" if where else trouble

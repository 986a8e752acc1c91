"""
The embedded collector from outside: start it once, find it again, end it.

One per user and data directory. Found by its lock, pid and start time, never by a pid alone, and believed
only when it proves that it can read our key. Starting forks twice, so that claude, which this process is
about to become, has no child more than bare.
"""

import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cclaunch.backends.embedded import daemon, foreign
from cclaunch.backends.protocol import ServiceStatus, Started
from cclaunch.backends.turn import refuse_another_home, turn
from cclaunch.collector import holder
from cclaunch.collector.process import command
from cclaunch.config.model import Config
from cclaunch.errors import CannotStore, StartFailed
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports, is_older
from cclaunch.hot.reading import read_flat, read_small

POLL_S = 0.01
PROBE_S = 1.0
END_S = 5.0
SETTLE_S = 3.0
ANSWER_S = 0.5
DECIDE_S = 1.0
"""How long a launch asks a collector that lives and is silent, after the half second of its probe: two seconds in all."""
SICK = "it is not healthy: "
ENDED = "the collector ended: "
LARGEST_LOG = 5 << 20

KEPT_VARIABLES = ("HOME", "PATH", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "CCLAUNCH_CONFIG_DIR", "CCLAUNCH_DATA_DIR")
KEPT_PREFIXES = ("LC_", "XDG_")


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


def start(
    paths: Paths,
    config: Config,
    *,
    deadline_s: float,
    environ: Mapping[str, str] | None = None,
    keep: Ports | None = None,
) -> Started:
    """
    Make sure that a collector answers, and return its ports.

    Idempotent: of many launches at once one starts it and the others wait. An older one is drained and replaced.
    *keep* are the ports of one that was ended, where sessions that still run send to.

    Raises:
        StartFailed: It did not become healthy within *deadline_s* seconds; the cause holds its last words.
    """
    until = time.monotonic() + max(deadline_s, 0.1)
    with turn(paths, until, (environ or {}).get("HOME", "")):
        return start_in_turn(paths, config, until, environ=environ or {}, keep=keep)


def start_in_turn(
    paths: Paths,
    config: Config,
    until: float,
    *,
    environ: Mapping[str, str],
    keep: Ports | None = None,
    replace: bool = True,
) -> Started:
    """
    Do what `start` does, for one who holds the turn; *until* is the deadline in ``time.monotonic()``'s seconds.

    One that lives and is silent is replaced only for a person who asked (*replace*): a launch waits for one that starts,
    and uses one that is stopped or busy as it is.
    """
    trouble = health(paths)
    ports = collector_ports(paths)
    if trouble is None and ports is not None and not is_older(ports.version):
        return Started(ports, [])
    if trouble is None:
        keep = ports  # an older one's sessions still run, and send to its ports
    if running(paths) is not None:
        _end_if_sick(trouble)
    if trouble is not None and not replace and (waiting := silent(paths)) is not None:
        return Started(waiting[0], [waiting[1]])
    settled = trouble is not None and _settles(paths, min(until, time.monotonic() + SETTLE_S) if replace else until)
    if trouble is None or (replace and not settled):
        shutdown(paths)
    held_by = ""
    if running(paths) is None:
        keep = _end_orphans(paths, config) or keep
        if keep is None:
            found = foreign.judge(paths, config)
            if found.ports is not None:
                return Started(found.ports, found.notes)
            held_by = found.holder
        _spawn(paths, _ports_of(keep) if keep else list(config.ports.ingest.values()), environ)
    return Started(_wait(paths, until), _moved(paths, config, held_by))


def _end_orphans(paths: Paths, config: Config) -> Ports | None:
    """
    End collectors of ours whose directory was moved away, where a port of ours is held.

    Returns:
        The configured ports when there were any: sessions that still run send there.
    """
    if not any(probe.listens(port, ANSWER_S) for port in config.ports.ingest.values()):
        return None
    from cclaunch.backends.embedded import orphans

    return Ports(*map(str, config.ports.ingest.values())) if orphans.end(paths) else None


def restart(paths: Paths, config: Config, *, deadline_s: float, environ: Mapping[str, str] | None = None) -> Started:
    """End the collector and start it again, on the same ports where sessions send to them. Raises StartFailed."""
    refuse_another_home((environ or {}).get("HOME", ""))
    keep = needed(paths)
    shutdown(paths)
    return start(paths, config, deadline_s=deadline_s, environ=environ, keep=keep)


def needed(paths: Paths) -> Ports | None:
    """Return the ports that running sessions send to, or None when nobody would miss them."""
    from cclaunch.collector.pids import any_alive

    return collector_ports(paths) if any_alive(paths.collector_pids) else None


def _ports_of(ports: Ports) -> list[int]:
    return [int(ports.grpc), int(ports.http), int(ports.metrics)]


def _settles(paths: Paths, until: float) -> bool:
    """Say whether the one that holds the lock answers soon (it may be starting, or ending), or is gone; a silent one hangs."""
    while time.monotonic() < until and holder.held(paths.collector_lock):
        trouble = health(paths, ANSWER_S)
        if trouble is None or trouble.startswith(SICK):
            return True
        time.sleep(POLL_S)
    return not holder.held(paths.collector_lock)


def _moved(paths: Paths, config: Config, holder_of_grpc: str) -> list[str]:
    """Return a sentence on each program that holds ports of ours, naming it and the ports that are used instead."""
    from cclaunch.backends.listeners import listener

    ports = collector_ports(paths)
    if ports is None:
        return []
    taken: dict[str, list[tuple[str, str]]] = {}
    for (name, wanted), got in zip(config.ports.ingest.items(), _ports_of(ports), strict=True):
        if wanted != got:
            known = holder_of_grpc if name == "grpc" else ""
            by = known or str(listener(wanted) or "")
            taken.setdefault(by, []).append((f"{wanted} ({name})", str(got)))
    return [_left_to(by, moves) for by, moves in taken.items()]


def _left_to(by: str, moves: Sequence[tuple[str, str]]) -> str:
    wanted, got = (", ".join(names) for names in zip(*moves, strict=True))
    many, verb = ("s", "are") if len(moves) > 1 else ("", "is")
    if not by:
        return f"port{many} {wanted} {verb} free, but running sessions send to {got}: that stays in use"
    return f"port{many} {wanted} {verb} held by {by}; {got} {verb} used instead"


def _wait(paths: Paths, until: float) -> Ports:
    """Wait until the collector answers. Raises StartFailed with the last lines of its log."""
    began = time.monotonic()
    while True:
        trouble = health(paths, min(PROBE_S, max(0.05, until - time.monotonic())))
        ports = collector_ports(paths)
        if trouble is None and ports is not None:
            return ports
        _end_if_sick(trouble)
        gone = time.monotonic() - began > 1.0 and not holder.held(paths.collector_lock)
        if time.monotonic() > until or gone:
            raise StartFailed(
                f"the collector did not come up: {trouble}" if not gone else f"{ENDED}{_last_words(paths)}",
                cause="\n".join(_tail(paths.collector_log, 5)),
                hint="cclaunch stack logs",
            )
        time.sleep(POLL_S)


def _end_if_sick(trouble: str | None) -> None:
    """Raise CannotStore when the collector is up, and says why it cannot store: neither waiting nor asking again is any use."""
    if trouble is not None and trouble.startswith(SICK):
        raise CannotStore(f"the collector cannot store anything: {trouble.removeprefix(SICK)}")


def _last_words(paths: Paths) -> str:
    said = [line for line in _tail(paths.collector_log, 5) if "error:" in line or "Error" in line]
    return said[-1].partition("error: ")[2] or said[-1] if said else "its log says why"


def _tail(path: str, lines: int) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.path.getsize(path) - 8192))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []


def _spawn(paths: Paths, ports: Sequence[int], environ: Mapping[str, str]) -> None:
    """
    Start the supervisor as a daemon, with the log for its output and of the environment only what it needs.

    Raises:
        StartFailed: The log cannot be opened, or there can be no more processes.
    """
    log = paths.collector_log
    try:
        if os.path.exists(log) and os.path.getsize(log) > LARGEST_LOG:
            os.replace(log, log + ".1")
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.close(os.open(paths.collector_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StartFailed(
            f"cannot write {error.filename}: {error.strerror}", hint=f"ls -ld {paths.data} {paths.state}"
        ) from error
    kept = {name: value for name, value in environ.items() if name in KEPT_VARIABLES or name.startswith(KEPT_PREFIXES)}
    try:
        daemon.spawn(command("supervisor", paths, *ports), kept, output)
    except OSError as error:
        raise StartFailed(f"cannot start a process: {error.strerror}") from error
    finally:
        os.close(output)


def shutdown(paths: Paths) -> bool:
    """End the collector of *paths*: drain it, and after 5 s without. Return whether there was one."""
    from cclaunch.backends.embedded import orphans

    found = running(paths)
    foreign.forget(paths)
    if found is None:
        return orphans.end(paths)
    supervisor = holder.Holder(found.supervisor, found.started)
    _signal(supervisor, signal.SIGTERM)
    for pid in [found.supervisor, *_children(supervisor)]:  # one that is stopped would not hear it
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGCONT)
    until = time.monotonic() + END_S
    while time.monotonic() < until:
        if not holder.held(paths.collector_lock) and not holder.lives(supervisor):
            orphans.end(paths)
            return True
        time.sleep(POLL_S)
    for collector in _children(supervisor):  # first: left alone, it would become a supervisor
        with contextlib.suppress(OSError):
            os.kill(collector, signal.SIGKILL)
    _signal(supervisor, signal.SIGKILL)
    until = time.monotonic() + 1
    while holder.held(paths.collector_lock) and time.monotonic() < until:
        time.sleep(POLL_S)
    orphans.end(paths)
    return True


def _children(supervisor: holder.Holder) -> list[int]:
    """Return the collectors of *supervisor*; nothing when that pid is another process by now."""
    import psutil

    try:
        return [child.pid for child in psutil.Process(supervisor.pid).children()] if holder.lives(supervisor) else []
    except psutil.Error:
        return []


def _signal(supervisor: holder.Holder, number: int) -> None:
    if holder.lives(supervisor):
        with contextlib.suppress(OSError):
            os.kill(supervisor.pid, number)


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

"""
The start of the embedded collector: once, of many that want it at the same time.

An older one is drained and replaced, one that only begins or ends is waited for, and who holds a port of ours is named.
"""

import os
import time
from collections.abc import Mapping, Sequence

from cclaunch.backends.embedded import collector, ending, foreign, spawned
from cclaunch.backends.protocol import Started
from cclaunch.backends.turn import refuse_another_home, turn
from cclaunch.config.model import Config
from cclaunch.errors import CannotStore, StartFailed
from cclaunch.files import lock
from cclaunch.hot import probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, collector_ports, is_older

POLL_S = 0.01
SETTLE_S = 3.0
ENDED = "the collector ended: "


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
        StartFailed: It did not become healthy within *deadline_s* seconds; the cause holds its last words. Elsewhere: It
            runs, and cannot be reached from here.
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
    trouble = collector.health(paths)
    ports = collector_ports(paths)
    if trouble is None and ports is not None and not is_older(ports.version):
        return Started(ports, [])
    if trouble is None:
        keep = ports  # an older one's sessions still run, and send to its ports
    collector.refuse_elsewhere(paths)
    if collector.keeper(paths) is not None:  # it has kept the ledger beside containers
        ending.shutdown(paths)
    if collector.running(paths) is not None:
        _end_if_sick(trouble)
    if trouble is not None and not replace and (waiting := collector.silent(paths)) is not None:
        return Started(waiting[0], [waiting[1]])
    settled = trouble is not None and _settles(paths, min(until, time.monotonic() + SETTLE_S) if replace else until)
    if trouble is None or (replace and not settled):
        ending.shutdown(paths)
    held_by = ""
    if collector.running(paths) is None:
        keep = _end_orphans(paths, config) or keep
        if keep is None:
            found = foreign.judge(paths, config)
            if found.ports is not None:
                return Started(found.ports, found.notes)
            held_by = found.holder
        spawned.supervisor(paths, _ports_of(keep) if keep else list(config.ports.ingest.values()), environ)
    return Started(_wait(paths, until), _moved(paths, config, held_by))


def _end_orphans(paths: Paths, config: Config) -> Ports | None:
    """
    End collectors of ours whose directory was moved away, where a port of ours is held.

    Returns:
        The configured ports when there were any: sessions that still run send there.
    """
    if not any(probe.listens(port, collector.ANSWER_S) for port in config.ports.ingest.values()):
        return None
    from cclaunch.backends.embedded import orphans

    return Ports(*map(str, config.ports.ingest.values())) if orphans.end(paths) else None


def restart(paths: Paths, config: Config, *, deadline_s: float, environ: Mapping[str, str] | None = None) -> Started:
    """End the collector and start it again, on the same ports where sessions send to them. Raises StartFailed."""
    refuse_another_home((environ or {}).get("HOME", ""))
    collector.refuse_elsewhere(paths)
    keep = collector.needed(paths)
    ending.shutdown(paths)
    return start(paths, config, deadline_s=deadline_s, environ=environ, keep=keep)


def _ports_of(ports: Ports) -> list[int]:
    return [int(ports.grpc), int(ports.http), int(ports.metrics)]


def _settles(paths: Paths, until: float) -> bool:
    """Say whether the one that holds the lock answers soon (it may be starting, or ending), or is gone; a silent one hangs."""
    while time.monotonic() < until and lock.held(paths.collector_lock):
        trouble = collector.health(paths, collector.ANSWER_S)
        if trouble is None or trouble.startswith(collector.SICK):
            return True
        time.sleep(POLL_S)
    return not lock.held(paths.collector_lock)


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
        trouble = collector.health(paths, min(collector.PROBE_S, max(0.05, until - time.monotonic())))
        ports = collector_ports(paths)
        if trouble is None and ports is not None:
            return ports
        _end_if_sick(trouble)
        gone = time.monotonic() - began > 1.0 and not lock.held(paths.collector_lock)
        if time.monotonic() > until or gone:
            raise StartFailed(
                f"the collector did not come up: {trouble}" if not gone else f"{ENDED}{_last_words(paths)}",
                cause="\n".join(_tail(paths.collector_log, 5)),
                hint="cclaunch stack logs",
            )
        time.sleep(POLL_S)


def _end_if_sick(trouble: str | None) -> None:
    """Raise CannotStore when the collector is up, and says why it cannot store: neither waiting nor asking again is any use."""
    if trouble is not None and trouble.startswith(collector.SICK):
        raise CannotStore(f"the collector cannot store anything: {trouble.removeprefix(collector.SICK)}")


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

"""
A collector that has to be asked: by HTTP whether it is well, by the kernel whose its ports are; and woken when it is not.

The problem it owns: the questions to all who may have run last are sent at once, before anything else is done, and their answers
read last, so that they work while we compose; only when nobody answers is the cold way taken.

Hot: C modules only; where a lock vouches for the collector, a launch does without it.
"""

from cclaunch.hot import alive, listeners, plan, probe
from cclaunch.hot.paths import Paths
from cclaunch.hot.ports import Ports, is_older, keeper
from cclaunch.hot.reading import MISSING, numbers, read_small, stamp
from cclaunch.launch.wanted import Launch, say

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

PROBE_SECONDS = 0.5

WRAPPED_S = 2.0


class Questions:
    """
    The questions to the stack that ran last.

    Attributes:
        containers: What the Docker stack wrote down when it was started; empty when it was not.
        services: The open questions to its services.
        ports: Where the collector of ours, or an adopted one, listens; None when none does.
        question: The open question to it.
    """

    __slots__ = ("containers", "ports", "question", "services")

    def __init__(self, paths: Paths, containers: "dict[str, str]", ports: "Ports | None") -> None:
        self.containers = containers
        self.ports = ports
        self.services = probe.ask_services(containers, PROBE_SECONDS)
        self.question: probe.Question | None = None
        if not containers:
            self.ask(paths)

    def ask(self, paths: Paths) -> None:
        """Send the question to a collector of ours; one that is not has no /health for us."""
        if self.ports is not None and not self.ports.owner:
            key = (read_small(paths.collector_key, 256) or b"").decode("ascii", "replace").strip()
            inside = alive.pid_namespace() if self.ports.here and self.ports.here != alive.here() else ""
            self.question = probe.ask(int(self.ports.http), system.getpid(), key, PROBE_SECONDS, self.ports.grpc, inside)


def heard(asked: Questions, made_plan: plan.Plan, paths: Paths, wanted: Launch, writable: bool) -> "tuple[Ports | None, str]":
    """Return (ports, trouble), as `awake.awake` does, by the answers to what was *asked*."""
    in_containers = made_plan.settings["containers"] == "1"
    if in_containers or asked.ports is None:  # the containers may run unasked: `docker compose up` with the file of ours
        down = probe.unwell(asked.services)
        if asked.services and "collector" not in down and _is_the_engines(asked.containers):
            ports = Ports(asked.containers["grpc"], asked.containers["http"], asked.containers.get("metrics", ""))
            if in_containers and writable:
                _keep(paths, wanted)
            return ports, _rouse(paths, down, wanted) if down and in_containers and writable else ""
    if asked.containers:  # ours was not asked yet: it is in force, or stands in for the containers
        asked.ask(paths)
    if asked.ports is not None and _answers(asked.ports, made_plan, asked.question):
        if asked.question is not None and asked.question.notice and not wanted.quiet:
            say(asked.question.notice)
        return asked.ports, ""
    if not writable:
        return asked.ports, "the home directory belongs to another user: nothing is written there, so telemetry has no collector"
    patience = float(made_plan.settings["wait"])
    try:
        from cclaunch.backends.wake import wake

        woken, notes, trouble = wake(paths, min(patience, WRAPPED_S) if wanted.quiet else patience, wanted.environ)
    except Exception as error:  # the guest's rule, as in `line`; the environment can still be composed
        return asked.ports, f"telemetry has no collector: {type(error).__name__}: {error}"
    for text in () if wanted.quiet else notes:
        say(text)
    if woken is not None:
        _tell_shells(paths, wanted)
    return woken or asked.ports, trouble


def leave_name(paths: Paths, instance: str) -> None:
    """Have the ledger know that what *instance* sends is ours, whoever takes it; where that cannot be left, it will not."""
    try:
        alive.leave_own_name(paths.launched, instance)
    except (OSError, ValueError, IndexError):
        try:
            from cclaunch.launch.first_name import leave_first_name

            leave_first_name(paths.launched, instance)
        except Exception:  # the guest's rule
            return


def tell_of_transcripts(paths: Paths, wanted: Launch) -> None:
    """Tell a person at a terminal, once, that the collector reads claude's transcripts: before that it does not."""
    if wanted.quiet or stamp(paths.transcripts_told) != MISSING or not system.isatty(2):
        return
    try:
        from cclaunch.history.told import tell_once

        tell_once(paths)
    except Exception:  # the guest's rule; nothing is read before it was told
        return


def _tell_shells(paths: Paths, wanted: Launch) -> None:
    """Have shells that start from now on send to the collector that was woken: its ports may be others."""
    if stamp(paths.shell) == MISSING:  # nobody has asked for that
        return
    try:
        from cclaunch.persist.refresh import refresh_files

        refresh_files(wanted.environ, paths)
    except Exception:  # the guest's rule; what a shell exports is nothing to this launch
        return


def _keep(paths: Paths, wanted: Launch) -> None:
    """Have the keeper stay for this launch; where its locks do not vouch for it, it is started. Nothing of it is the launch's."""
    found = keeper(paths)
    if found is not None and alive.vouched(paths.collector_alive, paths.launched, found.pid, found.here):
        return
    try:
        from cclaunch.backends.docker.keeper import wake

        wake(paths, wanted.environ)
    except Exception:  # the guest's rule; `stack status` says how it is
        return


def _rouse(paths: Paths, down: "list[str]", wanted: Launch) -> str:
    """Have the services *down* started, without waiting for them: the launch needs none of them. Return the line to say."""
    try:
        from cclaunch.backends.wake import rouse

        return rouse(paths, wanted.environ, down)
    except Exception as error:  # the guest's rule
        return f"{', '.join(down)}: down ({type(error).__name__}: {error})"


def _answers(ports: Ports, made_plan: plan.Plan, question: "probe.Question | None") -> bool:
    """
    Say whether the collector that was used last can be used again: ours by its proof, an adopted one by whose it is.

    The proof is for the gRPC port, too: one supervisor holds all ports of ours from its first breath to its last.
    """
    if ports.owner:
        if ports.grpc != made_plan.settings["grpc"] or not probe.listens(int(ports.grpc), PROBE_SECONDS):
            return False
        used = ports.grpc if made_plan.settings["protocol"] == "grpc" else f"{ports.grpc} {ports.http}"
        return listeners.listened_to_by(numbers(ports.uids), numbers(used))
    return probe.answer(question) is None and not is_older(ports.version)


def _is_the_engines(containers: "dict[str, str]") -> bool:
    """Say whether nobody has taken a port of the collector's container over: its engine, root or this user listens there."""
    used = " ".join([containers.get(name, "") for name in ("grpc", "http", "health")])
    trusted = numbers(containers.get("engine", ""))
    return listeners.listened_to_by([*trusted, 0, system.geteuid()], numbers(used))

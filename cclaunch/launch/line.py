"""
The launch: split the words, read plan and place, compose the environment, probe the collector, become claude.

The straight line that runs before every session. Everything else (a stale plan, a collector that sleeps, a verb) is cold
and imported where it is needed. Telemetry is a guest: whatever fails here ends in one line on stderr, and in claude running.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

import sys

from cclaunch.hot import claude, gather, ownership, paths, plan, probe
from cclaunch.hot.claims import Claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.ports import Ports, adopted_ports, collector_ports, is_older
from cclaunch.hot.reading import numbers, read_flat, read_small
from cclaunch.hot.words import Reading, read

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

VERBS = frozenset(
    "profile persist unpersist env exec stack status statusline check usage events dashboard config completions".split()
)
"""Every verb of ours, also those that are not built yet: an unreserved word would be billed as a prompt."""

OURS_ALONE = ("--help", "-h", "--version")
NAME_START = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
NAME_CHARACTERS = NAME_START | frozenset("._-")

PROBE_SECONDS = 0.5
WRAPPER = "CLAUDE_CODE_PROCESS_WRAPPER"
"""Set when claude starts its background processes through us: they must be reached within three seconds, in silence."""

WRAPPED_S = 2.0
FAILED = 125
"""env(1)'s code for a failure of the launcher's own."""


class Words:
    """
    What the command line asks for.

    Attributes:
        verb: A verb of ours, or an empty string for a launch.
        profile: The NAME of ``+NAME``, or an empty string.
        rest: The words that belong to the verb or to claude, never reordered or rewritten.
        trouble: Why this cannot be launched, or an empty string.
    """

    __slots__ = ("profile", "rest", "trouble", "verb")

    def __init__(self, verb: str, profile: str, rest: "list[str]", trouble: str = "") -> None:
        self.verb = verb
        self.profile = profile
        self.rest = rest
        self.trouble = trouble


def split(words: "list[str]", name: str = "cclaunch") -> Words:
    """Return what *words* (without the program's name) ask for, when we were called as *name*."""
    if name == "claude" or not words:
        return Words("", "", words)
    first = words[0]
    if first in VERBS:
        return Words(first, "", words[1:])
    if first == "--":
        return Words("", "", words[1:])
    if first in OURS_ALONE and len(words) == 1:
        return Words(first, "", [])
    if first[0:1] == "+" and len(first) > 1 and first[1] in NAME_START and NAME_CHARACTERS.issuperset(first[1:]):
        rest = words[1:]
        if rest and rest[0] in VERBS:
            return Words("", first[1:], rest, f"`{rest[0]}` is a verb of cclaunch: write `+NAME -- {rest[0]}` for claude's")
        return Words("", first[1:], rest[1:] if rest[:1] == ["--"] else rest)
    return Words("", "", words)


def main() -> int:
    """Do what the command line asks; return only when claude did not take our place, with the exit code."""
    environ = inherited()
    words = split(sys.argv[1:], sys.argv[0].rpartition("/")[2])
    try:
        if words.verb == "exec" and words.rest[:1] == ["--"] and len(words.rest) > 1:
            return launch(words.rest[1:], environ, command=True)
        if words.verb:
            from cclaunch.cli import main as manage

            return manage(sys.argv[1:], environ)
        if words.trouble:
            return _refuse(words.trouble)
        return launch(words.rest, environ, profile=words.profile)
    except KeyboardInterrupt:
        return claude.interrupted()


def launch(words: "list[str]", environ: "dict[str, str]", *, command: bool = False, profile: str = "") -> int:
    """
    Become claude (or, with *command*, the first of *words*) with telemetry routed to a healthy collector.

    *profile* is the NAME of ``+NAME``: when there is none of that name, nothing is launched.

    Returns:
        Our own exit code, and only when nothing could be launched.
    """
    path, trouble = _command(words[0], environ) if command else claude.find(environ, _own_files())
    if trouble:
        from cclaunch.launch.refusals import no_claude

        return no_claude(path, trouble, command)
    depth = claude.deeper(environ)
    if depth is None:
        return _refuse(f"{path} starts cclaunch again, {claude.DEEPEST} times over: set CCLAUNCH_CLAUDE to the real claude")
    wanted = Launch(path, words, environ, command, profile)
    if environ.get("CCLAUNCH_DISABLE", "") in ("", "0"):
        try:
            code = prepare(wanted)
        except Exception as error:  # the guest's rule: no fault of ours may cost anybody a session
            _say(f"telemetry is off for this launch: {type(error).__name__}: {error}")
            wanted = Launch(path, words, environ, command, profile)
            code = 0
        if code:
            return code
    wanted.environ[claude.DEPTH] = depth
    code, reason = claude.become(path, wanted.words if command else ["claude", *wanted.words], wanted.environ)
    if reason:
        _say(f"cannot run {path}: {reason}")
    return code


class Launch:
    """
    One launch on its way.

    Attributes:
        path: What will be run.
        words: Its words; of a command they begin with its name.
        environ: Its environment: at first the one we were started with, at the end the composed one.
        command: Whether it is another command than claude (``cclaunch exec``).
        profile: The NAME of ``+NAME``, or an empty string.
        quiet: Whether nothing may be printed: claude's own rule for what wraps its background processes.
    """

    __slots__ = ("command", "environ", "path", "profile", "quiet", "words")

    def __init__(self, path: str, words: "list[str]", environ: "dict[str, str]", command: bool, profile: str) -> None:
        self.path = path
        self.words = words
        self.environ = environ
        self.command = command
        self.profile = profile
        self.quiet = command and bool(environ.get(WRAPPER))


def prepare(wanted: Launch) -> int:
    """
    Give *wanted* the environment for claude, with the collector awake if it is needed. Return 0, or why not to go on.

    The probe's question is sent first and its answer read last: the collector works while we compose.
    """
    environ = wanted.environ
    reading = read([] if wanted.command else wanted.words)
    where = paths.directories(environ)
    base, user = paths.home(environ), _user()
    owner = _owner(base)
    writable = owner == user
    if doubts := ownership.doubtful(where, base, (user, 0, owner)):
        from cclaunch.launch.refusals import foreign_directory

        code = foreign_directory(doubts, where, base, wanted.profile, quiet=wanted.quiet)
        if code >= 0:
            return code
    asked = Asked(where, reading.exports)
    directory = _directory()
    made_plan, place, selection = gather.gather(where, environ, directory, wanted.profile, writable)
    if wanted.profile and selection.trouble:
        from cclaunch.launch.refusals import no_profile

        return no_profile(selection, made_plan)
    ports, trouble = asked.ports, ""
    if reading.exports:
        ports, trouble = _awake(made_plan, where, asked, wanted, writable)
        if trouble and made_plan.settings["on_failure"] == "fail":
            _say(f"{trouble}; claude was not started, because stack.on_failure is `fail`")
            return FAILED
    if ports is None:
        ports = Ports(made_plan.settings["grpc"], made_plan.settings["http"], made_plan.settings["metrics"])

    def composed(said: "Claims | None" = None) -> Composition:
        return compose(made_plan, environ, place, ports, instance_id, selection, said)

    instance_id = fresh_id()
    claims: list[list[str]] = []
    if reading.exports and not wanted.quiet:
        claims = gather.gather_claims(made_plan, where, directory, selection, environ, writable)
    notes: list[str] = []
    if claims or reading.settings >= 0 or reading.background or reading.command == "agents":
        made, wanted.words, notes = _against_settings(wanted, reading, claims, composed, made_plan, where)
    else:
        made = composed()
    if not wanted.quiet:
        _tell(made_plan, place, made, trouble, notes)
    wanted.environ = made.environ
    return 0


def _against_settings(
    wanted: Launch,
    reading: Reading,
    claims: "list[list[str]]",
    compose: "Callable[[Claims | None], Composition]",
    made_plan: plan.Plan,
    where: paths.Directories,
) -> "tuple[Composition, list[str], list[str]]":
    """Return (what was composed, claude's words, notes) where settings files or a background service have a say."""
    from cclaunch.launch.override import answer

    whole = reading.background
    made, words, notes, _ = answer(
        compose, claims, wanted.words, reading, made_plan, where, whole=whole, may_override=not wanted.command
    )
    if reading.command == "agents":
        from cclaunch.launch.background import attribution

        notes.append(attribution(made.environ, made.selection.name))
    return made, words, notes


def _directory() -> str:
    """Return where we are; an empty string when that was removed under us: claude may still cope."""
    try:
        return system.getcwd()
    except OSError:
        return ""


class Asked:
    """
    The questions to the stack that ran last, sent before anything else is done.

    Attributes:
        containers: What the Docker stack wrote down when it was started; empty when it was not.
        services: The open questions to its services.
        ports: Where the collector of ours, or an adopted one, listens; None when none does.
        question: The open question to it.
    """

    __slots__ = ("containers", "ports", "question", "services")

    def __init__(self, where: paths.Directories, wanted: bool) -> None:
        self.containers = read_flat(where.data + "/stack/ports")
        self.services = probe.ask_services(self.containers, PROBE_SECONDS) if wanted else {}
        self.ports = collector_ports(where.data) or adopted_ports(where.state)
        self.question: probe.Question | None = None
        if wanted and not self.containers:
            self.ask(where)

    def ask(self, where: paths.Directories) -> None:
        """Send the question to a collector of ours; one that is not has no /health for us."""
        if self.ports is not None and not self.ports.owner:
            key = (read_small(where.data + "/collector.key", 256) or b"").decode("ascii", "replace").strip()
            self.question = probe.ask(int(self.ports.http), system.getpid(), key, PROBE_SECONDS, self.ports.grpc)


def _awake(
    made_plan: plan.Plan, where: paths.Directories, asked: Asked, wanted: Launch, writable: bool
) -> "tuple[Ports | None, str]":
    """Return (ports, trouble): a collector that answers, woken if need be, or why there is none."""
    docker = made_plan.settings["backend"] == "docker"
    if docker or asked.ports is None:  # the containers may run unasked: `docker compose up` with the file of ours
        down = probe.unwell(asked.services)
        if asked.services and "collector" not in down and _is_the_engines(asked.containers):
            ports = Ports(asked.containers["grpc"], asked.containers["http"], asked.containers.get("metrics", ""))
            return ports, _rouse(where, down, wanted) if down and docker and writable else ""
    if asked.containers:  # ours was not asked yet: it is in force, or stands in for the containers
        asked.ask(where)
    if asked.ports is not None and _answers(asked.ports, made_plan, asked.question):
        if asked.question is not None and asked.question.notice and not wanted.quiet:
            _say(asked.question.notice)
        return asked.ports, ""
    if not writable:
        return asked.ports, "the home directory belongs to another user: nothing is written there, so telemetry has no collector"
    patience = float(made_plan.settings["wait"])
    try:
        from cclaunch.wake import wake

        woken, notes, trouble = wake(where, min(patience, WRAPPED_S) if wanted.quiet else patience, wanted.environ)
    except Exception as error:  # the guest's rule, as in `launch`; the environment can still be composed
        return asked.ports, f"telemetry has no collector: {type(error).__name__}: {error}"
    for text in () if wanted.quiet else notes:
        _say(text)
    return woken or asked.ports, trouble


def _rouse(where: paths.Directories, down: "list[str]", wanted: Launch) -> str:
    """Have the services *down* started, without waiting for them: the launch needs none of them. Return the line to say."""
    try:
        from cclaunch.wake import rouse

        return rouse(where, wanted.environ, down)
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
        return probe.listened_to_by(numbers(ports.uids), numbers(used))
    return probe.answer(question) is None and not is_older(ports.version)


def _is_the_engines(containers: "dict[str, str]") -> bool:
    """Say whether nobody has taken a port of the collector's container over: its engine, root or this user listens there."""
    used = " ".join([containers.get(name, "") for name in ("grpc", "http", "health")])
    trusted = numbers(containers.get("engine", ""))
    return probe.listened_to_by([*trusted, 0, system.geteuid()], numbers(used))


def _tell(made_plan: plan.Plan, place: plan.Place, made: Composition, trouble: str, notes: "list[str]") -> None:
    """Say what the person has to know, one line each; nothing at all on a healthy launch."""
    for text in made_plan.warnings:
        _say(text)
    for text in place.warnings:
        _say(text)
    if made.selection.trouble:
        _say(f"{made.selection.trouble} ({made.selection.source} asks for it): claude runs without a profile")
    if trouble:
        _say(trouble)
    if made.displaced:
        _say(f"displaced for this launch: {', '.join(sorted(made.displaced))} (`cclaunch env --explain` tells why)")
    for text in made.dropped:
        _say(text)
    for text in notes:
        _say(text)


def fresh_id() -> str:
    """Return a random UUID (version 4): the ``service.instance.id`` of one launch."""
    raw = bytearray(system.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def inherited() -> "dict[str, str]":
    """
    Return the environment that we were started with, as text; bytes that are no text survive the round trip.

    A variable without a name is left out: the interpreter's ``execve`` refuses the whole for it.
    """
    if sys.platform == "win32":
        return dict(system.environ)
    encoding = sys.getfilesystemencoding()
    found = {
        name.decode(encoding, "surrogateescape"): value.decode(encoding, "surrogateescape")
        for name, value in system.environ.items()
        if name
    }
    return claude.uncoerced(found)


def _command(name: str, environ: "dict[str, str]") -> "tuple[str, str]":
    """Return (path, trouble) of a command of ``exec --``: as execvp(3) would find it."""
    if "/" in name:
        return claude.find({"CCLAUNCH_CLAUDE": name}, [])
    refused = ""
    for folder in environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":"):
        path, trouble = claude.find({"CCLAUNCH_CLAUDE": f"{folder or '.'}/{name}"}, [])
        if not trouble:
            return path, ""
        if trouble == "not executable":
            refused = refused or path
    return refused or name, "not executable" if refused else "not found"


def _own_files() -> "list[str]":
    return [sys.argv[0]]


def _owner(base: str) -> int:
    """Return whose HOME is: under ``sudo -E`` not this user's, and then nothing may be written there. -1 when it is gone."""
    if sys.platform == "win32":
        return _user()
    try:
        return system.stat(base).st_uid
    except OSError:
        return -1


def _user() -> int:
    return 0 if sys.platform == "win32" else system.geteuid()


def _refuse(text: str) -> int:
    _say(f"error: {text}")
    return FAILED


def _say(text: str) -> None:
    from cclaunch.console import note

    note(text)

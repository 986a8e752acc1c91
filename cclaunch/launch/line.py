"""
The launch: read plan and place, compose the environment, probe the collector, become claude.

The straight line that runs before every session. Everything else (a stale plan, a collector that sleeps, a verb) is cold
and imported where it is needed. Telemetry is a guest: whatever fails here ends in one line on stderr, and in claude running.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

import sys

from cclaunch.hot import claude, gather, ownership, plan
from cclaunch.hot.attributes import left_out
from cclaunch.hot.claims import Claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.paths import Paths, home, our_paths, relative
from cclaunch.hot.ports import Ports
from cclaunch.hot.words import Reading, read_words
from cclaunch.launch.awake import Asked, awake
from cclaunch.launch.wanted import FAILED, Launch, refuse, say

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TOO_LARGE = 7
"""The errno of an environment and words that are too large together, or one of them alone."""


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
        return refuse(f"{path} starts cclaunch again, {claude.DEEPEST} times over: set CCLAUNCH_CLAUDE to the real claude")
    wanted = Launch(path, words, environ, command, profile)
    if environ.get("CCLAUNCH_DISABLE", "") in ("", "0"):
        try:
            code = prepare(wanted)
        except Exception as error:  # the guest's rule: no fault of ours may cost anybody a session
            say(f"telemetry is off for this launch: {type(error).__name__}: {error}")
            wanted = Launch(path, words, environ, command, profile)
            code = 0
        if code:
            return code
    wanted.environ[claude.DEPTH] = depth
    code, reason = _become(wanted)
    if reason == system.strerror(TOO_LARGE) and wanted.environ is not environ:
        from cclaunch.launch.refusals import too_large

        for smaller in ({**environ, claude.DEPTH: depth}, environ):
            too_large(quiet=wanted.quiet or smaller is environ)
            code, reason = _become(Launch(path, words, smaller, command, profile))
    if reason:
        say(f"cannot run {path}: {reason}")
    return code


def _become(wanted: Launch) -> "tuple[int, str]":
    return claude.become(wanted.path, wanted.words if wanted.command else ["claude", *wanted.words], wanted.environ)


def prepare(wanted: Launch) -> int:
    """
    Give *wanted* the environment for claude, with the collector awake if it is needed. Return 0, or why not to go on.

    The probe's question is sent first and its answer read last: the collector works while we compose.
    """
    environ = wanted.environ
    reading = read_words([] if wanted.command else wanted.words)
    paths = our_paths(environ)
    base, user = home(environ), _user()
    owner = _owner(base)
    writable = owner == user
    if not_absolute := relative(paths):
        from cclaunch.launch.refusals import relative_directory

        return relative_directory(not_absolute[0], paths, environ, wanted.profile, quiet=wanted.quiet)
    if doubts := ownership.doubtful(paths, base, (user, 0, owner)):
        from cclaunch.launch.refusals import foreign_directory

        code = foreign_directory(doubts, paths, base, wanted.profile, quiet=wanted.quiet)
        if code >= 0:
            return code
    asked = Asked(paths, reading.exports)
    directory = _directory()
    made_plan, place, selection = gather.gather(paths, environ, directory, wanted.profile, writable, _compiler)
    if wanted.profile and selection.trouble:
        from cclaunch.launch.refusals import no_profile

        return no_profile(selection, made_plan)
    ports, trouble = asked.ports, ""
    if reading.exports:
        ports, trouble = awake(made_plan, paths, asked, wanted, writable)
        if trouble and made_plan.settings["on_failure"] == "fail":
            say(f"{trouble}; claude was not started, because stack.on_failure is `fail`")
            return FAILED
    if ports is None:
        ports = Ports(made_plan.settings["grpc"], made_plan.settings["http"], made_plan.settings["metrics"])

    def composed(said: "Claims | None" = None) -> Composition:
        return compose(made_plan, environ, place, ports, instance_id, selection, said)

    instance_id = fresh_id()
    claims: list[list[str]] = []
    if reading.exports and not wanted.quiet:
        claims = gather.gather_claims(made_plan, paths, directory, selection, environ, writable, _compiler)
    notes: list[str] = []
    if claims or reading.settings >= 0 or reading.background or reading.command == "agents":
        made, wanted.words, notes = _against_settings(wanted, reading, claims, composed, made_plan, paths)
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
    paths: Paths,
) -> "tuple[Composition, list[str], list[str]]":
    """Return (what was composed, claude's words, notes) where settings files or a background service have a say."""
    from cclaunch.launch.override import answer_claims

    whole = reading.background
    made, words, notes, _ = answer_claims(
        compose, claims, wanted.words, reading, made_plan, paths, whole=whole, may_override=not wanted.command
    )
    if reading.command == "agents":
        from cclaunch.launch.background import attribution

        notes.append(attribution(made.environ, made.selection.name))
    return made, words, notes


def _compiler() -> "gather.Compiler":
    from cclaunch import compiled

    return compiled


def _directory() -> str:
    """Return where we are; an empty string when that was removed under us: claude may still cope."""
    try:
        return system.getcwd()
    except OSError:
        return ""


def _tell(made_plan: plan.Plan, place: plan.Place, made: Composition, trouble: str, notes: "list[str]") -> None:
    """Say what the person has to know, one line each; nothing at all on a healthy launch."""
    for text in made_plan.warnings:
        say(text)
    for text in place.warnings:
        say(text)
    if made.selection.trouble:
        say(f"{made.selection.trouble} ({made.selection.source} asks for it): claude runs without a profile")
    if trouble:
        say(trouble)
    if made.displaced:
        say(f"displaced for this launch: {', '.join(sorted(made.displaced))} (`cclaunch env --explain` tells why)")
    for text in left_out(made.dropped):
        say(text)
    for text in notes:
        say(text)


def fresh_id() -> str:
    """Return a random UUID (version 4): the ``service.instance.id`` of one launch."""
    raw = bytearray(system.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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

"""
The launch: read plan and place, look at the budgets, compose the environment, look for the collector.

The straight line that runs before every session. Everything else (a stale plan, a collector that sleeps, a verb) is cold
and imported where it is needed. Telemetry is a guest: whatever fails here ends in one line on stderr, and in claude running.

Hot: this module imports nothing that the interpreter has not loaded already.
"""

import sys

from cclaunch.hot import gather, ownership, plan
from cclaunch.hot.claims import Claims
from cclaunch.hot.compose import Composition, compose
from cclaunch.hot.paths import Paths, home, noted, our_paths, relative
from cclaunch.hot.ports import Ports
from cclaunch.hot.words import Reading, read_words
from cclaunch.launch.awake import Asked, awake
from cclaunch.launch.wanted import FAILED, Launch, say

try:
    import posix as system
except ImportError:  # pragma: no cover - Windows
    import os as system  # type: ignore[no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def prepared(wanted: Launch) -> "tuple[Launch, int]":
    """
    Return what to become, with telemetry routed to a healthy collector, and 0; or why nothing is launched, as an exit code.

    Whatever fails, it is *wanted* as it came, untouched.
    """
    environ = wanted.environ
    try:
        return wanted, prepare(wanted)
    except Exception as error:  # the guest's rule: no fault of ours may cost anybody a session
        say(f"telemetry is off for this launch: {type(error).__name__}: {error}")
        return Launch(wanted.path, wanted.given, environ, wanted.command, wanted.profile), 0


def prepare(wanted: Launch) -> int:
    """
    Give *wanted* the environment for claude, with the collector awake if it is needed. Return 0, or why not to go on.

    Where the collector must be asked, the question is sent first and its answer read last: it works while we compose.
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
    instance_id = fresh_id()
    asked = Asked(paths, reading.exports, writable, instance_id)
    directory = _directory()
    made_plan, place, selection = gather.gather(paths, environ, directory, wanted.profile, writable, _compiler)
    if wanted.profile and selection.trouble:
        from cclaunch.launch.refusals import no_profile

        return no_profile(selection, made_plan)
    if reading.exports and "on_exceed" in made_plan.settings:
        from cclaunch.launch.budgets import looked_at

        code = looked_at(wanted, reading, made_plan, selection, paths, directory)
        if code > 0:
            return code
        if code < 0 and not asked.vouched:  # a person has thought about it meanwhile: no answer is waited for so long
            asked = Asked(paths, True, writable, instance_id)
    if writable and reading.exports and environ.get(made_plan.settings["config_dir_name"]):
        _note_directory(paths, directory, environ[made_plan.settings["config_dir_name"]])
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

    claims: list[list[str]] = []
    if reading.exports and not wanted.quiet:
        claims = gather.gather_claims(made_plan, paths, directory, selection, environ, writable, _compiler)
    notes: list[str] = []
    if claims or reading.settings >= 0 or reading.background or reading.command == "agents":
        made, wanted.words, notes = _against_settings(wanted, reading, claims, composed, made_plan, paths)
    else:
        made = composed()
    if not wanted.quiet and (trouble or notes or made.has_news or made_plan.warnings or place.warnings):
        from cclaunch.launch.refusals import tell

        tell(made_plan, place, made, trouble, notes)
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


def _note_directory(paths: Paths, directory: str, value: str) -> None:
    """Note where claude's own files are for this launch, its transcripts among them: by a name, so that one look is enough."""
    name = noted(paths, value if value[0] == "/" else f"{directory}/{value}")
    try:
        system.lstat(name)
    except (OSError, ValueError):
        from cclaunch.history.noted import leave

        leave(name)


def _compiler() -> "gather.Compiler":
    from cclaunch import compiled

    return compiled


def _directory() -> str:
    """Return where we are; an empty string when that was removed under us: claude may still cope."""
    try:
        return system.getcwd()
    except OSError:
        return ""


def fresh_id() -> str:
    """Return a random UUID (version 4): the ``service.instance.id`` of one launch."""
    raw = bytearray(system.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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

"""
What a launch has to say: why it does not become anything, or what is not as the person would expect.

Cold: a healthy launch says nothing at all.
"""

from cclaunch.console import note, show_error
from cclaunch.errors import CclaunchError, ClaudeNotExecutable, ClaudeNotFound, ProfileRefused
from cclaunch.hot.attributes import left_out
from cclaunch.hot.compose import Composition
from cclaunch.hot.paths import Paths
from cclaunch.hot.plan import Place, Plan
from cclaunch.hot.selection import Selection


def why_none(path: str, trouble: str) -> ClaudeNotFound | ClaudeNotExecutable:
    """Return why there is no claude to run: what `hot.claude.find` says of *path*, which is empty when none is on PATH."""
    if trouble == "not executable":
        return ClaudeNotExecutable(f"{path} is not executable", hint=f"chmod +x {path}")
    if path:
        return ClaudeNotFound(f"CCLAUNCH_CLAUDE names {path}, and there is no such file", hint="unset CCLAUNCH_CLAUDE")
    return ClaudeNotFound("Claude Code is not installed: no `claude` on PATH", hint="npm install -g @anthropic-ai/claude-code")


def no_claude(path: str, trouble: str, command: bool) -> int:
    """Say that *path* cannot be run, and why; return the exit code. *command*: it was not claude that was asked for."""
    error = why_none(path, trouble)
    if command and isinstance(error, ClaudeNotFound):
        error = ClaudeNotFound(f"there is no command `{path}`")
    show_error(error)
    return error.exit_code


def foreign_directory(doubts: list[str], paths: Paths, base: str, profile: str, *, quiet: bool) -> int:
    """
    Judge the directories *doubts*, and say so when one must not be believed.

    Returns:
        -1 when all are harmless and the launch goes on; 0 when claude has to run without us; else the exit code: of a
        profile that was asked for by `+NAME` nothing can be known, and `stack.on_failure` may be `fail`.
    """
    from cclaunch.files.ownership import refusal

    error = refusal(doubts, base)
    if error is None:
        return -1
    knows = not any(one == paths.config or paths.config.startswith(one + "/") for one in doubts)
    return _without_directories(error, paths, profile, quiet=quiet, knows=knows)


def relative_directory(path: str, paths: Paths, environ: dict[str, str], profile: str, *, quiet: bool) -> int:
    """Say that *path*, one of our directories, is relative and nothing is done with it; return what `foreign_directory` does."""
    from cclaunch.files.ownership import no_directory

    error = no_directory(path, environ)
    return _without_directories(error, paths, profile, quiet=quiet, knows=paths.config.startswith("/"))


def _without_directories(error: CclaunchError, paths: Paths, profile: str, *, quiet: bool, knows: bool) -> int:
    """Say *error*; return 0 when claude has to run without us, else the exit code. *knows*: config.toml may be believed."""
    if profile:
        show_error(ProfileRefused(f"{error.message}, so there is no profile {profile}; nothing was launched", hint=error.hint))
        return ProfileRefused.exit_code
    fails = knows and _on_failure(paths) == "fail"
    if not quiet or fails:
        outcome = "claude was not started, because stack.on_failure is `fail`" if fails else "telemetry is off for this launch"
        note(f"{error.message}; {outcome} ({error.hint})")
    return ProfileRefused.exit_code if fails else 0


def _on_failure(paths: Paths) -> str:
    from cclaunch.config.model import configuration

    return configuration(paths).stack.on_failure


def no_profile(selection: Selection, plan: Plan) -> int:
    """Say that the profile of ``+NAME`` is not to be had: a typo must not bill the wrong team. Return the exit code."""
    import difflib

    near = [] if selection.asked in plan.profiles else difflib.get_close_matches(selection.asked, list(plan.profiles), n=3)
    if near:
        hint = f"did you mean {' or '.join(f'+{name}' for name in near)}?"
    elif selection.asked in plan.profiles:
        hint = f"cclaunch profile edit {selection.asked}"
    else:
        hint = f"cclaunch profile create {selection.asked}, or `cclaunch -- +{selection.asked} …` if it is part of a prompt"
    error = ProfileRefused(f"{selection.trouble}; nothing was launched", hint=hint)
    show_error(error)
    return error.exit_code


def tell(plan: Plan, place: Place, made: Composition, trouble: str, notes: list[str]) -> None:
    """Say what the person has to know, one line each."""
    for text in (*plan.warnings, *place.warnings):
        note(text)
    if made.selection.trouble:
        note(f"{made.selection.trouble} ({made.selection.source} asks for it): claude runs without a profile")
    if trouble:
        note(trouble)
    if made.displaced:
        note(f"displaced for this launch: {', '.join(sorted(made.displaced))} (`cclaunch env --explain` tells why)")
    for text in (*left_out(made.dropped), *notes):
        note(text)

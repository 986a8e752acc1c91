"""
The door of our own verbs: a click group that loads a verb's module when that verb is asked for.

``cclaunch --help`` loads none of them, so a broken or slow verb cannot harm another one. Every way a
verb can end is turned into an exit code here, and nowhere else.
"""

import contextlib
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from cclaunch import __version__, console
from cclaunch.errors import CclaunchError, ConfigError
from cclaunch.files.ownership import refuse_foreign
from cclaunch.hot.paths import our_paths

BUG = 3
"""The exit code of a fault of ours."""

INTERRUPTED = 130


class Verb(NamedTuple):
    """One row of the table: the *module* below ``cclaunch.commands`` (empty: not built yet), a *summary*, and its *group*."""

    module: str
    summary: str
    group: str


LAUNCH, LOOK, STACK, SETUP = "Launching", "Looking at it", "The stack", "Setting up"

VERBS: Mapping[str, Verb] = {
    "exec": Verb("exec", "Run another command (an IDE, the Agent SDK) with telemetry.", LAUNCH),
    "env": Verb("env", 'Print the variables for this shell: eval "$(cclaunch env)".', LAUNCH),
    "usage": Verb("usage", "What did it cost: dollars, requests and tokens.", LOOK),
    "events": Verb("events", "What happened, event by event; -f follows.", LOOK),
    "dashboard": Verb("dashboard", "The page in your browser; Grafana: grafana, list, add, remove.", LOOK),
    "statusline": Verb("statusline", "Claude's status line: profile, today, budget.", LOOK),
    "status": Verb("status", "One screen: claude, profile, shell, stack, last event.", STACK),
    "check": Verb("check", "Find what is wrong, and prove that telemetry arrives.", STACK),
    "stack": Verb("stack", "The telemetry stack: up, down, status, logs, and which one.", STACK),
    "profile": Verb("profile", "Say who the work is for.", SETUP),
    "persist": Verb("persist", "Have a bare `claude` send telemetry too.", SETUP),
    "unpersist": Verb("unpersist", "Undo persist.", SETUP),
    "config": Verb("", "Settings, and where they come from.", SETUP),
    "completions": Verb("completions", "Completions for your shell.", SETUP),
}
"""Every verb. ``launch.VERBS`` holds the same names for the hot path; a test holds one to the other."""

HELP = """\
Run Claude Code with telemetry that is kept and says who the work was for.

\b
  cclaunch [CLAUDE ARGS...]         become claude, with telemetry
  cclaunch +NAME [CLAUDE ARGS...]   the same for the profile NAME, this once
  cclaunch -- [CLAUDE ARGS...]      the same; every word behind -- is claude's
  cclaunch VERB [OPTIONS]           one of the verbs below

Claude's own help: cclaunch -- --help
"""

EPILOG = """\
\b
Help on one verb: cclaunch VERB --help
A word alone that looks like a verb is refused. As a prompt: cclaunch -- WORD
CCLAUNCH_DISABLE=1: claude untouched. CCLAUNCH_CLAUDE: the claude to run.
CCLAUNCH_BUDGET=ignore: a launch looks at no budget.
"""


class Verbs(click.Group):
    """The group that knows its commands by name and loads one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of *cmd_name*; a verb that is not built yet gets one that says so."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        if not verb.module:
            from cclaunch.commands.shared.reserved import reserved

            return reserved(cmd_name, verb.summary)
        command: click.Command = import_module(f"cclaunch.commands.{verb.module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by group, from the table alone: no module is loaded."""
        for group in (LAUNCH, LOOK, STACK, SETUP):
            rows = [
                (name, verb.summary if verb.module else f"{verb.summary} (not built yet)")
                for name, verb in VERBS.items()
                if verb.group == group
            ]
            with formatter.section(group):
                formatter.write_dl(rows)


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        console.line(f"cclaunch {__version__}")
        console.line("claude's own: cclaunch -- --version")
        ctx.exit()


def group() -> Verbs:
    """Return the command line of our verbs."""
    version = click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version and exit."
    )
    return Verbs(
        "cclaunch",
        help=HELP,
        epilog=EPILOG,
        params=[version],
        options_metavar="",
        subcommand_metavar="[VERB | CLAUDE ARGS...]",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def main(words: list[str], environ: Mapping[str, str]) -> int:
    """
    Do what *words* (without the program's name) ask for and return the exit code.

    Codes: 0 done, 1 it could not be done, 2 the words or the configuration are wrong, 3 a bug of ours, 130 interrupted.
    """
    try:
        return _run(words, environ)
    except BrokenPipeError:
        _abandon_stdout()
        return 0
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except CclaunchError as error:
        console.show_error(error)
        return 2 if isinstance(error, ConfigError) else error.exit_code
    except Exception as error:
        if isinstance(error, OSError) and not _takes_output():
            _abandon_stdout()
            console.note(f"error: cannot write the output: {error.strerror}")
            return 1
        return _our_bug(error, environ)


def _run(words: list[str], environ: Mapping[str, str]) -> int:
    try:
        with group().make_context("cclaunch", list(words), obj=dict(environ)) as ctx:
            ctx.command.invoke(ctx)
        console.flush()
    except click.exceptions.Exit as done:
        console.flush()
        return done.exit_code
    except click.UsageError as error:
        _show_usage(error)
        return error.exit_code
    except click.ClickException as error:
        console.note(f"error: {error.format_message()}")
        return error.exit_code
    return 0


def _show_usage(error: click.UsageError) -> None:
    """Say what is wrong with the words, what was probably meant, and where the help is."""
    console.note(f"error: {error.format_message()}")
    if error.ctx is not None:
        console.note(f"hint: {error.ctx.command_path} --help")


def _takes_output() -> bool:
    """Say whether stdout still takes what is waiting to be written."""
    try:
        console.flush()
    except OSError:
        return False
    return True


def _abandon_stdout() -> None:
    """Point stdout at nothing: it takes nothing more, and the interpreter would complain about that at its exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _our_bug(error: Exception, environ: Mapping[str, str]) -> int:
    """Write the whole story into a log of ours and say one line."""
    import traceback

    paths = our_paths(dict(environ))
    path = paths.bug_log
    story = f"cclaunch {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n{traceback.format_exc()}"
    try:
        refuse_foreign(paths, dict(environ))
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(story)
        told = f"the whole story is in {path}"
    except (OSError, CclaunchError):
        told = f"and {path} could not be written"
    console.note(f"this is a bug of ours: {type(error).__name__}: {error}; {told}")
    return BUG

"""``cclaunch exec``: only its words for people. What it does happens on the launch path, before click is imported."""

import click

from cclaunch.errors import UsageError


@click.command(
    "exec",
    options_metavar="",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGS]...")
def command(words: tuple[str, ...]) -> None:
    """
    Become COMMAND with the environment that a launch gives claude.

    For what starts claude by itself: an IDE, the Agent SDK, CLAUDE_CODE_PROCESS_WRAPPER. The collector is
    woken as for a launch; COMMAND keeps this process id, its exit code is its own, and 127 means that it
    was not found.

    \b
      cclaunch exec -- code .
      cclaunch exec -- python agent.py
    """
    if words:
        raise UsageError("write two dashes before the command", hint=f"cclaunch exec -- {words[0]}")
    raise UsageError("exec needs a command", hint="cclaunch exec -- COMMAND [ARGS]...")

"""
``cclaunch statusline``: its words for people, and a trial by hand.

What claude asks for is shown before click is imported (`statusline/line`); here is who asks on a terminal, or for help.
"""

import click

from cclaunch import console
from cclaunch.statusline.format import DEFAULT, NAMES

MEANINGS = {
    "profile": "the profile in force",
    "model": "the model",
    "session": "what this session has cost",
    "today": "what all requests of today have cost",
    "budget": "the budget that is spent the most, of those that this launch counts for",
    "context": "how full the context is",
    "tokens": "the tokens in it",
    "5h": "the plan's five hours: used, and the time until they begin anew",
    "week": "the same of its week",
    "limit": "the spend limit of a gateway",
    "cache": "the share of input that came from the prompt cache",
    "pr": "the pull request of this session",
    "branch": "the branch of its worktree",
    "directory": "the last part of the directory",
    "effort": "the effort that is set",
    "lines": "lines added and removed",
    "duration": "how long the session has lasted",
    "version": "the release of claude",
}
"""Name of a format -> what it says; of all that there are (a test holds it to that)."""


@click.command("statusline")
@click.option("--format", metavar="FORMAT", help="Show this instead of `statusline.format` of config.toml.")
@click.option("--wrap", metavar="COMMAND", help="Show the line that COMMAND prints, and ours below it.")
def command(format: str | None, wrap: str | None) -> None:
    """
    Claude's status line: profile, cost, today, budget, context, plan windows.

    Claude runs it, with JSON on its stdin, and shows what it prints below the prompt. To have it do so:

    \b
      cclaunch persist --statusline

    A line that you have is kept, and ours is shown below it. It ends with 0 whatever happens, and never waits for the collector.

    \f
    """
    console.line("This is what claude runs for its status line; it reads claude's JSON from stdin.")
    console.line("To set it up:   cclaunch persist --statusline")
    console.line("To try it:      echo '{}' | cclaunch statusline --format '{profile} | {today}'")
    console.line()
    console.line("What stands in the line: `format` in [statusline] of config.toml. Without one:")
    console.line(f"  {DEFAULT}")
    console.line("A section between bars is left out when none of its names says anything. {name:colour} gives it a colour.")
    console.line()
    wide = max(map(len, NAMES))
    for name in NAMES:
        console.line(f"  {name:{wide}}  {MEANINGS[name]}")

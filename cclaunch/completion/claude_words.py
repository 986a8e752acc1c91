"""
Claude's own words, which follow ``--``, ``+NAME`` or a first word that is not ours.

Claude has no completion of its own to hand over to. The table is that of the options which ``claude --help`` lists in the
releases that we run against; a test holds it to them.
"""

from cclaunch.completion.tree import ANY, DIRECTORY, FILE, Option
from cclaunch.hot.words import LIST_OPTIONS, VALUE_OPTIONS

OPTIONS = (
    "--add-dir --agent --agents --allow-dangerously-skip-permissions --allowedTools --append-system-prompt --autocompact "
    "--ax-screen-reader --bare --betas --bg --brief --chrome --cloud --continue --dangerously-skip-permissions --debug "
    "--debug-file --desktop --disable-slash-commands --disallowedTools --effort --environment "
    "--exclude-dynamic-system-prompt-sections --fallback-model --file --fork-session --forward-subagent-text --from-pr "
    "--help --ide --include-hook-events --include-partial-messages --input-format --json-schema --max-budget-usd "
    "--mcp-config --model --name --no-chrome --no-session-persistence --output-format --permission-mode "
    "--permission-prompts --plugin-dir --plugin-url --print --prompt-suggestions --remote-control "
    "--remote-control-session-name-prefix --replay-user-messages --restricted --resume --safe-mode --session-id "
    "--setting-sources --settings --strict-mcp-config --system-prompt --system-prompt-snapshot --teleport --tmux --tools "
    "--verbose --version --worktree"
).split()

SUBCOMMANDS = (
    "agents attach auth auto-mode doctor gateway import install logs mcp plugin project purge respawn rm setup-token stop "
    "ultrareview update"
).split()

CHOICES = {
    "--effort": "low medium high xhigh max",
    "--input-format": "text stream-json",
    "--model": "fable haiku opus sonnet",
    "--output-format": "text json stream-json",
    "--permission-mode": "acceptEdits auto bypassPermissions default dontAsk manual plan",
    "--permission-prompts": "host none",
    "--setting-sources": "user project local",
    "--system-prompt-snapshot": "on off",
}
PATHS = {"--add-dir": DIRECTORY, "--plugin-dir": DIRECTORY, "--debug-file": FILE, "--mcp-config": FILE, "--settings": FILE}


def claude_options() -> tuple[Option, ...]:
    """Return claude's options; one whose value may be left out takes none, or it would hide the options behind it."""
    return tuple(
        Option(
            (name,),
            "",
            name in VALUE_OPTIONS or name in LIST_OPTIONS,
            tuple(CHOICES.get(name, "").split()),
            PATHS.get(name, ANY) if name in VALUE_OPTIONS or name in LIST_OPTIONS else "",
        )
        for name in OPTIONS
    )

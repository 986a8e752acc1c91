"""
A word that is alone, and that was probably meant for us: ``cclaunch profiles`` would be a prompt for claude, and cost money.

The problem it owns: which words those are. A slip costs a person one more line, a launch costs money; but what is refused
although it was meant for claude is a guest in the way of its host. So nothing is refused that

- no person waits for: `main` asks only where stdin, stdout and stderr are terminals, and never under CCLAUNCH_DISABLE;
- is claude's for sure: words behind ``--``, which the function of `persist` writes, or under the name claude, as the shim has it;
- is more than one bare word: a space, an option or punctuation (``status?``) makes a sentence or a file of it;
- a tested claude takes as a subcommand, or people may say to it in one word.

Near is counted in edits: a letter more, less, another, or two neighbours swapped (the restricted distance of Damerau), for a
swap is the commonest slip of the fingers. One edit is near; two are where both words have six letters, so that ``agents``
would be near ``events`` and only the table keeps it. One or two letters are near nothing. Capitals count as small letters.

Cold: nothing is looked up for a launch with no word, with two, or with an option.
"""

from collections.abc import Collection

from cclaunch.console import show_error
from cclaunch.errors import WordRefused

MEANT = {
    "help": "--help",
    "commands": "--help",
    "version": "--version",
    "profiles": "profile list",
    "whoami": "profile current",
    "stats": "usage",
    "statistics": "usage",
    "cost": "usage",
    "costs": "usage",
    "spend": "usage",
    "spending": "usage",
    "billing": "usage",
    "tokens": "usage",
    "daily": "usage --by day",
    "weekly": "usage --by week",
    "monthly": "usage --by month",
    "sessions": "usage --by session",
    "dashboards": "dashboard list",
    "grafana": "dashboard",
    "up": "stack up",
    "down": "stack down",
}
"""Word -> what of ours does that; these are refused as they stand, and nothing that is merely near them."""

CLAUDES = frozenset(
    (
        "agents attach auth auto-mode bridge daemon design-login doctor edit-chrome-settings edit-hook edit-memory-settings "
        "edit-permission-rules edit-sandbox-settings edit-skill-overrides gateway import import-conversations install kill logs "
        "mcp plugin plugins project purge rc remote remote-control respawn rm sandbox self-hosted-runner setup-token stop sync "
        "ultrareview update upgrade workspace-trust worktree-hook"
    ).split()
)
"""Every word that a release we run against takes as a subcommand, listed or hidden."""

ORDINARY = frozenset(
    (
        "profit profits profited profane profuse promise provide permit permits perish persian purist resist desist "
        "end envy eng ent elec sack shack slack smack snack stalk stank stark stick stock stuck tack "
        "estates hiatus skates slates stages stains stairs stakes stalks stalls stamps stands stares starts startup "
        "startups stasis stated states static statue statues stature statute statutes stratum struts stylus "
        "cheek chick chock chuck heck sage cements elects evened evenly evens exerts extents invents prevents regents "
        "resents reverts scents sevens seventh seventy vents baseboard dartboard washboard coffin confer confide confine "
        "confirm consign compilations completing complexion complexions"
    ).split()
)
"""Words of the language that are near a verb by their letters alone."""

NEAR_FROM = 3
TWO_EDITS_FROM = 6


def refused(word: str, verbs: Collection[str]) -> int:
    """Say what *word* was probably meant for, and return the exit code; 0 when it is claude's. *verbs*: all of ours."""
    found = meant(word, verbs)
    if not found:
        return 0
    told = " or ".join(f"`cclaunch {one}`" for one in found)
    error = WordRefused(
        f"`{word}` is no verb of ours, and as a prompt for claude it costs money; nothing was launched",
        hint=f"did you mean {told}? As a prompt: cclaunch -- {word}",
    )
    show_error(error)
    return error.exit_code


def meant(word: str, verbs: Collection[str]) -> list[str]:
    """Return what of ours *word* was probably meant for, as it is typed behind ``cclaunch``; empty when it is claude's."""
    folded = word.lower()
    if folded in CLAUDES or folded in ORDINARY:
        return []
    if folded in MEANT:
        return [MEANT[folded]]
    near = {verb: edits(folded, verb) for verb in verbs if edits(folded, verb) <= _allowed(folded, verb)}
    return sorted(verb for verb in near if near[verb] == min(near.values()))


def _allowed(word: str, verb: str) -> int:
    """Return how many edits are near."""
    shorter = min(len(word), len(verb))
    return (shorter >= NEAR_FROM) + (shorter >= TWO_EDITS_FROM)


def edits(one: str, other: str) -> int:
    """Return how many edits make *other* of *one*; a pair of letters that was swapped is one, and is not edited again."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, wanted in enumerate(other, 1):
            now.append(min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted)))
            if row > 1 and column > 1 and (letter, one[row - 2]) == (other[column - 2], wanted):
                now[-1] = min(now[-1], before[column - 2] + 1)
        before, last = last, now
    return last[-1]

"""How a shell takes in the lines that a command prints for it: what a person types, and what our words tell them to."""

OTHERWISE = 'eval "$({})"'

WAYS = {
    "fish": "{} | source",
    "tcsh": "eval `{}`",
    "csh": "eval `{}`",
    "nu": "{} | save -f env.nu; then: source env.nu",
    "elvish": "eval ({} | slurp)",
    "xonsh": "execx($({}))",
    "pwsh": "{} | Out-String | Invoke-Expression",
}
"""Shell -> its way; the others, which know POSIX's substitution, have ``OTHERWISE``."""


def evaluated(shell: str, command: str) -> str:
    """Return what is typed into *shell* (a name of ours; empty where nothing tells) to have it take in what *command* prints."""
    return WAYS.get(shell, OTHERWISE).format(command)

"""Every file of ``completions/`` with its content. Pure."""

import click

from cclaunch.completion import bash, fish, nu, pwsh, zsh
from cclaunch.completion.tree import tree

MAKERS = {
    "cclaunch.bash": bash.script,
    "_cclaunch": zsh.script,
    "cclaunch.fish": fish.script,
    "cclaunch.nu": nu.script,
    "cclaunch.ps1": pwsh.script,
}


def generated(group: click.Group) -> dict[str, str]:
    """Return name -> text of the scripts for the verbs of *group*."""
    root = tree(group)
    return {name: make(root) for name, make in MAKERS.items()}

"""The completion scripts: asked as the shells ask them, and held to the verbs and options that there are."""

import subprocess
from pathlib import Path

import click
import pytest
from conftest import require

from cclaunch import cli

SCRIPTS = Path(__file__).resolve().parent.parent / "completions"


def offered_by_us(*path):
    """Return what click knows behind the verb *path*: parts of a group, and options."""
    group = cli.group()
    context = click.Context(group)
    command = group
    for name in path:
        command = command.get_command(context, name)
    options = [word for option in command.params if isinstance(option, click.Option) for word in option.opts]
    parts = command.list_commands(context) if isinstance(command, click.Group) else []
    return {*parts, *options, "--help"}


def bash(*words):
    """Return what bash offers behind *words*."""
    line = " ".join(f"'{word}'" for word in (*words, ""))
    code = f"source {SCRIPTS}/cclaunch.bash; COMP_WORDS=(cclaunch {line}); COMP_CWORD={len(words) + 1}; _cclaunch; "
    code += 'printf "%s\\n" "${COMPREPLY[@]}"'
    return run([require("bash"), "--noprofile", "--norc", "-eu", "-c", code])


def zsh(*words):
    """Return what zsh offers behind *words*; what exists only while it completes (compadd, _files) is stood in for."""
    line = " ".join(f"'{word}'" for word in ("cclaunch", *words, ""))
    code = f"fpath=({SCRIPTS} $fpath); autoload -Uz _cclaunch; compadd() {{ shift; print -l -- $@; }}; _files() {{ :; }}; "
    code += f"words=({line}); CURRENT={len(words) + 2}; _cclaunch"
    return run([require("zsh"), "-f", "-c", code])


def fish(*words):
    """Return what fish offers behind *words*, and behind a dash."""
    line = " ".join(("cclaunch", *words, ""))
    ask = f"source {SCRIPTS}/cclaunch.fish; complete -C '{line}'; complete -C '{line}-'"
    found = run([require("fish"), "--no-config", "-c", ask])
    return {word.partition("\t")[0] for word in found}


def run(command):
    """Return the lines of *command* as a set."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return set(done.stdout.split("\n")) - {""}


PARTS = "list show current use set unset create delete rename edit bind unbind export import".split()
PATHS = [("env",), ("usage",), ("events",), ("status",), ("check",), ("stack",)]
PATHS += [("stack", part) for part in ("up", "down", "restart", "status", "logs")]
PATHS += [("dashboard",), *(("dashboard", part) for part in ("list", "add", "remove"))]
PATHS += [("profile",), *(("profile", part) for part in PARTS)]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
@pytest.mark.parametrize("shell", [bash, zsh, fish], ids=lambda shell: shell.__name__)
def test_a_shell_offers_what_the_verb_takes(shell, path):
    """Parts and options, no more and no less."""
    assert shell(*path) - {"--"} == offered_by_us(*path)


@pytest.mark.parametrize("shell", [bash, zsh], ids=lambda shell: shell.__name__)
def test_the_first_word_is_one_of_our_verbs(shell):
    """Every verb, our own options, and the way to claude's words."""
    assert shell() == {*cli.VERBS, "--help", "--version", "--"}


def test_the_first_word_is_one_of_our_verbs_in_fish():
    """fish offers the files of the directory as well: any word may be claude's."""
    assert {*cli.VERBS, "--help", "--version", "--"} <= fish()


def test_bash_keeps_only_what_begins_with_the_word():
    """`st` is status or stack."""
    code = f"source {SCRIPTS}/cclaunch.bash; COMP_WORDS=(cclaunch st); COMP_CWORD=1; _cclaunch; echo ${{COMPREPLY[*]}}"

    assert run([require("bash"), "--norc", "-c", code]) == {"status stack"}


def test_fish_offers_files_where_one_is_named(tmp_path):
    """Once something of the name is typed: `profile import sh`."""
    (tmp_path / "shared.toml").write_text("")
    ask = f"source {SCRIPTS}/cclaunch.fish; cd {tmp_path}; complete -C 'cclaunch profile import sh'"

    assert run([require("fish"), "--no-config", "-c", ask]) == {"shared.toml"}


def test_the_bash_script_is_clean():
    """shellcheck finds nothing."""
    done = subprocess.run([require("shellcheck"), "-s", "bash", str(SCRIPTS / "cclaunch.bash")], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")

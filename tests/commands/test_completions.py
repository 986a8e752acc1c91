"""The completion scripts: asked as the shells ask them, and held to the verbs and options that there are."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest
from required import require
from runners import Verb
from sandbox import Sandbox

from cclaunch import cli
from cclaunch.commands import completions

SCRIPTS = Path(__file__).resolve().parents[2] / "completions"


def part_of(group: click.Command, context: click.Context, name: str) -> click.Command:
    """Return the command *name* of *group*."""
    assert isinstance(group, click.Group)
    found = group.get_command(context, name)
    assert found is not None
    return found


def offered_by_us(*path: str) -> set[str]:
    """Return what click shows behind the verb *path*: parts of a group, options, and the words that an operand may be."""
    command: click.Command = cli.group()
    context = click.Context(command)
    for name in path:
        command = part_of(command, context, name)
    options = [word for option in command.params if isinstance(option, click.Option) for word in option.opts]
    names = command.list_commands(context) if isinstance(command, click.Group) else []
    parts = [name for name in names if not part_of(command, context, name).hidden]
    operands = [option.type for option in command.params if isinstance(option, click.Argument)]
    words = [word for kind in operands if isinstance(kind, click.Choice) for word in kind.choices]
    return {*parts, *options, *words, "--help"}


def bash(*words: str) -> set[str]:
    """Return what bash offers behind *words*."""
    line = " ".join(f"'{word}'" for word in (*words, ""))
    code = f"source {SCRIPTS}/cclaunch.bash; COMP_WORDS=(cclaunch {line}); COMP_CWORD={len(words) + 1}; _cclaunch; "
    code += 'printf "%s\\n" "${COMPREPLY[@]}"'
    return run([require("bash"), "--noprofile", "--norc", "-eu", "-c", code])


def zsh(*words: str) -> set[str]:
    """Return what zsh offers behind *words*; what exists only while it completes (compadd, _files) is stood in for."""
    line = " ".join(f"'{word}'" for word in ("cclaunch", *words, ""))
    code = f"fpath=({SCRIPTS} $fpath); autoload -Uz _cclaunch; _files() {{ :; }}; "
    code += "compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -l -- $@; }; "
    code += f"words=({line}); CURRENT={len(words) + 2}; _cclaunch"
    return run([require("zsh"), "-f", "-c", code])


def fish(*words: str) -> set[str]:
    """Return what fish offers behind *words*, and behind a dash."""
    line = " ".join(("cclaunch", *words, ""))
    ask = f"source {SCRIPTS}/cclaunch.fish; complete -C '{line}'; complete -C '{line}-'"
    found = run([require("fish"), "--no-config", "-c", ask])
    return {word.partition("\t")[0] for word in found}


def run(command: Sequence[str]) -> set[str]:
    """Return the lines of *command* as a set."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return set(done.stdout.split("\n")) - {""}


PARTS = "list show current use set unset create delete rename edit bind unbind export import".split()
PATHS = [
    ("env",),
    ("completions", "install"),
    ("completions", "uninstall"),
    ("usage",),
    ("usage", "forget"),
    ("usage", "import"),
    ("events",),
    ("status",),
    ("check",),
    ("stack",),
]
PATHS += [("stack", part) for part in ("up", "down", "restart", "status", "logs", "enable", "disable")]
PATHS += [("dashboard",), *(("dashboard", part) for part in ("export", "grafana", "list", "add", "remove"))]
PATHS += [("profile",), *(("profile", part) for part in PARTS)]


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
@pytest.mark.parametrize("shell", [bash, zsh, fish], ids=lambda shell: shell.__name__)
def test_a_shell_offers_what_the_verb_takes(shell: Callable[..., set[str]], path: tuple[str, ...]) -> None:
    """Parts and options, no more and no less."""
    assert shell(*path) - {"--"} == offered_by_us(*path)


@pytest.mark.parametrize("shell", [bash, zsh], ids=lambda shell: shell.__name__)
def test_the_first_word_is_one_of_our_verbs(shell: Callable[..., set[str]]) -> None:
    """Every verb, our own options, and the way to claude's words."""
    assert shell() == {*cli.VERBS, "--help", "--version", "--"}


def test_the_first_word_is_one_of_our_verbs_in_fish() -> None:
    """fish offers the files of the directory as well: any word may be claude's."""
    assert {*cli.VERBS, "--help", "--version", "--"} <= fish()


def test_bash_keeps_only_what_begins_with_the_word() -> None:
    """`st` is statusline, status or stack."""
    code = f"source {SCRIPTS}/cclaunch.bash; COMP_WORDS=(cclaunch st); COMP_CWORD=1; _cclaunch; echo ${{COMPREPLY[*]}}"

    assert run([require("bash"), "--norc", "-c", code]) == {"statusline status stack"}


def test_fish_offers_files_where_one_is_named(tmp_path: Path) -> None:
    """Once something of the name is typed: `profile import sh`."""
    (tmp_path / "shared.toml").write_text("")
    ask = f"source {SCRIPTS}/cclaunch.fish; cd {tmp_path}; complete -C 'cclaunch profile import sh'"

    assert run([require("fish"), "--no-config", "-c", ask]) == {"shared.toml"}


def test_the_bash_script_is_clean() -> None:
    """shellcheck finds nothing."""
    done = subprocess.run([require("shellcheck"), "-s", "bash", str(SCRIPTS / "cclaunch.bash")], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")


SHELLS = ("bash", "zsh", "fish", "nu", "pwsh")
PLACES = {
    "bash": ".local/share/bash-completion/completions/cclaunch",
    "zsh": ".local/share/zsh/site-functions/_cclaunch",
    "fish": ".config/fish/completions/cclaunch.fish",
    "nu": ".config/nushell/autoload/cclaunch-completions.nu",
    "pwsh": ".local/share/cclaunch/completions/cclaunch.ps1",
}
NAMES = {"bash": "cclaunch.bash", "zsh": "_cclaunch", "fish": "cclaunch.fish", "nu": "cclaunch.nu", "pwsh": "cclaunch.ps1"}


def files_below(home: Path) -> set[str]:
    """Return the files below *home*, relative."""
    return {str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("shell", SHELLS)
def test_show_prints_the_script(verb: Verb, shell: str) -> None:
    """Byte for byte."""
    assert verb("completions", "show", shell) == (0, (SCRIPTS / NAMES[shell]).read_text(), "")


@pytest.mark.parametrize("shell", SHELLS)
def test_install_puts_one_file_in_its_place_and_nothing_else(sandbox: Sandbox, verb: Verb, shell: str) -> None:
    """And says what to add where the shell does not look there by itself; a second time it is current."""
    code, out, err = verb("completions", "install", "--shell", shell)

    path = sandbox.home / PLACES[shell]
    assert (code, out) == (0, f"{shell}: {path} written\n")
    assert ("fpath" in err, "$PROFILE" in err) == (shell == "zsh", shell == "pwsh")
    assert files_below(sandbox.home) == {PLACES[shell]}
    assert path.read_bytes() == (SCRIPTS / NAMES[shell]).read_bytes()
    before = path.stat().st_mtime_ns
    assert verb("completions", "install", "--shell", shell)[:2] == (0, f"{shell}: {path} is current\n")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_is_named_as_show_takes_it(sandbox: Sandbox, verb: Verb, shell: str) -> None:
    """Behind the verb, without an option; several, too, and each once."""
    code, out, _ = verb("completions", "install", shell, "--shell", shell)

    assert (code, out) == (0, f"{shell}: {sandbox.home / PLACES[shell]} written\n")
    assert verb("completions", "uninstall", shell)[:2] == (0, f"{shell}: {sandbox.home / PLACES[shell]} deleted\n")
    assert files_below(sandbox.home) == set()


def test_a_shell_that_has_no_completions_is_refused_by_name(verb: Verb) -> None:
    """The others are listed."""
    code, _, err = verb("completions", "install", "dash")

    assert (code, all(name in err for name in SHELLS)) == (2, True)


@pytest.mark.parametrize("is_there", [True, False])
def test_bash_without_its_package_is_told_so(
    sandbox: Sandbox, verb: Verb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_there: bool
) -> None:
    """In one line, with the words that do without it; the other shells need no package."""
    monkeypatch.setattr(completions, "PREFIXES", (str(tmp_path),))
    if is_there:
        (tmp_path / "share/bash-completion").mkdir(parents=True)
        (tmp_path / "share/bash-completion/bash_completion").write_text("")

    code, _, told = verb("completions", "install", "bash", "fish")

    line = f"write into .bashrc: . '{sandbox.home / PLACES['bash']}'\n"
    assert (code, told.endswith(line), told.count("\n")) == (0, not is_there, int(not is_there))


def test_the_line_for_a_bash_without_the_package_works(sandbox: Sandbox, verb: Verb) -> None:
    """The script registers itself when it is read."""
    verb("completions", "install", "bash")
    line = f". '{sandbox.home / PLACES['bash']}'"

    done = sandbox.run([require("bash"), "--noprofile", "--norc", "-c", f"{line}; complete -p cclaunch"])

    assert done.stdout.decode().endswith("-F _cclaunch cclaunch\n")


def test_uninstall_deletes_what_install_wrote(sandbox: Sandbox, verb: Verb) -> None:
    """For every shell; what is not there is no matter."""
    for shell in SHELLS:
        verb("completions", "install", "--shell", shell)
    assert len(verb("completions", "uninstall")[1].splitlines()) == len(SHELLS)

    assert files_below(sandbox.home) == set()
    assert verb("completions", "uninstall") == (0, "", "cclaunch: there is no completion script of ours to delete\n")


def test_a_file_of_somebody_else_is_left_alone(sandbox: Sandbox, verb: Verb) -> None:
    """By install, which then writes nothing for the others either, and by uninstall."""
    path = sandbox.home / PLACES["fish"]
    path.parent.mkdir(parents=True)
    path.write_text("complete -c cclaunch -a mine\n")

    code, _, err = verb("completions", "install", "--shell", "bash", "--shell", "fish")

    assert (code, "is not a file of cclaunch" in err) == (1, True)
    assert files_below(sandbox.home) == {PLACES["fish"]}
    verb("completions", "uninstall")
    assert path.read_text() == "complete -c cclaunch -a mine\n"


def test_a_link_of_an_installer_is_left_alone(sandbox: Sandbox, verb: Verb, tmp_path: Path) -> None:
    """pipx links the script of the wheel there: what it points to is not ours to write."""
    path = sandbox.home / PLACES["bash"]
    path.parent.mkdir(parents=True)
    other = tmp_path / "of-the-wheel"
    other.write_text("# Generated by `python -m cclaunch.completion`, an older one\n")
    path.symlink_to(other)

    assert verb("completions", "install", "--shell", "bash")[0] == 1
    verb("completions", "uninstall")

    assert path.is_symlink()
    assert other.read_text().endswith("an older one\n")


def test_without_a_name_it_is_for_the_shell_that_one_is_in(sandbox: Sandbox, verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Detected; one without completions is told so, with the names of those that have some."""
    monkeypatch.setattr("cclaunch.shells.detect.ancestors", lambda: ())
    monkeypatch.setattr("cclaunch.shells.detect._shellingham", lambda: "")

    assert verb("completions", "install", SHELL="/usr/bin/fish")[0] == 0
    assert files_below(sandbox.home) == {PLACES["fish"]}
    code, _, err = verb("completions", "install", SHELL="/bin/dash")
    assert (code, "--shell bash|zsh|fish|nu|pwsh" in err) == (2, True)


def test_where_the_person_keeps_such_files_counts(sandbox: Sandbox, verb: Verb) -> None:
    """BASH_COMPLETION_USER_DIR, XDG_CONFIG_HOME."""
    verb("completions", "install", "--shell", "bash", BASH_COMPLETION_USER_DIR=str(sandbox.home / "bc"))
    verb("completions", "install", "--shell", "fish", XDG_CONFIG_HOME=str(sandbox.home / "conf"))

    assert files_below(sandbox.home) == {"bc/completions/cclaunch", "conf/fish/completions/cclaunch.fish"}

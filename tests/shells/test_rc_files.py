"""Which file our block belongs into: what each shell really reads, and what a new file would hide."""

import subprocess
from collections.abc import Iterable, Mapping

import pytest
from real_shells import path_of
from sandbox import Sandbox

from cclaunch.program import run_program
from cclaunch.shells.ask import enlightened
from cclaunch.shells.rc_files import ASKED_NU, SOURCES_BASHRC, candidates, shell_of_file, targets
from cclaunch.shells.table import NAMES

HOME = "/home/u"


def paths(
    shell: str, files: Mapping[str, bytes] | Iterable[str] = (), environ: dict[str, str] | None = None, home: str = HOME
) -> list[str]:
    """Return the targets of *shell* as paths below the home, where *files* (name -> text, or names) exist."""
    said = dict(files) if isinstance(files, Mapping) else dict.fromkeys(files, b"")
    found = targets(shell, home, environ or {}, lambda path: said.get(path.removeprefix(f"{home}/")))
    return [target.path.removeprefix(f"{home}/") for target in found]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, [".bashrc", ".profile"]),
        ({".profile": b""}, [".bashrc", ".profile"]),
        ({".bashrc": b""}, [".bashrc", ".profile"]),
        ({".bash_login": b""}, [".bashrc", ".bash_login"]),
        ({".bash_profile": b"", ".bash_login": b"", ".profile": b""}, [".bashrc", ".bash_profile"]),
        ({".bash_profile": b"[ -f ~/.bashrc ] && . ~/.bashrc\n", ".profile": b""}, [".bashrc"]),
        ({".profile": b'if [ -n "$BASH" ]; then\n  source "$HOME/.bashrc"\nfi\n'}, [".bashrc"]),
        ({".profile": b"# . ~/.bashrc\n"}, [".bashrc", ".profile"]),
    ],
)
def test_bash_never_gets_a_login_file_that_hides_another_a31(files: dict[str, bytes], wanted: list[str]) -> None:
    """A 31: the one it reads, unless that reads .bashrc; a new .bash_profile never."""
    assert paths("bash", files) == wanted


@pytest.mark.parametrize(
    ("shell", "files", "wanted"),
    [
        ("tcsh", [], [".tcshrc"]),
        ("tcsh", [".cshrc"], [".cshrc"]),
        ("tcsh", [".tcshrc", ".cshrc"], [".tcshrc"]),
        ("csh", [], [".cshrc"]),
        ("csh", [".tcshrc"], [".cshrc", ".tcshrc"]),
    ],
)
def test_tcsh_never_gets_a_file_that_hides_cshrc_a32(shell: str, files: list[str], wanted: list[str]) -> None:
    """A 32: it reads .cshrc only where there is no .tcshrc."""
    assert paths(shell, files) == wanted


@pytest.mark.parametrize(
    ("environ", "wanted", "refused"),
    [
        ({}, ".zshrc", ""),
        ({"ZDOTDIR": "/elsewhere"}, "/elsewhere/.zshrc", ""),
        ({"ZDOTDIR": ""}, "/.zshrc", "set and empty"),
        ({"ZDOTDIR": "z"}, "z/.zshrc", "a relative path"),
        ({"ZDOTDIR": "/tmp/vscode-zsh", "USER_ZDOTDIR": "/home/u/z"}, "z/.zshrc", ""),
        ({"ZDOTDIR": "/tmp/vscode-zsh", "USER_ZDOTDIR": ""}, ".zshrc", ""),
    ],
)
def test_zsh_reads_where_zdotdir_says_a33(environ: dict[str, str], wanted: str, refused: str) -> None:
    """A 33: set, empty, relative, and an editor's that does not last."""
    (target,) = targets("zsh", HOME, environ, lambda path: None)

    assert target.path.removeprefix(f"{HOME}/") == wanted
    assert refused in target.refused
    assert bool(refused) == bool(target.refused)


def test_a_zdotdir_that_only_zshenv_sets_is_asked_of_zsh_a33(sandbox: Sandbox) -> None:
    """A 33: whatever else that file prints."""
    path_of("zsh")
    (sandbox.home / ".zshenv").write_text("echo hello\nZDOTDIR=$HOME/a\\ b\n")

    assert enlightened("zsh", sandbox.environ)["ZDOTDIR"] == f"{sandbox.home}/a b"


def test_zsh_is_not_asked_for_long_a33(sandbox: Sandbox) -> None:
    """A .zshenv that hangs is given up, with all that it started."""
    path_of("zsh")
    (sandbox.home / ".zshenv").write_text("sleep 60 & sleep 60\n")

    said = run_program([path_of("zsh"), "-c", "print"], sandbox.environ, 0.5)

    assert said.code is None
    assert sandbox.survivors(2) == []


@pytest.mark.parametrize(
    ("shell", "value", "wanted", "refused"),
    [
        ("fish", "/x", "/x/fish/conf.d/cclaunch.fish", False),
        ("fish", "", ".config/fish/conf.d/cclaunch.fish", False),
        ("fish", "rel", "rel/fish/conf.d/cclaunch.fish", True),
        ("xonsh", "", "/xonsh/rc.d/cclaunch.xsh", True),
        ("nu", "rel", ".config/nushell/autoload/cclaunch.nu", False),
        ("elvish", "/x", "/x/elvish/rc.elv", False),
        ("pwsh", "/x", "/x/powershell/profile.ps1", False),
    ],
)
def test_xdg_config_home_counts_as_each_shell_counts_it_a34(shell: str, value: str, wanted: str, refused: bool) -> None:
    """A 34: set, empty, relative."""
    (target,) = targets(shell, HOME, {"XDG_CONFIG_HOME": value}, lambda path: None)

    assert (target.path.removeprefix(f"{HOME}/"), bool(target.refused)) == (wanted, refused)


@pytest.mark.parametrize("value", [None, "", "{home}/c"])
def test_fish_xonsh_and_nushell_agree_about_the_directory_a34(sandbox: Sandbox, value: str | None) -> None:
    """A 34: asked of themselves."""
    environ = dict(sandbox.environ)
    environ.pop("XDG_CONFIG_HOME")
    if value is not None:
        environ["XDG_CONFIG_HOME"] = value.replace("{home}", str(sandbox.home))
    fish = subprocess.run(
        [path_of("fish"), "--no-config", "-c", "echo $__fish_config_dir"], env=environ, capture_output=True, check=True
    )
    nu = subprocess.run(
        [path_of("nu"), "-n", "-c", "$nu.user-autoload-dirs | first"], env=environ, capture_output=True, check=True
    )
    (ours,) = targets("fish", str(sandbox.home), environ, lambda path: None)
    (nus,) = targets("nu", str(sandbox.home), environ, lambda path: None)

    assert ours.path == f"{fish.stdout.decode().strip()}/conf.d/cclaunch.fish"
    assert nus.path == f"{nu.stdout.decode().strip()}/cclaunch.nu"


def test_what_nushell_says_counts_before_what_we_think() -> None:
    """It has been moved before."""
    (target,) = targets("nu", HOME, {ASKED_NU: "/n/autoload"}, lambda path: None)

    assert (target.path, target.own) == ("/n/autoload/cclaunch.nu", True)


@pytest.mark.parametrize(
    ("shell", "files", "environ", "wanted"),
    [
        ("sh", [], {}, [".profile"]),
        ("sh", [".shinit"], {"ENV": f"{HOME}/.shinit"}, [".profile", ".shinit"]),
        ("ksh", [], {}, [".kshrc"]),
        ("ksh", [".profile"], {}, [".kshrc", ".profile"]),
        ("mksh", [".shinit"], {"ENV": f"{HOME}/.shinit"}, [".shinit"]),
        ("yash", [], {}, [".yashrc"]),
        ("yash", [".yash_profile"], {}, [".yashrc", ".yash_profile"]),
        ("elvish", [".elvish/rc.elv"], {}, [".elvish/rc.elv"]),
        ("elvish", [], {}, [".config/elvish/rc.elv"]),
    ],
)
def test_the_other_shells(shell: str, files: list[str], environ: dict[str, str], wanted: list[str]) -> None:
    """As measured."""
    assert paths(shell, files, environ) == wanted


def test_a_file_that_several_shells_read_gets_what_all_of_them_understand() -> None:
    """`builtin` is no word of dash."""
    found = {target.path: target.dialect for target in targets("bash", HOME, {}, lambda path: None)}

    assert found == {f"{HOME}/.bashrc": "", f"{HOME}/.profile": "sh"}


@pytest.mark.parametrize("shell", NAMES)
def test_what_may_be_written_is_looked_through_when_it_is_undone(shell: str) -> None:
    """Also when other files exist by then."""
    assert {f"{HOME}/{path}" for path in paths(shell)} <= set(candidates(shell, HOME, {}))


@pytest.mark.parametrize(
    ("path", "shell"),
    [
        ("/x/.bashrc", "bash"),
        ("/x/.profile", "sh"),
        ("a/config.fish", "fish"),
        ("/x/.zshenv", "zsh"),
        ("/x/rc", ""),
        ("p.ps1", "pwsh"),
    ],
)
def test_a_file_tells_its_shell_by_its_name(path: str, shell: str) -> None:
    """Where it does."""
    assert shell_of_file(path) == shell


def test_a_mention_of_bashrc_does_not_read_it() -> None:
    """Only `.` and `source` do."""
    assert not SOURCES_BASHRC.search(b"echo .bashrc\nBASH_ENV=~/.bashrc\n")

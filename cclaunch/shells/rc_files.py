"""
Which files a shell reads when it starts, and which of them our block belongs into.

The wrong file is worse than none: a new ``.bash_profile`` hides the ``.profile`` that was there, a new ``.tcshrc`` the
``.cshrc``. Pure: what exists and what it says is asked through a function.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

Look = Callable[[str], "bytes | None"]
"""Returns what a file says, or None when there is no such file (bytes without meaning, where it cannot be read)."""

LOGIN = (".bash_profile", ".bash_login", ".profile")
"""Bash reads the first of these that exists when it logs in, and no other."""

SOURCES_BASHRC = re.compile(rb"^[^#\n]*(?:\.|source)[ \t]+[^#\n]*\.bashrc", re.MULTILINE)


class Target(NamedTuple):
    """
    A file for our block.

    Attributes:
        shell: The name of its shell.
        path: Where it is; no link is followed here.
        own: Whether the whole file is ours, beside files of the person's that the shell reads as well.
        refused: Why this file would be the wrong one, or an empty string; then it must not be written.
        dialect: The shell whose script goes in, where others read the file as well; *shell* itself when empty.
    """

    shell: str
    path: str
    own: bool = False
    refused: str = ""
    dialect: str = ""


def targets(shell: str, home: str, environ: Mapping[str, str], look: Look) -> list[Target]:
    """
    Return the files that ``persist`` writes for *shell* (a name of the table), the first one always.

    Args:
        shell: The shell's name.
        home: The home directory.
        environ: The environment that the shell would have; ``ZDOTDIR`` as zsh itself says.
        look: Tells what a file says.
    """
    if shell in OWN:
        return [_own(shell, home, environ)]
    everybodys = (f"{home}/.profile", environ.get("ENV"))
    return [
        Target(shell, path, refused=refused, dialect="sh" if path in everybodys else "")
        for path, refused in _shared(shell, home, environ, look)
    ]


def candidates(shell: str, home: str, environ: Mapping[str, str]) -> list[str]:
    """Return every file that may hold a block of *shell*, whatever exists today."""
    found = [*(target.path for target in targets(shell, home, environ, lambda path: b"")), *_others(shell, home)]
    return list(dict.fromkeys(found))


def _others(shell: str, home: str) -> list[str]:
    names = {
        "bash": [".bashrc", *LOGIN],
        "zsh": [".zshrc"],
        "ksh": [".kshrc", ".profile"],
        "mksh": [".mkshrc", ".profile"],
        "yash": [".yashrc", ".yash_profile"],
        "tcsh": [".tcshrc", ".cshrc"],
        "csh": [".cshrc", ".tcshrc"],
        "elvish": [".elvish/rc.elv", ".config/elvish/rc.elv"],
    }
    return [f"{home}/{name}" for name in names.get(shell, [])]


BY_NAME = {
    ".bashrc": "bash",
    ".bash_profile": "bash",
    ".bash_login": "bash",
    ".profile": "sh",
    ".zshrc": "zsh",
    ".zshenv": "zsh",
    ".zprofile": "zsh",
    ".zlogin": "zsh",
    ".kshrc": "ksh",
    ".mkshrc": "mksh",
    ".yashrc": "yash",
    ".yash_profile": "yash",
    ".tcshrc": "tcsh",
    ".cshrc": "csh",
    ".xonshrc": "xonsh",
}
BY_ENDING = {".bash": "bash", ".zsh": "zsh", ".fish": "fish", ".nu": "nu", ".elv": "elvish", ".xsh": "xonsh", ".ps1": "pwsh"}


def shell_of_file(path: str) -> str:
    """Return the shell that reads a file of that name, or an empty string."""
    name = path.rpartition("/")[2]
    return BY_NAME.get(name) or next((shell for ending, shell in BY_ENDING.items() if name.endswith(ending)), "")


SIGNS = {
    "bash": (".bashrc", ".bash_profile", ".bash_login"),
    "zsh": (".zshrc", ".zshenv", ".zprofile"),
    "sh": (".profile",),
    "ksh": (".kshrc",),
    "mksh": (".mkshrc",),
    "yash": (".yashrc", ".yash_profile"),
    "tcsh": (".tcshrc",),
    "csh": (".cshrc",),
    "elvish": (".elvish/rc.elv",),
}
"""Shell -> files in the home that only its people have."""

OWN = {"fish": "fish/conf.d/cclaunch.fish", "nu": "nushell/autoload/cclaunch.nu", "xonsh": "xonsh/rc.d/cclaunch.xsh"}
"""Shells that read a whole directory: there a file is ours alone. Below ``XDG_CONFIG_HOME``."""


def _own(shell: str, home: str, environ: Mapping[str, str]) -> Target:
    base, refused = _config(shell, home, environ)
    if shell == "nu" and (asked := environ.get(ASKED_NU)):
        return Target(shell, f"{asked}/cclaunch.nu", True)
    return Target(shell, f"{base}/{OWN[shell]}", True, refused)


ASKED_NU = "__CCLAUNCH_NU_AUTOLOAD"
"""Where nushell itself says that it loads from; put into the environment by who asked it."""

ASKED_PWSH = "__CCLAUNCH_PWSH_PROFILE"
"""What PowerShell itself says its profile is."""


def _config(shell: str, home: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the directory of configurations as *shell* has it, and what is wrong with it."""
    base = environ.get("XDG_CONFIG_HOME")
    if base is None or (not base and shell != "xonsh") or (shell == "nu" and not base.startswith("/")):
        return f"{home}/.config", ""
    if not base.startswith("/"):
        told = "empty" if not base else f"`{base}`, a relative path"
        return base, f"XDG_CONFIG_HOME is {told}: {shell} would read another file in every directory"
    return base, ""


def _shared(shell: str, home: str, environ: Mapping[str, str], look: Look) -> list[tuple[str, str]]:
    """Return (path, why it is refused) of the files of a person's that *shell* reads."""
    if shell == "bash":
        return [(path, "") for path in _bash(home, look)]
    if shell == "zsh":
        return [_zsh(home, environ)]
    if shell in ("ksh", "mksh", "sh"):
        return [(path, "") for path in _korn(shell, home, environ, look)]
    if shell == "yash":
        login = f"{home}/.yash_profile"
        return [(f"{home}/.yashrc", ""), *([(login, "")] if look(login) is not None else [])]
    if shell in ("tcsh", "csh"):
        return [(path, "") for path in _csh(shell, home, look)]
    if shell == "elvish":
        old = f"{home}/.elvish/rc.elv"
        base, refused = _config(shell, home, environ)
        return [(old, "")] if look(old) is not None else [(f"{base}/elvish/rc.elv", refused)]
    base, refused = _config(shell, home, environ)
    asked = environ.get(ASKED_PWSH, "")
    return [(asked, "")] if asked else [(f"{base}/powershell/profile.ps1", refused)]


def _bash(home: str, look: Look) -> list[str]:
    """Return ``.bashrc``, and the file bash logs in with unless that sources it; one is made only where there is none."""
    for name in LOGIN:
        path = f"{home}/{name}"
        if (text := look(path)) is not None:
            return [f"{home}/.bashrc"] if SOURCES_BASHRC.search(text) else [f"{home}/.bashrc", path]
    return [f"{home}/.bashrc", f"{home}/.profile"]


def _zsh(home: str, environ: Mapping[str, str]) -> tuple[str, str]:
    directory = environ.get("ZDOTDIR", home)
    if "USER_ZDOTDIR" in environ:  # an editor's terminal starts zsh with a directory of its own that does not last
        directory = environ["USER_ZDOTDIR"] or home
    if not directory:
        return "/.zshrc", "ZDOTDIR is set and empty: zsh reads /.zshrc"
    if not directory.startswith("/"):
        return f"{directory}/.zshrc", f"ZDOTDIR is `{directory}`, a relative path: zsh would read another file in every directory"
    return f"{directory}/.zshrc", ""


def _korn(shell: str, home: str, environ: Mapping[str, str], look: Look) -> list[str]:
    """Return what ``$ENV`` names, else the shell's own file; ``.profile`` for a login where it exists, and for sh always."""
    login = f"{home}/.profile"
    named = environ.get("ENV", "")
    if shell == "sh":
        return [login, named] if named.startswith("/") and look(named) is not None else [login]
    first = named if named.startswith("/") and look(named) is not None else f"{home}/.{shell}rc"
    return [first, login] if look(login) is not None else [first]


def _csh(shell: str, home: str, look: Look) -> list[str]:
    """Tcsh reads ``.cshrc`` only where there is no ``.tcshrc``: none is made that would hide the other."""
    tcshrc, cshrc = f"{home}/.tcshrc", f"{home}/.cshrc"
    if shell == "csh":
        return [cshrc, *([tcshrc] if look(tcshrc) is not None else [])]  # csh may be tcsh by another name
    return [cshrc] if look(tcshrc) is None and look(cshrc) is not None else [tcshrc]

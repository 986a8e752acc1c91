"""
The shells: how each of them quotes a value, exports and unsets a variable, and what it calls itself.

Every quoting rule was measured on the real shell with values that hold anything a variable can. A value that a shell has
no spelling for is refused, never bent. Pure; quoting stands here and nowhere else.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cclaunch.errors import UsageError

LONGEST_CSH = 8000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PLAIN = re.compile(r"[A-Za-z0-9_.:/,=%-]+")
"""A word that is itself in every shell, also as an argument, unquoted; no tilde, which some expand behind a colon."""


class Unquotable(UsageError):
    """A value that this shell has no spelling for."""


class UnknownShell(UsageError):
    """A name that is none of the shells we write for."""


class Shell(NamedTuple):
    """
    One row of the table.

    Attributes:
        name: What it is called here.
        aliases: Other names of the same shell, also those of its program.
        quote: Makes one word of any value, or raises Unquotable.
        export: The line that exports; ``{name}`` and ``{value}`` (quoted) stand in it.
        unset: The line that unsets, and says nothing when there is nothing to unset.
        is_set: The expression that tells whether a variable is set, also if it is empty.
        suffix: Which of the templates in ``shell/`` are its own: ``env.SUFFIX``, ``exports.SUFFIX`` and ``function.SUFFIX``.
        below_home: The expression for a file below the home directory, ``{rest}``, whoever's that is.
        past: How a program is run past a function or an alias of its name, of ``claude``.
        builtin: The word in front of ``export`` that neither an alias nor a function of the person's can take.
        family: The suffix of ``exports`` and ``function`` where it is another one.
        comment: What begins a comment.
    """

    name: str
    aliases: tuple[str, ...]
    quote: Callable[[str], str]
    export: str
    unset: str
    is_set: str
    suffix: str
    below_home: str
    past: str = "command claude"
    builtin: str = "\\"
    family: str = ""
    comment: str = "#"

    def bare(self, value: str) -> str:
        """Return *value* as one word, without quotes where it needs none."""
        return value if PLAIN.fullmatch(value) else self.quote(value)

    def path(self, file: str, home: str) -> str:
        """Return the expression for the path *file*: by ``HOME`` where it is below *home*. Raises Unquotable."""
        rest = file.removeprefix(home)
        if home != "/" and rest != file and rest.startswith("/") and PLAIN.fullmatch(rest):
            return self.below_home.format(rest=rest)
        return self.quote(file)


def quote_posix(value: str) -> str:
    """Inside single quotes everything is itself; a single quote stands outside of them."""
    return "'" + value.replace("'", "'\\''") + "'"


def quote_yash(value: str) -> str:
    """As POSIX says, of a value that is text in the locale: other bytes end its script."""
    _unicode(value, "yash")
    return quote_posix(value)


def quote_csh(value: str) -> str:
    """Quote, backslash and exclamation mark stand outside the quotes, and a newline takes a backslash inside of them."""
    return "'" + re.sub(r"['\\!]", lambda found: f"'\\{found[0]}'", value).replace("\n", "\\\n") + "'"


def quote_old_csh(value: str) -> str:
    """As tcsh does; a longer word ends the whole script in the older csh."""
    if len(value.encode("utf-8", "surrogateescape")) > LONGEST_CSH:
        raise Unquotable(f"csh has no room for a value of more than {LONGEST_CSH} bytes")
    return quote_csh(value)


def quote_fish(value: str) -> str:
    """Inside single quotes only the backslash and the quote are special."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_elvish(value: str) -> str:
    """A single quote is doubled. The script has to be UTF-8."""
    _unicode(value, "elvish")
    return "'" + value.replace("'", "''") + "'"


def quote_nu(value: str) -> str:
    """Double quotes with escapes: a raw string cannot begin with ``#``. The script has to be UTF-8."""
    _unicode(value, "nushell")
    known = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(known.get(c) or (c if c.isprintable() else f"\\u{{{ord(c):x}}}") for c in value) + '"'


def _escaped(text: str) -> str:
    """Return *text*, without newlines, as a part of one word that has no quotes: a cut through it leaves nothing open."""
    return re.sub(r"[^A-Za-z0-9_.:/,=%-]", r"\\\g<0>", text)


def stage_posix(script: str) -> str:
    """Return the lines that store *script* as one word in ``__cclaunch``; its lines must be such that spaces may join them."""
    lines = [line.strip() for line in script.removesuffix("\n").split("\n")]
    return "__cclaunch=\\\n" + "\\ \\\n".join(_escaped(line) for line in lines) + "\n"


def stage_csh(parts: Sequence[str]) -> str:
    """Return the lines that store the *parts* of a script, in ``__cclaunch`` what runs them, and at last that all is there."""
    lines = [
        f"set __cclaunch_{number} = {_escaped(' '.join(line.strip() for line in part.splitlines()))}\n"
        for number, part in enumerate(parts)
    ]
    runs = " ; ".join(f'eval "$__cclaunch_{number}"' for number in range(len(parts)))
    return "".join(lines) + f"set __cclaunch = {_escaped(runs)}\nset __cclaunch_whole = whole\n"


def quote_pwsh(value: str) -> str:
    """
    ASCII alone: an older Windows PowerShell reads another byte as a curly quote, and each of those ends a string.

    What is not ASCII comes as numbers of UTF-16, joined to the quoted rest.
    """
    _unicode(value, "PowerShell")
    if value.isascii():
        return "'" + value.replace("'", "''") + "'"
    parts = ["''"]
    for part in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]", value):
        if part.isascii():
            parts.append(quote_pwsh(part))
        else:
            units = part.encode("utf-16-be")
            parts += [f"[char]0x{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2)]
    return "(" + " + ".join(parts) + ")"


def _unicode(value: str, shell: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Unquotable(f"{shell} has no spelling for a value that is not UTF-8") from error


POSIX = Shell(
    name="sh",
    aliases=("dash", "ash", "posh", "busybox"),
    quote=quote_posix,
    export="export {name}={value}",
    unset="unset {name}",
    is_set='[ -n "${{{name}+x}}" ]',
    suffix="sh",
    below_home='"${{HOME-}}{rest}"',
)
CSH = Shell("tcsh", (), quote_csh, "setenv {name} {value};", "unsetenv {name};", "$?{name}", "tcsh", '"$home{rest}"', "\\claude")

TABLE: tuple[Shell, ...] = (
    POSIX._replace(name="bash", aliases=("rbash",), builtin="\\builtin ", family="bash"),
    POSIX._replace(name="zsh", aliases=("rzsh",), builtin="\\builtin ", family="bash"),
    Shell("fish", (), quote_fish, "set -gx {name} {value}", "set -e {name}", "set -q {name}", "fish", '"$HOME{rest}"'),
    POSIX,
    POSIX._replace(name="ksh", aliases=("ksh93", "rksh", "ksh93u+m"), family="bash"),
    POSIX._replace(name="mksh", aliases=("lksh",), family="bash"),
    POSIX._replace(name="yash", aliases=(), quote=quote_yash, family="bash"),
    CSH,
    CSH._replace(name="csh", aliases=("bsd-csh",), quote=quote_old_csh),
    Shell(
        name="nu",
        aliases=("nushell",),
        quote=quote_nu,
        export="$env.{name} = {value}",
        unset="hide-env -i {name}",
        is_set='"{name}" in $env',
        suffix="nu",
        below_home="$\"($env.HOME? | default ''){rest}\"",
        past="^claude",
    ),
    Shell(
        "elvish",
        (),
        quote_elvish,
        "set-env {name} {value}",
        "unset-env {name}",
        "has-env {name}",
        "elv",
        "(get-env HOME)'{rest}'",
        "(external claude)",
    ),
    Shell(
        "xonsh",
        (),
        repr,
        "${name} = {value}",
        "${{...}}.pop('{name}', None)",
        "'{name}' in ${{...}}",
        "xsh",
        "$HOME + '{rest}'",
        "env claude",
    ),
    Shell(
        name="pwsh",
        aliases=("powershell", "pwsh-preview"),
        quote=quote_pwsh,
        export="${{env:{name}}} = {value}",
        unset="Remove-Item Env:{name} -ErrorAction Ignore",
        is_set="Test-Path Env:{name}",
        suffix="ps1",
        below_home='"$HOME{rest}"',
        past="& (Get-Command claude -Type Application)",
    ),
)
"""Every shell that we write for."""

NAMES = tuple(shell.name for shell in TABLE)


def find_shell(name: str) -> Shell:
    """
    Return the row of the shell called *name*: a path, a login shell's ``-zsh`` and ``zsh-5.9`` are understood.

    Raises:
        UnknownShell: It is none of ours; the message lists them.
    """
    plain = re.split(r"[/\\]", name)[-1].lower().removeprefix("-").removesuffix(".exe")
    for candidate in (plain, re.sub(r"-?[0-9][0-9.]*$", "", plain)):
        for shell in TABLE:
            if candidate == shell.name or candidate in shell.aliases:
                return shell
    raise UnknownShell(f"`{name}` is not a shell that cclaunch writes for", hint=f"--shell, one of {', '.join(NAMES)}")


def quote(shell: str, value: str) -> str:
    """
    Return *value* as one word of *shell*.

    Raises:
        UnknownShell: There is no such shell.
        Unquotable: The shell has no spelling for it; no shell has one for NUL.
    """
    if "\0" in value:
        raise Unquotable("a variable cannot hold a NUL character")
    return find_shell(shell).quote(value)


def script(shell: str, changes: Mapping[str, str | None]) -> str:
    """
    Return the lines that make *changes* in *shell*: name -> value to export, or None to unset.

    Raises:
        UnknownShell, Unquotable: As ``quote`` does.
        ValueError: A name that is none.
    """
    row = find_shell(shell)
    lines = []
    for name, value in changes.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a variable")
        if value is None:
            lines.append(row.unset.format(name=name))
        else:
            lines.append(row.export.format(name=name, value=quote(shell, value)))
    return "".join(f"{line}\n" for line in lines)

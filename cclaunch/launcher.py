"""
The launcher that install.sh lays as the command: one text, of which sh reads the head and Python the rest.

The problem it owns: what stands in that text, and by what it is known again. ``python -m cclaunch.launcher KIND PLACE SPARE``
prints it for the interpreter and the package that run it, because only Python quotes for Python. Its head is sh's, for a first
line that names an interpreter cannot speak when that is gone; what is said and done then stands, between marks, in the
script of the package. What Python does then stays text until it is needed: a script is compiled anew at each launch.

But a sh that is dash drops variables whose names are none for it (exported functions of bash), and sets PWD and IFS. So with the
KIND ``env`` the first line has env look for the interpreter, which drops nothing: on a PATH of its place and of SPARE, where
something called like it hands over to sh. The PATH of before is put back, above the rest.
"""

import os
import re
import sys
import sysconfig

from cclaunch.errors import UsageError

IMPORT = "from cclaunch.main import main"
"""The door: what every script of ours holds, this one and the wheel's."""

OLD_IMPORT = "from cclaunch.launch import main"
"""The same of 0.1.0 and 0.1.1. Such a launcher may stand in front of this package, and works."""

LAID = "# Laid by install.sh"
"""The beginning of the line that no other installer's command has; install.sh looks for it, too."""

MARK = "\n# ---- "
KINDS = ("env", "sh")
PLAIN = re.compile("[A-Za-z0-9/._+-]+")
"""What env -S and PATH take as it is."""

BREAKS = f"""\
import sys


def broken(*trouble):
    exec('#' + __cclaunch_text.rpartition({MARK!r})[2], globals())
    broken(*trouble)


sys.excepthook = broken
"""
"""What is not whole: the text has the function of that name."""

RESTORES = f"""\

import posix

if posix.environ.get(b'__CCLAUNCH_PATH'):
    posix.environ[b'PATH'] = posix.environ.pop(b'__CCLAUNCH_PATH')
    posix.putenv(b'PATH', posix.environ[b'PATH'])
    posix.unsetenv(b'__CCLAUNCH_PATH')
else:
    exec('#' + __cclaunch_text.rpartition({MARK!r})[2])
    restore(posix.environ, posix)
"""
"""The PATH of before; where there was none, or an empty one, the text has a function that tells which."""

READS_BUNDLE = """\
if sys.version == {version}:
    try:
        from marshal import loads
        with open({bundle}, 'rb') as file:
            code, rows = loads(file.read())
        space = {{}}
        exec(code, space)
        space['install'](rows)
    except Exception:
        pass"""
"""The modules of a launch in one file. Whatever is wrong with it: the modules themselves are there."""


def launcher(kind: str, place: str, spare: str) -> str:
    """
    Return the text of the launcher.

    Args:
        kind: ``env`` or ``sh``, which looks for the interpreter; sh does where a path has no place in a first line.
        place: The environment that the package is installed in; a ``launch.bundle`` in it is read at each launch.
        spare: The directory of what the first line falls back to.

    Raises:
        OSError, ValueError: The environment's script cannot be read, or is none of ours.
    """
    base = _interpreter()
    if not PLAIN.fullmatch(f"{spare}/{base}"):
        kind = "sh"
    lines = [_first_line(base, spare) if kind == "env" else "#!/bin/sh"]
    if base.encode("utf-8", "surrogateescape").decode("utf-8", "ignore") != base:
        lines.append("# -*- coding: latin-1 -*-")
    quoted = base.replace("'", "'\"'\"'")
    speaks, restores, breaks = _shared(place)
    lines += [
        "__cclaunch_text=r''':'",
        f"{LAID} of cclaunch. After an upgrade of Python to another minor version, run that again.",
        f"__cclaunch_python='{quoted}'",
        "__cclaunch_mend='sh install.sh'",
        'if [ -z "${__CCLAUNCH_BROKEN-}" ] && [ -x "$__cclaunch_python" ]; then exec "$__cclaunch_python" -IS "$0" "$@"; fi',
        f"{speaks}{MARK}Python's, when it is needed\n\n\n{restores}\n\n\n{breaks}\n'''\n",
        BREAKS,
    ]
    if kind == "env":
        lines += [RESTORES]
    return "\n".join([*lines, *_door(place), ""])


def _interpreter() -> str:
    """Return the base interpreter under its versioned name: an upgrade to another minor version must not meet these packages."""
    base: str = sys._base_executable  # type: ignore[attr-defined]
    exact = os.path.join(os.path.dirname(base), "python{}.{}".format(*sys.version_info[:2]))
    return exact if os.path.exists(exact) and os.path.samefile(exact, base) else base


def _first_line(base: str, spare: str) -> str:
    return f"#!/usr/bin/env -S __CCLAUNCH_PATH=${{PATH}} PATH={os.path.dirname(base)}:{spare} {os.path.basename(base)} -IS"


def _shared(place: str) -> "tuple[str, str, str]":
    """Return what stands between marks in the script of the package: what sh says, the PATH of before, what has sh say it."""
    with open(os.path.join(place, "bin/cclaunch"), encoding="utf-8") as file:
        _, *shared, _ = file.read().split(MARK)
    speaks, restores, breaks = (part.partition("\n")[2].strip("\n") for part in shared)
    return speaks, restores, breaks


def _door(place: str) -> "list[str]":
    """Return the lines that lead into the package."""
    lines = [
        f"if sys.version_info[:2] != {sys.version_info[:2]!r}:",
        "    raise ImportError('it was made for Python {}.{}')".format(*sys.version_info[:2]),
        f"sys.path.append({sysconfig.get_path('purelib')!a})",
    ]
    bundle = os.path.join(place, "launch.bundle")
    if os.path.exists(bundle):
        lines.append(READS_BUNDLE.format(version=ascii(sys.version), bundle=ascii(bundle)))
    return [*lines, IMPORT, "sys.exit(main())"]


def main(words: "list[str]") -> int:
    """Print the launcher that *words* ask for. Raises UsageError, and what `launcher` raises."""
    if len(words) != 3 or words[0] not in KINDS:
        raise UsageError("a KIND, a PLACE and a SPARE are needed", hint="python -m cclaunch.launcher env|sh PLACE SPARE")
    sys.stdout.buffer.write(launcher(*words).encode("utf-8", "surrogateescape"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Ask a completion script what it offers, the way its shell would, without a terminal."""

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from shells_here import shell_here

SCRIPTS = Path(__file__).resolve().parents[2] / "completions"

BASH = """\
source {script}
COMP_WORDS=(cclaunch {words}); COMP_CWORD={last}; COMP_WORDBREAKS={breaks}
_cclaunch
for one in "${{COMPREPLY[@]}}"; do printf '%s\\n' "$one"; done
"""
ZSH = """\
fpath=({folder} $fpath); autoload -Uz _cclaunch
compadd() {{
    while [[ $1 != -- ]]; do shift; done
    shift
    for one in $@; do if [[ $one == $PREFIX* ]]; then print -r -- $one; fi; done
}}
_files() {{ print -r -- FILES; }}
_normal() {{ print -r -- "NORMAL $words"; }}
words=(cclaunch {words}); CURRENT={last}+1; PREFIX=${{words[-1]}}
_cclaunch
"""


def bash(environ: Mapping[str, str], *words: str, splits: bool = True) -> set[str]:
    """Return what bash offers for the last of *words*; *splits* is bash 4's way to break words at ``=``."""
    typed: list[str] = []
    for word in words:
        before, separator, behind = word.partition("=")
        typed += [before, "=", *([behind] if behind else [])] if splits and separator and word.startswith("--") else [word]
    breaks = "' \t\n=:'" if splits else "' \t\n:'"
    code = BASH.format(script=SCRIPTS / "cclaunch.bash", words=shlex.join(typed), last=len(typed), breaks=f"${breaks}")
    return _lines([shell_here("bash"), "--noprofile", "--norc", "-eu", "-c", code], environ)


def zsh(environ: Mapping[str, str], *words: str) -> set[str]:
    """Return what zsh offers for the last of *words*; ``FILES`` stands for the names of files."""
    code = ZSH.format(folder=SCRIPTS, words=shlex.join(words), last=len(words))
    return _lines([shell_here("zsh"), "-f", "-c", code], environ)


def fish(environ: Mapping[str, str], *words: str) -> set[str]:
    """Return what fish offers for the last of *words*, by its own engine."""
    line = " ".join(["cclaunch", *map(_fish_word, words[:-1])])
    line = f"{line} {words[-1]}"
    code = f"source {SCRIPTS}/cclaunch.fish; complete -C {shlex.quote(line)}"
    found = _lines([shell_here("fish"), "--no-config", "-c", code], environ)
    return {one.partition("\t")[0] for one in found}


def nu(environ: Mapping[str, str], *words: str) -> set[str]:
    """Return what Nushell offers for the last of *words*, by its own engine. It has no environment there, so no profiles."""
    line = " ".join(["cclaunch", *(json.dumps(word) if " " in word else word for word in words)])
    path = Path(environ["HOME"]) / "asked.nu"
    path.write_text(f"source {SCRIPTS}/cclaunch.nu\n{line}")
    (answer,) = _lines([shell_here("nu"), "-n", "--ide-complete", str(path.stat().st_size), str(path)], environ)
    return {one for one in json.loads(answer)["completions"] if not one.startswith("cclaunch ")}


def _fish_word(word: str) -> str:
    return f"'{word}'" if " " in word else word


def _lines(command: Sequence[str], environ: Mapping[str, str]) -> set[str]:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=dict(environ), cwd=environ["TMPDIR"], check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return set(done.stdout.split("\n")) - {""}


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish, "nu": nu}

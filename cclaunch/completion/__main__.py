"""
The maintainers' door: write ``completions/`` anew from the verbs that there are.

    python -m cclaunch.completion            writes the files
    python -m cclaunch.completion --check    writes nothing; 1 when one of them is not current
"""

import sys
from pathlib import Path

from cclaunch import cli, console
from cclaunch.completion.files import generated

FOLDER = Path(__file__).resolve().parent.parent.parent / "completions"


def main(words: list[str]) -> int:
    """Do it and return the exit code."""
    if words not in ([], ["--check"]):
        console.note("usage: python -m cclaunch.completion [--check]")
        return 2
    stale = [name for name, text in generated(cli.group()).items() if _content(FOLDER / name) != text]
    for name in stale:
        if words:
            console.note(f"{FOLDER / name} is not current: python -m cclaunch.completion")
        else:
            (FOLDER / name).write_text(generated(cli.group())[name], encoding="utf-8")
            console.line(f"{FOLDER / name}: written")
    return 1 if words and stale else 0


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
